// SPDX-License-Identifier: MIT

#include "punctual/testing/schedule_invariants.hpp"

#include <punctual/punctual.hpp>

#include <string>
#include <vector>

#include "support/catch.hpp"

namespace schedule_invariants_test {

using namespace std::chrono_literals;
using namespace date::literals;
using namespace punctual;
using punctual::testing::ScheduleInvariants;
using punctual::testing::Violations;

namespace {

constexpr TimePoint noon = date::sys_days{2024_y / 1 / 1} + 12h;

/// A job every minute from noon on, registered, armed for 12:01.
struct Bench {
  Bench() {
    JobConfig config;
    config.name = "job";
    config.schedule = every(1min);
    invariants.add_job(config);
    definition.name = "job";
    state.job_name = "job";
    state.version = 1;
    state.anchor_at = noon;
    state.next_due_at = noon + 1min;
    invariants.synced(definition, state, noon);
  }

  /// A step from the state as it is, with a row for each of `due`.
  [[nodiscard]] Advance step(const std::vector<TimePoint>& due, TimePoint next) const {
    Advance advance;
    advance.job_name = "job";
    advance.version = invariants.state_of("job")->version;
    advance.next_due_at = next;
    for (const TimePoint at : due) {
      NewRun row;
      row.job_name = "job";
      row.due_at = at;
      advance.rows.push_back(row);
    }
    return advance;
  }

  [[nodiscard]] std::string broken() const {
    std::string names;
    for (const auto& violation : violations.kept()) {
      names += (names.empty() ? "" : " ") + violation.invariant;
    }
    return names;
  }

