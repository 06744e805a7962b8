// SPDX-License-Identifier: MIT
//
// ThreadPoolExecutor: every piece of work is done once, a thread that hangs costs no capacity, and
// the pool may end anywhere.

#include "punctual/builtin/thread_pool_executor.hpp"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstddef>
#include <future>
#include <limits>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/gate.hpp"
#include "support/spin.hpp"

namespace thread_pool_executor_test {

using punctual::ThreadPoolExecutor;
using punctual::ThreadPoolOptions;
using punctual::tests::error_of;
using punctual::tests::Gate;
using tests::spin_until;

namespace {

/// Opens its gate when the thread that owns it ends.
struct ThreadEnd {
  std::unique_ptr<Gate> ended;

  ThreadEnd() = default;
  ThreadEnd(const ThreadEnd&) = delete;
  ThreadEnd& operator=(const ThreadEnd&) = delete;
  ~ThreadEnd() {
    if (ended) ended->open();
  }
};

void tell_when_this_thread_ends(const Gate& gate) {
  thread_local ThreadEnd end;
  end.ended = std::make_unique<Gate>(gate);
}

/// A body that hangs: it has begun on a thread, and returns when it is let go.
///
/// Declared after the pool, so that a test that fails lets it go before the pool waits for it.
struct HangingWork {
  HangingWork() = default;
  HangingWork(const HangingWork&) = delete;
  HangingWork& operator=(const HangingWork&) = delete;
  ~HangingWork() { let_go.open(); }

  void submit_to(ThreadPoolExecutor& pool) const {
    pool.submit([let_go = let_go, begun = begun, thread_ended = thread_ended, thread = thread] {
      tell_when_this_thread_ends(thread_ended);
      *thread = std::this_thread::get_id();
      begun.open();
      let_go.wait();
    });
    begun.wait();
  }

