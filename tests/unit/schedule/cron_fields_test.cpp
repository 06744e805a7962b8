// SPDX-License-Identifier: MIT
//
// CronFields: the days of a month, the seconds of a day and the years that the sets allow.

#include "punctual/schedule/cron_fields.hpp"

#include <cstdint>
#include <optional>
#include <vector>

#include "punctual/base/civil_date.hpp"
#include "support/catch.hpp"

namespace cron_fields_test {

namespace {

using punctual::CronFields;

std::uint64_t bits(const std::vector<int>& values) {
  std::uint64_t set = 0;
  for (const int value : values) set |= std::uint64_t{1} << value;
  return set;
}

std::uint32_t bits32(const std::vector<int>& values) {
  return static_cast<std::uint32_t>(bits(values));
}

std::uint32_t days_of(const CronFields& fields, int year, int month) {
  return fields.days_of(punctual::days_since_epoch(year, month, 1),
                        punctual::month_length(year, month));
}

/// A set of times: 01:10, 01:50, 13:10, 13:50, each at second 5 and 30.
CronFields some_times() {
  CronFields fields;
  fields.seconds = bits({5, 30});
  fields.minutes = bits({10, 50});
  fields.hours = bits32({1, 13});
  return fields;
}

constexpr int second_of_day(int hour, int minute, int second) {
  return hour * 3600 + minute * 60 + second;
}

}  // namespace

TEST_CASE("CronFields find the days of a month when a rule depends on it") {
  struct Row {
    const char* subject;
    CronFields fields;
    int year;
    int month;
    std::vector<int> days;
  };
  const auto by_days = [](std::vector<int> days) {
    CronFields fields;
    fields.days = bits32(days);
    return fields;
  };
  const auto by_last = [](std::vector<int> offsets) {
    CronFields fields;
    fields.days = 0;
    for (const int offset : offsets) fields.days_from_last |= 1U << (31 - offset);
    return fields;
  };
  const auto by_nearest = [](std::vector<int> days) {
    CronFields fields;
    fields.days = 0;
    fields.nearest_weekdays = bits32(days);
    return fields;
  };
  const auto by_nearest_last = [](std::vector<int> offsets) {
    CronFields fields;
    fields.days = 0;
    for (const int offset : offsets) fields.nearest_from_last |= 1U << (31 - offset);
    return fields;
  };
  const auto by_weekday = [](int week, std::vector<int> weekdays) {  // week 6: the last
    CronFields fields;
    fields.weekdays = bits(weekdays) << (7 * (week - 1));
    return fields;
  };
  // February 2024 begins on a Thursday and has 29 days; June 2024 on a Saturday and has 30;
  // March 2024 on a Friday and has 31, the last a Sunday.
  const std::vector<Row> rows = {
      {"days that exist", by_days({1, 29, 30, 31}), 2024, 2, {1, 29}},
      {"days that exist in a common year", by_days({1, 28, 29}), 2023, 2, {1, 28}},
      {"the last day", by_last({0}), 2024, 2, {29}},
      {"days before the last", by_last({0, 2, 28, 29, 30}), 2024, 2, {29, 27, 1}},
      {"the whole month before the last", by_last({30}), 2024, 3, {1}},
      {"a weekday stays", by_nearest({5}), 2024, 6, {5}},
      {"Saturday the 1st goes forward", by_nearest({1}), 2024, 6, {3}},
      {"Sunday the 2nd goes forward", by_nearest({2}), 2024, 6, {3}},
      {"a Saturday goes back", by_nearest({8}), 2024, 6, {7}},
      {"a Sunday goes forward", by_nearest({9}), 2024, 6, {10}},
      {"the last Sunday goes back", by_nearest({31}), 2024, 3, {29}},
      {"a day that the month lacks", by_nearest({31}), 2024, 6, {}},
      {"a Saturday and the Friday before", by_nearest({7, 8}), 2024, 6, {7}},
      {"the weekday nearest to the last", by_nearest_last({0}), 2024, 3, {29}},
      {"the weekday nearest to a Saturday before the last", by_nearest_last({1}), 2024, 3, {29}},
      {"the weekday nearest to a first Saturday counted from the end",
       by_nearest_last({29}),
       2024,
       6,
       {3}},
      {"the first Thursdays and Fridays", by_weekday(1, {4, 5}), 2024, 2, {1, 2}},
      {"the first Wednesday", by_weekday(1, {3}), 2024, 2, {7}},
      {"the fifth Thursday", by_weekday(5, {4}), 2024, 2, {29}},
      {"a fifth Friday that the month lacks", by_weekday(5, {5}), 2024, 2, {}},
      {"the last Thursday", by_weekday(6, {4}), 2024, 2, {29}},
      {"the last Friday", by_weekday(6, {5}), 2024, 2, {23}},
      {"the last weekend", by_weekday(6, {6, 0}), 2024, 3, {30, 31}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(days_of(row.fields, row.year, row.month) == bits32(row.days));
  }
}

TEST_CASE("CronFields take the union of the day fields when one of them suffices") {
  CronFields fields;
  fields.days = bits32({13});
  fields.weekdays = bits({5}) * 0x1020'4081;  // every Friday
  CHECK(days_of(fields, 2024, 9) == bits32({13}));
  CHECK(days_of(fields, 2024, 10) == 0);
  fields.either_day = true;
  CHECK(days_of(fields, 2024, 9) == bits32({6, 13, 20, 27}));
  CHECK(days_of(fields, 2024, 10) == bits32({4, 11, 13, 18, 25}));
}

TEST_CASE("CronFields are weekly only when no rule depends on month or year") {
  CronFields fields;
  CHECK(fields.is_weekly());
  fields.weekdays = bits({1, 2, 3, 4, 5}) * 0x1020'4081;
  CHECK(fields.is_weekly());
  SECTION("days of month") {
    fields.days = bits32({1});
  }
  SECTION("months") {
    fields.months = 2;
  }
  SECTION("years") {
    fields.years[2] = 1;
  }
  SECTION("weekdays of one week") {
    fields.weekdays |= 1;
  }
  SECTION("a last weekday") {
    fields.weekdays |= std::uint64_t{1} << 35;
  }
  SECTION("either day field") {
    fields.either_day = true;
  }
  CHECK(!fields.is_weekly());
}

TEST_CASE("CronFields find the next and the last second of a day when asked from any") {
  const CronFields fields = some_times();
  int next = CronFields::no_second;
  int last = CronFields::no_second;
  std::vector<int> nexts(86'400);
  const auto is_due = [](int second) {
    const int minute = second / 60 % 60;
    const int hour = second / 3600;
    return (second % 60 == 5 || second % 60 == 30) && (minute == 10 || minute == 50) &&
           (hour == 1 || hour == 13);
  };
  for (int second = 86'399; second >= 0; --second) {
    if (is_due(second)) next = second;
    nexts[static_cast<std::size_t>(second)] = next;
  }
  int wrong_count = 0;
  for (int second = 0; second < 86'400; ++second) {
    if (is_due(second)) last = second;
    if (fields.second_from(second) != nexts[static_cast<std::size_t>(second)]) ++wrong_count;
    if (fields.second_up_to(second) != last) ++wrong_count;
  }
  CHECK(wrong_count == 0);
  CHECK(fields.first_second() == second_of_day(1, 10, 5));
  CHECK(fields.last_second() == second_of_day(13, 50, 30));
}

TEST_CASE("CronFields reach the ends of a day when its last second is allowed") {
  CronFields fields;
  fields.seconds = bits({0, 59});
  fields.minutes = bits({0, 59});
  fields.hours = bits32({0, 23});
  CHECK(fields.second_from(0) == 0);
  CHECK(fields.second_from(1) == 59);
  CHECK(fields.second_from(86'399) == 86'399);
  CHECK(fields.second_up_to(86'399) == 86'399);
  CHECK(fields.second_up_to(86'398) == second_of_day(23, 59, 0));
  CHECK(fields.second_up_to(0) == 0);
}

TEST_CASE("CronFields find the allowed year on both sides when years are restricted") {
  CronFields fields;
  CHECK(fields.year_from(1) == 1);
  CHECK(fields.year_up_to(9999) == 9999);
  for (const int year : {1970, 2033, 2034, 2099}) {
    const auto offset = static_cast<std::size_t>(year - punctual::cron_year_min);
    fields.years[offset / 64] |= std::uint64_t{1} << (offset % 64);
  }
  CHECK(fields.year_from(1) == 1970);
  CHECK(fields.year_from(1970) == 1970);
  CHECK(fields.year_from(1971) == 2033);
  CHECK(fields.year_from(2034) == 2034);
  CHECK(fields.year_from(2035) == 2099);
  CHECK(fields.year_from(2100) > punctual::civil_year_max);
  CHECK(fields.year_up_to(9999) == 2099);
  CHECK(fields.year_up_to(2098) == 2034);
  CHECK(fields.year_up_to(2033) == 2033);
  CHECK(fields.year_up_to(2032) == 1970);
  CHECK(fields.year_up_to(1969) < punctual::civil_year_min);
}

}  // namespace cron_fields_test
