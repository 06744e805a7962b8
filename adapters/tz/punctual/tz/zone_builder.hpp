// SPDX-License-Identifier: MIT
//
// build_zone: makes a ZoneTable of a zone of Howard Hinnant's date.
//
// The database lists changes of the clocks as far as it knows them; the rule at the end of a
// compiled zone file continues the list. The changes of the 400 years from `cycle_year` on are the
// ones that the table repeats.
//
// Thread-safety: pure functions.

#pragma once

#include <date/tz.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/civil_date.hpp"
#include "punctual/tz/posix_rule.hpp"
#include "punctual/tz/zone_table.hpp"

namespace punctual::tz {

/// From this year on every zone follows one rule; the database of today ends with 2087 (Morocco).
inline constexpr int cycle_year = 2090;

namespace detail {

[[nodiscard]] inline std::int64_t new_year(int year) noexcept {
  return std::int64_t{days_since_epoch(year, 1, 1)} * 86'400;
}

/// Returns the changes that the database lists before `end`.
[[nodiscard]] inline std::vector<ZoneTransition> listed_changes(const date::time_zone& zone,
                                                                std::int64_t& first_offset,
                                                                std::int64_t end) {
  std::vector<ZoneTransition> changes;
  auto info = zone.get_info(date::sys_seconds{std::chrono::seconds{new_year(1700)}});
  first_offset = info.offset.count();
  while (info.end.time_since_epoch().count() < end) {
    info = zone.get_info(info.end);
    changes.push_back({info.begin.time_since_epoch().count(), info.offset.count()});
  }
  return changes;
}

/// Adds the changes after the last one of `changes` and before `end`.
inline void continue_by(const PosixRule& rule, std::int64_t end,
                        std::vector<ZoneTransition>& changes) {
  if (!rule.sets_clocks()) return;
  const std::int64_t last = changes.empty() ? new_year(1970) : changes.back().at;
  const std::size_t listed_count = changes.size();
  // A rule may name an instant of the year before or after.
  for (int year = civil_date(static_cast<int>(last / 86'400)).year - 1;; ++year) {
    if (new_year(year - 1) > end) break;
    for (const ZoneTransition& change : {ZoneTransition{rule.begin_of(year), rule.daylight},
                                         ZoneTransition{rule.end_of(year), rule.standard}}) {
      if (change.at > last && change.at < end) changes.push_back(change);
    }
  }
  std::sort(changes.begin() + static_cast<std::ptrdiff_t>(listed_count), changes.end(),
            [](const ZoneTransition& a, const ZoneTransition& b) { return a.at < b.at; });
}

/// Leaves out changes of a zone's abbreviation alone.
inline void drop_unchanged(std::int64_t first_offset, std::vector<ZoneTransition>& changes) {
  std::int64_t offset = first_offset;
  const auto is_none = [&](const ZoneTransition& change) {
    return change.offset == std::exchange(offset, change.offset);
  };
  changes.erase(std::remove_if(changes.begin(), changes.end(), is_none), changes.end());
}

}  // namespace detail

/// `rule` is that of the zone's file; nullopt if the database itself continues for ever.
[[nodiscard]] inline ZoneTable build_zone(const date::time_zone& zone, std::string name,
                                          std::string version,
                                          const std::optional<PosixRule>& rule) {
  const std::int64_t cycle_begin = detail::new_year(cycle_year);
  const std::int64_t end = cycle_begin + ZoneTable::cycle;
  std::int64_t first_offset = 0;
  std::vector<ZoneTransition> changes = detail::listed_changes(zone, first_offset, end);
  if (rule) detail::continue_by(*rule, end, changes);
  detail::drop_unchanged(first_offset, changes);
  const auto cycle_from =
      std::find_if(changes.begin(), changes.end(),
                   [&](const ZoneTransition& change) { return change.at >= cycle_begin; }) -
      changes.begin();
  return ZoneTable{std::move(name), std::move(version), first_offset, std::move(changes),
                   static_cast<std::size_t>(cycle_from)};
}

}  // namespace punctual::tz
