// SPDX-License-Identifier: MIT

#include "punctual/redis/wake_subscriber.hpp"

#include <chrono>
#include <string>

#include "punctual/base/random.hpp"
#include "punctual/base/uuid.hpp"
#include "punctual/redis/storage.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "unit/redis/temporary_keys.hpp"

namespace redis_wake_subscriber_test {

using namespace punctual;
using redis::Storage;
using redis::WakeSubscriber;
using redis::detail::Connection;
using redis::test::TemporaryKeys;

namespace {

constexpr Duration short_time = std::chrono::milliseconds{10};
constexpr Duration long_time = std::chrono::seconds{10};

NewRun row_of(Storage& storage) {
  static UuidGenerator ids{Random{1}};
  NewRun row;
  row.id = ids.next(storage.now({}));
  row.job_name = "alpha";
  return row;
}

}  // namespace

TEST_CASE("redis::WakeSubscriber hears of runs and of armed jobs, and once of many") {
  TemporaryKeys keys;
  Storage storage{keys.options()};
  WakeSubscriber subscriber{keys.options()};
  CHECK(subscriber.wait(short_time));  // it has just connected
  CHECK_FALSE(subscriber.wait(short_time));
  for (int i = 0; i < 3; ++i) storage.enqueue({row_of(storage)}, {});
  CHECK(subscriber.wait(long_time));
  while (subscriber.wait(short_time)) {
  }
  storage.sync_jobs({{.name = "beta", .next_due_at = storage.now({})}}, {});
  CHECK(subscriber.wait(long_time));
  storage.runs({});
  storage.next_wake({"alpha"}, {});
  CHECK_FALSE(subscriber.wait(short_time));
}

TEST_CASE("redis::WakeSubscriber connects again when its connection broke") {
  TemporaryKeys keys;
  Storage storage{keys.options()};
  WakeSubscriber subscriber{keys.options()};
  CHECK(subscriber.wait(short_time));
  Connection{keys.options()}.command({"CLIENT", "KILL", "TYPE", "pubsub"});
  const Error error = tests::error_of([&] { (void)subscriber.wait(long_time); }).value();
  CHECK(error.code() == "STORAGE_UNAVAILABLE");
  CHECK(error.retryable());
  CHECK(subscriber.wait(short_time));
  storage.enqueue({row_of(storage)}, {});
  CHECK(subscriber.wait(long_time));
}

TEST_CASE("redis::WakeSubscriber refuses options that cannot be used") {
  redis::Options options;
  options.key_prefix = "none";
  CHECK(tests::code_of([&] { WakeSubscriber{options}; }) == "INVALID_CONFIG");
}

}  // namespace redis_wake_subscriber_test
