// SPDX-License-Identifier: MIT

#include "punctual/testing/held_leases.hpp"

#include <punctual/punctual.hpp>

#include <string>

#include "punctual/testing/faulty_storage.hpp"
#include "support/catch.hpp"

namespace held_leases_test {

using namespace std::chrono_literals;
using namespace punctual;
using punctual::testing::FaultKind;
using punctual::testing::FaultyStorage;
using punctual::testing::HeldLeases;
using punctual::testing::StorageOperation;
using punctual::testing::Violations;
using punctual::testing::WatchedStorage;

namespace {

constexpr Duration lease = 30s;

/// A node that holds one run.
struct Bench {
  Bench() {
    NewRun row;
    row.id = RunId{{1}};
    row.job_name = "job";
    storage.enqueue({row}, now);
    claim();
  }

  void claim() { storage.claim({.node = "n", .jobs = &jobs, .limit = 1, .lease = lease}, now); }
  void renew() {
    Renewal renewal;
    renewal.lease = {RunId{{1}}, 1};
    storage.renew({renewal}, lease, now);
  }
  [[nodiscard]] bool is_silent() {
    held.leases_are_renewed_while_held();
    return !violations.is_empty();
  }

  JobNames jobs{"job"};
  TimePoint now{1h};
  Violations violations{now};
  HeldLeases held{now, lease, violations};
  InMemoryStorage memory;
  FaultyStorage<InMemoryStorage&> line{memory};
  WatchedStorage<FaultyStorage<InMemoryStorage&>, HeldLeases> storage{line, held};
};

}  // namespace

TEST_CASE("HeldLeases finds a node that does not ask for the renewal of what it holds") {
  Bench bench;
  CHECK(bench.held.holds(RunId{{1}}));
  bench.now += HeldLeases::silence_max(lease);
  CHECK_FALSE(bench.is_silent());
  bench.now += 1ms;
  CHECK(bench.is_silent());
  CHECK(bench.violations.kept().front().invariant == "leases_are_renewed_while_held");
}

TEST_CASE("HeldLeases is content with a renewal that was asked for, whatever came of it") {
  Bench bench;
  bench.now += HeldLeases::silence_max(lease);
  bench.line.fail_next(StorageOperation::renew, FaultKind::refused);
  CHECK_THROWS_AS(bench.renew(), Error);
  bench.now += HeldLeases::silence_max(lease);
  CHECK_FALSE(bench.is_silent());
}

TEST_CASE("HeldLeases does not count the time for which a node was away") {
  Bench bench;
  bench.now += 1h;
  bench.held.was_away(1h);
  CHECK_FALSE(bench.is_silent());
}

TEST_CASE("HeldLeases does not count what a node does not know that it holds") {
  Bench bench;
  bench.renew();
  NewRun row;
  row.id = RunId{{2}};
  row.job_name = "job";
  bench.memory.enqueue({row}, bench.now);
  bench.line.fail_next(StorageOperation::claim, FaultKind::answer_lost);
  CHECK_THROWS_AS(bench.claim(), Error);
  CHECK_FALSE(bench.held.holds(RunId{{2}}));
}

TEST_CASE("HeldLeases lets a run go when its end is known to be stored") {
  Bench bench;
  Completion completion;
  completion.lease = {RunId{{1}}, 1};
  SECTION("by the answer") {
    bench.storage.finish({completion}, bench.now);
    CHECK_FALSE(bench.held.holds(RunId{{1}}));
  }
  SECTION("by reading it again") {
    bench.line.fail_next(StorageOperation::finish, FaultKind::answer_lost);
    CHECK_THROWS_AS(bench.storage.finish({completion}, bench.now), Error);
    CHECK(bench.held.holds(RunId{{1}}));
    (void)bench.storage.run(RunId{{1}});
    CHECK_FALSE(bench.held.holds(RunId{{1}}));
  }
  SECTION("or refused for good") {
    bench.memory.take_expired({.jobs = &bench.jobs, .limit = 1, .lease = lease}, bench.now + lease);
    bench.storage.finish({completion}, bench.now);
    CHECK_FALSE(bench.held.holds(RunId{{1}}));
    CHECK(bench.held.late_count() == 1);
  }
}

TEST_CASE("HeldLeases lets a run go when it is handed back or lost") {
  Bench bench;
  SECTION("handed back, though that may not arrive") {
    bench.line.fail_next(StorageOperation::release, FaultKind::refused);
    CHECK_THROWS_AS(bench.storage.release({{RunId{{1}}, 1}}, bench.now), Error);
  }
  SECTION("lost") {
    bench.memory.take_expired({.jobs = &bench.jobs, .limit = 1, .lease = lease}, bench.now + lease);
    bench.renew();
  }
  CHECK(bench.held.count() == 0);
}

TEST_CASE("HeldLeases finds a node that claims after it was told to stop") {
  Bench bench;
  bench.claim();
  CHECK(bench.violations.is_empty());
  bench.held.begin_stop();
  bench.claim();
  REQUIRE(bench.violations.count() == 1);
  CHECK(bench.violations.kept()[0].invariant == "nothing_is_claimed_after_stop");
}

}  // namespace held_leases_test
