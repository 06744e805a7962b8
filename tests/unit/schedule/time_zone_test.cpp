// SPDX-License-Identifier: MIT
//
// TimeZone: UTC and fixed offsets, and what a zone of an adapter says through it.

#include "punctual/schedule/time_zone.hpp"

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "hand_zone.hpp"
#include "instants.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace time_zone_test {

using namespace std::chrono_literals;
using punctual::Duration;
using punctual::fixed_offset;
using punctual::parse_fixed_zone;
using punctual::time_max;
using punctual::time_min;
using punctual::TimePoint;
using punctual::TimeZone;
using punctual::ZoneSpan;
using punctual::tests::error_of;
using punctual::tests::hand_zone;
using punctual::tests::instant;
using punctual::tests::lord_howe;
using punctual::tests::new_york;

TEST_CASE("TimeZone is UTC when nothing else is said") {
  const TimeZone utc;
  CHECK(utc.name() == "UTC");
  CHECK(utc.version().empty());
  CHECK(utc.rules() == nullptr);
  for (const TimePoint at : {time_min, TimePoint{}, time_max}) {
    CHECK(utc.offset_at(at) == 0ms);
    CHECK(utc.span_at(at).begin == ZoneSpan::always_from);
    CHECK(utc.span_at(at).end == ZoneSpan::always_until);
  }
}

TEST_CASE("TimeZone has the offset of its rules when the clocks are set") {
  struct Row {
    const char* subject;
    const char* at;
    Duration offset;
  };
  const Row rows[] = {
      {"winter", "2024-01-01T00:00:00Z", -5h},
      {"just before spring", "2024-03-10T06:59:59.999Z", -5h},
      {"in spring", "2024-03-10T07:00:00Z", -4h},
      {"just before autumn", "2024-11-03T05:59:59.999Z", -4h},
      {"in autumn", "2024-11-03T06:00:00Z", -5h},
      {"long ago", "0001-01-01T00:00:00Z", -5h},
  };
  const TimeZone york = new_york();
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(york.offset_at(instant(row.at)) == row.offset);
  }
  CHECK(york.name() == "America/New_York");
  CHECK(york.version() == "by hand");
  const ZoneSpan summer = york.span_at(instant("2024-07-01T00:00:00Z"));
  CHECK(summer.begin == instant("2024-03-10T07:00:00Z").time_since_epoch() / 1s);
  CHECK(summer.end == instant("2024-11-03T06:00:00Z").time_since_epoch() / 1s);
  CHECK(summer.offset == -4 * 3600);
  CHECK(summer.offset_before == -5 * 3600);
  CHECK(summer.offset_after == -5 * 3600);
}

TEST_CASE("TimeZone rounds down to whole seconds when it is asked before 1970") {
  const TimeZone zone = hand_zone("Test/Before_1970", 0, {{"1969-12-31T23:59:59Z", 60}});
  CHECK(zone.offset_at(TimePoint{Duration{-1}}) == 1h);
  CHECK(zone.offset_at(TimePoint{Duration{-1000}}) == 1h);
  CHECK(zone.offset_at(TimePoint{Duration{-1001}}) == 0h);
}

TEST_CASE("TimeZone equals another when their names are the same") {
  CHECK(TimeZone{} == TimeZone{});
  CHECK(fixed_offset(1h) == fixed_offset(60min));
  CHECK(fixed_offset(0h) == TimeZone{});
  CHECK(new_york() == new_york());
  CHECK(hand_zone("America/New_York", 0, {}) == new_york());
  CHECK_FALSE(fixed_offset(1h) == fixed_offset(-1h));
  CHECK_FALSE(fixed_offset(1h) == TimeZone{});
  CHECK_FALSE(new_york() == lord_howe());
}

