// SPDX-License-Identifier: MIT

#include "punctual/testing/faulty_storage.hpp"

#include <punctual/punctual.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace faulty_storage_test {

using namespace std::chrono_literals;
using namespace date::literals;
using namespace punctual;
using punctual::testing::FaultKind;
using punctual::testing::FaultyStorage;
using punctual::testing::FaultyStorageOptions;
using punctual::testing::StorageOperation;

static_assert(Storage<FaultyStorage<InMemoryStorage>>);
static_assert(Storage<FaultyStorage<InMemoryStorage&>>);

namespace {

constexpr TimePoint noon = date::sys_days{2024_y / 1 / 1} + 12h;

[[nodiscard]] NewRun row(std::uint8_t number) {
  NewRun run;
  run.id = RunId{{number}};
  run.job_name = "job";
  run.run_at = noon;
  return run;
}

/// True if `call()` is refused for now.
template <class Call>
[[nodiscard]] bool is_refused(Call&& call) {
  const auto error = tests::error_of(std::forward<Call>(call));
  return error && error->retryable();
}

/// Returns what befell each of 1,000 enqueues, in order.
[[nodiscard]] std::string pattern_of(std::uint64_t seed) {
  FaultyStorageOptions options;
  options.rates = {.refused = 200, .answer_lost = 200};
  options.seed = seed;
  FaultyStorage storage{InMemoryStorage{}, options};
  std::string pattern;
  for (int i = 0; i < 1000; ++i) {
    try {
      storage.enqueue({}, noon);
      pattern += '.';
    } catch (const Error& error) {
      pattern += error.retryable() ? 'r' : 'l';
    }
  }
  return pattern;
}

}  // namespace

TEST_CASE("FaultyStorage does what the storage does while nothing befalls it") {
  InMemoryStorage inner;
  FaultyStorage storage{inner};
  CHECK(storage.enqueue({row(1)}, noon).at(0).kind == EnqueueAnswer::Kind::stored);
  CHECK(storage.run(row(1).id)->created_at == noon);
  CHECK(inner.run(row(1).id));
  CHECK(storage.now(noon) == noon);
  CHECK_FALSE(storage.poll_period());
  CHECK(storage.health().problem.empty());
  CHECK(storage.counts().calls == 2);
}

TEST_CASE("FaultyStorage refuses a call before it happens, when told to") {
  InMemoryStorage inner;
  FaultyStorage storage{inner};
  storage.fail_next(StorageOperation::enqueue, FaultKind::refused, 2);
  for (int i = 0; i < 2; ++i) {
    const auto error = tests::error_of([&] { storage.enqueue({row(1)}, noon); });
    REQUIRE(error);
    CHECK(error->code() == "STORAGE_UNAVAILABLE");
    CHECK(error->retryable());
  }
  CHECK_FALSE(inner.run(row(1).id));
  storage.enqueue({row(1)}, noon);
  CHECK(inner.run(row(1).id));
  CHECK(storage.counts().refused == 2);
}

TEST_CASE("FaultyStorage loses the answer of a write that has happened, when told to") {
  InMemoryStorage inner;
  FaultyStorage storage{inner};
  storage.fail_next(StorageOperation::enqueue, FaultKind::answer_lost);
  const auto error = tests::error_of([&] { storage.enqueue({row(1)}, noon); });
  REQUIRE(error);
  CHECK(error->in_doubt());
  CHECK(inner.run(row(1).id));
  CHECK(storage.counts().answers_lost == 1);
}

TEST_CASE("FaultyStorage loses the request to a write, which looks the same, when told to") {
  InMemoryStorage inner;
  FaultyStorage storage{inner};
  storage.fail_next(StorageOperation::enqueue, FaultKind::request_lost);
  const auto error = tests::error_of([&] { storage.enqueue({row(1)}, noon); });
  REQUIRE(error);
  CHECK(error->in_doubt());
  CHECK_FALSE(inner.run(row(1).id));
  CHECK(storage.counts().requests_lost == 1);
}

TEST_CASE("FaultyStorage refuses a read where a write would lose its answer") {
  InMemoryStorage inner;
  FaultyStorage storage{inner};
  storage.fail_next(StorageOperation::summaries, FaultKind::answer_lost);
  CHECK(is_refused([&] { (void)storage.summaries(); }));
}

TEST_CASE("FaultyStorage refuses an operation as long as its outage lasts, and no other") {
  InMemoryStorage inner;
  FaultyStorage storage{inner};
  storage.set_outage(StorageOperation::enqueue, true);
  CHECK(is_refused([&] { storage.enqueue({row(1)}, noon); }));
  CHECK_NOTHROW(storage.next_wake({}, noon));
  storage.heal();
  CHECK_NOTHROW(storage.enqueue({row(1)}, noon));
}

