// SPDX-License-Identifier: MIT
//
// The planner's answers to due instants: plan_due and plan_resume, over every kind of schedule,
// policy and length of absence.

#include "punctual/core/due_planner.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "punctual/base/iso8601.hpp"
#include "punctual/base/random.hpp"
#include "support/catch.hpp"

namespace due_planner_test {

using namespace std::chrono_literals;
using punctual::Advance;
using punctual::at;
using punctual::cron;
using punctual::Duration;
using punctual::every;
using punctual::every_after_finish;
using punctual::format_iso8601;
using punctual::JobConfig;
using punctual::JobStatus;
using punctual::Json;
using punctual::MissedPolicy;
using punctual::NewRun;
using punctual::PauseChange;
using punctual::Random;
using punctual::RunTrigger;
using punctual::Schedule;
using punctual::ScheduleState;
using punctual::TimePoint;
using punctual::UuidGenerator;

namespace planner = punctual::planner;

namespace {

constexpr std::uint64_t seed = 12;

TimePoint when(std::string_view text) {
  const auto instant = punctual::parse_iso8601(text);
  REQUIRE(instant);
  return *instant;
}

std::string shown(std::optional<TimePoint> instant) {
  return instant ? format_iso8601(*instant) : "never";
}

/// Says a row: "run <due>" or "<code> <first>..<last> x<count>", "+" where the count is a lower
/// bound.
std::string shown(const NewRun& row) {
  if (row.status == JobStatus::pending) return "run " + shown(row.due_at);
  CHECK(row.due_at == when(row.details.at("first").get<std::string>()));
  return row.message_code + " " + row.details.at("first").get<std::string>() + ".." +
         row.details.at("last").get<std::string>() + " x" +
         std::to_string(row.details.at("count").get<std::int64_t>()) +
         (row.details.at("countIsExact").get<bool>() ? "" : "+");
}

std::string shown(const std::vector<NewRun>& rows, std::optional<TimePoint> next) {
  std::string text;
  for (const auto& row : rows) text += shown(row) + "\n";
  return text + "next " + shown(next);
}

JobConfig config_of(Schedule schedule, MissedPolicy missed = MissedPolicy::run_once) {
  JobConfig config;
  config.name = "tidy";
  config.schedule = std::move(schedule);
  config.missed = missed;
  return config;
}

ScheduleState state_of(TimePoint anchor, std::optional<TimePoint> next_due) {
  ScheduleState state;
  state.job_name = "tidy";
  state.version = 7;
  state.anchor_at = anchor;
  state.next_due_at = next_due;
  return state;
}

Advance plan(const ScheduleState& state, const JobConfig& config, TimePoint now) {
  UuidGenerator ids{Random{seed}};
  return planner::plan_due(state, config, now, ids);
}

struct DueRow {
  const char* subject;
  Schedule schedule;
  const char* first;  ///< the armed instant
  const char* now;
  std::string expected;
};

void check(const std::vector<DueRow>& rows, MissedPolicy missed) {
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const Advance advance = plan(state_of(when("2024-01-15T00:00:00Z"), when(row.first)),
                                 config_of(row.schedule, missed), when(row.now));
    CHECK(shown(advance.rows, advance.next_due_at) == row.expected);
    CHECK(advance.job_name == "tidy");
    CHECK(advance.version == 7);
  }
}

}  // namespace