  TimePoint now = noon;
  Violations violations{now};
  ScheduleInvariants invariants{violations};
  JobDefinition definition;
  ScheduleState state;
};

}  // namespace

TEST_CASE("answered_by reads the instants of a row, one or a whole span of them") {
  NewRun row;
  CHECK_FALSE(testing::answered_by(row));
  row.due_at = noon;
  CHECK(testing::answered_by(row)->count == 1);
  row.details = {
      {"count", 3}, {"first", "2024-01-01T12:00:00.000Z"}, {"last", "2024-01-01T12:02:00.000Z"}};
  const auto span = testing::answered_by(row);
  REQUIRE(span);
  CHECK(span->first == noon);
  CHECK(span->last == noon + 2min);
  CHECK(span->count == 3);
}

TEST_CASE("ScheduleInvariants hold while every instant is answered in its turn") {
  Bench bench;
  bench.state.version = 1;
  bench.invariants.named_due(bench.state, noon + 1min);
  bench.invariants.advanced(bench.step({noon + 1min}, noon + 2min), {.advanced = true},
                            noon + 1min);
  Advance late = bench.step({noon + 2min, noon + 5min}, noon + 6min);
  late.rows[0].details = {
      {"count", 3}, {"first", "2024-01-01T12:02:00.000Z"}, {"last", "2024-01-01T12:04:00.000Z"}};
  bench.invariants.advanced(late, {.advanced = true}, noon + 5min);
  bench.invariants.advanced(late, {.advanced = false}, noon + 5min);  // of a node that was slower
  CHECK(bench.broken().empty());
  CHECK(bench.invariants.state_of("job")->next_due_at == noon + 6min);
}

TEST_CASE("ScheduleInvariants find the step that breaks each") {
  struct Row {
    const char* what;
    std::vector<TimePoint> due;
    TimePoint next;
    AdvanceAnswer answer{.advanced = true};
    const char* invariant = "";
    std::uint64_t version = 1;
  };
  const Row rows[] = {
      {"leaves an instant out",
       {noon + 2min},
       noon + 3min,
       {.advanced = true},
       "every_due_instant_is_answered_once"},
      {"answers what is none",
       {noon + 61s},
       noon + 2min,
       {.advanced = true},
       "every_due_instant_is_answered_once due_at_is_an_instant_of_the_schedule "
       "every_due_instant_is_answered_once"},
      {"answers the future",
       {noon + 1min, noon + 2min, noon + 3min, noon + 4min},
       noon + 5min,
       {.advanced = true},
       "nothing_happens_before_its_time"},
      {"arms too late",
       {noon + 1min},
       noon + 3min,
       {.advanced = true},
       "due_instants_only_move_on"},
      {"arms the same again", {}, noon + 1min, {.advanced = true}, "due_instants_only_move_on"},
      {"answers twice",
       {noon + 1min},
       noon + 2min,
       {.advanced = true, .conflict_count = 1},
       "one_row_per_due_instant"},
      {"goes through too late",
       {noon + 1min},
       noon + 2min,
       {.advanced = true},
       "a_schedule_moves_by_compare_and_set",
       7},
      {"is refused in time",
       {noon + 1min},
       noon + 2min,
       {.advanced = false},
       "a_schedule_moves_by_compare_and_set"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Bench bench;
    Advance advance = bench.step(row.due, row.next);
    advance.version = row.version;
    bench.invariants.advanced(advance, row.answer, noon + 3min);
    CHECK(bench.broken() == row.invariant);
  }
}

TEST_CASE("ScheduleInvariants find a row that miscounts the instants that it answers") {
  Bench bench;
  Advance advance = bench.step({noon + 1min}, noon + 4min);
  advance.rows[0].details = {
      {"count", 2}, {"first", "2024-01-01T12:01:00.000Z"}, {"last", "2024-01-01T12:03:00.000Z"}};
  bench.invariants.advanced(advance, {.advanced = true}, noon + 3min);
  CHECK(bench.broken() == "every_due_instant_is_answered_once");
}

TEST_CASE("ScheduleInvariants find a schedule that moves while it is paused") {
  Bench bench;
  PauseChange change;
  change.job_name = "job";
  change.version = 1;
  bench.invariants.pause_set(change, true, noon);
  CHECK(bench.invariants.state_of("job")->paused);
  bench.invariants.advanced(bench.step({noon + 1min}, noon + 2min), {.advanced = true},
                            noon + 1min);
  CHECK(bench.broken() == "disabled_jobs_start_nothing");
}

TEST_CASE("ScheduleInvariants look at the row that answers a pause") {
  Bench bench;
  PauseChange change;
  change.job_name = "job";
  change.version = 1;
  bench.invariants.pause_set(change, true, noon);
  change.version = 2;
  change.paused = false;
  change.next_due_at = noon + 3min;
  change.rows = bench.step({noon + 2min}, noon + 3min).rows;
  bench.invariants.pause_set(change, true, noon + 2min);
  CHECK(bench.broken() == "every_due_instant_is_answered_once");
}

TEST_CASE("ScheduleInvariants find a ledger that holds something else than was written") {
  Bench bench;
  bench.state.next_due_at = noon + 2min;
  bench.invariants.synced(bench.definition, bench.state, noon);
  CHECK(bench.broken() == "the_ledger_holds_what_was_written");
}

TEST_CASE("ScheduleInvariants find a schedule that is named before it is due") {
  Bench bench;
  bench.invariants.named_due(bench.state, noon);
  CHECK(bench.broken() == "only_due_schedules_fire");
}

TEST_CASE("ScheduleInvariants find a schedule that counts from another time than registration") {
  Bench bench;
  bench.definition.name = bench.state.job_name = "other";
  bench.state.anchor_at = noon + 1h;
  bench.state.next_due_at.reset();
  bench.invariants.synced(bench.definition, bench.state, noon);
  CHECK(bench.broken() == "schedules_count_from_registration");
}

TEST_CASE("ScheduleInvariants let the ledger arm a delay after the finish by itself") {
  Bench bench;
  JobConfig config;
  config.name = "delay";
  config.schedule = every_after_finish(1min);
  bench.invariants.add_job(config);
  bench.definition.name = bench.state.job_name = "delay";
  bench.invariants.synced(bench.definition, bench.state, noon);
  bench.invariants.run_ended("delay");
  bench.state.version = 2;
  bench.state.next_due_at = noon + 5min;
  bench.invariants.named_due(bench.state, noon + 5min);
  CHECK(bench.invariants.is_delay("delay"));
  CHECK(bench.broken().empty());
}

}  // namespace schedule_invariants_test