  Gate let_go;
  Gate begun;
  Gate thread_ended;
  std::shared_ptr<std::thread::id> thread = std::make_shared<std::thread::id>();
};

/// Runs a piece of work on the pool and waits for it; returns the thread that ran it.
std::thread::id run_once(ThreadPoolExecutor& pool) {
  auto ran_on = std::make_shared<std::promise<std::thread::id>>();
  auto result = ran_on->get_future();
  pool.submit([ran_on] { ran_on->set_value(std::this_thread::get_id()); });
  return result.get();
}

}  // namespace

TEST_CASE("ThreadPoolExecutor has done all work when its destructor returns") {
  constexpr std::size_t work_count = 2000;
  std::vector<std::atomic<int>> run_counts(work_count);
  {
    ThreadPoolExecutor pool{3};
    for (auto& run_count : run_counts) pool.submit([&run_count] { ++run_count; });
  }
  std::size_t once_count = 0;
  for (const auto& run_count : run_counts) once_count += run_count == 1 ? 1 : 0;
  CHECK(once_count == work_count);
}

TEST_CASE("ThreadPoolExecutor does work that work submits when it is being destroyed") {
  std::atomic<int> run_count = 0;
  {
    ThreadPoolExecutor pool{1};
    Gate submitted;
    pool.submit([&, submitted] {
      submitted.wait();
      for (int i = 0; i < 10; ++i) pool.submit([&] { ++run_count; });
    });
    submitted.open();
  }
  CHECK(run_count == 10);
}

TEST_CASE("ThreadPoolExecutor runs as many pieces at once as it has threads when they wait") {
  for (const std::size_t thread_count : {1U, 2U, 8U}) {
    CAPTURE(thread_count);
    std::mutex mutex;
    std::set<std::thread::id> threads;
    {
      ThreadPoolExecutor pool{thread_count};
      // None gets past before all have come.
      auto together = std::make_shared<std::barrier<>>(static_cast<std::ptrdiff_t>(thread_count));
      for (std::size_t i = 0; i < thread_count; ++i) {
        pool.submit([&, together] {
          together->arrive_and_wait();
          const std::lock_guard lock{mutex};
          threads.insert(std::this_thread::get_id());
        });
      }
    }
    CHECK(threads.size() == thread_count);
    CHECK(threads.count(std::this_thread::get_id()) == 0);
  }
}

TEST_CASE("ThreadPoolExecutor counts the work that no thread has begun") {
  ThreadPoolExecutor pool{1};
  const HangingWork hanging;
  CHECK(pool.waiting_count() == 0);
  hanging.submit_to(pool);
  CHECK(pool.waiting_count() == 0);
  pool.submit([] {});
  pool.submit([] {});
  CHECK(pool.waiting_count() == 2);
  hanging.let_go.open();
  spin_until([&] { return pool.waiting_count() == 0; });
}

TEST_CASE("ThreadPoolExecutor runs work in the order it came when it has one thread") {
  std::vector<int> order;
  {
    ThreadPoolExecutor pool{1};
    for (int i = 0; i < 100; ++i) pool.submit([&order, i] { order.push_back(i); });
  }
  std::vector<int> wanted;
  for (int i = 0; i < 100; ++i) wanted.push_back(i);
  CHECK(order == wanted);
}

TEST_CASE("ThreadPoolExecutor loses no work when several threads submit it") {
  std::atomic<int> run_count = 0;
  {
    ThreadPoolExecutor pool{2};
    std::vector<std::thread> submitters;
    for (int i = 0; i < 4; ++i) {
      submitters.emplace_back([&] {
        for (int k = 0; k < 500; ++k) pool.submit([&] { ++run_count; });
      });
    }
    for (auto& submitter : submitters) submitter.join();
  }
  CHECK(run_count == 2000);
}

TEST_CASE("ThreadPoolExecutor tells its room when work is running and waiting") {
  ThreadPoolExecutor pool{2};
  const HangingWork first;
  const HangingWork second;
  CHECK(pool.room() == 2);
  first.submit_to(pool);
  CHECK(pool.room() == 1);
  second.submit_to(pool);
  CHECK(pool.room() == 0);
  pool.submit([] {});  // taken all the same
  CHECK(pool.room() == 0);
  first.let_go.open();
  spin_until([&] { return pool.room() == 1; });
  second.let_go.open();
  spin_until([&] { return pool.room() == 2; });
  CHECK_FALSE(pool.help());
}

TEST_CASE("ThreadPoolExecutor has room beyond its threads when it may keep a queue") {
  struct Row {
    const char* subject;
    std::size_t queue_max;
    std::size_t room;
  };
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  const Row rows[] = {
      {"no queue", 0, 1},
      {"three", 3, 4},
      {"nearly no limit", most - 1, most},
      {"no limit", most, most},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    ThreadPoolExecutor pool{ThreadPoolOptions{.thread_count = 1, .queue_max = row.queue_max}};
    const HangingWork hanging;
    CHECK(pool.room() == row.room);
    hanging.submit_to(pool);
    CHECK(pool.room() == row.room - 1);
    pool.submit([] {});
    CHECK(pool.room() == (row.room < 2 ? 0 : row.room - 2));
    hanging.let_go.open();
  }
}

TEST_CASE(
    "ThreadPoolExecutor has a thread for each processor, at least 2, when no number is given") {
  CHECK(ThreadPoolExecutor{}.room() ==
        std::max<std::size_t>(std::thread::hardware_concurrency(), 2));
  CHECK(ThreadPoolExecutor{std::size_t{0}}.room() == ThreadPoolExecutor{}.room());
}

TEST_CASE("ThreadPoolExecutor refuses its options when there are too many threads") {
  CHECK_FALSE(error_of([] { ThreadPoolExecutor{std::size_t{1024}}; }));
  for (const std::size_t count : {std::size_t{1025}, std::numeric_limits<std::size_t>::max()}) {
    CAPTURE(count);
    const auto error = error_of([&] { ThreadPoolExecutor{count}; });
    REQUIRE(error);
    CHECK(error->code() == "INVALID_CONFIG");
    CHECK(std::string{error->what()}.find("got " + std::to_string(count)) != std::string::npos);
  }
}

TEST_CASE("ThreadPoolExecutor keeps its capacity when a stuck thread is replaced") {
  ThreadPoolExecutor pool{1};
  const HangingWork hanging;
  hanging.submit_to(pool);
  REQUIRE(pool.room() == 0);
  CHECK(pool.replace(*hanging.thread));
  CHECK(pool.room() == 1);
  CHECK(run_once(pool) != *hanging.thread);

  SECTION("the stuck thread ends when its work returns") {
    hanging.let_go.open();
    hanging.thread_ended.wait();
    spin_until([&] { return pool.room() == 1; });
    CHECK(run_once(pool) != *hanging.thread);
    CHECK(pool.room() <= 1);
  }
  SECTION("the pool ends before the stuck thread does") {
    { const ThreadPoolExecutor ending{std::move(pool)}; }
    CHECK_FALSE(hanging.thread_ended.is_open());
    hanging.let_go.open();
    hanging.thread_ended.wait();
  }
}

TEST_CASE("ThreadPoolExecutor runs as many at once as before when some were stuck and came back") {
  ThreadPoolExecutor pool{2};
  for (int i = 0; i < 20; ++i) {
    CAPTURE(i);
    const HangingWork hanging;
    hanging.submit_to(pool);
    REQUIRE(pool.replace(*hanging.thread));
    hanging.let_go.open();
    hanging.thread_ended.wait();
    spin_until([&] { return pool.room() == 2; });
  }
  const HangingWork first;
  const HangingWork second;
  first.submit_to(pool);
  second.submit_to(pool);
  CHECK(pool.room() == 0);
}

TEST_CASE("ThreadPoolExecutor replaces a thread once when it is asked twice") {
  ThreadPoolExecutor pool{2};
  const HangingWork hanging;
  hanging.submit_to(pool);
  CHECK(pool.replace(*hanging.thread));
  CHECK_FALSE(pool.replace(*hanging.thread));
  CHECK(pool.room() == 2);
}

TEST_CASE("ThreadPoolExecutor loses capacity when more threads are stuck than it makes up for") {
  struct Row {
    const char* subject;
    std::size_t stuck_max;
    bool first_replaced;
    bool second_replaced;
    std::size_t room;
  };
  const Row rows[] = {
      {"none is made up for", 0, false, false, 0},
      {"one is made up for", 1, true, false, 1},
      {"both are made up for", 2, true, true, 2},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    ThreadPoolExecutor pool{ThreadPoolOptions{.thread_count = 2, .stuck_max = row.stuck_max}};
    const HangingWork first;
    const HangingWork second;
    first.submit_to(pool);
    second.submit_to(pool);
    CHECK(pool.replace(*first.thread) == row.first_replaced);
    CHECK(pool.replace(*second.thread) == row.second_replaced);
    CHECK(pool.room() == row.room);
    first.let_go.open();
    second.let_go.open();
    spin_until([&] { return pool.room() == 2; });
  }
}

TEST_CASE("ThreadPoolExecutor makes up for another thread when a stuck one has come back") {
  ThreadPoolExecutor pool{ThreadPoolOptions{.thread_count = 1, .stuck_max = 1}};
  for (int i = 0; i < 3; ++i) {
    CAPTURE(i);
    const HangingWork hanging;
    hanging.submit_to(pool);
    CHECK(pool.replace(*hanging.thread));
    hanging.let_go.open();
    hanging.thread_ended.wait();
  }
}

TEST_CASE("ThreadPoolExecutor replaces no thread when it is none of its own") {
  ThreadPoolExecutor pool{1};
  ThreadPoolExecutor other{1};
  CHECK_FALSE(pool.replace(std::this_thread::get_id()));
  CHECK_FALSE(pool.replace(std::thread::id{}));
  CHECK_FALSE(pool.replace(run_once(other)));
  CHECK(pool.room() == 1);
}

TEST_CASE("ThreadPoolExecutor replaces no thread when its work has returned meanwhile") {
  // As it happens to a scheduler that gives a body up just as it returns.
  ThreadPoolExecutor pool{1};
  const std::thread::id thread = run_once(pool);
  spin_until([&] { return pool.room() == 1; });
  CHECK(pool.replace(thread));
  CHECK(pool.room() == 1);
  CHECK(run_once(pool) == thread);
  spin_until([&] { return pool.room() == 1; });

  const HangingWork hanging;
  hanging.submit_to(pool);
  CHECK(*hanging.thread == thread);
  CHECK(pool.room() == 0);
  hanging.let_go.open();
}

TEST_CASE("ThreadPoolExecutor may be destroyed when one of its own threads does it") {
  struct Row {
    const char* subject;
    std::size_t thread_count;
  };
  const Row rows[] = {{"the only thread", 1}, {"one of three", 3}};
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    for (int i = 0; i < 50; ++i) {
      const Gate ended;
      const Gate destroyed;
      auto done_count = std::make_shared<std::atomic<int>>(0);
      auto pool = std::make_unique<ThreadPoolExecutor>(row.thread_count);
      ThreadPoolExecutor& borrowed = *pool;
      const Gate prepared;
      auto owner = std::make_shared<std::unique_ptr<ThreadPoolExecutor>>(std::move(pool));
      borrowed.submit([owner, prepared, destroyed, ended, done_count] {
        tell_when_this_thread_ends(ended);
        prepared.wait();
        owner->reset();
        ++*done_count;
        destroyed.open();
      });
      for (int k = 0; k < 5; ++k) borrowed.submit([done_count] { ++*done_count; });
      prepared.open();
      destroyed.wait();
      ended.wait();
      REQUIRE(*done_count == 6);  // also what was waiting
    }
  }
}