TEST_CASE("plan_due runs the armed instant and arms the next one when nothing was missed") {
  check(
      {
          {"a period, to the millisecond", every(1h), "2024-01-15T02:00:00Z",
           "2024-01-15T02:00:00Z", "run 2024-01-15T02:00:00.000Z\nnext 2024-01-15T03:00:00.000Z"},
          {"a period, at its end", every(1h), "2024-01-15T02:00:00Z", "2024-01-15T02:59:59.999Z",
           "run 2024-01-15T02:00:00.000Z\nnext 2024-01-15T03:00:00.000Z"},
          {"a period with an anchor of its own", every(1h, when("2000-01-01T00:20:00Z")),
           "2024-01-15T02:20:00Z", "2024-01-15T02:20:00Z",
           "run 2024-01-15T02:20:00.000Z\nnext 2024-01-15T03:20:00.000Z"},
          {"a cron expression", cron("0 2 * * *"), "2024-01-15T02:00:00Z", "2024-01-15T02:00:00Z",
           "run 2024-01-15T02:00:00.000Z\nnext 2024-01-16T02:00:00.000Z"},
          {"a cron expression over a weekend", cron("0 2 * * 1-5"), "2024-01-19T02:00:00Z",
           "2024-01-21T23:59:59.999Z",
           "run 2024-01-19T02:00:00.000Z\nnext 2024-01-22T02:00:00.000Z"},
          {"the last year of a cron expression", cron("0 0 0 1 1 ? 2024-2025"),
           "2025-01-01T00:00:00Z", "2025-01-01T00:00:01Z",
           "run 2025-01-01T00:00:00.000Z\nnext never"},
          {"once", at(when("2024-01-15T02:00:00Z")), "2024-01-15T02:00:00Z", "2024-01-15T02:00:00Z",
           "run 2024-01-15T02:00:00.000Z\nnext never"},
          {"after the finish", every_after_finish(5min), "2024-01-15T02:00:00Z",
           "2024-01-15T02:00:00Z", "run 2024-01-15T02:00:00.000Z\nnext never"},
          {"the last instant there is", every(1h), "9999-12-31T23:00:00Z",
           "9999-12-31T23:59:59.999Z", "run 9999-12-31T23:00:00.000Z\nnext never"},
          {"an armed instant that the schedule does not name", every(1h), "2024-01-15T02:30:00Z",
           "2024-01-15T02:40:00Z", "run 2024-01-15T02:30:00.000Z\nnext 2024-01-15T03:00:00.000Z"},
      },
      MissedPolicy::run_once);
}

