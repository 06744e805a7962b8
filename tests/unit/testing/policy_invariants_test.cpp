// SPDX-License-Identifier: MIT

#include "punctual/testing/policy_invariants.hpp"

#include <punctual/punctual.hpp>

#include <string>

#include "support/catch.hpp"

namespace policy_invariants_test {

using namespace std::chrono_literals;
using namespace date::literals;
using namespace punctual;
using Op = punctual::testing::StorageOperation;
using punctual::testing::PolicyInvariants;
using punctual::testing::Violations;

namespace {

constexpr TimePoint noon = date::sys_days{2024_y / 1 / 1} + 12h;

struct Bench {
  Bench() {
    JobConfig config;
    config.name = "job";
    config.retry = {.max_attempts = 2, .backoff = Backoff::fixed(10s)};
    invariants.add_job(config);
  }

  [[nodiscard]] static JobRun run(std::uint8_t number) {
    JobRun run;
    run.id = RunId{{number}};
    run.job_name = "job";
    run.run_at = noon;
    return run;
  }

  void store(const JobRun& run) { invariants.row_changed({Op::enqueue, nullptr, &run, noon, {}}); }
  void move(JobRun run, JobStatus from, JobStatus to) {
    JobRun before = run;
    before.status = from;
    run.status = to;
    invariants.row_changed({Op::claim, &before, &run, noon, {}});
  }

  [[nodiscard]] std::string broken() const {
    return violations.is_empty() ? "" : violations.kept().front().invariant;
  }

  TimePoint now = noon;
  Violations violations{now};
  PolicyInvariants invariants{violations};
};

[[nodiscard]] JobRun failed_run() {
  JobRun run = Bench::run(1);
  run.status = JobStatus::failed;
  run.started_at = noon;
  run.fence = 1;
  return run;
}

[[nodiscard]] NewRun retry_of_it() {
  NewRun next;
  next.id = RunId{{2}};
  next.job_name = "job";
  next.attempt = 2;
  next.retry_of = RunId{{1}};
  next.run_at = noon + 15s;
  return next;
}

}  // namespace

TEST_CASE("PolicyInvariants let one exclusive run of a job run at a time") {
  Bench bench;
  for (const auto number : {std::uint8_t{1}, std::uint8_t{2}}) {
    JobRun run = Bench::run(number);
    run.exclusive = true;
    bench.store(run);
    CHECK(bench.broken().empty());
    bench.move(run, JobStatus::pending, JobStatus::running);
  }
  CHECK(bench.broken() == "exclusive_runs_one_at_a_time");
}

TEST_CASE("PolicyInvariants let no more runs run under a key than its limit") {
  Bench bench;
  for (const auto number : {std::uint8_t{1}, std::uint8_t{2}, std::uint8_t{3}}) {
    JobRun run = Bench::run(number);
    run.concurrency_key = "key";
    run.concurrency_max = 2;
    bench.store(run);
    CHECK(bench.broken().empty());
    bench.move(run, JobStatus::pending, JobStatus::running);
  }
  CHECK(bench.broken() == "concurrency_limit_holds");
}

TEST_CASE("PolicyInvariants let one run be open under a unique key") {
  Bench bench;
  JobRun run = Bench::run(1);
  run.unique_key = "key";
  bench.store(run);
  bench.move(run, JobStatus::running, JobStatus::success);
  run.id = RunId{{2}};
  bench.store(run);
  CHECK(bench.broken().empty());
  run.id = RunId{{3}};
  bench.store(run);
  CHECK(bench.broken() == "one_open_run_per_unique_key");
}

TEST_CASE("PolicyInvariants want a run that overlaps to be skipped, and no other") {
  struct Row {
    const char* what;
    JobStatus open;
    bool skip_if_open;
    bool skip_if_waiting;
    bool is_skipped;
    bool is_right;
  };
  using enum JobStatus;
  const Row rows[] = {
      {"skipped beside a running one", running, true, false, true, true},
      {"stored beside a running one", running, true, false, false, false},
      {"waits for a running one", running, false, true, false, true},
      {"skipped though it might wait", running, false, true, true, false},
      {"skipped beside a waiting one", pending, false, true, true, true},
      {"second of those that wait", pending, false, true, false, false},
      {"any number may wait", pending, false, false, false, true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Bench bench;
    JobRun open = Bench::run(1);
    open.exclusive = true;
    open.status = row.open;
    bench.store(open);
    NewRun asked;
    asked.id = RunId{{2}};
    asked.job_name = "job";
    asked.exclusive = true;
    asked.skip_if_open = row.skip_if_open;
    asked.skip_if_waiting = row.skip_if_waiting;
    bench.invariants.row_asked(asked, noon);
    JobRun stored = to_run(asked, noon);
    if (row.is_skipped) stored.status = skipped;
    if (row.is_skipped) stored.message_code = "JOB_OVERLAPPED";
    bench.store(stored);
    CHECK(bench.broken() == (row.is_right ? "" : "overlap_is_answered"));
  }
}

TEST_CASE("PolicyInvariants let a failed run be tried again as its job says") {
  Bench bench;
  bench.invariants.body_left({RunId{{1}}, 1}, noon + 5s, std::nullopt);
  bench.invariants.retry_follows(failed_run(), retry_of_it());
  CHECK(bench.broken().empty());
  bench.invariants.body_left({RunId{{1}}, 1}, noon + 5s, 3s);  // the body said when
  NewRun sooner = retry_of_it();
  sooner.run_at = noon + 8s;
  bench.invariants.retry_follows(failed_run(), sooner);
  CHECK(bench.broken().empty());
}

TEST_CASE("PolicyInvariants find a retry that is not as its job says") {
  struct Row {
    const char* what;
    void (*spoil)(JobRun& failed, NewRun& next);
  };
  const Row rows[] = {
      {"of a success", [](JobRun& failed, NewRun&) { failed.status = JobStatus::success; }},
      {"in the same row", [](JobRun& failed, NewRun& next) { next.id = failed.id; }},
      {"of the same number", [](JobRun&, NewRun& next) { next.attempt = 1; }},
      {"that names another first", [](JobRun&, NewRun& next) { next.retry_of.reset(); }},
      {"beyond the last attempt",
       [](JobRun& failed, NewRun& next) {
         failed.attempt = 2;
         next.attempt = 3;
       }},
      {"before the backoff", [](JobRun&, NewRun& next) { next.run_at -= 1ms; }},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Bench bench;
    bench.invariants.body_left({RunId{{1}}, 1}, noon + 5s, std::nullopt);
    JobRun failed = failed_run();
    NewRun next = retry_of_it();
    row.spoil(failed, next);
    bench.invariants.retry_follows(failed, next);
    CHECK(bench.broken() == "retries_follow_the_policy");
  }
}

TEST_CASE("PolicyInvariants count what has ended, by status") {
  Bench bench;
  bench.move(Bench::run(1), JobStatus::running, JobStatus::success);
  bench.move(Bench::run(2), JobStatus::running, JobStatus::failed);
  bench.move(Bench::run(3), JobStatus::pending, JobStatus::skipped);
  CHECK(bench.invariants.ended_of("job") == testing::EndedCounts{1, 1, 1});
  CHECK(bench.invariants.ended_of("other") == testing::EndedCounts{});
}

}  // namespace policy_invariants_test
