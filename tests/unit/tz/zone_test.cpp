// SPDX-License-Identifier: MIT
//
// punctual::tz::zone: zones by name, and what is said of those that do not exist.

#include "punctual/tz/zone.hpp"

#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "punctual/base/iso8601.hpp"
#include "punctual/schedule/schedule.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace zone_test {

using punctual::cron;
using punctual::Duration;
using punctual::format_iso8601;
using punctual::Schedule;
using punctual::TimePoint;
using punctual::TimeZone;
using punctual::tests::code_of;
using punctual::tests::error_of;
using punctual::tz::zone;

namespace {

TimePoint instant(const char* text) {
  return punctual::parse_iso8601(text).value();
}

}  // namespace

TEST_CASE("zone() knows zones by their names, links and offsets") {
  struct Row {
    const char* name;
    Duration summer;
    Duration winter;
  };
  constexpr std::int64_t hour = 3'600'000;
  const Row rows[] = {
      {"Europe/Berlin", Duration{2 * hour}, Duration{hour}},
      {"America/New_York", Duration{-4 * hour}, Duration{-5 * hour}},
      {"US/Eastern", Duration{-4 * hour}, Duration{-5 * hour}},
      {"Asia/Kathmandu", Duration{hour * 23 / 4}, Duration{hour * 23 / 4}},
      {"UTC", Duration{0}, Duration{0}},
      {"Etc/UTC", Duration{0}, Duration{0}},
      {"+05:30", Duration{hour * 11 / 2}, Duration{hour * 11 / 2}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const TimeZone found = zone(row.name);
    CHECK(found.offset_at(instant("2024-07-01T00:00:00Z")) == row.summer);
    CHECK(found.offset_at(instant("2024-01-01T00:00:00Z")) == row.winter);
    CHECK(zone(row.name) == found);
  }
  CHECK(zone("US/Eastern").name() == "US/Eastern");
  CHECK(zone("UTC").rules() == nullptr);
}

TEST_CASE("zone() refuses a name when no zone has it, and says which resemble it") {
  for (const char* name :
       {"", "Europe/Berln", "europe/berlin", "Europe", "Mars/Olympus", "../../etc/passwd",
        "/etc/passwd", "Europe/Berlin ", "localtime", "+25:00"}) {
    CAPTURE(name);
    CHECK(code_of([&] { (void)zone(name); }) == "INVALID_TIME_ZONE");
  }
  const auto misspelt = error_of([] { (void)zone("Europe/Berln"); });
  REQUIRE(misspelt);
  CHECK(std::string{misspelt->what()}.find("did you mean Europe/Berlin") != std::string::npos);
  const auto long_name = error_of([] { (void)zone(std::string(5000, 'x')); });
  REQUIRE(long_name);
  CHECK(std::string{long_name->what()}.size() < 300);
}

TEST_CASE("database_version() is that of this machine's zone files") {
  const std::string version = punctual::tz::database_version();
  REQUIRE(version.size() >= 5);  // e.g. 2025b
  CHECK(version.substr(0, 2) == "20");
  CHECK(zone("Europe/Berlin").version() == version);
  CHECK(zone("UTC").version().empty());
}

TEST_CASE("zone() answers alike when many threads ask at once") {
  std::vector<std::thread> threads;
  std::vector<Duration> offsets(8);
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    threads.emplace_back([&offsets, i] {
      for (const char* name : {"Asia/Tokyo", "Asia/Seoul", "Australia/Sydney", "Asia/Tokyo"}) {
        offsets[i] = zone(name).offset_at(TimePoint{});
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(offsets == std::vector<Duration>(8, Duration{9 * 3'600'000}));
}

TEST_CASE("zone() has nothing to do with the zone of the host") {
  const Schedule nightly = cron("0 2 * * *", zone("Europe/Berlin"));
  const TimePoint now = instant("2024-01-15T12:00:00Z");
  for (const char* host_zone : {"UTC", "America/New_York", "Asia/Kolkata", "no such zone"}) {
    CAPTURE(host_zone);
    ::setenv("TZ", host_zone, 1);
    ::tzset();
    CHECK(nightly.next_after(now) == instant("2024-01-16T01:00:00Z"));
  }
  ::setenv("TZ", "UTC", 1);
  ::tzset();
}

TEST_CASE("A schedule in a zone keeps the zone's name in its JSON, and is read back by it") {
  const Schedule schedule = cron("30 2 * * *", zone("Europe/Berlin"));
  CHECK(schedule.to_json() ==
        punctual::Json::parse(
            R"({"kind":"cron","expression":"30 2 * * *","timeZone":"Europe/Berlin"})"));
  CHECK(schedule.describe() == "at 02:30 every day (Europe/Berlin)");
  const Schedule read = Schedule::from_json(schedule.to_json(), zone);
  CHECK(read == schedule);
  const auto runs = read.next_runs(instant("2024-03-30T12:00:00Z"), 2);
  REQUIRE(runs.size() == 2);
  CHECK(format_iso8601(runs[0].at) == "2024-03-31T01:00:00.000Z");
  CHECK(runs[0].dst == punctual::DstCase::moved);
  CHECK(format_iso8601(runs[1].at) == "2024-04-01T00:30:00.000Z");
  CHECK(runs[1].dst == punctual::DstCase::none);
  CHECK(code_of([&] { (void)Schedule::from_json(schedule.to_json()); }) == "INVALID_TIME_ZONE");
}

}  // namespace zone_test
