// SPDX-License-Identifier: MIT

#include "punctual/testing/storage_trial.hpp"

#include <memory>
#include <optional>
#include <string>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"

namespace storage_trial_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

struct Fixture {
  OwnedStorage<std::unique_ptr<InMemoryStorage>> storage{std::make_unique<InMemoryStorage>()};
  TimePoint now{std::chrono::hours{1000}};
  StorageTrial trial{storage,
                     {.now = [this] { return now; },
                      .advance = [this](Duration span) { now += span; },
                      .turn_back = [this](Duration span) { now -= span; }}};
};

/// Whether `verb` ends the check.
template <class Verb>
bool stops(Verb&& verb) {
  try {
    verb();
  } catch (const CheckStopped&) {
    return true;
  }
  return false;
}

}  // namespace

TEST_CASE("StorageTrial carries a run through its life") {
  Fixture f;
  f.trial.sync(f.trial.definition("alpha"));
  const NewRun row = f.trial.row("alpha");
  const JobRun run = f.trial.start(row, "node-x");
  CHECK(run.id == row.id);
  CHECK(run.node == "node-x");
  CHECK(f.trial.renew(run) == RenewAnswer::kept);
  CHECK(f.trial.release(run) == FinishAnswer::done);
  const auto again = f.trial.claim_only(row.id, "alpha");
  REQUIRE(again.has_value());
  CHECK(f.trial.finish(*again) == FinishAnswer::done);
  CHECK(f.trial.stored(row.id).status == JobStatus::success);
  CHECK(f.trial.summary("alpha").success_count == 1);
  CHECK(f.trial.end(f.trial.row("alpha"), JobStatus::failed).status == JobStatus::failed);
  CHECK(f.trial.ids_of(f.trial.runs_of("alpha")).back() == row.id);
  CHECK(f.trial.all_met());
}

TEST_CASE("StorageTrial makes rows as the planner does") {
  Fixture f;
  const NewRun due = f.trial.due_row("alpha", f.now);
  CHECK(due.trigger == RunTrigger::schedule);
  CHECK(due.due_at == f.now);
  CHECK(due.exclusive);
  CHECK(due.skip_if_open);
  CHECK(f.trial.skipped_row("alpha", "JOB_MISSED").status == JobStatus::skipped);
  CHECK(f.trial.after_finish_definition("alpha").next_due_at == std::nullopt);
  const RunId first = f.trial.next_id();
  CHECK(first < f.trial.next_id());
}

TEST_CASE("StorageTrial moves the harness's time") {
  Fixture f;
  f.trial.start(f.trial.row("alpha"));
  f.trial.advance(2 * StorageTrial::lease);
  CHECK(f.trial.now() == TimePoint{std::chrono::hours{1000}} + 2 * StorageTrial::lease);
  CHECK(f.trial.take_expired({"alpha"}).size() == 1);
  f.trial.turn_back(StorageTrial::lease);
  CHECK(f.trial.now() == TimePoint{std::chrono::hours{1000}} + StorageTrial::lease);
}

TEST_CASE("StorageTrial ends the check when the scene cannot be set") {
  Fixture f;
  NewRun row = f.trial.row("alpha");
  row.unique_key = "report";
  f.trial.enqueue(row);
  row.id = f.trial.next_id();
  CHECK(stops([&] { f.trial.enqueue(row); }));
  CHECK(stops([&] { (void)f.trial.stored(row.id); }));
  CHECK(stops([&] { (void)f.trial.summary("alpha"); }));
  row.unique_key.clear();
  row.run_at += std::chrono::hours{1};
  CHECK(stops([&] { f.trial.start(row); }));
  CHECK(f.trial.message() ==
        "answer to an enqueued row: expected stored, got duplicate\n"
        "expected the run to be stored\n"
        "expected a summary of the job \"alpha\"\n"
        "expected a ready run to be claimed");
}

TEST_CASE("StorageTrial moves schedules on and pauses them") {
  Fixture f;
  const JobDefinition job = f.trial.definition("alpha");
  const ScheduleState state = f.trial.sync(job);
  CHECK(f.trial.advance_schedule(state, std::nullopt).advanced);
  CHECK_FALSE(f.trial.pause(state));
  CHECK(f.trial.pause(f.trial.sync(job)));
  CHECK(f.trial.sync(job).paused);
}

}  // namespace storage_trial_test
