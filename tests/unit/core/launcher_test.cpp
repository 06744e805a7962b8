// SPDX-License-Identifier: MIT
//
// Launcher: how much it claims, for whom, and what it leaves for later.

#include "punctual/core/launcher.hpp"

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "rig.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace launcher_test {

using namespace std::chrono_literals;
using punctual::FakeClock;
using punctual::JobConfig;
using punctual::JobContext;
using punctual::JobStatus;
using punctual::ManualExecutor;
using punctual::OverlapPolicy;
using punctual::RunId;
using punctual::SchedulerOptions;
using punctual::tests::code_of;
using punctual::tests::FailingStorage;
using punctual::tests::Rig;
using punctual::tests::StorageCall;
using punctual::tests::succeed;
using Kind = punctual::SchedulerEvent::Kind;

namespace {

/// A rig with a launcher of its own beside the engine's.
struct LaunchRig : Rig<> {
  using Launcher = punctual::detail::Launcher<FakeClock&, FailingStorage&, ManualExecutor&>;

  template <class... Args>
  explicit LaunchRig(Args&&... args) : Rig<>(std::forward<Args>(args)...) {}
  LaunchRig(SchedulerOptions options, std::size_t room) : Rig<>(std::move(options), room) {}

  Launcher::Claimed claim_ready() { return launcher.claim_ready(*engine->book().names()); }

  Launcher launcher{deck, engine->book()};
};

/// A rig whose executor has so much room, and a job with ready runs; no loop ticks.
struct Backlog {
  explicit Backlog(std::size_t room, int run_count) : rig({}, room) {
    JobConfig config{.name = "send"};
    config.overlap = OverlapPolicy::allow;
    const auto job = rig.add(config, succeed);
    for (int i = 0; i < run_count; ++i) rig.put(job);
    rig.claim_ready();
    rig.storage.reset_counts();
  }

  [[nodiscard]] std::size_t claim_count() const { return rig.storage.count(StorageCall::claim); }

  LaunchRig rig;
};

}  // namespace

