// SPDX-License-Identifier: MIT
//
// HandZone: a zone whose changes of the clocks are written down in the test, and three of the
// world's.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "instants.hpp"
#include "punctual/schedule/time_zone.hpp"
#include "punctual/schedule/zone_rules.hpp"

namespace punctual::tests {

class HandZone final : public ZoneRules {
 public:
  struct Change {
    std::string_view at;
    std::int64_t offset_minutes;  // from then on
  };

  HandZone(std::string name, std::int64_t offset_minutes, const std::vector<Change>& changes)
      : name_(std::move(name)) {
    spans_.push_back({});
    spans_.back().offset = spans_.back().offset_before = offset_minutes * 60;
    for (const Change& change : changes) {
      ZoneSpan next;
      next.begin = instant(change.at).time_since_epoch().count() / 1000;
      next.offset = change.offset_minutes * 60;
      next.offset_before = spans_.back().offset;
      spans_.back().end = next.begin;
      spans_.back().offset_after = next.offset;
      spans_.push_back(next);
    }
    spans_.back().offset_after = spans_.back().offset;
  }

  [[nodiscard]] const std::string& name() const noexcept override { return name_; }
  [[nodiscard]] const std::string& version() const noexcept override { return version_; }
  [[nodiscard]] std::size_t span_at(std::int64_t instant) const noexcept override {
    std::size_t number = 0;
    while (instant >= spans_[number].end) ++number;
    return number;
  }
  [[nodiscard]] ZoneSpan span(std::size_t number) const noexcept override { return spans_[number]; }

 private:
  std::string name_;
  std::string version_ = "by hand";
  std::vector<ZoneSpan> spans_;
};

[[nodiscard]] inline TimeZone hand_zone(std::string name, std::int64_t offset_minutes,
                                        const std::vector<HandZone::Change>& changes) {
  return TimeZone{std::make_shared<const HandZone>(std::move(name), offset_minutes, changes)};
}

/// New York in 2024: 02:00 becomes 03:00 on 10 March, 02:00 becomes 01:00 on 3 November.
[[nodiscard]] inline TimeZone new_york() {
  return hand_zone("America/New_York", -300,
                   {{"2024-03-10T07:00:00Z", -240}, {"2024-11-03T06:00:00Z", -300}});
}

/// Lord Howe Island in 2024, half an hour a time: 02:00 becomes 01:30 on 7 April, 02:00 becomes
/// 02:30 on 6 October.
[[nodiscard]] inline TimeZone lord_howe() {
  return hand_zone("Australia/Lord_Howe", 660,
                   {{"2024-04-06T15:00:00Z", 630}, {"2024-10-05T15:30:00Z", 660}});
}

/// Apia in 2011: from the end of 29 December to the beginning of the 31st.
[[nodiscard]] inline TimeZone apia() {
  return hand_zone("Pacific/Apia", -600, {{"2011-12-30T10:00:00Z", 840}});
}

}  // namespace punctual::tests