TEST_CASE("ThreadPoolExecutor may be destroyed by its work when submit has not returned yet") {
  for (int i = 0; i < 200; ++i) {
    const Gate ended;
    auto owner = std::make_shared<std::unique_ptr<ThreadPoolExecutor>>(
        std::make_unique<ThreadPoolExecutor>(std::size_t{1}));
    ThreadPoolExecutor& pool = **owner;
    pool.submit([owner, ended] {
      tell_when_this_thread_ends(ended);
      owner->reset();
    });
    ended.wait();
    REQUIRE(*owner == nullptr);
  }
}

TEST_CASE("ThreadPoolExecutor holds no lock and has room again when it destroys what work owned") {
  std::promise<std::size_t> room;
  ThreadPoolExecutor pool{1};
  {
    auto owned = std::shared_ptr<int>{new int{7}, [&](const int* value) {
                                        delete value;
                                        room.set_value(pool.room());  // hangs under the lock
                                      }};
    pool.submit([owned = std::move(owned)] {});
  }
  CHECK(room.get_future().get() == 1);
}

TEST_CASE("ThreadPoolExecutor takes threads and work along when it is moved") {
  const HangingWork hanging;
  std::atomic<int> run_count = 0;
  {
    ThreadPoolExecutor from{1};
    hanging.submit_to(from);
    from.submit([&] { ++run_count; });
    ThreadPoolExecutor to{std::move(from)};
    CHECK(to.room() == 0);
    CHECK(to.replace(*hanging.thread));
    CHECK(run_once(to) != *hanging.thread);
    CHECK(run_count == 1);
    hanging.let_go.open();
  }
  hanging.thread_ended.wait();
}

}  // namespace thread_pool_executor_test
