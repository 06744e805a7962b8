// SPDX-License-Identifier: MIT
//
// AnyOf: several schedules as one, each instant once.

#include "punctual/schedule/any_of.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "hand_zone.hpp"
#include "instants.hpp"
#include "punctual/base/random.hpp"
#include "punctual/schedule/schedule.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace any_of_test {

namespace {

using namespace std::chrono_literals;
using punctual::AnyOf;
using punctual::at;
using punctual::cron;
using punctual::DstCase;
using punctual::Duration;
using punctual::every;
using punctual::every_after_finish;
using punctual::Random;
using punctual::Schedule;
using punctual::ScheduleKind;
using punctual::ScheduleRulePtr;
using punctual::TimePoint;
using punctual::TimeZone;
using punctual::tests::error_of;
using punctual::tests::instant;
using punctual::tests::new_york;
using punctual::tests::runs_after;
using punctual::tests::runs_before;
using Texts = std::vector<std::string>;

constexpr TimePoint noon{Duration{1'705'320'000'000}};  // 2024-01-15T12:00:00Z

AnyOf make(const std::vector<Schedule>& schedules) {
  return AnyOf::of(schedules);
}

}  // namespace

TEST_CASE("AnyOf has the instants of all its schedules, in order and each once") {
  struct Row {
    const char* subject;
    std::vector<Schedule> schedules;
    Texts next;      // after noon
    Texts previous;  // before noon
  };
  const std::vector<Row> rows = {
      {"one", {cron("0 9 * * *")}, {"2024-01-16T09:00:00Z"}, {"2024-01-15T09:00:00Z"}},
      {"two that take turns",
       {cron("0 9 * * *"), cron("0 17 * * *")},
       {"2024-01-15T17:00:00Z", "2024-01-16T09:00:00Z", "2024-01-16T17:00:00Z"},
       {"2024-01-15T09:00:00Z", "2024-01-14T17:00:00Z", "2024-01-14T09:00:00Z"}},
      {"two that coincide at times",
       {cron("0 */4 * * *"), cron("0 */6 * * *")},
       {"2024-01-15T16:00:00Z", "2024-01-15T18:00:00Z", "2024-01-15T20:00:00Z",
        "2024-01-16T00:00:00Z", "2024-01-16T04:00:00Z"},
       {"2024-01-15T08:00:00Z", "2024-01-15T06:00:00Z", "2024-01-15T04:00:00Z",
        "2024-01-15T00:00:00Z", "2024-01-14T20:00:00Z"}},
      {"the same twice",
       {cron("0 9 * * *"), cron("0 9 * * *")},
       {"2024-01-16T09:00:00Z", "2024-01-17T09:00:00Z"},
       {"2024-01-15T09:00:00Z", "2024-01-14T09:00:00Z"}},
      {"some that end",
       {at(noon), at(noon + 1h), at(noon - 1h)},
       {"2024-01-15T13:00:00Z", "never"},
       {"2024-01-15T11:00:00Z", "never"}},
      {"the same time in two zones",
       {cron("0 9 * * *", new_york()), cron("0 9 * * *")},
       {"2024-01-15T14:00:00Z", "2024-01-16T09:00:00Z"},
       {"2024-01-15T09:00:00Z", "2024-01-14T14:00:00Z"}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const AnyOf any = make(row.schedules);
    CHECK(runs_after(any, "2024-01-15T12:00:00Z", row.next.size()) == row.next);
    CHECK(runs_before(any, "2024-01-15T12:00:00Z", row.previous.size()) == row.previous);
  }
}

TEST_CASE("AnyOf has the union of its schedules' instants when they are drawn at random") {
  constexpr std::uint64_t seed = 64;
  CAPTURE(seed);
  Random random{seed};
  for (int i = 0; i < 100; ++i) {
    std::vector<Schedule> schedules;
    std::set<TimePoint> expected;
    const TimePoint last = noon + 6h;
    for (std::uint64_t k = random.up_to(5) + 1; k > 0; --k) {
      // Whole minutes, so that some coincide.
      const Duration period = 1min * static_cast<std::int64_t>(random.up_to(90) + 1);
      schedules.push_back(every(period, noon + 1min * static_cast<std::int64_t>(random.up_to(60))));
      for (auto run = schedules.back().next_after(noon); run && *run < last;
           run = schedules.back().next_after(*run)) {
        expected.insert(*run);
      }
    }
    const AnyOf any = make(schedules);
    std::set<TimePoint> forwards;
    for (auto run = any.next_after(noon); run && *run < last; run = any.next_after(*run)) {
      REQUIRE(forwards.insert(*run).second);
    }
    std::set<TimePoint> backwards;
    for (auto run = any.previous_before(last); run && *run > noon;
         run = any.previous_before(*run)) {
      REQUIRE(backwards.insert(*run).second);
    }
    REQUIRE(forwards == expected);
    REQUIRE(backwards == expected);
    REQUIRE(any.count_between(noon + Duration{1}, last - Duration{1}).count ==
            static_cast<std::int64_t>(expected.size()));
  }
}

TEST_CASE("AnyOf says of an instant what the schedule says that it is of") {
  const AnyOf any = make({cron("0 7 * * *"), cron("30 2 * * *", new_york()), at(noon)});
  CHECK(any.case_of(instant("2024-03-11T06:30:00Z")) == DstCase::none);
  CHECK(any.case_of(noon) == DstCase::none);
  CHECK(make({at(noon), cron("30 2 * * *", new_york())}).case_of(instant("2024-03-10T07:00:00Z")) ==
        DstCase::moved);
  CHECK(make({cron("*/30 * * * *", new_york())}).case_of(instant("2024-11-03T06:30:00Z")) ==
        DstCase::second_pass);
  // The first that has it decides; 07:00Z is a time of its own for the first.
  CHECK(any.case_of(instant("2024-03-10T07:00:00Z")) == DstCase::none);
  // Of none.
  CHECK(any.case_of(noon + 1h) == DstCase::none);
}

TEST_CASE("AnyOf has the zone of its first schedule and the words of all when it is asked") {
  const AnyOf any = make({cron("0 9 * * *", new_york()), every(1h), at(noon)});
  CHECK(any.kind() == ScheduleKind::any_of);
  CHECK(any.zone() == new_york());
  CHECK(make({every(1h), cron("0 9 * * *", new_york())}).zone() == TimeZone{});
  CHECK(any.parts().size() == 3);
  CHECK(any.describe() ==
        "at 09:00 every day (America/New_York); or every 1 hour; or once at "
        "2024-01-15T12:00:00.000Z");
}

TEST_CASE("AnyOf is bound to a job when one of its schedules is") {
  const AnyOf any = make({cron("0 9 * * *"), every(24h)});
  const ScheduleRulePtr bound = any.bound_to("nightly", noon + 1h);
  REQUIRE(bound);
  CHECK(runs_after(*bound, "2024-01-15T12:00:00Z", 3) ==
        Texts{"2024-01-15T13:00:00Z", "2024-01-16T09:00:00Z", "2024-01-16T13:00:00Z"});
  CHECK(make({cron("0 9 * * *"), at(noon)}).bound_to("nightly", noon) == nullptr);
}

TEST_CASE("AnyOf refuses its schedules when there are none, too many, or some without instants") {
  struct Row {
    const char* subject;
    std::vector<Schedule> schedules;
    const char* error;
  };
  const std::vector<Row> rows = {
      {"one", {every(1h)}, ""},
      {"64", std::vector<Schedule>(64, every(1h)), ""},
      {"a union", {punctual::any_of({every(1h)})}, ""},
      {"none", {}, "INVALID_SCHEDULE: any_of() expects 1 to 64 schedules, got 0"},
      {"65", std::vector<Schedule>(65, every(1h)),
       "INVALID_SCHEDULE: any_of() expects 1 to 64 schedules, got 65"},
      {"one by hand",
       {every(1h), Schedule{}},
       "INVALID_SCHEDULE: any_of() expects schedules with instants of their own, got one that runs "
       "by hand"},
      {"a delay after the finish",
       {every_after_finish(1h)},
       "INVALID_SCHEDULE: any_of() expects schedules with instants of their own, got one that runs "
       "1 hour after the previous run ended"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const auto error = error_of([&] { (void)make(row.schedules); });
    CHECK((error ? std::string{error->what()} : "") == row.error);
  }
}

}  // namespace any_of_test
