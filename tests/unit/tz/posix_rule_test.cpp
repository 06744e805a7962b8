// SPDX-License-Identifier: MIT
//
// PosixRule: the rules at the ends of zone files, and the instants they name.

#include "punctual/tz/posix_rule.hpp"

#include <cstdint>
#include <optional>
#include <string>

#include "punctual/base/iso8601.hpp"
#include "punctual/base/time.hpp"
#include "support/catch.hpp"

namespace posix_rule_test {

using punctual::Duration;
using punctual::format_iso8601;
using punctual::TimePoint;
using punctual::tz::parse_posix_rule;

namespace {

std::string shown(std::int64_t seconds) {
  return format_iso8601(TimePoint{Duration{seconds * 1000}}).substr(0, 16);
}

}  // namespace

TEST_CASE("A POSIX rule is read with its offsets when it is one of a zone file") {
  struct Row {
    const char* subject;
    const char* text;
    std::int64_t standard;
    std::int64_t daylight;
  };
  const Row rows[] = {
      {"UTC", "UTC0", 0, 0},
      {"no daylight time", "IST-5:30", 19'800, 19'800},
      {"a name in brackets", "<+0545>-5:45", 20'700, 20'700},
      {"west of Greenwich", "<-03>3", -10'800, -10'800},
      {"seconds", "ABC-0:19:32", 1172, 1172},
      {"New York", "EST5EDT,M3.2.0,M11.1.0", -18'000, -14'400},
      {"half an hour", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 37'800, 39'600},
      {"two hours", "<+00>0<+02>-2,M3.5.0/1,M10.5.0/3", 0, 7200},
      {"Dublin, whose winter is the exception", "IST-1GMT0,M10.5.0,M3.5.0/1", 3600, 0},
      {"days of the year", "AAA3BBB,J60/2,300/3:30:15", -10'800, -7200},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const auto rule = parse_posix_rule(row.text);
    REQUIRE(rule);
    CHECK(rule->standard == row.standard);
    CHECK(rule->daylight == row.daylight);
    CHECK(rule->sets_clocks() == (row.standard != row.daylight));
  }
}

TEST_CASE("A POSIX rule names the instants of a year when clocks are set") {
  struct Row {
    const char* subject;
    const char* text;
    int year;
    const char* begin;
    const char* end;
  };
  const Row rows[] = {
      {"the second and the first Sunday", "EST5EDT,M3.2.0,M11.1.0", 2100, "2100-03-14T07:00",
       "2100-11-07T06:00"},
      {"the last Sundays", "CET-1CEST,M3.5.0,M10.5.0/3", 2040, "2040-03-25T01:00",
       "2040-10-28T01:00"},
      {"a last Sunday that is the fourth", "CET-1CEST,M2.5.0,M10.5.0/3", 2041, "2041-02-24T01:00",
       "2041-10-27T01:00"},
      {"the south", "<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45", 2050, "2050-09-24T14:00",
       "2050-04-02T14:00"},
      {"24 o'clock", "<-04>4<-03>,M9.1.6/24,M4.1.6/24", 2050, "2050-09-04T04:00",
       "2050-04-03T03:00"},
      {"an hour before the day", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 2050, "2050-03-27T01:00",
       "2050-10-30T01:00"},
      {"two days after the day", "EET-2EEST,M3.4.4/50,M10.4.4/50", 2050, "2050-03-26T00:00",
       "2050-10-28T23:00"},
      {"1 March of a leap year", "AAA0BBB,J60/0,J365/0", 2096, "2096-03-01T00:00",
       "2096-12-30T23:00"},
      {"1 March of another year", "AAA0BBB,J60/0,J365/0", 2095, "2095-03-01T00:00",
       "2095-12-30T23:00"},
      {"the 60th day, counted from 0", "AAA0BBB,59/0,364/0", 2096, "2096-02-29T00:00",
       "2096-12-29T23:00"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const auto rule = parse_posix_rule(row.text);
    REQUIRE(rule);
    CHECK(shown(rule->begin_of(row.year)) == row.begin);
    CHECK(shown(rule->end_of(row.year)) == row.end);
  }
}

TEST_CASE("A POSIX rule is refused when it is none") {
  for (const char* text : {"",
                           "5",
                           "EST",
                           "ES5",
                           "<EST5",
                           "EST5EDT",
                           "EST5EDT,",
                           "EST5EDT,M3.2.0",
                           "EST5EDT,M3.2.0,",
                           "EST5EDT,M3.2.0,M11.1.0,",
                           "EST5EDT,M13.2.0,M11.1.0",
                           "EST5EDT,M0.2.0,M11.1.0",
                           "EST5EDT,M3.6.0,M11.1.0",
                           "EST5EDT,M3.0.0,M11.1.0",
                           "EST5EDT,M3.2.7,M11.1.0",
                           "EST5EDT,M3.2,M11.1.0",
                           "EST5EDT,J0,J365",
                           "EST5EDT,J366,J365",
                           "EST5EDT,366,1",
                           "EST168EDT,M3.2.0,M11.1.0",
                           "EST5:60",
                           "EST5:",
                           "EST5 ",
                           "EST5EDT4M3.2.0,M11.1.0",
                           "EST5EDT,M3.2.0/,M11.1.0",
                           "EST5EDT,X3,M11.1.0"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_posix_rule(text));
  }
}

}  // namespace posix_rule_test
