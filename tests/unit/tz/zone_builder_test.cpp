// SPDX-License-Identifier: MIT
//
// build_zone: tables of the zones of this machine.

#include "punctual/tz/zone_builder.hpp"

#include <date/tz.h>

#include <cstdint>
#include <optional>
#include <string>

#include "support/catch.hpp"

namespace zone_builder_test {

using punctual::ZoneSpan;
using punctual::tz::build_zone;
using punctual::tz::parse_posix_rule;
using punctual::tz::ZoneTable;

namespace {

std::int64_t offset_at(const ZoneTable& table, date::sys_days day) {
  const std::int64_t at =
      std::chrono::duration_cast<std::chrono::seconds>(day.time_since_epoch()).count();
  return table.span(table.span_at(at)).offset;
}

date::sys_days day_of(int year, int month, int day) {
  return date::year{year} / month / day;
}

}  // namespace

TEST_CASE("build_zone follows the database where that has changes, and the rule after them") {
  const date::time_zone& zone = *date::locate_zone("America/New_York");
  const ZoneTable table =
      build_zone(zone, "US/Eastern", "2024a", parse_posix_rule("EST5EDT,M3.2.0,M11.1.0"));
  CHECK(table.name() == "US/Eastern");  // as it was asked for
  CHECK(table.version() == "2024a");
  struct Row {
    const char* subject;
    date::sys_days day;
    std::int64_t offset;
  };
  const Row rows[] = {
      {"local mean time", day_of(1800, 1, 1), -17'762},
      {"war time", day_of(1943, 1, 1), -14'400},
      {"winter of 2024", day_of(2024, 1, 1), -18'000},
      {"summer of 2024", day_of(2024, 7, 1), -14'400},
      {"summer of 2037", day_of(2037, 7, 1), -14'400},
      {"summer of 2038", day_of(2038, 7, 1), -14'400},
      {"winter of 2038", day_of(2038, 12, 1), -18'000},
      {"summer of 2490", day_of(2490, 7, 1), -14'400},
      {"winter of 9999", day_of(9999, 12, 1), -18'000},
      {"summer of 9999", day_of(9999, 7, 1), -14'400},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(offset_at(table, row.day) == row.offset);
  }
}

TEST_CASE("build_zone leaves out changes that set no clock") {
  const date::time_zone& zone = *date::locate_zone("America/New_York");
  const ZoneTable table = build_zone(zone, "x", "", std::nullopt);
  for (std::size_t number = 0; table.span(number).end != ZoneSpan::always_until; ++number) {
    REQUIRE(table.span(number).offset != table.span(number).offset_after);
    REQUIRE(number < 10'000);
  }
}

TEST_CASE("build_zone makes one span when a zone has one offset and no rule") {
  const ZoneTable table = build_zone(*date::locate_zone("Etc/GMT+7"), "Etc/GMT+7", "", {});
  CHECK(table.span(0).offset == -25'200);
  CHECK(table.span(0).end == ZoneSpan::always_until);
}

}  // namespace zone_builder_test
