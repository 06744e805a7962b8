// SPDX-License-Identifier: MIT

#include "punctual/testing/invariants.hpp"

#include <punctual/punctual.hpp>

#include <string>
#include <vector>

#include "support/catch.hpp"

namespace invariants_test {

using namespace std::chrono_literals;
using namespace punctual;
using punctual::testing::Invariants;
using punctual::testing::OperationTag;
using punctual::testing::StorageOperation;
using punctual::testing::Violations;
using punctual::testing::WatchedStorage;
using Op = StorageOperation;

namespace {

constexpr Duration lease = 30s;

/// A watched storage with a job that was registered.
struct Bench {
  Bench() {
    JobConfig config;
    config.name = "job";
    config.retry = {.max_attempts = 2, .backoff = Backoff::fixed(0s)};
    config.retention = {.period = 1h, .keep_last = 1};
    invariants.add_job(config);
    JobDefinition definition;
    definition.name = "job";
    definition.anchor_at = now;
    definition.retention = config.retention;
    storage.sync_jobs({definition}, now);
  }

  [[nodiscard]] NewRun row(std::uint8_t number) const {
    NewRun run;
    run.id = RunId{{number}};
    run.job_name = "job";
    run.run_at = now;
    return run;
  }

  /// Stores a run and claims it; returns its lease.
  LeaseRef start(std::uint8_t number) {
    storage.enqueue({row(number)}, now);
    storage.claim({.node = "n", .jobs = &jobs, .limit = 1, .lease = lease}, now);
    return {RunId{{number}}, 1};
  }

  [[nodiscard]] static Completion end_of(const LeaseRef& held,
                                         JobStatus status = JobStatus::success) {
    Completion completion;
    completion.lease = held;
    completion.status = status;
    return completion;
  }

  [[nodiscard]] std::string broken() const {
    return violations.is_empty() ? "" : violations.kept().front().invariant;
  }