TEST_CASE("FaultyStorage lets nothing through once its line is severed") {
  InMemoryStorage inner;
  FaultyStorage storage{inner};
  storage.sever_after(1);
  const auto error = tests::error_of([&] { storage.enqueue({row(1)}, noon); });
  REQUIRE(error);
  CHECK(error->in_doubt());
  CHECK(inner.run(row(1).id));
  CHECK(storage.is_severed());
  storage.heal();
  CHECK(is_refused([&] { storage.enqueue({row(2)}, noon); }));
  CHECK_FALSE(inner.run(row(2).id));
  CHECK_FALSE(storage.health().writable);
}

TEST_CASE("FaultyStorage goes by its own clock, if it has one, whatever the caller's says") {
  InMemoryStorage inner;
  TimePoint now = noon;
  FaultyStorageOptions options;
  options.clock = [&] { return now; };
  FaultyStorage storage{inner, options};
  storage.enqueue({row(1)}, noon + 5h);
  CHECK(inner.run(row(1).id)->created_at == noon);
  CHECK(storage.now(noon + 5h) == noon);
}

TEST_CASE("FaultyStorage stamps a delayed call with the time at which it happens") {
  InMemoryStorage inner;
  TimePoint now = noon;
  FaultyStorageOptions options;
  options.rates = {.delayed = 1000, .delay_max = 1ms};
  options.clock = [&] { return now; };
  options.wait = [&](Duration span) { now += span; };
  FaultyStorage storage{inner, options};
  storage.enqueue({row(1)}, noon);
  CHECK(inner.run(row(1).id)->created_at == noon + 1ms);
  CHECK(now == noon + 2ms);
  CHECK(storage.counts().delays == 2);
}

TEST_CASE("FaultyStorage tells others of what makes work for them, unless that is dropped") {
  InMemoryStorage inner;
  int told = 0;
  FaultyStorageOptions options;
  options.notify = [&] { ++told; };
  options.poll_period = 5s;
  FaultyStorage storage{inner, options};
  storage.enqueue({row(1)}, noon);
  (void)storage.summaries();
  CHECK(told == 1);
  storage.set_rates({.notification_dropped = 1000});
  storage.enqueue({row(2)}, noon);
  CHECK(told == 1);
  CHECK(storage.counts().notifications == 1);
  CHECK(storage.counts().notifications_dropped == 1);
  CHECK(storage.poll_period() == Duration{5s});
}

TEST_CASE("FaultyStorage lets the same calls fail under the same seed, about as often as asked") {
  const std::string pattern = pattern_of(1);
  CHECK(pattern == pattern_of(1));
  CHECK(pattern != pattern_of(2));
  const auto count = [&](char c) { return std::count(pattern.begin(), pattern.end(), c); };
  CHECK(count('r') > 150);
  CHECK(count('r') < 250);
  CHECK(count('l') > 110);
  CHECK(count('l') < 210);
}

TEST_CASE("FaultyStorage passes every operation on") {
  InMemoryStorage inner;
  FaultyStorage storage{inner};
  const JobNames jobs{"job"};
  JobDefinition definition;
  definition.name = "job";
  definition.next_due_at = noon;
  CHECK(storage.sync_jobs({definition}, noon).at(0).job_name == "job");
  CHECK(storage.due_schedules(jobs, 1, noon).size() == 1);
  Advance advance;
  advance.job_name = "job";
  advance.version = 1;
  CHECK(storage.advance({advance}, noon).at(0).advanced);
  PauseChange change;
  change.job_name = "job";
  change.version = 2;
  change.paused = false;
  CHECK(storage.set_paused(change, noon));
  storage.enqueue({row(1), row(2)}, noon);
  CHECK(storage.next_wake(jobs, noon).run_at == noon);
  const auto claimed = storage.claim({.jobs = &jobs, .limit = 1, .lease = 1min}, noon);
  REQUIRE(claimed.size() == 1);
  const LeaseRef lease{claimed[0].id, 1};
  Renewal renewal;
  renewal.lease = lease;
  CHECK(storage.renew({renewal}, 1min, noon).at(0) == RenewAnswer::kept);
  CHECK(storage.take_expired({.jobs = &jobs, .limit = 1, .lease = 1min}, noon).empty());
  Completion completion;
  completion.lease = lease;
  CHECK(storage.finish({completion}, noon).at(0) == FinishAnswer::done);
  CHECK(storage.release({lease}, noon).at(0) == FinishAnswer::lost);
  CHECK(storage.request_cancel(row(2).id, "me", noon) == CancelAnswer::cancelled);
  CHECK(storage.runs({}).size() == 2);
  CHECK(storage.summaries().size() == 1);
  CHECK(storage.prune(1, noon) == 0);
}

}  // namespace faulty_storage_test