TEST_CASE("Launcher claims no more than the executor has room for, and no more than a batch") {
  struct Row {
    const char* subject;
    std::size_t room;
    std::size_t batch_max;
    std::size_t claimed;
    std::size_t claim_count;  ///< questions to the storage
    bool has_more;
    bool is_blocked;  ///< what is left is known to wait for others
  };
  const Row rows[] = {
      {"no room", 0, 10, 0, 0, false, false},
      {"some room", 3, 10, 3, 1, false, false},
      {"just so much room", 5, 10, 5, 1, false, false},
      {"room for all", 100, 10, 5, 1, false, true},
      {"a small batch", 100, 2, 2, 1, true, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    LaunchRig rig{{.batch_max = row.batch_max}, row.room};
    JobConfig config{.name = "send"};
    config.overlap = OverlapPolicy::allow;
    const auto job = rig.add(config, succeed);
    for (int i = 0; i < 5; ++i) rig.put(job);
    const auto claimed = rig.claim_ready();
    CHECK(claimed.count == row.claimed);
    CHECK(claimed.has_more == row.has_more);
    CHECK(rig.storage.count(StorageCall::claim) == row.claim_count);
    CHECK(rig.executor.waiting_count() == row.claimed);
    CHECK(rig.launcher.is_blocked(rig.clock.now()) == row.is_blocked);
  }
}

TEST_CASE("Launcher takes what was ready and not given for blocked, and nothing that came later") {
  LaunchRig rig;
  rig.add({.name = "send"}, succeed);
  const auto now = rig.clock.now();
  CHECK_FALSE(rig.launcher.is_blocked(now));  // it has not asked yet
  rig.claim_ready();
  CHECK(rig.launcher.is_blocked(now - 1ms));
  CHECK(rig.launcher.is_blocked(now));
  CHECK_FALSE(rig.launcher.is_blocked(now + 1ms));
  CHECK_FALSE(rig.launcher.is_blocked(std::nullopt));
}

TEST_CASE("Launcher launches what was claimed behind a run that the executor refuses") {
  struct Refusing {
    std::size_t refuse_count = 1;
    std::size_t submitted_count = 0;
    [[nodiscard]] std::size_t room() const { return 10; }
    void submit(const punctual::Work&) {
      if (refuse_count-- > 0) throw std::runtime_error{"full"};
      refuse_count = 0;
      ++submitted_count;
    }
    [[nodiscard]] bool help() { return false; }
    [[nodiscard]] bool replace(std::thread::id) { return true; }
  };
  Rig<Refusing> rig;
  punctual::detail::Launcher<FakeClock&, FailingStorage&, Refusing&> launcher{rig.deck,
                                                                              rig.engine->book()};
  JobConfig config{.name = "send"};
  config.overlap = OverlapPolicy::allow;
  const auto job = rig.add(config, succeed);
  for (int i = 0; i < 3; ++i) rig.put(job);
  CHECK_THROWS_AS(launcher.claim_ready(*rig.engine->book().names()), std::runtime_error);
  CHECK(rig.executor.submitted_count == 2);
  CHECK(rig.memory.runs({.status = JobStatus::pending}).size() == 1);  // handed back
}

TEST_CASE("Launcher claims nothing more once it is closed") {
  LaunchRig rig;
  const auto job = rig.add({.name = "send"}, succeed);
  rig.put(job);
  CHECK_FALSE(rig.launcher.is_closed());
  rig.launcher.close();
  CHECK(rig.launcher.is_closed());
  CHECK(rig.claim_ready().count == 0);
  CHECK(rig.storage.count(StorageCall::claim) == 0);
}

TEST_CASE("Launcher passes on what the storage says when a claim fails") {
  LaunchRig rig;
  const auto job = rig.add({.name = "send"}, succeed);
  const RunId id = rig.put(job);
  rig.storage.fail_before(StorageCall::claim, 2);
  CHECK(code_of([&] { rig.claim_ready(); }) == "TEST_FAULT");
  CHECK(code_of([&] { rig.launcher.claim_one(id, job, true); }) == "TEST_FAULT");
  CHECK(rig.status(id) == JobStatus::pending);
}

TEST_CASE("Launcher keeps to a job's rate for many runs and for one") {
  LaunchRig rig;
  JobConfig config{.name = "send"};
  config.overlap = OverlapPolicy::allow;
  config.rate.limit = {.max = 2, .period = 1min};
  const auto job = rig.add(config, succeed);
  for (int i = 0; i < 3; ++i) rig.put(job);
  CHECK(rig.claim_ready().count == 2);
  const RunId id = rig.put(job);
  CHECK_FALSE(rig.launcher.claim_one(id, job, true));
  rig.clock.advance(30s);
  CHECK(rig.launcher.claim_one(id, job, true));
  CHECK(rig.status(id) == JobStatus::success);
}

TEST_CASE("Launcher claims for a thread that has ended a run when more was ready than had room") {
  Backlog backlog{1, 3};
  auto& rig = backlog.rig;
  CHECK(rig.launcher.launch_next());  // what waits for a thread already is enough
  CHECK(backlog.claim_count() == 0);
  // The first run and the next: their threads look for more, and a tick is not needed.
  rig.deck->relay_through([&] { return rig.launcher.launch_next(); });
  CHECK(rig.executor.step());
  CHECK(backlog.claim_count() == 1);
  CHECK(rig.executor.waiting_count() == 2);  // the thread that asks is as good as free
  CHECK(rig.executor.drain() == 2);
  CHECK(rig.memory.runs({.status = JobStatus::success}).size() == 3);
}

TEST_CASE("Launcher claims nothing for a thread when nothing was left behind") {
  struct Row {
    const char* subject;
    int run_count;
  };
  for (const auto& row : {Row{"there was none", 0}, Row{"all had room", 3}}) {
    CAPTURE(row.subject);
    Backlog backlog{4, row.run_count};
    CHECK_FALSE(backlog.rig.launcher.launch_next());
    CHECK(backlog.claim_count() == 0);
  }
}

TEST_CASE("Launcher leaves the loop to look when what was left behind has been taken") {
  Backlog backlog{1, 2};
  auto& rig = backlog.rig;
  rig.executor.drain();
  CHECK(rig.launcher.launch_next());  // the second run; there is room for more
  rig.executor.drain();
  CHECK_FALSE(rig.launcher.launch_next());
  CHECK(backlog.claim_count() == 1);  // less came than was asked for: no thread asks again
}

TEST_CASE("Launcher claims nothing for a thread once it is closed or the storage fails") {
  Backlog closed{1, 2};
  closed.rig.executor.drain();
  closed.rig.launcher.close();
  CHECK_FALSE(closed.rig.launcher.launch_next());
  CHECK(closed.claim_count() == 0);

  Backlog failing{1, 2};
  failing.rig.executor.drain();
  failing.rig.storage.fail_before(StorageCall::claim);
  CHECK_FALSE(failing.rig.launcher.launch_next());
  CHECK(failing.claim_count() == 1);
  CHECK(failing.rig.event_count(Kind::storage_failed) == 1);
  CHECK_FALSE(failing.rig.launcher.launch_next());  // it is left alone for a while
  CHECK(failing.claim_count() == 1);
}

TEST_CASE("Launcher claims a single run when asked, on this thread or by the executor") {
  LaunchRig rig{{}, std::size_t{1}};
  int count = 0;
  JobConfig config{.name = "send"};
  config.overlap = OverlapPolicy::allow;
  const auto job = rig.add(config, [&](JobContext&) { ++count; });
  const RunId here = rig.put(job);
  CHECK(rig.launcher.claim_one(here, job, true));
  CHECK(count == 1);
  CHECK_FALSE(rig.launcher.claim_one(here, job, true));  // it has ended

  const RunId queued = rig.put(job);
  const RunId without_room = rig.put(job);
  CHECK(rig.launcher.claim_one(queued, job, false));
  CHECK(count == 1);
  CHECK_FALSE(rig.launcher.claim_one(without_room, job, false));
  CHECK(rig.status(without_room) == JobStatus::pending);
  CHECK(rig.launcher.claim_one(without_room, job, true));  // this thread is room enough
  rig.executor.drain();
  CHECK(count == 3);
}

TEST_CASE("Launcher does not claim a single run that a limit keeps from starting") {
  LaunchRig rig;
  const auto job = rig.add({.name = "send"}, succeed);
  rig.launch(job);
  const RunId id = rig.put(job);
  CHECK_FALSE(rig.launcher.claim_one(id, job, true));
  CHECK(rig.status(id) == JobStatus::pending);
}

}  // namespace launcher_test
