// SPDX-License-Identifier: MIT

#include "punctual/redis/change_watch.hpp"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include "punctual/base/random.hpp"
#include "punctual/base/uuid.hpp"
#include "punctual/redis/storage.hpp"
#include "support/catch.hpp"
#include "unit/redis/temporary_keys.hpp"

namespace redis_change_watch_test {

using namespace punctual;
using redis::Storage;
using redis::detail::Connection;
using redis::detail::WakePipe;
using redis::test::TemporaryKeys;

namespace {

/// Counts how often it was called.
class Counter {
 public:
  void count() {
    const std::lock_guard lock{mutex_};
    ++count_;
    counted_.notify_all();
  }
  [[nodiscard]] int value() {
    const std::lock_guard lock{mutex_};
    return count_;
  }
  /// Returns true once it was called `count` times.
  [[nodiscard]] bool reaches(int count, Duration patience = std::chrono::seconds{20}) {
    std::unique_lock lock{mutex_};
    return counted_.wait_for(lock, patience, [&] { return count_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable counted_;
  int count_ = 0;
};

constexpr Duration short_time = std::chrono::milliseconds{60};

void enqueue_one(Storage& storage) {
  static UuidGenerator ids{Random{1}};
  NewRun row;
  row.id = ids.next(storage.now({}));
  row.job_name = "alpha";
  storage.enqueue({row}, {});
}

}  // namespace

TEST_CASE("redis::Storage::watch hears what others store, and not what it stores itself") {
  TemporaryKeys keys;
  Storage own{keys.options()};
  Storage other{keys.options()};
  Counter calls;
  const auto watch = own.watch([&] { calls.count(); });
  REQUIRE(calls.reaches(1));  // it has connected
  enqueue_one(own);
  CHECK_FALSE(calls.reaches(2, short_time));
  enqueue_one(other);
  CHECK(calls.reaches(2));
  other.sync_jobs({{.name = "beta", .next_due_at = other.now({})}}, {});
  CHECK(calls.reaches(3));
  static_cast<void>(other.next_wake({"alpha"}, {}));
  static_cast<void>(other.runs({}));
  CHECK_FALSE(calls.reaches(4, short_time));
}

TEST_CASE("redis::Storage::watch hears what it stores itself when others share it") {
  TemporaryKeys keys;
  Storage storage{keys.options()};
  Counter first;
  Counter second;
  const auto first_watch = storage.watch([&] {
    first.count();
    throw std::runtime_error{"dropped"};
  });
  REQUIRE(first.reaches(1));
  auto second_watch = storage.watch([&] { second.count(); });
  enqueue_one(storage);
  CHECK(first.reaches(2));
  CHECK(second.reaches(1));
  second_watch.reset();
  const int before = second.value();
  Storage{keys.options()}.sync_jobs({{.name = "beta", .next_due_at = TimePoint{}}}, {});
  CHECK(first.reaches(3));
  CHECK(second.value() == before);
}

TEST_CASE("redis::Storage::watch calls once more when its connection was replaced") {
  TemporaryKeys keys;
  Storage own{keys.options()};
  Storage other{keys.options()};
  Counter calls;
  const auto watch = own.watch([&] { calls.count(); });
  REQUIRE(calls.reaches(1));
  Connection{keys.options()}.command({"CLIENT", "KILL", "TYPE", "pubsub"});
  CHECK(calls.reaches(2));
  enqueue_one(other);
  CHECK(calls.reaches(3));
}

TEST_CASE("redis: WakePipe ends a wait, also one that begins later") {
  WakePipe pipe;
  CHECK_FALSE(pipe.wait(-1, Duration{1}));
  pipe.end_waits();
  CHECK_FALSE(pipe.wait(-1, std::chrono::hours{1}));
  CHECK_FALSE(pipe.wait(-1, std::chrono::hours{1}));
}

}  // namespace redis_change_watch_test
