// SPDX-License-Identifier: MIT
//
// TimeZone: the zone whose clocks a schedule is read on. UTC unless another one is named.
//
// Fixed offsets are here; the zones of the world come from an adapter, punctual::tz, because they
// need a database. Either way a schedule keeps the zone's name, never its offsets.
//
// Thread-safety: an immutable value; share it freely.
// Source: RFC 3339, section 5.6, for the text of an offset.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "punctual/base/error.hpp"
#include "punctual/base/time.hpp"
#include "punctual/schedule/calendar_names.hpp"
#include "punctual/schedule/zone_rules.hpp"

namespace punctual {

class TimeZone {
 public:
  /// UTC.
  TimeZone() = default;

  /// For adapters that know a zone database.
  ///
  /// Requires: `rules` is not null.
  explicit TimeZone(std::shared_ptr<const ZoneRules> rules) : rules_(std::move(rules)) {}

  /// `UTC`, an offset such as `+05:30`, or a name of the IANA database.
  [[nodiscard]] std::string name() const { return rules_ ? rules_->name() : "UTC"; }

  /// The release of the zone database, e.g. `2025b`; empty for UTC, for offsets, and if unknown.
  [[nodiscard]] std::string version() const { return rules_ ? rules_->version() : std::string{}; }

  /// Returns the stretch around `instant` in which the clocks keep one offset.
  [[nodiscard]] ZoneSpan span_at(TimePoint instant) const noexcept {
    if (!rules_) return {};
    const auto seconds = std::chrono::floor<std::chrono::seconds>(instant.time_since_epoch());
    return rules_->span(rules_->span_at(seconds.count()));
  }

  /// Returns how far the zone's clocks are ahead of UTC.
  [[nodiscard]] Duration offset_at(TimePoint instant) const noexcept {
    return Duration{span_at(instant).offset * 1000};
  }

  /// Null for UTC.
  [[nodiscard]] const ZoneRules* rules() const noexcept { return rules_.get(); }

  friend bool operator==(const TimeZone& a, const TimeZone& b) { return a.name() == b.name(); }

 private:
  std::shared_ptr<const ZoneRules> rules_;  ///< null: UTC
};

namespace detail {

/// Clocks that are never set.
class FixedZone final : public ZoneRules {
 public:
  FixedZone(std::string name, std::int64_t offset) : name_(std::move(name)), offset_(offset) {}

  [[nodiscard]] const std::string& name() const noexcept override { return name_; }
  [[nodiscard]] const std::string& version() const noexcept override { return version_; }
  [[nodiscard]] std::size_t span_at(std::int64_t) const noexcept override { return 0; }
  [[nodiscard]] ZoneSpan span(std::size_t) const noexcept override {
    return {ZoneSpan::always_from, ZoneSpan::always_until, offset_, offset_, offset_};
  }

 private:
  std::string name_;
  std::string version_;
  std::int64_t offset_;
};

}  // namespace detail

/// A zone whose clocks are always `offset` ahead of UTC, e.g. `fixed_offset(-5h)`.
///
/// Errors: INVALID_TIME_ZONE -> more than 23 h 59 min either way.
[[nodiscard]] inline TimeZone fixed_offset(std::chrono::minutes offset) {
  const auto count = offset.count();
  if (count == 0) return TimeZone{};
  if (count < -1439 || count > 1439) {
    throw Error{"INVALID_TIME_ZONE", "fixed_offset() expects -23:59 to +23:59, got " +
                                         std::to_string(count) + " minutes"};
  }
  const int distance = static_cast<int>(count < 0 ? -count : count);
  const std::string name = (count < 0 ? "-" : "+") + detail::two_digits(distance / 60) + ":" +
                           detail::two_digits(distance % 60);
  const ZoneRules* rules = new detail::FixedZone(name, count * 60);
  return TimeZone{std::shared_ptr<const ZoneRules>{rules}};
}

/// Returns UTC or the offset that `name` says, nullopt if it is the name of anything else.
[[nodiscard]] inline std::optional<TimeZone> parse_fixed_zone(std::string_view name) {
  if (name == "UTC" || name == "Etc/UTC" || name == "Z") return TimeZone{};
  const auto is_digit = [&](std::size_t at) { return name[at] >= '0' && name[at] <= '9'; };
  if (name.size() != 6 || (name[0] != '+' && name[0] != '-') || name[3] != ':' || !is_digit(1) ||
      !is_digit(2) || !is_digit(4) || !is_digit(5)) {
    return std::nullopt;
  }
  const int hours = (name[1] - '0') * 10 + (name[2] - '0');
  const int minutes = (name[4] - '0') * 10 + (name[5] - '0');
  if (hours > 23 || minutes > 59) return std::nullopt;
  const std::chrono::minutes offset{hours * 60 + minutes};
  return fixed_offset(name[0] == '-' ? -offset : offset);
}

}  // namespace punctual
