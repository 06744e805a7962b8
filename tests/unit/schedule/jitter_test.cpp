// SPDX-License-Identifier: MIT
//
// Jitter: the span that follows from a name, and the schedule that is as much later.

#include "punctual/schedule/jitter.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hand_zone.hpp"
#include "instants.hpp"
#include "punctual/base/random.hpp"
#include "punctual/schedule/schedule.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace jitter_test {

namespace {

using namespace std::chrono_literals;
using punctual::at;
using punctual::cron;
using punctual::DstCase;
using punctual::Duration;
using punctual::every;
using punctual::Jitter;
using punctual::Random;
using punctual::Schedule;
using punctual::ScheduleKind;
using punctual::ScheduleRulePtr;
using punctual::time_max;
using punctual::time_min;
using punctual::TimePoint;
using punctual::tests::error_of;
using punctual::tests::instant;
using punctual::tests::new_york;

constexpr TimePoint noon{Duration{1'705'320'000'000}};  // 2024-01-15T12:00:00Z

/// How much later a job of this name starts.
Duration delay_of(const std::string& job_name, Duration max) {
  const Schedule bound = at(noon).jitter(max).bound_to(job_name, TimePoint{});
  return bound.next_after(noon - Duration{1}).value() - noon;
}

}  // namespace

