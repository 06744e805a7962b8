// SPDX-License-Identifier: MIT
//
// ZoneTable: the rules of a zone as a list of the instants at which its clocks are set.
//
// The Gregorian calendar repeats itself, weekdays included, every 400 years, and so do
// the rules of a zone once they change no more: the last 400 years of the table stand for all that
// follow. A span is found by its place in time, not by a search.
//
// Thread-safety: immutable once made; share it freely.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "punctual/schedule/zone_rules.hpp"

namespace punctual::tz {

/// From `at` on, in seconds since 1970-01-01T00:00:00Z, the clocks are `offset` s ahead of UTC.
struct ZoneTransition {
  std::int64_t at = 0;
  std::int64_t offset = 0;
};

class ZoneTable final : public ZoneRules {
 public:
  static constexpr std::int64_t cycle = std::int64_t{146'097} * 86'400;  ///< 400 years in seconds

  /// `cycle_from` is the index of the first of the transitions that repeat every 400 years, all
  /// up to the last; past the end of `transitions`, none does.
  ///
  /// Requires: `transitions` are in order, those that repeat within 400 years of one another.
  ZoneTable(std::string name, std::string version, std::int64_t first_offset,
            std::vector<ZoneTransition> transitions, std::size_t cycle_from)
      : name_(std::move(name)),
        version_(std::move(version)),
        first_offset_(first_offset),
        transitions_(std::move(transitions)),
        cycle_from_(cycle_from),
        cycle_count_(transitions_.size() > cycle_from ? transitions_.size() - cycle_from : 0) {
    fill_places();
  }

  [[nodiscard]] const std::string& name() const noexcept override { return name_; }
  [[nodiscard]] const std::string& version() const noexcept override { return version_; }

  /// Complexity: constant.
  [[nodiscard]] std::size_t span_at(std::int64_t instant) const noexcept override {
    if (transitions_.empty() || instant < transitions_.front().at) return 0;
    std::size_t passed = 0;
    if (cycle_count_ > 0) {
      const std::int64_t into_cycles = instant - transitions_[cycle_from_].at;
      if (into_cycles >= cycle) {
        passed = static_cast<std::size_t>(into_cycles / cycle);
        instant -= static_cast<std::int64_t>(passed) * cycle;
        passed *= cycle_count_;
      }
    }
    auto place = static_cast<std::size_t>((instant - transitions_.front().at) >> place_bits);
    if (place >= places_.size()) place = places_.size() - 1;
    std::size_t last = places_[place];
    while (last + 1 < transitions_.size() && transitions_[last + 1].at <= instant) ++last;
    return passed + last + 1;
  }

  [[nodiscard]] ZoneSpan span(std::size_t number) const noexcept override {
    ZoneSpan span;
    const bool is_last = cycle_count_ == 0 && number == transitions_.size();
    const ZoneTransition begin =
        number == 0 ? ZoneTransition{ZoneSpan::always_from, first_offset_} : transition(number - 1);
    span.begin = begin.at;
    span.offset = begin.offset;
    span.offset_before = number < 2 ? first_offset_ : transition(number - 2).offset;
    const ZoneTransition end =
        is_last ? ZoneTransition{ZoneSpan::always_until, span.offset} : transition(number);
    span.end = end.at;
    span.offset_after = end.offset;
    return span;
  }

 private:
  static constexpr int place_bits = 24;  // 194 days: at most a few transitions each

  [[nodiscard]] ZoneTransition transition(std::size_t index) const noexcept {
    if (index < transitions_.size()) return transitions_[index];
    const std::size_t beyond = index - cycle_from_;
    const std::size_t cycles = beyond / cycle_count_;
    ZoneTransition found = transitions_[cycle_from_ + beyond % cycle_count_];
    found.at += static_cast<std::int64_t>(cycles) * cycle;
    return found;
  }

  /// Notes for each stretch of 2^24 s the last transition that is not after its beginning.
  void fill_places() {
    if (transitions_.empty()) return;
    const std::int64_t first = transitions_.front().at;
    const auto count = static_cast<std::size_t>((transitions_.back().at - first) >> place_bits) + 1;
    places_.reserve(count);
    std::uint16_t last = 0;
    for (std::size_t place = 0; place < count; ++place) {
      const std::int64_t begin = first + (static_cast<std::int64_t>(place) << place_bits);
      while (last + std::size_t{1} < transitions_.size() && transitions_[last + 1U].at <= begin) {
        ++last;
      }
      places_.push_back(last);
    }
  }

  std::string name_;
  std::string version_;
  std::int64_t first_offset_;
  std::vector<ZoneTransition> transitions_;
  std::vector<std::uint16_t> places_;
  std::size_t cycle_from_;
  std::size_t cycle_count_;
};

}  // namespace punctual::tz