  JobNames jobs{"job"};
  TimePoint now{1000h};
  Violations violations{now};
  InMemoryStorage memory;
  Invariants invariants{memory, now, violations};
  WatchedStorage<InMemoryStorage, Invariants> storage{memory, invariants};
};

}  // namespace

TEST_CASE("Invariants hold while a storage does what it should, and count what they saw") {
  Bench bench;
  std::vector<std::string> changes;
  bench.invariants.on_change(
      [&](const testing::RowChange& change) { changes.emplace_back(to_string(change.operation)); });
  const LeaseRef held = bench.start(1);
  bench.now += 1s;
  Renewal renewal;
  renewal.lease = held;
  bench.storage.renew({renewal}, lease, bench.now);
  Completion failed = Bench::end_of(held, JobStatus::failed);
  NewRun next = bench.row(2);
  next.trigger = RunTrigger::retry;
  next.attempt = 2;
  next.retry_of = held.run_id;
  failed.follow_ups.push_back(next);
  bench.storage.finish({failed}, bench.now);
  bench.storage.finish({failed}, bench.now);  // once more, for the answer was lost
  bench.storage.claim({.node = "n", .jobs = &bench.jobs, .limit = 1, .lease = lease}, bench.now);
  bench.storage.release({{RunId{{2}}, 1}}, bench.now);
  bench.storage.claim({.node = "n", .jobs = &bench.jobs, .limit = 1, .lease = lease}, bench.now);
  bench.now += lease;
  bench.storage.take_expired({.jobs = &bench.jobs, .limit = 1, .lease = lease}, bench.now);
  bench.storage.request_cancel(RunId{{2}}, "me", bench.now);
  bench.invariants.sweep();
  CHECK(bench.broken().empty());
  const auto& seen = bench.invariants.seen();
  CHECK(seen.rows == 2);
  CHECK(seen.claims == 3);
  CHECK(seen.finishes == 1);
  CHECK(seen.retries == 1);
  CHECK(seen.releases == 1);
  CHECK(seen.rescues == 1);
  CHECK(seen.stale_fences == 1);
  CHECK(seen.cancels == 1);
  CHECK(changes == std::vector<std::string>{"enqueue", "claim", "renew", "finish", "finish",
                                            "claim", "release", "claim", "take_expired",
                                            "request_cancel"});
}

TEST_CASE("Invariants find a write under an old fence that went through") {
  Bench bench;
  const LeaseRef held = bench.start(1);
  bench.now += lease;
  bench.storage.take_expired({.jobs = &bench.jobs, .limit = 1, .lease = lease}, bench.now);
  const std::vector<FinishAnswer> done{FinishAnswer::done};
  bench.invariants.answered(OperationTag<Op::finish>{}, done, {Bench::end_of(held)}, bench.now);
  CHECK(bench.broken() == "only_the_holder_writes");
}

TEST_CASE("Invariants find an answer that is not what was stored") {
  Bench bench;
  const LeaseRef held = bench.start(1);
  SECTION("a renewal that extends nothing") {
    Renewal renewal;
    renewal.lease = held;
    bench.now += 1s;
    bench.invariants.answered(OperationTag<Op::renew>{}, std::vector<RenewAnswer>{{}}, {renewal},
                              lease, bench.now);
    CHECK(bench.broken() == "renewals_extend_leases");
  }
  SECTION("an end that is not recorded") {
    const std::vector<FinishAnswer> done{FinishAnswer::done};
    bench.invariants.answered(OperationTag<Op::finish>{}, done, {Bench::end_of(held)}, bench.now);
    CHECK(bench.broken() == "finishes_record_the_end");
  }
  SECTION("a run that was given to somebody else") {
    JobRun other = *bench.invariants.row(held.run_id);
    other.node = "other";
    bench.invariants.answered(OperationTag<Op::take_expired>{}, std::vector<JobRun>{other},
                              RescueRequest{}, bench.now);
    CHECK(bench.broken() == "answers_show_the_row");
  }
}

TEST_CASE("Invariants find a step of which a part is missing") {
  Bench bench;
  const std::vector<EnqueueAnswer> stored{{EnqueueAnswer::Kind::stored, RunId{{1}}}};
  bench.invariants.answered(OperationTag<Op::enqueue>{}, stored, {bench.row(1)}, bench.now);
  CHECK(bench.broken() == "operations_are_whole");
}

TEST_CASE("Invariants find a claim of a paused job's run") {
  Bench bench;
  PauseChange change;
  change.job_name = "job";
  change.version = 1;
  bench.storage.set_paused(change, bench.now);
  bench.storage.enqueue({bench.row(1)}, bench.now);
  JobRun claimed = to_run(bench.row(1), bench.now);
  bench.invariants.answered(OperationTag<Op::claim>{}, std::vector<JobRun>{claimed}, ClaimRequest{},
                            bench.now);
  CHECK(bench.broken() == "paused_jobs_start_nothing");
}

TEST_CASE("Invariants find a row that was changed without being named") {
  Bench bench;
  bench.start(1);
  bench.memory.request_cancel(RunId{{1}}, "me", bench.now);
  bench.invariants.sweep();
  CHECK(bench.broken() == "rows_change_only_when_named");
}

TEST_CASE("Invariants find a row that came without being named, and one that went") {
  Bench bench;
  bench.memory.enqueue({bench.row(1)}, bench.now);
  bench.invariants.sweep();
  CHECK(bench.broken() == "rows_change_only_when_named");
}

TEST_CASE("Invariants find counters that do not match the rows") {
  Bench bench;
  const LeaseRef held = bench.start(1);
  InMemoryStorage& unwatched = bench.memory;
  unwatched.finish({Bench::end_of(held)}, bench.now);
  bench.invariants.sweep();
  bool found = false;
  for (const auto& violation : bench.violations.kept()) {
    found |= violation.invariant == "counters_match_rows";
  }
  CHECK(found);
}

TEST_CASE("Invariants let old runs be pruned, and find one that had to be kept") {
  Bench bench;
  for (const auto number : {std::uint8_t{1}, std::uint8_t{2}}) {
    bench.storage.finish({Bench::end_of(bench.start(number))}, bench.now);
  }
  bench.now += 2h;
  SECTION("old ones") {
    CHECK(bench.storage.prune(10, bench.now) == 1);
    CHECK(bench.broken().empty());
    CHECK(bench.invariants.seen().pruned == 1);
  }
  SECTION("too soon") {
    bench.now -= 2h;
    bench.memory.prune(10, bench.now + 2h);
    bench.invariants.answered(OperationTag<Op::prune>{}, std::size_t{1}, std::size_t{10},
                              bench.now);
    CHECK(bench.broken() == "retention_is_kept");
  }
}

}  // namespace invariants_test