TEST_CASE("Jitter has the same delay for a name when it is asked on any node") {
  struct Row {
    const char* job_name;
    Duration max;
    Duration delay;
  };
  // They must never change: a deployed job would move.
  const Row rows[] = {
      {"nightly", 30min, Duration{1'224'664}},
      {"nightly", 1h, Duration{1'578'603}},
      {"Nightly", 30min, Duration{93'759}},
      {"", 30min, Duration{682'091}},
      {"r\xC3\xA9sum\xC3\xA9", 30min, Duration{71'901}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.job_name, row.max.count());
    CHECK(delay_of(row.job_name, row.max) == row.delay);
  }
}

TEST_CASE("Jitter spreads jobs over the whole span when their names differ little") {
  std::array<int, 60> jobs_of_minute{};
  for (int i = 0; i < 6'000; ++i) {
    const Duration delay = delay_of("job-" + std::to_string(i), 1h - Duration{1});
    ++jobs_of_minute.at(static_cast<std::size_t>(delay / 1min));
  }
  // 100 each, give or take five standard deviations.
  for (const int count : jobs_of_minute) {
    CHECK(count > 50);
    CHECK(count < 150);
  }
}

TEST_CASE("Jitter keeps within its bounds when the span is short or long") {
  struct Row {
    const char* subject;
    Duration max;
    std::size_t delay_count;  // of 1000 names
  };
  const Row rows[] = {
      {"none", Duration{0}, 1}, {"a millisecond", Duration{1}, 2},  {"two", Duration{2}, 3},
      {"an hour", 1h, 1000},    {"a year", Jitter::span_max, 1000},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    std::vector<Duration> delays;
    for (int i = 0; i < 1000; ++i) {
      const Schedule bound =
          at(time_min).jitter(row.max).bound_to("job-" + std::to_string(i), TimePoint{});
      const auto first = bound.next_after(time_min - Duration{1});
      REQUIRE(first);
      delays.push_back(*first - time_min);
      REQUIRE(delays.back() >= Duration{0});
      REQUIRE(delays.back() <= row.max);
    }
    std::sort(delays.begin(), delays.end());
    delays.erase(std::unique(delays.begin(), delays.end()), delays.end());
    CHECK(delays.size() + 3 >= row.delay_count);
    CHECK(delays.size() <= row.delay_count);
  }
}

TEST_CASE("Jitter fires as its schedule does, and as much later, when it is asked from anywhere") {
  constexpr std::uint64_t seed = 1970;
  CAPTURE(seed);
  Random random{seed};
  const std::vector<Schedule> schedules = {cron("*/7 9-17 * * MON-FRI", new_york()),
                                           every(Duration{100'003}, noon)};
  for (const auto& inner : schedules) {
    for (int i = 0; i < 500; ++i) {
      // Up to many periods of the schedule.
      const Duration delay{static_cast<std::int64_t>(random.up_to(1U << random.up_to(30)))};
      const Jitter later{inner.rule(), Duration{1U << 30}, delay};
      const TimePoint asked = noon + Duration{static_cast<std::int64_t>(random.up_to(1U << 31))};
      CAPTURE(inner.describe(), delay.count(), asked.time_since_epoch().count());
      const auto moved = [&](std::optional<TimePoint> instant) {
        return instant ? std::optional{*instant + delay} : std::nullopt;
      };
      const auto next = later.next_after(asked);
      REQUIRE(next == moved(inner.next_after(asked - delay)));
      REQUIRE(later.previous_before(asked) == moved(inner.previous_before(asked - delay)));
      REQUIRE(later.next_after(*next - Duration{1}) == next);
      REQUIRE(later.previous_before(*next + Duration{1}) == next);
      const TimePoint until = asked + Duration{static_cast<std::int64_t>(random.up_to(1U << 27))};
      std::int64_t count = 0;
      for (auto run = later.next_after(asked - Duration{1}); run && *run <= until;
           run = later.next_after(*run)) {
        ++count;
      }
      REQUIRE(later.count_between(asked, until).count == count);
    }
  }
}

TEST_CASE("Jitter reaches the ends of time when its schedule does") {
  struct Row {
    const char* subject;
    Schedule inner;
    Duration delay;
    TimePoint asked_at;
    std::optional<TimePoint> next;
    std::optional<TimePoint> previous;
  };
  const Duration longest = Jitter::span_max;
  const std::vector<Row> rows = {
      {"the first instant, from before", at(time_min), 1h, time_min - Duration{1}, time_min + 1h,
       std::nullopt},
      {"the first instant, from itself", at(time_min), 1h, time_min, time_min + 1h, std::nullopt},
      {"the first instant, just before it", at(time_min), 1h, time_min + 1h - Duration{1},
       time_min + 1h, std::nullopt},
      {"the first instant, at it", at(time_min), 1h, time_min + 1h, std::nullopt, std::nullopt},
      {"the first instant, just behind it", at(time_min), 1h, time_min + 1h + Duration{1},
       std::nullopt, time_min + 1h},
      {"from the lowest number", at(time_min), 1h, TimePoint::min(), time_min + 1h, std::nullopt},
      {"the last that fits", at(time_max - 1h), 1h, time_max - Duration{1}, time_max, std::nullopt},
      {"the last that fits, from behind", at(time_max - 1h), 1h, TimePoint::max(), std::nullopt,
       time_max},
      {"too late by a millisecond", at(time_max - 1h + Duration{1}), 1h, noon, std::nullopt,
       std::nullopt},
      {"too late, from behind", at(time_max), 1h, TimePoint::max(), std::nullopt, std::nullopt},
      {"the longest span", at(time_min), longest, time_min, time_min + longest, std::nullopt},
      {"the longest span, from behind", at(time_max - longest), longest, TimePoint::max(),
       std::nullopt, time_max},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const Jitter later{row.inner.rule(), longest, row.delay};
    CHECK(later.next_after(row.asked_at) == row.next);
    CHECK(later.previous_before(row.asked_at) == row.previous);
  }
  const Jitter first{at(time_min).rule(), 1h, 1h};
  CHECK(first.count_between(time_min, time_max).count == 1);
  CHECK(first.count_between(time_min, time_min + 1h).count == 1);
  CHECK(first.count_between(time_min, time_min + 1h - Duration{1}).count == 0);
  CHECK(first.count_between(time_min + 1h, TimePoint::max()).count == 1);
}

TEST_CASE("Jitter fires at its schedule's instants when it has no job") {
  const Jitter open{cron("0 * * * *").rule(), 30min};
  CHECK(open.next_after(noon) == noon + 1h);
  CHECK(open.previous_before(noon) == noon - 1h);
  CHECK(open.count_between(noon, noon + 3h).count == 4);
}

TEST_CASE("Jitter is bound to one job, and to another, when it is asked to be") {
  const Jitter open{cron("0 * * * *").rule(), 30min};
  const ScheduleRulePtr first = open.bound_to("first", noon);
  REQUIRE(first);
  CHECK(first->next_after(noon) == noon + delay_of("first", 30min));
  CHECK(first->bound_to("first", noon) == nullptr);
  const ScheduleRulePtr second = first->bound_to("second", noon);
  REQUIRE(second);
  CHECK(second->next_after(noon) == noon + delay_of("second", 30min));

  // Nothing changes with a span of none, unless the schedule within does.
  CHECK(Jitter{cron("0 * * * *").rule(), 0ms}.bound_to("first", noon) == nullptr);
  const ScheduleRulePtr anchored =
      Jitter{every(24h).rule(), 0ms}.bound_to("first", noon + Duration{1});
  REQUIRE(anchored);
  CHECK(anchored->next_after(noon) == noon + Duration{1});
  // The name alone decides, not the anchor.
  const ScheduleRulePtr both = Jitter{every(24h).rule(), 30min}.bound_to("first", noon + 1h);
  REQUIRE(both);
  CHECK(both->next_after(noon) == noon + 1h + delay_of("first", 30min));
}

TEST_CASE("Jitter is its schedule's in everything else when it is asked") {
  const Schedule york = cron("30 2 * * *", new_york());
  const Jitter open{york.rule(), 5min};
  CHECK(open.kind() == ScheduleKind::jitter);
  CHECK(open.zone() == new_york());
  CHECK(open.inner() == york.rule());
  CHECK(open.max() == 5min);
  CHECK(open.case_of(instant("2024-03-10T07:00:00Z")) == DstCase::moved);
  CHECK(open.describe() == "at 02:30 every day (America/New_York), up to 5 minutes later");

  const Jitter later{york.rule(), 5min, 90s};
  CHECK(later.case_of(instant("2024-03-10T07:01:30Z")) == DstCase::moved);
  CHECK(later.case_of(instant("2024-03-11T06:31:30Z")) == DstCase::none);
  CHECK(later.describe() ==
        "at 02:30 every day (America/New_York), 90 seconds later (of up to 5 minutes)");
}

TEST_CASE("Jitter refuses the span when it is negative or longer than a year") {
  struct Row {
    const char* subject;
    Duration max;
    const char* error;
  };
  const Row rows[] = {
      {"none", Duration{0}, ""},
      {"the longest", Duration{366LL * 86'400'000}, ""},
      {"a millisecond longer", Duration{366LL * 86'400'000 + 1},
       "INVALID_SCHEDULE: jitter() expects a span of 0 ms to 366 days, got 31622400001 ms"},
      {"a millisecond back", Duration{-1},
       "INVALID_SCHEDULE: jitter() expects a span of 0 ms to 366 days, got -1 ms"},
      {"the lowest number", Duration::min(),
       "INVALID_SCHEDULE: jitter() expects a span of 0 ms to 366 days, got "
       "-9223372036854775808 ms"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const auto error = error_of([&] { Jitter{cron("0 * * * *").rule(), row.max}; });
    CHECK((error ? std::string{error->what()} : "") == row.error);
  }
}

}  // namespace jitter_test