TEST_CASE("plan_due answers all missed instants by one row and runs the latest under run_once") {
  check(
      {
          {"one period", every(1h), "2024-01-15T02:00:00Z", "2024-01-15T03:00:00Z",
           "JOB_MISSED 2024-01-15T02:00:00.000Z..2024-01-15T02:00:00.000Z x1\n"
           "run 2024-01-15T03:00:00.000Z\nnext 2024-01-15T04:00:00.000Z"},
          {"a day", every(1h), "2024-01-15T02:00:00Z", "2024-01-16T02:30:00Z",
           "JOB_MISSED 2024-01-15T02:00:00.000Z..2024-01-16T01:00:00.000Z x24\n"
           "run 2024-01-16T02:00:00.000Z\nnext 2024-01-16T03:00:00.000Z"},
          {"a leap year", every(1h), "2024-01-15T02:00:00Z", "2025-01-15T02:30:00Z",
           "JOB_MISSED 2024-01-15T02:00:00.000Z..2025-01-15T01:00:00.000Z x8784\n"
           "run 2025-01-15T02:00:00.000Z\nnext 2025-01-15T03:00:00.000Z"},
          // 31.6 thousand million instants: walking through them would take minutes.
          {"a year of milliseconds", every(1ms), "2024-01-15T02:00:00Z", "2025-01-15T02:00:00Z",
           "JOB_MISSED 2024-01-15T02:00:00.000Z..2025-01-15T01:59:59.999Z x31622400000\n"
           "run 2025-01-15T02:00:00.000Z\nnext 2025-01-15T02:00:00.001Z"},
          {"eight thousand years of milliseconds", every(1ms), "2024-01-15T02:00:00Z",
           "9999-12-31T00:00:00Z",
           "JOB_MISSED 2024-01-15T02:00:00.000Z..9999-12-30T23:59:59.999Z x251696930400000\n"
           "run 9999-12-31T00:00:00.000Z\nnext 9999-12-31T00:00:00.001Z"},
          {"a cron expression, a day", cron("0 2 * * *"), "2024-01-15T02:00:00Z",
           "2024-01-16T02:00:00Z",
           "JOB_MISSED 2024-01-15T02:00:00.000Z..2024-01-15T02:00:00.000Z x1\n"
           "run 2024-01-16T02:00:00.000Z\nnext 2024-01-17T02:00:00.000Z"},
          {"a cron expression, a leap year", cron("0 2 * * *"), "2024-01-15T02:00:00Z",
           "2025-01-15T03:00:00Z",
           "JOB_MISSED 2024-01-15T02:00:00.000Z..2025-01-14T02:00:00.000Z x366\n"
           "run 2025-01-15T02:00:00.000Z\nnext 2025-01-16T02:00:00.000Z"},
          {"a cron expression, as many as are counted", cron("* * * * *"), "2024-01-15T02:00:00Z",
           "2024-01-22T00:40:00Z",
           "JOB_MISSED 2024-01-15T02:00:00.000Z..2024-01-22T00:39:00.000Z x10000\n"
           "run 2024-01-22T00:40:00.000Z\nnext 2024-01-22T00:41:00.000Z"},
          {"a cron expression, more than are counted", cron("* * * * *"), "2024-01-15T02:00:00Z",
           "2025-01-15T02:00:00Z",
           "JOB_MISSED 2024-01-15T02:00:00.000Z..2025-01-15T01:59:00.000Z x10000+\n"
           "run 2025-01-15T02:00:00.000Z\nnext 2025-01-15T02:01:00.000Z"},
          {"a cron expression, eight thousand years of seconds", cron("* * * * * *"),
           "2024-01-15T02:00:00Z", "9999-12-31T23:59:59.999Z",
           "JOB_MISSED 2024-01-15T02:00:00.000Z..9999-12-31T23:59:58.000Z x10000+\n"
           "run 9999-12-31T23:59:59.000Z\nnext never"},
          {"leap days", cron("0 0 29 2 *"), "2024-02-29T00:00:00Z", "2032-03-01T00:00:00Z",
           "JOB_MISSED 2024-02-29T00:00:00.000Z..2028-02-29T00:00:00.000Z x2\n"
           "run 2032-02-29T00:00:00.000Z\nnext 2036-02-29T00:00:00.000Z"},
          {"a cron expression that has ended meanwhile", cron("0 0 0 1 1 ? 2024-2025"),
           "2024-01-01T00:00:00Z", "2031-05-05T00:00:00Z",
           "JOB_MISSED 2024-01-01T00:00:00.000Z..2024-01-01T00:00:00.000Z x1\n"
           "run 2025-01-01T00:00:00.000Z\nnext never"},
          {"once, a year late", at(when("2024-01-15T02:00:00Z")), "2024-01-15T02:00:00Z",
           "2025-01-15T02:00:00Z", "run 2024-01-15T02:00:00.000Z\nnext never"},
          {"after the finish, a year late", every_after_finish(5min), "2024-01-15T02:00:00Z",
           "2025-01-15T02:00:00Z", "run 2024-01-15T02:00:00.000Z\nnext never"},
          {"from an instant that the schedule does not name", every(1h), "2024-01-15T02:30:00Z",
           "2024-01-15T03:10:00Z",
           "JOB_MISSED 2024-01-15T02:30:00.000Z..2024-01-15T02:30:00.000Z x1\n"
           "run 2024-01-15T03:00:00.000Z\nnext 2024-01-15T04:00:00.000Z"},
      },
      MissedPolicy::run_once);
}

