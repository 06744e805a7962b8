// SPDX-License-Identifier: MIT
//
// CronExpression against tables of known instants, its own invariants, and SlowCron.

#include "punctual/schedule/cron_expression.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "punctual/base/iso8601.hpp"
#include "punctual/base/random.hpp"
#include "punctual/schedule/schedule.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/slow_cron.hpp"

namespace cron_expression_test {

namespace {

using namespace punctual::literals;
using namespace std::chrono_literals;
using punctual::CronDayMatch;
using punctual::CronExpression;
using punctual::Duration;
using punctual::LocalSeconds;
using punctual::Random;
using punctual::TimePoint;

constexpr std::uint64_t seed = 20'240'229;

TimePoint at(std::string_view text) {
  const auto instant = punctual::parse_iso8601(text);
  REQUIRE(instant);
  return *instant;
}

std::string shown(std::optional<TimePoint> instant) {
  return instant ? punctual::format_iso8601(*instant) : "never";
}

TimePoint random_instant(Random& random, TimePoint first, TimePoint last) {
  const auto span = static_cast<std::uint64_t>((last - first).count());
  return first + Duration{static_cast<std::int64_t>(random.up_to(span))};
}

bool slow_matches(const SlowCron& slow, TimePoint instant) {
  const auto day = date::floor<date::days>(instant);
  const auto time = instant - day;
  if (time % 1000ms != 0ms) return false;
  const auto second = static_cast<int>(time / 1000ms);
  return slow.matches_time(second / 3600, second / 60 % 60, second % 60) &&
         slow.matches_day(date::year_month_day{day});
}

/// Returns the first of the instants that `slow` matches and `cron` leaves out, or the reverse.
std::string first_difference(const CronExpression& cron, const SlowCron& slow, TimePoint first,
                             TimePoint last, Duration step) {
  auto next = cron.next_after(first - 1ms);
  for (auto day = date::floor<date::days>(first); day <= last; day += date::days{1}) {
    const bool is_day = slow.matches_day(date::year_month_day{day});
    for (TimePoint instant = day; instant < day + 24h; instant += step) {
      if (instant < first || instant > last) continue;
      const auto second = static_cast<int>((instant - day) / 1000ms);
      const bool is_due = is_day && slow.matches_time(second / 3600, second / 60 % 60, second % 60);
      if (is_due != (next == instant)) return shown(instant);
      if (is_due) next = cron.next_after(instant);
    }
  }
  return next && *next <= last ? shown(next) : "none";
}

std::string pick(Random& random, const std::vector<std::string>& choices) {
  return choices.at(random.up_to(choices.size() - 1));
}

/// Returns a field of one to three items with values, ranges that may wrap, and steps.
std::string random_values(Random& random, int first, int last) {
  const auto value = [&] {
    const auto span = static_cast<std::uint64_t>(last - first);
    return std::to_string(first + static_cast<int>(random.up_to(span)));
  };
  const auto step = [&] { return "/" + std::to_string(1 + random.up_to(6)); };
  std::string field;
  for (std::uint64_t items = 1 + random.up_to(2); items > 0; --items) {
    if (!field.empty()) field += ",";
    switch (random.up_to(5)) {
      case 0:
        field += "*" + step();
        break;
      case 1:
        field += value() + "-" + value() + step();
        break;
      case 2:
        field += value() + "-" + value();
        break;
      case 3:
        field += value() + step();
        break;
      default:
        field += value();
    }
  }
  return field;
}

std::string random_days(Random& random) {
  if (random.up_to(2) != 0) return pick(random, {"*", "?", random_values(random, 1, 31)});
  const std::string day = std::to_string(1 + random.up_to(30));
  return pick(random, {"L", "LW", "L-" + day, "L-" + day + "W", day + "W", day + ",L",
                       day + "W,L-1", "1W,31W", "29,30W"});
}

std::string random_weekdays(Random& random) {
  if (random.up_to(2) != 0) return pick(random, {"*", "?", random_values(random, 0, 7)});
  const std::string day = pick(random, {"0", "3", "7", "SUN", "tue", "Sat"});
  const std::string week = "#" + std::to_string(1 + random.up_to(4));
  return pick(random, {day + "L", day + week, day + week + ",FRIL", "6-1" + week, "5-7#L",
                       "WED," + day + "#1", day + "#5"});
}

/// Returns a valid expression of 5 or 6 fields.
std::string random_expression(Random& random, bool has_seconds) {
  for (;;) {
    std::string text = has_seconds ? random_values(random, 0, 59) + " " : "";
    text += random_values(random, 0, 59) + " " + random_values(random, 0, 23) + " ";
    text += random_days(random) + " ";
    text += pick(random, {"*", "*", "2", random_values(random, 1, 12)}) + " ";
    text += random_weekdays(random);
    if (!punctual::parse_cron(text).failure) return text;
  }
}

}  // namespace

TEST_CASE("CronExpression finds the next instants when asked again and again") {
  struct Row {
    std::string_view subject;
    std::string_view expression;
    std::string_view after;
    std::vector<std::string_view> expected;
  };
  const std::vector<Row> rows = {
      {"a step",
       "*/5 * * * *",
       "2024-01-15T23:52:30.500Z",
       {"2024-01-15T23:55:00.000Z", "2024-01-16T00:00:00.000Z"}},
      {"a fixed time",
       "0 2 * * *",
       "2024-02-28T02:00:00.000Z",
       {"2024-02-29T02:00:00.000Z", "2024-03-01T02:00:00.000Z"}},
      {"weekdays",
       "30 9 * * MON-FRI",
       "2024-01-12T09:30:00.000Z",
       {"2024-01-15T09:30:00.000Z", "2024-01-16T09:30:00.000Z"}},
      {"a day of the year",
       "0 0 1 1 *",
       "2024-01-01T00:00:00.000Z",
       {"2025-01-01T00:00:00.000Z", "2026-01-01T00:00:00.000Z"}},
      {"the last day",
       "0 0 L * *",
       "2023-01-31T00:00:00.000Z",
       {"2023-02-28T00:00:00.000Z", "2023-03-31T00:00:00.000Z"}},
      {"two days before the last",
       "15 10 L-2 * *",
       "2024-02-01T00:00:00.000Z",
       {"2024-02-27T10:15:00.000Z", "2024-03-29T10:15:00.000Z"}},
      {"the weekday nearest to a Saturday and a Sunday",
       "0 12 15W * *",
       "2024-06-01T00:00:00.000Z",
       {"2024-06-14T12:00:00.000Z", "2024-07-15T12:00:00.000Z", "2024-08-15T12:00:00.000Z",
        "2024-09-16T12:00:00.000Z"}},
      {"the weekday nearest to a day that some months lack",
       "0 0 31W * *",
       "2024-03-30T00:00:00.000Z",
       {"2024-05-31T00:00:00.000Z", "2024-07-31T00:00:00.000Z"}},
      {"the first weekday when the 1st is a Saturday",
       "0 0 1W * *",
       "2024-05-31T00:00:00.000Z",
       {"2024-06-03T00:00:00.000Z", "2024-07-01T00:00:00.000Z"}},
      {"the last weekday when the month ends on a Sunday",
       "0 0 LW * *",
       "2024-03-01T00:00:00.000Z",
       {"2024-03-29T00:00:00.000Z", "2024-04-30T00:00:00.000Z"}},
      {"the third Friday",
       "0 0 * * 5#3",
       "2024-01-01T00:00:00.000Z",
       {"2024-01-19T00:00:00.000Z", "2024-02-16T00:00:00.000Z"}},
      {"a fifth Friday",
       "0 0 * * FRI#5",
       "2024-01-01T00:00:00.000Z",
       {"2024-03-29T00:00:00.000Z", "2024-05-31T00:00:00.000Z"}},
      {"the last Sunday",
       "0 0 * * 7L",
       "2024-01-29T00:00:00.000Z",
       {"2024-02-25T00:00:00.000Z", "2024-03-31T00:00:00.000Z"}},
      {"seconds",
       "*/10 * * * * *",
       "2024-12-31T23:59:50.000Z",
       {"2025-01-01T00:00:00.000Z", "2025-01-01T00:00:10.000Z"}},
      {"a year",
       "0 0 0 1 6 ? 2030,2040",
       "2024-01-01T00:00:00.000Z",
       {"2030-06-01T00:00:00.000Z", "2040-06-01T00:00:00.000Z", "never"}},
      {"years with a step",
       "0 0 0 29 2 ? 2022/3",
       "2020-01-01T00:00:00.000Z",
       {"2028-02-29T00:00:00.000Z", "2040-02-29T00:00:00.000Z"}},
      {"a range of hours that wraps",
       "0 22-2/2 * * *",
       "2024-01-15T12:00:00.000Z",
       {"2024-01-15T22:00:00.000Z", "2024-01-16T00:00:00.000Z", "2024-01-16T02:00:00.000Z",
        "2024-01-16T22:00:00.000Z"}},
      {"a 29 February over the common year 2100",
       "0 0 29 2 *",
       "2095-01-01T00:00:00.000Z",
       {"2096-02-29T00:00:00.000Z", "2104-02-29T00:00:00.000Z"}},
      {"day of month or day of week",
       "0 0 13 * FRI",
       "2024-09-01T00:00:00.000Z",
       {"2024-09-06T00:00:00.000Z", "2024-09-13T00:00:00.000Z", "2024-09-20T00:00:00.000Z",
        "2024-09-27T00:00:00.000Z", "2024-10-04T00:00:00.000Z", "2024-10-11T00:00:00.000Z",
        "2024-10-13T00:00:00.000Z"}},
      {"past the 32 bits of 2038",
       "14 3 * * *",
       "2038-01-19T03:13:59.000Z",
       {"2038-01-19T03:14:00.000Z", "2038-01-20T03:14:00.000Z"}},
      {"before 1970",
       "0 0 1 * *",
       "1969-12-31T23:59:59.999Z",
       {"1970-01-01T00:00:00.000Z", "1970-02-01T00:00:00.000Z"}},
      {"long before 1970",
       "30 6 * * SUN",
       "1600-02-28T12:00:00.000Z",
       {"1600-03-05T06:30:00.000Z", "1600-03-12T06:30:00.000Z"}},
  };
  for (const auto& row : rows) {
    INFO(row.subject << ": " << row.expression);
    const auto cron = CronExpression::parse(row.expression);
    TimePoint instant = at(row.after);
    for (const auto expected : row.expected) {
      const auto found = cron.next_after(instant);
      CHECK(shown(found) == expected);
      if (!found) break;
      CHECK(cron.matches(*found));
      instant = *found;
    }
  }
}

TEST_CASE("CronExpression needs both day fields when told so") {
  const auto cron = CronExpression::parse("0 0 13 * FRI", CronDayMatch::both);
  CHECK(shown(cron.next_after(at("2024-01-01T00:00:00Z"))) == "2024-09-13T00:00:00.000Z");
  CHECK(shown(cron.next_after(at("2024-09-13T00:00:00Z"))) == "2024-12-13T00:00:00.000Z");
  CHECK(shown(cron.previous_before(at("2024-09-13T00:00:00Z"))) == "2023-10-13T00:00:00.000Z");
}

TEST_CASE("CronExpression finds the rarest day within forty years when 2100 lies between") {
  constexpr auto cron = CronExpression::parse("0 0 29 2 MON", CronDayMatch::both);
  static_assert(cron.next_after(TimePoint{3'866'054'400'000ms}));  // at compile time, so bounded
  CHECK(shown(cron.next_after(at("2092-07-05T00:00:00Z"))) == "2112-02-29T00:00:00.000Z");
  CHECK(shown(cron.next_after(at("2072-02-29T00:00:00Z"))) == "2112-02-29T00:00:00.000Z");
  CHECK(shown(cron.previous_before(at("2112-02-29T00:00:00Z"))) == "2072-02-29T00:00:00.000Z");
}

TEST_CASE("CronExpression excludes the instant itself when it matches") {
  const auto cron = "0 2 * * *"_cron;
  const TimePoint due = at("2024-01-15T02:00:00Z");
  CHECK(cron.next_after(due) == due + 24h);
  CHECK(cron.next_after(due - 1ms) == due);
  CHECK(cron.previous_before(due) == due - 24h);
  CHECK(cron.previous_before(due + 1ms) == due);
  CHECK(cron.matches(due));
  CHECK(!cron.matches(due + 1ms));
  CHECK(!cron.matches(due - 1ms));
  CHECK(!cron.matches(due + 1s));
}

TEST_CASE("CronExpression stays within the years 1 to 9999 when asked at their ends") {
  const auto every_second = "* * * * * *"_cron;
  CHECK(shown(every_second.next_after(at("9999-12-31T23:59:58.999Z"))) ==
        "9999-12-31T23:59:59.000Z");
  CHECK(!every_second.next_after(at("9999-12-31T23:59:59Z")));
  CHECK(!every_second.next_after(punctual::time_max));
  CHECK(!every_second.next_after(TimePoint::max()));
  CHECK(every_second.next_after(TimePoint::min()) == punctual::time_min);
  CHECK(every_second.next_after(punctual::time_min - 1ms) == punctual::time_min);
  CHECK(every_second.next_after(punctual::time_min) == punctual::time_min + 1s);
  CHECK(every_second.previous_before(punctual::time_min + 1ms) == punctual::time_min);
  CHECK(!every_second.previous_before(punctual::time_min));
  CHECK(!every_second.previous_before(TimePoint::min()));
  CHECK(shown(every_second.previous_before(TimePoint::max())) == "9999-12-31T23:59:59.000Z");
  CHECK(!every_second.matches(TimePoint::min()));
  CHECK(!every_second.matches(TimePoint::max()));
  CHECK(every_second.matches(punctual::time_min));

  for (const char* text : {"0 0 1 1 *", "0 0 * * SUN", "0 0 29 2 *", "0 12 15W * *", "0 0 L 2 *",
                           "0 0 * 2 5#1", "0 0 31 1 *"}) {
    const auto cron = CronExpression::parse(text);
    CAPTURE(text);
    CHECK(!cron.next_after(at("9999-12-31T00:00:00Z")));
    CHECK(cron.next_after(at("9990-12-31T00:00:00Z")));
    CHECK(!cron.previous_before(at("0001-01-01T00:00:01Z") - 1s));
    CHECK(cron.next_after(TimePoint::min()) >= punctual::time_min);
    CHECK(cron.previous_before(TimePoint::max()) <= punctual::time_max);
  }
  CHECK(!"0 0 * * SUN"_cron.next_after(at("9999-12-26T00:00:00Z")));
  CHECK(!"0 0 * * SUN"_cron.previous_before(at("0001-01-07T00:00:00Z")));
  CHECK(!"0 0 29 2 *"_cron.next_after(at("9996-02-29T00:00:00Z")));
  CHECK(!"0 0 29 2 *"_cron.previous_before(at("0004-02-29T00:00:00Z")));
}

TEST_CASE("CronExpression names nothing outside its years when it has any") {
  const auto cron = "0 0 0 1 1 ? 2024-2026"_cron;
  CHECK(shown(cron.next_after(TimePoint::min())) == "2024-01-01T00:00:00.000Z");
  CHECK(shown(cron.next_after(at("2025-12-31T00:00:00Z"))) == "2026-01-01T00:00:00.000Z");
  CHECK(!cron.next_after(at("2026-01-01T00:00:00Z")));
  CHECK(!cron.next_after(at("2150-01-01T00:00:00Z")));
  CHECK(shown(cron.previous_before(TimePoint::max())) == "2026-01-01T00:00:00.000Z");
  CHECK(!cron.previous_before(at("2024-01-01T00:00:00Z")));
  CHECK(!cron.previous_before(at("1969-01-01T00:00:00Z")));
}

TEST_CASE("CronExpression knows local times when no zone is given") {
  constexpr auto cron = "30 2 * * *"_cron;
  constexpr LocalSeconds half_past_two{2h + 30min};
  CHECK(cron.local_from(half_past_two) == half_past_two);
  CHECK(cron.local_from(half_past_two + 1s) == half_past_two + 24h);
  CHECK(cron.local_up_to(half_past_two) == half_past_two);
  CHECK(cron.local_up_to(half_past_two - 1s) == half_past_two - 24h);
  CHECK(cron.local_from(LocalSeconds::min()) > LocalSeconds::min());
  CHECK(!cron.local_from(LocalSeconds::max()));
  CHECK(!cron.local_up_to(LocalSeconds::min()));
  CHECK(cron.local_up_to(LocalSeconds::max()) < LocalSeconds::max());
}

TEST_CASE("CronLiteral keeps its text and is a schedule when one is wanted") {
  constexpr auto literal = "0 2 * * MON-FRI"_cron;
  static_assert(literal.text() == "0 2 * * MON-FRI");
  CHECK("@daily"_cron.text() == "@daily");
  CHECK("  0  0 * * *"_cron.text() == "  0  0 * * *");
  CHECK(literal == CronExpression::parse("0 2 * * MON-FRI"));

  const punctual::Schedule schedule = "0 2 * * MON-FRI"_cron;
  CHECK(schedule == punctual::cron("0 2 * * MON-FRI"));
  CHECK(schedule.next_after(at("2024-01-12T02:00:00Z")) == at("2024-01-15T02:00:00Z"));
  static_assert(std::is_convertible_v<punctual::CronLiteral, punctual::Schedule>);
  static_assert(!std::is_convertible_v<CronExpression, punctual::Schedule>);
}

TEST_CASE("CronExpression is parsed only when it has the number of fields that is wanted") {
  using punctual::CronFieldCount;
  const auto refusal = [](std::string_view text, CronFieldCount count) -> std::string {
    const auto error = punctual::tests::error_of(
        [&] { (void)CronExpression::parse(text, CronDayMatch::either, count); });
    return error ? error->what() : "";
  };
  CHECK(refusal("* * * * *", CronFieldCount::five).empty());
  CHECK(refusal("* * * * * *", CronFieldCount::six).empty());
  CHECK(refusal("* * * * * *", CronFieldCount::five) ==
        "INVALID_SCHEDULE: cron expression \"* * * * * *\", column 11: expected 5 fields, found "
        "\"*\"");
  CHECK(refusal("* * * * *", CronFieldCount::seven) ==
        "INVALID_SCHEDULE: cron expression \"* * * * *\", column 10: expected 7 fields, seconds "
        "first and the year last, found nothing");
}

TEST_CASE("CronExpression tells intervals from fixed times when asked") {
  struct Row {
    const char* expression;
    bool is_interval;
  };
  for (const auto& row : std::vector<Row>{{"0 2 * * *", false},
                                          {"0,30 1,2 * * *", false},
                                          {"30 0 L * *", false},
                                          {"15 0 0 1-5 */2 MON-FRI", false},
                                          {"0 0 0 1 1 ? 2024-2026", false},
                                          {"@daily", false},
                                          {"@hourly", true},
                                          {"0 * * * *", true},
                                          {"*/30 2 * * *", true},
                                          {"0-30 2 * * *", true},
                                          {"0 1/2 * * *", true},
                                          {"0,15-20 1 * * *", true},
                                          {"*/30 0 1 * * *", true}}) {
    CAPTURE(row.expression);
    CHECK(CronExpression::parse(row.expression).is_interval() == row.is_interval);
  }
}

TEST_CASE("CronExpression equals another one when their sets are equal") {
  CHECK("0 2 * * 1-5"_cron == "0 2 ? * MON-FRI"_cron);
  CHECK("0 2 1,3,5 * *"_cron == "0 0 2 1-5/2 * *"_cron);
  CHECK("0 0 * * 7"_cron == "@weekly"_cron);
  CHECK("0 0 1-31 * *"_cron == "@daily"_cron);
  CHECK("0 2 * * 1-5"_cron != "0 2 * * 1-6"_cron);
  CHECK("0 2 L * *"_cron != "0 2 31 * *"_cron);
  CHECK("0,1 2 * * *"_cron != "0-1 2 * * *"_cron);  // the second one repeats when clocks go back
  CHECK(CronExpression::parse("0 0 13 * 5", CronDayMatch::both) != "0 0 13 * 5"_cron);
}

TEST_CASE("CronExpression is a small value when copied") {
  CHECK(sizeof(CronExpression) <= 96);
  CHECK(std::is_trivially_copyable_v<CronExpression>);
}

TEST_CASE("CronExpression names column, expectation and finding when it refuses a text") {
  struct Row {
    std::string subject;
    std::string text;
    std::string message;
  };
  const std::vector<Row> rows = {
      {"a value", "61 * * * *",
       "INVALID_SCHEDULE: cron expression \"61 * * * *\", column 1: expected a minute 0-59, found "
       "\"61\""},
      {"nothing", "",
       "INVALID_SCHEDULE: cron expression \"\", column 1: expected 5 fields, 6 with seconds first "
       "or "
       "7 with the year last, found nothing"},
      {"bytes that must not reach a terminal", "\x1B[2J\xC3\xA9 * * * *",
       "INVALID_SCHEDULE: cron expression \"\\?[2J\\?\\? * * * *\", column 1: expected a minute "
       "0-59, found \"\\?\""},
      {"a line's end", "0 0 1 1 *\n",
       "INVALID_SCHEDULE: cron expression \"0 0 1 1 *\\n\", column 10: expected one of , / or a "
       "space, found \"\\n\""},
      {"a long text", std::string(300, '*'),
       "INVALID_SCHEDULE: cron expression \"" + std::string(64, '*') +
           "...\", column 257: expected at most 256 bytes, found \"" + std::string(44, '*') + "\""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK_THROWS_AS(CronExpression::parse(row.text), punctual::Error);
    try {
      static_cast<void>(CronExpression::parse(row.text));
    } catch (const punctual::Error& error) {
      CHECK(error.code() == "INVALID_SCHEDULE");
      CHECK(std::string{error.what()} == row.message);
      CHECK(!error.retryable());
    }
  }
}

TEST_CASE("CronExpression moves on and matches itself when started anywhere") {
  Random random{seed};
  INFO("seed " << seed);
  std::string failure = "none";
  for (int i = 0; i < 400 && failure == "none"; ++i) {
    const std::string text = random_expression(random, i % 2 == 0);
    const auto cron = CronExpression::parse(text);
    const SlowCron slow{text};
    for (int k = 0; k < 50; ++k) {
      const TimePoint t = random_instant(random, punctual::time_min, punctual::time_max);
      const auto next = cron.next_after(t);
      const auto previous = cron.previous_before(t);
      const bool holds = (!next || (*next > t && cron.matches(*next) && slow_matches(slow, *next) &&
                                    cron.next_after(*next - 1ms) == next)) &&
                         (!previous || (*previous < t && cron.matches(*previous) &&
                                        slow_matches(slow, *previous) &&
                                        cron.previous_before(*previous + 1ms) == previous)) &&
                         cron.matches(t) == slow_matches(slow, t);
      if (!holds) failure = text + " at " + shown(t);
      if (!next || !previous) continue;
      // Nothing lies between the two but t itself.
      const auto middle = cron.matches(t) ? std::optional{t} : next;
      const bool is_inverse = cron.next_after(*previous) == middle &&
                              cron.previous_before(*next) == (cron.matches(t) ? t : *previous);
      if (!is_inverse) failure = text + " around " + shown(t);
    }
  }
  CHECK(failure == "none");
}

TEST_CASE("CronExpression never goes back when started later") {
  Random random{seed};
  INFO("seed " << seed);
  std::string failure = "none";
  for (int i = 0; i < 200 && failure == "none"; ++i) {
    const std::string text = random_expression(random, true);
    const auto cron = CronExpression::parse(text);
    for (int k = 0; k < 20; ++k) {
      const TimePoint t = random_instant(random, at("2000-01-01T00:00:00Z"), punctual::time_max);
      const TimePoint later = t + Duration{static_cast<std::int64_t>(random.up_to(90'000'000))};
      const auto first = cron.next_after(t);
      const auto second = cron.next_after(later);
      if (second && (!first || *first > *second)) failure = text + " at " + shown(t);
    }
  }
  CHECK(failure == "none");
}

TEST_CASE("CronExpression fires as a minute-by-minute matcher says when a year is enumerated") {
  Random random{seed};
  INFO("seed " << seed);
  for (int i = 0; i < 10; ++i) {
    const std::string text = random_expression(random, false);
    const auto year = date::year{1996 + static_cast<int>(random.up_to(110))};
    INFO(text << " in " << year);
    const TimePoint first = date::sys_days{year / 1 / 1};
    const TimePoint last = date::sys_days{year / 12 / 31} + 24h - 1ms;
    const auto cron = CronExpression::parse(text);
    CHECK(first_difference(cron, SlowCron{text}, first, last, 1min) == "none");
  }
}

TEST_CASE("CronExpression fires as a matcher says when both day fields are needed") {
  Random random{seed};
  INFO("seed " << seed);
  int checked_count = 0;
  while (checked_count < 12) {
    const std::string text = "0 12 " + random_days(random) + " * " + random_weekdays(random);
    if (punctual::parse_cron(text, CronDayMatch::both).failure) continue;
    INFO(text);
    const auto cron = CronExpression::parse(text, CronDayMatch::both);
    const TimePoint first = date::sys_days{date::year{2024} / 1 / 1};
    CHECK(first_difference(cron, SlowCron{text, true}, first, first + 24h * 3650, 12h) == "none");
    ++checked_count;
  }
}

TEST_CASE("CronExpression fires as a second-by-second matcher says when days are enumerated") {
  Random random{seed};
  INFO("seed " << seed);
  for (int i = 0; i < 8; ++i) {
    const std::string text = random_expression(random, true);
    const auto cron = CronExpression::parse(text);
    const auto next = cron.next_after(at("2024-01-01T00:00:00Z"));
    INFO(text);
    REQUIRE(next);
    const TimePoint first = date::floor<date::days>(*next);
    CHECK(first_difference(cron, SlowCron{text}, first, first + 48h, 1s) == "none");
  }
}

}  // namespace cron_expression_test
