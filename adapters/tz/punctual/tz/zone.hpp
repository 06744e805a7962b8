// SPDX-License-Identifier: MIT
//
// punctual::tz::zone: the time zones of the IANA database, for schedules.
//
//   scheduler.register_job({.name = "nightly",
//                           .schedule = punctual::cron("0 2 * * *", tz::zone("Europe/Berlin"))},
//                           …);
//
// A name is looked up when a schedule is made, so one that does not exist is an error there, not
// when the job is due. Each zone is read once in a process; an update of the database is seen by
// the next one. UTC and offsets need no database.
//
// Thread-safety: all functions, from any thread.
// Source: the IANA Time Zone Database, by way of Howard Hinnant's date.

#pragma once

#include <date/tz.h>

#include <array>
#include <cstddef>
#include <exception>
#include <fstream>
#include <ios>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/text.hpp"
#include "punctual/schedule/time_zone.hpp"
#include "punctual/tz/posix_rule.hpp"
#include "punctual/tz/zone_builder.hpp"
#include "punctual/tz/zone_table.hpp"

namespace punctual::tz {

/// Returns the zone of a name such as `Europe/Berlin`, `UTC` or `+05:30`.
///
/// Errors: INVALID_TIME_ZONE -> no such zone, with the names that resemble it, or no database on
///         this machine.
/// Blocks: the first time, for reading the database: some milliseconds.
[[nodiscard]] TimeZone zone(std::string_view name);

/// Returns the release of the database on this machine, e.g. `2025b`; empty if that is not known or
/// there is none.
[[nodiscard]] std::string database_version();

namespace detail {

/// Where systems keep compiled zone files; the ones that date itself reads.
inline constexpr std::array<const char*, 2> zone_folders = {"/usr/share/zoneinfo/",
                                                            "/usr/share/lib/zoneinfo/"};

[[nodiscard]] inline std::string read_file(const std::string& path, std::size_t bytes_max) {
  std::ifstream file{path, std::ios::binary};
  std::string text;
  if (!file) return text;
  text.assign(std::istreambuf_iterator<char>{file}, {});
  if (text.size() > bytes_max) text.clear();
  return text;
}

/// Returns the rule at the end of a zone's file, if it has one.
///
/// Requires: `name` is that of a zone of the database, so it leads to no other file.
[[nodiscard]] inline std::optional<PosixRule> rule_of_file(
    [[maybe_unused]] const std::string& name) {
#if USE_OS_TZDB
  for (const char* folder : zone_folders) {
    const std::string file = read_file(folder + name, 1U << 20U);
    if (file.compare(0, 4, "TZif") != 0 || file.back() != '\n') continue;
    const auto line = file.rfind('\n', file.size() - 2);
    if (line == std::string::npos) continue;
    return parse_posix_rule(std::string_view{file}.substr(line + 1, file.size() - line - 2));
  }
#endif
  return std::nullopt;
}

/// The text form of the database begins with `# version 2025b`.
[[nodiscard]] inline std::string version_of_files() {
  constexpr std::string_view mark = "# version ";
  for (const char* folder : zone_folders) {
    std::ifstream file{std::string{folder} + "tzdata.zi"};
    std::string line;
    if (!std::getline(file, line) || line.compare(0, mark.size(), mark) != 0) continue;
    return clamp_text(line.substr(mark.size()), 16);
  }
  return {};
}

[[noreturn]] inline void refuse_zone(std::string_view name, const std::string& why) {
  throw Error{"INVALID_TIME_ZONE",
              "expected the name of a time zone such as Europe/Berlin, UTC or +05:30, got \"" +
                  clamp_text(name, 64) + "\"" + why};
}

/// Finds a zone in the database, through which all links lead to the zone that they stand for.
[[nodiscard]] inline const date::time_zone& find_zone(std::string_view name) {
  const date::tzdb* database = nullptr;
  try {
    database = &date::get_tzdb();
  } catch (const std::exception& error) {
    refuse_zone(name, std::string{"; there is no zone database on this machine: "} + error.what());
  }
  if (database->zones.empty()) refuse_zone(name, "; there is no zone database on this machine");
  // The host's own zone under another name: another one on each host.
  if (name == "localtime") refuse_zone(name, "; name the zone itself");
  try {
    return *date::locate_zone(std::string{name});
  } catch (const std::exception&) {
    std::vector<std::string> names;
    for (const auto& known : database->zones) names.push_back(known.name());
    std::string hint;
    for (const auto& near : nearest_names(name, names, 3)) {
      hint += (hint.empty() ? "; did you mean " : " or ") + near;
    }
    refuse_zone(name, hint.empty() ? "; there is none of that name" : hint + "?");
  }
}

/// The zones that have been read, by the name that they were asked for.
class ZoneCache {
 public:
  [[nodiscard]] TimeZone get(std::string_view name) {
    const std::lock_guard lock{mutex_};
    const auto known = zones_.find(name);
    if (known != zones_.end()) return known->second;
    const date::time_zone& zone = find_zone(name);
    TimeZone made{std::make_shared<const ZoneTable>(
        build_zone(zone, std::string{name}, database_version(), rule_of_file(zone.name())))};
    zones_.emplace(std::string{name}, made);  // at most as many as the database has names
    return made;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, TimeZone, std::less<>> zones_;
};

}  // namespace detail

inline TimeZone zone(std::string_view name) {
  if (auto fixed = parse_fixed_zone(name)) return *std::move(fixed);
  constexpr std::size_t name_bytes_max = 64;
  if (name.empty() || name.size() > name_bytes_max) detail::refuse_zone(name, "");
  static detail::ZoneCache cache;
  return cache.get(name);
}

inline std::string database_version() {
  try {
    const std::string version = date::get_tzdb().version;
    return version.empty() || version == "unknown" ? detail::version_of_files() : version;
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace punctual::tz
