// SPDX-License-Identifier: MIT

#include "punctual/testing/row_invariants.hpp"

#include <punctual/punctual.hpp>

#include <functional>
#include <optional>
#include <string>

#include "support/catch.hpp"

namespace row_invariants_test {

using namespace std::chrono_literals;
using namespace date::literals;
using namespace punctual;
using Op = punctual::testing::StorageOperation;

namespace {

constexpr TimePoint noon = date::sys_days{2024_y / 1 / 1} + 12h;

[[nodiscard]] JobRun pending_run() {
  JobRun run;
  run.id = RunId{{1}};
  run.job_name = "job";
  run.due_at = noon;
  run.run_at = noon;
  run.created_at = noon;
  return run;
}

[[nodiscard]] JobRun running_run() {
  JobRun run = pending_run();
  run.status = JobStatus::running;
  run.fence = 1;
  run.started_at = noon;
  run.lease_until_at = noon + 30s;
  return run;
}

[[nodiscard]] JobRun ended_run() {
  JobRun run = running_run();
  run.status = JobStatus::success;
  run.completed_at = noon + 10s;
  run.duration = 10s;
  return run;
}

struct Row {
  const char* what;
  Op operation;
  std::optional<JobRun> before;
  std::optional<JobRun> after;
  TimePoint at = noon;
  Duration lease{};
  std::function<void(JobRun&)> spoil = nullptr;  ///< applied to `after`
};

/// Returns the invariants that the change breaks, each once, in order.
[[nodiscard]] std::string broken_by(const Row& row) {
  const TimePoint now{};
  testing::Violations violations{now};
  auto after = row.after;
  if (row.spoil) row.spoil(*after);
  testing::check_row_change({row.operation, row.before ? &*row.before : nullptr,
                             after ? &*after : nullptr, row.at, row.lease},
                            violations);
  std::string names;
  for (const auto& violation : violations.kept()) {
    if (names.find(violation.invariant) != std::string::npos) continue;
    names += (names.empty() ? "" : " ") + violation.invariant;
  }
  return names;
}

}  // namespace

TEST_CASE("Row invariants hold for every step of a run's life") {
  JobRun rescued = running_run();
  rescued.fence = 2;
  rescued.lease_until_at = noon + 60s;
  JobRun renewed = running_run();
  renewed.lease_until_at = noon + 40s;
  JobRun released = pending_run();
  released.fence = 1;
  const Row rows[] = {
      {"stored", Op::advance, {}, pending_run()},
      {"claimed", Op::claim, pending_run(), running_run(), noon, 30s},
      {"renewed", Op::renew, running_run(), renewed, noon + 10s, 30s},
      {"ended", Op::finish, running_run(), ended_run(), noon + 10s},
      {"handed back", Op::release, running_run(), released},
      {"taken over", Op::take_expired, running_run(), rescued, noon + 30s, 30s},
      {"pruned", Op::prune, ended_run(), {}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    CHECK(broken_by(row).empty());
  }
}

TEST_CASE("Row invariants find the change that breaks each") {
  JobRun rescued = running_run();
  rescued.fence = 2;
  rescued.lease_until_at = noon + 59s;
  struct Broken {
    Row row;
    const char* invariant;
  };
  const Broken rows[] = {
      {{"an ended row",
        Op::finish,
        ended_run(),
        ended_run(),
        noon + 10s,
        {},
        [](JobRun& run) { run.summary = "other"; }},
       "terminal_rows_never_change rows_change_by_the_state_machine"},
      {{"a retry in the same row",
        Op::finish,
        running_run(),
        pending_run(),
        noon,
        {},
        [](JobRun& run) {
          run.fence = 1;
          run.attempt = 2;
        }},
       "rows_change_by_the_state_machine runs_keep_what_they_are"},
      {{"stored as running",
        Op::enqueue,
        {},
        running_run(),
        noon,
        {},
        [](JobRun& run) { run.fence = 0; }},
       "rows_change_by_the_state_machine"},
      {{"moved to another time", Op::renew, running_run(), running_run(), noon, 30s,
        [](JobRun& run) { run.run_at -= 1ms; }},
       "runs_keep_what_they_are"},
      {{"claimed without a fence", Op::claim, pending_run(), running_run(), noon, 30s,
        [](JobRun& run) { run.fence = 0; }},
       "fences_strictly_increase"},
      {{"started early", Op::claim, pending_run(), running_run(), noon - 1ms, 30s,
        [](JobRun& run) {
          run.started_at = noon - 1ms;
          run.lease_until_at = noon - 1ms + 30s;
        }},
       "nothing_happens_before_its_time times_are_ordered"},
      {{"an instant of the future",
        Op::advance,
        {},
        pending_run(),
        noon - 1ms,
        {},
        [](JobRun& run) { run.created_at = noon - 1ms; }},
       "nothing_happens_before_its_time"},
      {{"taken over early", Op::take_expired, running_run(), rescued, noon + 29s, 30s},
       "leases_are_taken_only_after_expiry"},
      {{"stamped by another clock", Op::claim, pending_run(), running_run(), noon + 1s, 30s},
       "the_storage_clock_decides"},
      {{"ended by another clock", Op::finish, running_run(), ended_run(), noon + 11s},
       "the_storage_clock_decides"},
      {{"a negative duration",
        Op::finish,
        running_run(),
        ended_run(),
        noon + 10s,
        {},
        [](JobRun& run) { run.duration = -1ms; }},
       "times_are_ordered"},
  };
  for (const auto& [row, invariant] : rows) {
    CAPTURE(row.what);
    CHECK(broken_by(row) == invariant);
  }
}

}  // namespace row_invariants_test
