// SPDX-License-Identifier: MIT
//
// ISO 8601 text: known instants, the round trip over the whole range, and what is refused.

#include "punctual/base/iso8601.hpp"

#include <cstdint>
#include <optional>
#include <string>

#include "punctual/base/random.hpp"
#include "support/catch.hpp"

namespace iso8601_test {

using punctual::Duration;
using punctual::format_iso8601;
using punctual::parse_iso8601;
using punctual::Random;
using punctual::time_max;
using punctual::time_min;
using punctual::TimePoint;

namespace {

constexpr TimePoint at_ms(std::int64_t ms) {
  return TimePoint{Duration{ms}};
}

}  // namespace

TEST_CASE("ISO 8601 text names a known instant when it is written and when it is read") {
  struct Row {
    const char* subject;
    TimePoint instant;
    const char* text;
  };
  const Row rows[] = {
      {"the epoch", at_ms(0), "1970-01-01T00:00:00.000Z"},
      {"a millisecond after it", at_ms(1), "1970-01-01T00:00:00.001Z"},
      {"a millisecond before it", at_ms(-1), "1969-12-31T23:59:59.999Z"},
      {"a second before it", at_ms(-1000), "1969-12-31T23:59:59.000Z"},
      {"the design's example", at_ms(1'705'284'000'000), "2024-01-15T02:00:00.000Z"},
      {"every field different", at_ms(1'702'177'445'678), "2023-12-10T03:04:05.678Z"},
      {"the end of a leap day", at_ms(1'709'251'199'999), "2024-02-29T23:59:59.999Z"},
      {"the day after a leap day", at_ms(1'709'251'200'000), "2024-03-01T00:00:00.000Z"},
      {"the leap day of 2000", at_ms(951'782'400'000), "2000-02-29T00:00:00.000Z"},
      {"the end of February 1900, no leap year", at_ms(-2'203'891'200'001),
       "1900-02-28T23:59:59.999Z"},
      {"the end of February 2100, no leap year", at_ms(4'107'542'399'999),
       "2100-02-28T23:59:59.999Z"},
      {"the end of 32-bit seconds", at_ms(2'147'483'647'000), "2038-01-19T03:14:07.000Z"},
      {"a second after it", at_ms(2'147'483'648'000), "2038-01-19T03:14:08.000Z"},
      {"the first instant", time_min, "0001-01-01T00:00:00.000Z"},
      {"the last instant", time_max, "9999-12-31T23:59:59.999Z"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(format_iso8601(row.instant) == row.text);
    CHECK(parse_iso8601(row.text) == row.instant);
  }
}

TEST_CASE("format_iso8601 holds the instant in the range when it lies outside") {
  CHECK(format_iso8601(time_max + Duration{1}) == "9999-12-31T23:59:59.999Z");
  CHECK(format_iso8601(time_min - Duration{1}) == "0001-01-01T00:00:00.000Z");
  CHECK(format_iso8601(TimePoint::max()) == "9999-12-31T23:59:59.999Z");
  CHECK(format_iso8601(TimePoint::min()) == "0001-01-01T00:00:00.000Z");
}

TEST_CASE(
    "parse_iso8601 returns what format_iso8601 wrote when instants are drawn from the range") {
  constexpr std::uint64_t seed = 8601;
  CAPTURE(seed);
  Random random{seed};
  const auto range = static_cast<std::uint64_t>((time_max - time_min).count());
  for (int i = 0; i < 100'000; ++i) {
    const TimePoint instant = time_min + Duration{static_cast<std::int64_t>(random.up_to(range))};
    const std::string text = format_iso8601(instant);
    CAPTURE(text);
    REQUIRE(text.size() == 24);
    REQUIRE(parse_iso8601(text) == instant);
  }
}

TEST_CASE("format_iso8601 keeps the order when texts are compared byte by byte") {
  constexpr std::uint64_t seed = 24;
  CAPTURE(seed);
  Random random{seed};
  TimePoint instant = time_min;
  std::string text = format_iso8601(instant);
  while (true) {
    // Steps of 1 ms to about 35 years, so that every field changes alone and with others.
    const auto step = std::int64_t{1} << random.up_to(40);
    if (Duration{step} > time_max - instant) break;
    instant += Duration{step};
    const std::string next = format_iso8601(instant);
    CAPTURE(text);
    REQUIRE(text < next);
    text = next;
  }
}

TEST_CASE("parse_iso8601 reads other forms of RFC 3339 when decimals or offset differ") {
  struct Row {
    const char* subject;
    const char* text;
    const char* same_as;
  };
  const Row rows[] = {
      {"no decimals", "2024-01-15T02:00:07Z", "2024-01-15T02:00:07.000Z"},
      {"one decimal", "2024-01-15T02:00:00.5Z", "2024-01-15T02:00:00.500Z"},
      {"two decimals", "2024-01-15T02:00:00.05Z", "2024-01-15T02:00:00.050Z"},
      {"six decimals, cut", "2024-01-15T02:00:00.123999Z", "2024-01-15T02:00:00.123Z"},
      {"nine decimals, cut", "2024-01-15T02:00:00.000999999Z", "2024-01-15T02:00:00.000Z"},
      {"decimals before 1970, cut downwards", "1969-12-31T23:59:59.9999Z",
       "1969-12-31T23:59:59.999Z"},
      {"east of Greenwich", "2024-01-15T02:00:00+01:00", "2024-01-15T01:00:00.000Z"},
      {"west of Greenwich", "2024-01-15T02:00:00.250-08:00", "2024-01-15T10:00:00.250Z"},
      {"half an hour's offset", "2024-01-15T02:00:00+05:30", "2024-01-14T20:30:00.000Z"},
      {"an offset across a year", "2024-12-31T23:30:00-01:00", "2025-01-01T00:30:00.000Z"},
      {"an offset of nothing", "2024-01-15T02:00:00+00:00", "2024-01-15T02:00:00.000Z"},
      {"the widest offset", "2024-01-15T00:00:00+23:59", "2024-01-14T00:01:00.000Z"},
      {"the last instant, said elsewhere", "9999-12-31T22:59:59.999-01:00",
       "9999-12-31T23:59:59.999Z"},
      {"the first instant, said elsewhere", "0001-01-01T01:00:00+01:00",
       "0001-01-01T00:00:00.000Z"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const auto instant = parse_iso8601(row.text);
    REQUIRE(instant);
    CHECK(format_iso8601(*instant) == row.same_as);
  }
}

TEST_CASE("parse_iso8601 returns nothing when the text is no valid date-time") {
  struct Row {
    const char* subject;
    std::string text;
  };
  const Row rows[] = {
      {"nothing", ""},
      {"a date alone", "2024-01-15"},
      {"no zone", "2024-01-15T02:00:00"},
      {"no seconds", "2024-01-15T02:00Z"},
      {"a space before", " 2024-01-15T02:00:00Z"},
      {"a space behind", "2024-01-15T02:00:00Z "},
      {"a space for the T", "2024-01-15 02:00:00Z"},
      {"something behind", "2024-01-15T02:00:00Z0"},
      {"a zero byte behind", std::string{"2024-01-15T02:00:00Z\0", 21}},
      {"no separators", "20240115T020000Z"},
      {"slashes", "2024/01/15T02:00:00Z"},
      {"a year of two digits", "24-01-15T02:00:00Z"},
      {"a year of five digits", "12024-01-15T02:00:00Z"},
      {"a signed year", "+2024-01-15T02:00:00Z"},
      {"the year 0", "0000-01-01T00:00:00Z"},
      {"a negative year", "-001-01-01T00:00:00Z"},
      {"the month 0", "2024-00-15T02:00:00Z"},
      {"the month 13", "2024-13-15T02:00:00Z"},
      {"a month of one digit", "2024-1-15T02:00:00Z"},
      {"the day 0", "2024-01-00T02:00:00Z"},
      {"the day 32", "2024-01-32T02:00:00Z"},
      {"April 31", "2024-04-31T02:00:00Z"},
      {"February 30", "2024-02-30T02:00:00Z"},
      {"February 29 of a common year", "2023-02-29T02:00:00Z"},
      {"February 29 of 1900", "1900-02-29T02:00:00Z"},
      {"the hour 24", "2024-01-15T24:00:00Z"},
      {"a negative hour", "2024-01-15T-2:00:00Z"},
      {"the minute 60", "2024-01-15T02:60:00Z"},
      {"a leap second", "2016-12-31T23:59:60Z"},
      {"the second 61", "2024-01-15T02:00:61Z"},
      {"a point without decimals", "2024-01-15T02:00:00.Z"},
      {"ten decimals", "2024-01-15T02:00:00.0000000000Z"},
      {"a decimal comma", "2024-01-15T02:00:00,5Z"},
      {"a sign among the decimals", "2024-01-15T02:00:00.-5Z"},
      {"an offset without a colon", "2024-01-15T02:00:00+0100"},
      {"an offset of hours alone", "2024-01-15T02:00:00+01"},
      {"an offset of 24 hours", "2024-01-15T02:00:00+24:00"},
      {"an offset of 60 minutes", "2024-01-15T02:00:00+01:60"},
      {"an offset without a sign", "2024-01-15T02:00:0001:00"},
      {"zone and offset", "2024-01-15T02:00:00Z+01:00"},
      {"a zone name", "2024-01-15T02:00:00UTC"},
      {"letters for digits", "2o24-01-15T02:00:00Z"},
      {"digits of another script", "2024-01-1\xD9\xA5T02:00:00Z"},
      {"before the first instant by its offset", "0001-01-01T00:00:00+00:01"},
      {"past the last instant by its offset", "9999-12-31T23:59:59.999-00:01"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject, row.text);
    CHECK_FALSE(parse_iso8601(row.text));
  }
}

TEST_CASE("parse_iso8601 returns nothing when any character of a valid text is missing") {
  const std::string text = "2024-01-15T02:00:00.000+01:00";
  REQUIRE(parse_iso8601(text));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string shorter = text;
    shorter.erase(i, 1);
    if (i >= 20 && i <= 22) continue;  // one decimal fewer is as good
    CAPTURE(shorter);
    CHECK_FALSE(parse_iso8601(shorter));
  }
}

}  // namespace iso8601_test