TEST_CASE("fixed_offset makes a zone whose clocks are never set") {
  struct Row {
    std::chrono::minutes offset;
    const char* name;
  };
  const Row rows[] = {
      {1min, "+00:01"},  {-1min, "-00:01"},         {5h + 30min, "+05:30"},  {-5h, "-05:00"},
      {14h, "+14:00"},   {-(3h + 30min), "-03:30"}, {23h + 59min, "+23:59"}, {-1439min, "-23:59"},
      {10min, "+00:10"}, {-12h, "-12:00"},          {12h + 45min, "+12:45"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const TimeZone zone = fixed_offset(row.offset);
    CHECK(zone.name() == row.name);
    CHECK(zone.version().empty());
    REQUIRE(zone.rules() != nullptr);
    for (const TimePoint at : {time_min, TimePoint{}, time_max}) {
      CHECK(zone.offset_at(at) == row.offset);
      const ZoneSpan span = zone.span_at(at);
      CHECK(span.begin == ZoneSpan::always_from);
      CHECK(span.end == ZoneSpan::always_until);
      CHECK(span.offset_before == span.offset);
      CHECK(span.offset_after == span.offset);
    }
    CHECK(parse_fixed_zone(row.name) == zone);
  }
  CHECK(fixed_offset(0min).name() == "UTC");
  CHECK(fixed_offset(0min).rules() == nullptr);
}

TEST_CASE("fixed_offset refuses an offset when it is a day or more") {
  struct Row {
    const char* subject;
    std::chrono::minutes offset;
    const char* error;
  };
  const Row rows[] = {
      {"the furthest east", 1439min, ""},
      {"the furthest west", -1439min, ""},
      {"a day east", 24h,
       "INVALID_TIME_ZONE: fixed_offset() expects -23:59 to +23:59, got 1440 minutes"},
      {"a day west", -24h,
       "INVALID_TIME_ZONE: fixed_offset() expects -23:59 to +23:59, got -1440 minutes"},
      {"hours taken for minutes", std::chrono::hours{330},
       "INVALID_TIME_ZONE: fixed_offset() expects -23:59 to +23:59, got 19800 minutes"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const auto error = error_of([&] { (void)fixed_offset(row.offset); });
    CHECK((error ? std::string{error->what()} : "") == row.error);
  }
  for (const auto offset : {std::chrono::minutes::min(), std::chrono::minutes::max()}) {
    CHECK(error_of([&] { (void)fixed_offset(offset); }).has_value());
  }
}

TEST_CASE("parse_fixed_zone reads UTC and offsets, and nothing else") {
  struct Row {
    std::string_view text;
    std::optional<TimeZone> zone;
  };
  const Row rows[] = {
      {"UTC", TimeZone{}},
      {"Etc/UTC", TimeZone{}},
      {"Z", TimeZone{}},
      {"+00:00", TimeZone{}},
      {"-00:00", TimeZone{}},
      {"+05:30", fixed_offset(5h + 30min)},
      {"-23:59", fixed_offset(-1439min)},
      {"", std::nullopt},
      {"utc", std::nullopt},
      {"z", std::nullopt},
      {"GMT", std::nullopt},
      {"Europe/Berlin", std::nullopt},
      {"05:30", std::nullopt},
      {"+5:30", std::nullopt},
      {"+0530", std::nullopt},
      {"+05", std::nullopt},
      {"+05.30", std::nullopt},
      {"+05:30 ", std::nullopt},
      {" +05:30", std::nullopt},
      {"+05:3", std::nullopt},
      {"+05:300", std::nullopt},
      {"+24:00", std::nullopt},
      {"+05:60", std::nullopt},
      {"+-5:30", std::nullopt},
      {"+05:-3", std::nullopt},
      {"+a5:30", std::nullopt},
      {"+0b:30", std::nullopt},
      {"+05:c0", std::nullopt},
      {"+05:3d", std::nullopt},
      {"\xE2\x88\x92"
       "05:30",
       std::nullopt},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(parse_fixed_zone(row.text) == row.zone);
  }
}

}  // namespace time_zone_test