TEST_CASE("plan_due runs an instant of the last minute only and answers the rest under skip") {
  check(
      {
          {"in time", every(1h), "2024-01-15T02:00:00Z", "2024-01-15T02:00:00Z",
           "run 2024-01-15T02:00:00.000Z\nnext 2024-01-15T03:00:00.000Z"},
          {"a minute late", every(1h), "2024-01-15T02:00:00Z", "2024-01-15T02:01:00Z",
           "run 2024-01-15T02:00:00.000Z\nnext 2024-01-15T03:00:00.000Z"},
          {"a millisecond later than that", every(1h), "2024-01-15T02:00:00Z",
           "2024-01-15T02:01:00.001Z",
           "JOB_MISSED 2024-01-15T02:00:00.000Z..2024-01-15T02:00:00.000Z x1\n"
           "next 2024-01-15T03:00:00.000Z"},
          {"a day, and the latest in time", every(1h), "2024-01-15T02:00:00Z",
           "2024-01-16T02:00:30Z",
           "JOB_MISSED 2024-01-15T02:00:00.000Z..2024-01-16T01:00:00.000Z x24\n"
           "run 2024-01-16T02:00:00.000Z\nnext 2024-01-16T03:00:00.000Z"},
          {"a day, and the latest late as well", every(1h), "2024-01-15T02:00:00Z",
           "2024-01-16T02:30:00Z",
           "JOB_MISSED 2024-01-15T02:00:00.000Z..2024-01-16T02:00:00.000Z x25\n"
           "next 2024-01-16T03:00:00.000Z"},
          {"a year of milliseconds", every(1ms), "2024-01-15T02:00:00Z", "2025-01-15T02:00:00Z",
           "JOB_MISSED 2024-01-15T02:00:00.000Z..2025-01-15T01:59:59.999Z x31622400000\n"
           "run 2025-01-15T02:00:00.000Z\nnext 2025-01-15T02:00:00.001Z"},
          {"a cron expression, a leap year", cron("0 2 * * *"), "2024-01-15T02:00:00Z",
           "2025-01-15T03:00:00Z",
           "JOB_MISSED 2024-01-15T02:00:00.000Z..2025-01-15T02:00:00.000Z x367\n"
           "next 2025-01-16T02:00:00.000Z"},
          {"a cron expression that has ended meanwhile", cron("0 0 0 1 1 ? 2024-2025"),
           "2024-01-01T00:00:00Z", "2031-05-05T00:00:00Z",
           "JOB_MISSED 2024-01-01T00:00:00.000Z..2025-01-01T00:00:00.000Z x2\nnext never"},
          {"once, in time", at(when("2024-01-15T02:00:00Z")), "2024-01-15T02:00:00Z",
           "2024-01-15T02:00:59Z", "run 2024-01-15T02:00:00.000Z\nnext never"},
          {"once, late", at(when("2024-01-15T02:00:00Z")), "2024-01-15T02:00:00Z",
           "2024-01-15T03:00:00Z",
           "JOB_MISSED 2024-01-15T02:00:00.000Z..2024-01-15T02:00:00.000Z x1\nnext never"},
          {"after the finish, in time", every_after_finish(5min), "2024-01-15T02:00:00Z",
           "2024-01-15T02:00:30Z", "run 2024-01-15T02:00:00.000Z\nnext never"},
          {"after the finish, late", every_after_finish(5min), "2024-01-15T02:00:00Z",
           "2024-01-15T04:00:00Z",
           "JOB_MISSED 2024-01-15T02:00:00.000Z..2024-01-15T02:00:00.000Z x1\nnext never"},
      },
      MissedPolicy::skip);
}

TEST_CASE("plan_due makes a row that says how many instants passed, and which") {
  const auto missed_row = [](const char* now) {
    const auto advance = plan(state_of(when("2024-01-15T00:00:00Z"), when("2024-01-15T02:00:00Z")),
                              config_of(every(1h)), when(now));
    REQUIRE(advance.rows.size() == 2);
    return advance.rows.front();
  };
  const NewRun row = missed_row("2024-01-15T05:10:00Z");
  CHECK(row.status == JobStatus::skipped);
  CHECK(row.trigger == RunTrigger::schedule);
  CHECK(row.message_code == "JOB_MISSED");
  CHECK(row.summary == "3 due instants passed while no scheduler was there");
  CHECK(row.details == Json{{"count", 3},
                            {"countIsExact", true},
                            {"first", "2024-01-15T02:00:00.000Z"},
                            {"last", "2024-01-15T04:00:00.000Z"}});
  CHECK(row.due_at == when("2024-01-15T02:00:00Z"));
  CHECK(row.run_at == when("2024-01-15T05:10:00Z"));
  CHECK_FALSE(row.exclusive);
  CHECK_FALSE(row.skip_if_open);
  CHECK(missed_row("2024-01-15T03:00:00Z").summary ==
        "1 due instant passed while no scheduler was there");
  const auto advance = plan(state_of({}, when("2024-01-15T02:00:00Z")),
                            config_of(cron("* * * * *")), when("2025-01-15T02:00:00Z"));
  CHECK(advance.rows.at(0).summary ==
        "at least 10000 due instants passed while no scheduler was there");
}

