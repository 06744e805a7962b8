// SPDX-License-Identifier: MIT

#include "punctual/testing/liveness_invariants.hpp"

#include <punctual/punctual.hpp>

#include <string>
#include <vector>

#include "support/catch.hpp"

namespace liveness_invariants_test {

using namespace std::chrono_literals;
using namespace punctual;
using punctual::testing::Invariants;
using punctual::testing::Violations;
using punctual::testing::WatchedStorage;

namespace {

struct Bench {
  /// Stores a run, and claims it if it `is_claimed`.
  RunId put(bool is_claimed) {
    NewRun run;
    run.id = RunId{{++last}};
    run.job_name = "job";
    run.run_at = now;
    storage.enqueue({run}, now);
    if (is_claimed) storage.claim({.jobs = &jobs, .limit = 1, .lease = 30s, .only = run.id}, now);
    return run.id;
  }

  [[nodiscard]] std::string broken() const {
    return violations.is_empty() ? "" : violations.kept().front().invariant;
  }

  std::uint8_t last = 0;
  JobNames jobs{"job"};
  TimePoint now{1000h};
  Violations violations{now};
  InMemoryStorage memory;
  Invariants invariants{memory, now, violations};
  WatchedStorage<InMemoryStorage, Invariants> storage{memory, invariants};
};

}  // namespace

TEST_CASE("no_schedule_is_silent finds a job whose instant nobody answers, or with none armed") {
  Bench bench;
  JobSummary job;
  job.name = "job";
  job.schedule = {{"kind", "interval"}};
  job.next_run_at = bench.now;
  const auto look = [&](Duration late) {
    testing::no_schedule_is_silent(bench.invariants, {job}, 5s, bench.now + late, bench.violations);
    return bench.broken();
  };
  CHECK(look(4s).empty());
  SECTION("nobody answers") {
    CHECK(look(5s) == "no_schedule_is_silent");
  }
  SECTION("nothing armed") {
    job.next_run_at.reset();
    CHECK(look(0s) == "no_schedule_is_silent");
  }
  SECTION("nothing armed yet, for a run is open") {
    job.next_run_at.reset();
    bench.put(true);
    CHECK(look(0s).empty());
  }
  SECTION("paused") {
    job.paused = true;
    CHECK(look(1h).empty());
  }
  SECTION("by hand") {
    job.schedule = nullptr;
    CHECK(look(1h).empty());
  }
}

TEST_CASE("expired_leases_are_taken finds a run that nobody takes over") {
  Bench bench;
  bench.put(true);
  testing::expired_leases_are_taken(bench.invariants, 5s, bench.now + 34s, bench.violations);
  CHECK(bench.broken().empty());
  testing::expired_leases_are_taken(bench.invariants, 5s, bench.now + 35s, bench.violations);
  CHECK(bench.broken() == "expired_leases_are_taken");
}

TEST_CASE("accepted_runs_end finds a run that stays open") {
  Bench bench;
  const RunId ended = bench.put(true);
  Completion completion;
  completion.lease = {ended, 1};
  bench.storage.finish({completion}, bench.now);
  testing::accepted_runs_end(bench.invariants, {ended, RunId{{99}}}, bench.violations);
  CHECK(bench.broken().empty());
  testing::accepted_runs_end(bench.invariants, {bench.put(false)}, bench.violations);
  CHECK(bench.broken() == "accepted_runs_end");
}

TEST_CASE("polling_finds_work finds a run that was started late, or not at all") {
  Bench bench;
  const RunId started = bench.put(true);
  testing::polling_finds_work(bench.invariants, {started}, 0s, bench.violations);
  CHECK(bench.broken().empty());
  testing::polling_finds_work(bench.invariants, {bench.put(false)}, 5s, bench.violations);
  CHECK(bench.broken() == "polling_finds_work");
}

}  // namespace liveness_invariants_test
