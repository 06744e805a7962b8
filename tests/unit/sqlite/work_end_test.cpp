// SPDX-License-Identifier: MIT

#include "punctual/sqlite/work_end.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "punctual/sqlite/ledger.hpp"
#include "punctual/sqlite/queue.hpp"
#include "punctual/sqlite/run_store.hpp"
#include "scratch.hpp"
#include "support/catch.hpp"

namespace work_end_test {

namespace {

using namespace std::chrono_literals;
namespace detail = punctual::sqlite::detail;

using detail::EndedAttempt;
using detail::WorkState;
using punctual::Completion;
using punctual::JobDefinition;
using punctual::JobNames;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::NewRun;
using punctual::RunId;
using punctual::ScheduleState;
using punctual::TimePoint;
using punctual::sqlite::test::claim_request;
using punctual::sqlite::test::Scratch;
using punctual::sqlite::test::StepCounter;

RunId store(Scratch& scratch, const NewRun& row) {
  detail::store_run(scratch.connection, row, scratch.now);
  return row.id;
}

NewRun row_after(Scratch& scratch, std::vector<RunId> after, int priority = 0) {
  NewRun row = scratch.row("waiting");
  row.after = std::move(after);
  row.priority = priority;
  return row;
}

JobRun stored(Scratch& scratch, RunId id) {
  const auto run = detail::find_run(scratch.connection, id);
  REQUIRE(run);
  return *run;
}

void set_status(Scratch& scratch, RunId id, const std::string& columns) {
  scratch.connection.exec("UPDATE {}job_runs SET " + columns + " WHERE id = '" + id.to_string() +
                          "'");
}

EndedAttempt first_attempt_of(RunId id, bool is_well) {
  EndedAttempt ended;
  ended.job_name = "alpha";
  ended.work = id.to_string();
  ended.is_well = is_well;
  ended.tells_jobs = true;
  return ended;
}

void sync_dependent(Scratch& scratch, JobNames depends_on) {
  JobDefinition job;
  job.name = "omega";
  job.depends_on = std::move(depends_on);
  (void)detail::sync_jobs(scratch.connection, {job}, scratch.now);
}

ScheduleState omega(Scratch& scratch) {
  return detail::read_ledger_row(scratch.connection, "omega").state;
}

}  // namespace

TEST_CASE("work_state goes by the last attempt, whichever names the work") {
  Scratch scratch;
  const RunId first = store(scratch, scratch.row("alpha"));
  CHECK(detail::find_work(scratch.connection, first) == first.to_string());
  const RunId gone = scratch.ids.next(scratch.now);
  CHECK(detail::find_work(scratch.connection, gone) == gone.to_string());
  const auto state = [&] { return detail::work_state(scratch.connection, first.to_string()); };
  CHECK(state() == WorkState::open);
  set_status(scratch, first, "status = 'running', lease_until_at = 1");
  CHECK(state() == WorkState::open);
  set_status(scratch, first, "status = 'failed', completed_at = 1");
  CHECK(state() == WorkState::ended_otherwise);

  NewRun retry = scratch.row("alpha");
  retry.attempt = 2;
  retry.retry_of = first;
  store(scratch, retry);
  CHECK(detail::find_work(scratch.connection, retry.id) == first.to_string());
  CHECK(state() == WorkState::open);
  set_status(scratch, retry.id, "status = 'skipped', completed_at = 1");
  CHECK(state() == WorkState::ended_otherwise);
  set_status(scratch, retry.id, "started_at = 1");
  CHECK(state() == WorkState::ended_well);
  set_status(scratch, retry.id, "status = 'success'");
  CHECK(state() == WorkState::ended_well);
  CHECK(detail::work_state(scratch.connection, "nobody") == WorkState::unknown);
}

TEST_CASE("note_end does nothing while a later attempt is there") {
  Scratch scratch;
  const RunId first = store(scratch, scratch.row("alpha"));
  const RunId waiting = store(scratch, row_after(scratch, {first}));
  NewRun retry = scratch.row("alpha");
  retry.attempt = 2;
  retry.retry_of = first;
  store(scratch, retry);
  detail::note_end(scratch.connection, first_attempt_of(first, true), scratch.now);
  CHECK(stored(scratch, waiting).waits_for == 1);
  EndedAttempt second = first_attempt_of(first, true);
  second.attempt = 2;
  detail::note_end(scratch.connection, second, scratch.now);
  CHECK(stored(scratch, waiting).waits_for == 0);
}

TEST_CASE("note_end makes a run ready at the end of the last work, in the order of its priority") {
  Scratch scratch;
  const RunId first = store(scratch, scratch.row("alpha"));
  const RunId second = store(scratch, scratch.row("alpha"));
  const RunId waiting = store(scratch, row_after(scratch, {first, second}, 7));
  detail::note_end(scratch.connection, first_attempt_of(first, true), scratch.now + 1s);
  CHECK(stored(scratch, waiting).run_at == punctual::time_max);
  detail::note_end(scratch.connection, first_attempt_of(first, true), scratch.now + 2s);
  CHECK(stored(scratch, waiting).waits_for == 1);
  detail::note_end(scratch.connection, first_attempt_of(second, true), scratch.now + 3s);
  CHECK(stored(scratch, waiting).run_at == scratch.now + 3s);
  const auto order = punctual::claim_order(scratch.now + 3s, 7);
  CHECK(scratch.number("SELECT claim_order FROM {}job_runs WHERE job_name = 'waiting'") ==
        order.time_since_epoch().count());
  CHECK(scratch.number("SELECT count(*) FROM {}run_edges") == 0);
}

TEST_CASE("note_end skips what waits and all behind it, and leaves other ends as they are") {
  Scratch scratch;
  const RunId first = store(scratch, scratch.row("alpha"));
  const RunId direct = store(scratch, row_after(scratch, {first}));
  const RunId cancelled = store(scratch, row_after(scratch, {first}));
  const RunId behind = store(scratch, row_after(scratch, {direct}));
  set_status(scratch, cancelled, "status = 'skipped', message_code = 'X', completed_at = 1");
  detail::note_end(scratch.connection, first_attempt_of(first, false), scratch.now + 1s);
  for (const RunId id : {direct, behind}) {
    const JobRun run = stored(scratch, id);
    CHECK(run.status == JobStatus::skipped);
    CHECK(run.message_code == "JOB_DEPENDENCY_FAILED");
    CHECK(run.completed_at == std::optional{scratch.now + 1s});
  }
  CHECK(stored(scratch, cancelled).message_code == "X");
  CHECK(scratch.number("SELECT skipped_count FROM {}jobs WHERE name = 'waiting'") == 2);
  CHECK(scratch.number("SELECT count(*) FROM {}run_edges") == 0);
}

TEST_CASE("note_end tells the jobs that depend on the job only if the attempt counts") {
  Scratch scratch;
  sync_dependent(scratch, {"alpha", "beta"});
  EndedAttempt ended = first_attempt_of(scratch.ids.next(scratch.now), true);
  const auto done_count = [&] {
    return scratch.number("SELECT sum(done) FROM {}job_dependencies");
  };
  ended.tells_jobs = false;
  detail::note_end(scratch.connection, ended, scratch.now);
  CHECK(done_count() == 0);
  ended.tells_jobs = true;
  detail::note_end(scratch.connection, ended, scratch.now);
  CHECK(done_count() == 1);
  CHECK(omega(scratch).next_due_at == std::nullopt);
  ended.job_name = "beta";
  detail::note_end(scratch.connection, ended, scratch.now + 1s);
  CHECK(done_count() == 0);
  CHECK(omega(scratch).next_due_at == std::optional{scratch.now + 1s});
  CHECK(omega(scratch).version == 2);
}

TEST_CASE("arm_dependent leaves what is armed, but a good end replaces a failure") {
  Scratch scratch;
  sync_dependent(scratch, {"alpha"});
  const auto arm = [&](std::string failed, TimePoint at) {
    detail::arm_dependent(scratch.connection, "omega", failed, at);
    return omega(scratch);
  };
  CHECK(arm("alpha", scratch.now).failed_dependency == "alpha");
  CHECK(arm("beta", scratch.now + 1s).failed_dependency == "alpha");
  CHECK(arm("", scratch.now + 2s).failed_dependency == "");
  CHECK(omega(scratch).next_due_at == std::optional{scratch.now + 2s});
  CHECK(arm("alpha", scratch.now + 3s).failed_dependency == "");
  CHECK(arm("", scratch.now + 4s).next_due_at == std::optional{scratch.now + 2s});
  CHECK(omega(scratch).version == 3);
}

TEST_CASE("arm_dependent arms behind the last instant that a first attempt has answered") {
  Scratch scratch;
  sync_dependent(scratch, {"alpha"});
  NewRun answered = scratch.row("omega");
  answered.due_at = scratch.now + 1h;
  store(scratch, answered);
  NewRun retry = scratch.row("omega");
  retry.due_at = scratch.now + 2h;
  retry.attempt = 2;
  store(scratch, retry);
  detail::arm_dependent(scratch.connection, "omega", "", scratch.now);
  CHECK(omega(scratch).next_due_at == std::optional{scratch.now + 1h + 1ms});
}

TEST_CASE("finish costs as much beside ten thousand runs that wait for others as beside none") {
  const auto steps = [](int count) {
    Scratch scratch;
    const JobNames jobs{"alpha"};
    NewRun other = scratch.row("beta");
    other.run_at += 1h;
    store(scratch, other);
    for (int i = 0; i < count; ++i) store(scratch, row_after(scratch, {other.id}));
    store(scratch, scratch.row("alpha"));
    const auto claimed = detail::claim(scratch.connection, claim_request(jobs), scratch.now);
    REQUIRE(claimed.size() == 1);
    const StepCounter counter{scratch.connection};
    (void)detail::finish(scratch.connection, Completion{.lease = {claimed[0].id, 1}}, scratch.now);
    return counter.step_count();
  };
  CHECK(steps(10'000) <= steps(0) + 20);
}

}  // namespace work_end_test