TEST_CASE("plan_due makes a run with the job's policies and an id of its own") {
  JobConfig config = config_of(every(1h));
  config.priority = 5;
  config.concurrency = {2, "db"};
  const auto now = when("2024-01-15T03:10:00Z");
  const auto advance =
      plan(state_of(when("2024-01-15T00:00:00Z"), when("2024-01-15T02:00:00Z")), config, now);
  REQUIRE(advance.rows.size() == 2);
  const NewRun& run = advance.rows.back();
  CHECK(run.trigger == RunTrigger::schedule);
  CHECK(run.due_at == when("2024-01-15T03:00:00Z"));
  CHECK(run.run_at == when("2024-01-15T03:00:00Z"));
  CHECK(run.priority == 5);
  CHECK(run.concurrency_key == "db");
  CHECK(run.concurrency_max == 2);
  CHECK(run.attempt == 1);
  CHECK(run.exclusive);
  CHECK(run.skip_if_open);
  // Rows are listed by id: the run must come after the row that answers what was before it.
  CHECK(advance.rows.front().id < run.id);
}

TEST_CASE("plan_due counts from the ledger's anchor unless the schedule has one of its own") {
  struct Row {
    const char* subject;
    Schedule schedule;
    const char* next;
  };
  const Row rows[] = {
      {"no anchor of its own", every(24h), "2024-01-16T02:17:00Z"},
      {"an anchor of its own", every(24h, when("2000-01-01T06:00:00Z")), "2024-01-15T06:00:00Z"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const auto advance = plan(state_of(when("2024-01-14T02:17:00Z"), when("2024-01-15T02:17:00Z")),
                              config_of(row.schedule), when("2024-01-15T02:20:00Z"));
    CHECK(shown(advance.next_due_at) == shown(when(row.next)));
  }
}

TEST_CASE("plan_due answers each instant exactly once when the clock wanders both ways") {
  const Schedule schedules[] = {every(7min), every(1h), cron("*/5 * * * *"), cron("0 2 * * *")};
  for (const MissedPolicy missed : {MissedPolicy::run_once, MissedPolicy::skip}) {
    for (const auto& schedule : schedules) {
      CAPTURE(seed, schedule.describe());
      Random random{seed};
      UuidGenerator ids{Random{seed}};
      const JobConfig config = config_of(schedule, missed);
      const TimePoint start = when("2024-01-15T00:00:00Z");
      const Schedule anchored = schedule.bound_to(config.name, start);
      ScheduleState state = state_of(start, anchored.next_after(start));
      const TimePoint first_due = *state.next_due_at;
      TimePoint now = start;
      std::int64_t answered_count = 0;
      std::optional<TimePoint> last_answered;
      for (int step = 0; step < 2000; ++step) {
        // Mostly a little ahead, at times a day ahead or up to three hours back.
        const auto dice = random.up_to(9);
        if (dice == 0)
          now += Duration{24h};
        else if (dice <= 2)
          now -= Duration{static_cast<std::int64_t>(random.up_to(10'800'000))};
        else
          now += Duration{static_cast<std::int64_t>(random.up_to(3'600'000))};
        if (*state.next_due_at > now) continue;
        const Advance advance = planner::plan_due(state, config, now, ids);
        REQUIRE(!advance.rows.empty());
        REQUIRE(advance.rows.size() <= 2);
        for (const auto& row : advance.rows) {
          REQUIRE(row.due_at > last_answered);
          REQUIRE(*row.due_at <= now);
          const bool runs = row.status == JobStatus::pending;
          answered_count += runs ? 1 : row.details.at("count").get<std::int64_t>();
          last_answered = runs ? *row.due_at : when(row.details.at("last").get<std::string>());
        }
        REQUIRE(advance.next_due_at > last_answered);
        REQUIRE(*advance.next_due_at > now);
        state.next_due_at = advance.next_due_at;
      }
      REQUIRE(last_answered);
      std::int64_t due_count = 0;
      for (auto due = std::optional{first_due}; *due <= *last_answered;
           due = anchored.next_after(*due)) {
        ++due_count;
      }
      CHECK(answered_count == due_count);
      CHECK(anchored.next_after(*last_answered) == state.next_due_at);
    }
  }
}

TEST_CASE("plan_resume answers what passed by one row and arms the next future instant") {
  struct Row {
    const char* subject;
    Schedule schedule;
    std::optional<TimePoint> armed;
    const char* now;
    std::string expected;
  };
  const Row rows[] = {
      {"nothing armed", {}, std::nullopt, "2024-01-15T02:00:00Z", "next never"},
      {"armed for later", every(1h), when("2024-01-15T02:00:00Z"), "2024-01-15T01:59:59.999Z",
       "next 2024-01-15T02:00:00.000Z"},
      {"armed for now", every(1h), when("2024-01-15T02:00:00Z"), "2024-01-15T02:00:00Z",
       "JOB_PAUSED 2024-01-15T02:00:00.000Z..2024-01-15T02:00:00.000Z x1\n"
       "next 2024-01-15T03:00:00.000Z"},
      {"a day", every(1h), when("2024-01-15T02:00:00Z"), "2024-01-16T02:30:00Z",
       "JOB_PAUSED 2024-01-15T02:00:00.000Z..2024-01-16T02:00:00.000Z x25\n"
       "next 2024-01-16T03:00:00.000Z"},
      {"a year of milliseconds", every(1ms), when("2024-01-15T02:00:00Z"), "2025-01-15T02:00:00Z",
       "JOB_PAUSED 2024-01-15T02:00:00.000Z..2025-01-15T02:00:00.000Z x31622400001\n"
       "next 2025-01-15T02:00:00.001Z"},
      {"a cron expression, a year", cron("* * * * *"), when("2024-01-15T02:00:00Z"),
       "2025-01-15T02:00:30Z",
       "JOB_PAUSED 2024-01-15T02:00:00.000Z..2025-01-15T02:00:00.000Z x10000+\n"
       "next 2025-01-15T02:01:00.000Z"},
      {"once, passed", at(when("2024-01-15T02:00:00Z")), when("2024-01-15T02:00:00Z"),
       "2024-01-16T00:00:00Z",
       "JOB_PAUSED 2024-01-15T02:00:00.000Z..2024-01-15T02:00:00.000Z x1\nnext never"},
      {"once, still to come", at(when("2024-01-15T02:00:00Z")), when("2024-01-15T02:00:00Z"),
       "2024-01-15T01:00:00Z", "next 2024-01-15T02:00:00.000Z"},
      {"after the finish, passed", every_after_finish(5min), when("2024-01-15T02:00:00Z"),
       "2024-01-15T03:00:00Z",
       "JOB_PAUSED 2024-01-15T02:00:00.000Z..2024-01-15T02:00:00.000Z x1\n"
       "next 2024-01-15T03:05:00.000Z"},
      {"after the finish, a run still open", every_after_finish(5min), std::nullopt,
       "2024-01-15T03:00:00Z", "next never"},
      {"an instant that the schedule does not name", every(1h), when("2024-01-15T02:30:00Z"),
       "2024-01-15T02:40:00Z",
       "JOB_PAUSED 2024-01-15T02:30:00.000Z..2024-01-15T02:30:00.000Z x1\n"
       "next 2024-01-15T03:00:00.000Z"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    UuidGenerator ids{Random{seed}};
    const PauseChange change =
        planner::plan_resume(state_of(when("2024-01-15T00:00:00Z"), row.armed),
                             config_of(row.schedule), "ann", "done", when(row.now), ids);
    CHECK(shown(change.rows, change.next_due_at) == row.expected);
    CHECK(change.job_name == "tidy");
    CHECK(change.version == 7);
    CHECK_FALSE(change.paused);
    CHECK(change.actor == "ann");
    CHECK(change.reason == "done");
    for (const auto& passed : change.rows) {
      CHECK(passed.summary.find(" passed while the job was paused") != std::string::npos);
      CHECK(passed.trigger == RunTrigger::schedule);
    }
  }
}

}  // namespace due_planner_test
