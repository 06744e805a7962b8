// SPDX-License-Identifier: MIT

#include "punctual/redis/storage.hpp"

#include <poll.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "punctual/base/random.hpp"
#include "punctual/base/uuid.hpp"
#include "punctual/testing/row_difference.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "unit/redis/own_server.hpp"
#include "unit/redis/temporary_keys.hpp"

namespace redis_storage_test {

using namespace punctual;
using redis::Options;
using redis::Storage;
using redis::detail::Connection;
using redis::detail::Reply;
using redis::test::OwnServer;
using redis::test::TemporaryKeys;

namespace {

const JobNames alpha{"alpha"};

NewRun row_of(Storage& storage) {
  static UuidGenerator ids{Random{1}};
  NewRun row;
  row.id = ids.next(storage.now({}));
  row.job_name = "alpha";
  row.run_at = storage.now({});
  return row;
}

std::vector<JobRun> claim(Storage& storage, std::size_t limit = 100) {
  return storage.claim(
      {.node = "a", .jobs = &alpha, .limit = limit, .lease = std::chrono::minutes{10}}, {});
}

Completion success_of(const JobRun& run) {
  Completion completion;
  completion.lease = {run.id, run.fence};
  completion.message_code = "JOB_COMPLETED";
  return completion;
}

std::string answer_to(const Options& options, const std::vector<std::string_view>& words) {
  Connection connection{options};
  const auto reply = connection.command(words);
  return Reply{reply}.text();
}

}  // namespace

TEST_CASE("redis::Storage refuses keys when a newer release has been at them") {
  TemporaryKeys keys;
  Storage storage{keys.options()};
  answer_to(keys.options(), {"SET", keys.prefix() + "schema", "99"});
  CHECK(tests::code_of([&] { Storage{keys.options()}; }) == "SCHEMA_TOO_NEW");
  CHECK(storage.health().problem.find("SCHEMA_TOO_NEW") != std::string::npos);
  CHECK_FALSE(storage.health().writable);
  CHECK(tests::code_of([&] { storage.enqueue({row_of(storage)}, {}); }) == "SCHEMA_TOO_NEW");
}

TEST_CASE("redis::Storage says so when the server has lost its data, and a new one begins afresh") {
  OwnServer server{{}};
  Storage storage{server.options()};
  storage.sync_jobs({{.name = "alpha"}}, {});
  answer_to(server.options(), {"FLUSHALL"});
  const Error error = tests::error_of([&] { storage.enqueue({row_of(storage)}, {}); }).value();
  CHECK(error.code() == "STORAGE_CORRUPT");
  CHECK_FALSE(error.retryable());
  CHECK_FALSE(storage.health().writable);
  Storage again{server.options()};
  CHECK(again.summaries().empty());
  CHECK(again.health().writable);
}

TEST_CASE("redis::Storage refuses a server that drops keys when its memory is full") {
  OwnServer server{{"--maxmemory-policy", "allkeys-lru"}};
  const Error error = tests::error_of([&] { Storage{server.options()}; }).value();
  CHECK(error.code() == "INVALID_CONFIG");
  CHECK_FALSE(error.retryable());
  CHECK(std::string{error.what()}.find("allkeys-lru") != std::string::npos);
}

TEST_CASE("redis::Storage keeps two sets of keys apart on one server") {
  TemporaryKeys a;
  TemporaryKeys b;
  Storage first{a.options()};
  Storage second{b.options()};
  first.enqueue({row_of(first)}, {});
  CHECK(first.runs({}).size() == 1);
  CHECK(second.runs({}).empty());
}

TEST_CASE("redis::Storage goes by the server's clock whatever the caller says") {
  TemporaryKeys keys;
  Storage storage{keys.options()};
  NewRun row = row_of(storage);
  row.run_at += std::chrono::hours{1};
  storage.enqueue({row}, {});
  CHECK(claim(storage).empty());
  keys.shift_clock(std::chrono::hours{1});
  CHECK(claim(storage).size() == 1);
}

TEST_CASE("redis::Storage goes on when the server forgets its scripts") {
  TemporaryKeys keys;
  Storage storage{keys.options()};
  for (int i = 0; i < 3; ++i) {
    storage.enqueue({row_of(storage)}, {});
    answer_to(keys.options(), {"SCRIPT", "FLUSH"});
    const auto runs = claim(storage);
    REQUIRE(runs.size() == 1);
    answer_to(keys.options(), {"SCRIPT", "FLUSH"});
    CHECK(storage.finish({success_of(runs[0])}, {}).at(0) == FinishAnswer::done);
    answer_to(keys.options(), {"SCRIPT", "FLUSH"});
    CHECK(storage.run(runs[0].id)->status == JobStatus::success);
  }
}

TEST_CASE("redis::Storage goes on when the server ends its connections") {
  TemporaryKeys keys;
  Storage storage{keys.options()};
  const auto kill = [&] {
    answer_to(keys.options(), {"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  };
  storage.enqueue({row_of(storage)}, {});
  kill();
  const auto runs = claim(storage);
  REQUIRE(runs.size() == 1);
  kill();
  CHECK(storage.finish({success_of(runs[0])}, {}).at(0) == FinishAnswer::done);
  kill();
  CHECK(storage.runs({.status = JobStatus::success}).size() == 1);
}

TEST_CASE("redis::Storage has everything again when a server that logs has been killed") {
  OwnServer server{{"--appendonly", "yes", "--appendfsync", "always"}};
  Storage storage{server.options()};
  storage.sync_jobs({{.name = "alpha", .schedule = {{"periodMs", 1000}}}}, {});
  std::vector<NewRun> rows;
  for (int i = 0; i < 30; ++i) rows.push_back(row_of(storage));
  rows[20].run_at += std::chrono::hours{1};
  rows[21].unique_key = "one";
  storage.enqueue(rows, {});
  const auto runs = claim(storage, 10);
  for (std::size_t i = 0; i < 5; ++i) storage.finish({success_of(runs[i])}, {});
  const auto before = storage.runs({});
  const JobSummary summary = storage.summaries().at(0);
  const WakeTimes wake = storage.next_wake(alpha, {});

  server.end(SIGKILL);
  const Error error = tests::error_of([&] { storage.runs({}); }).value();
  CHECK(error.code() == "STORAGE_UNAVAILABLE");
  CHECK(error.retryable());
  server.start();

  Storage again{server.options()};
  const auto after = again.runs({});
  REQUIRE(after.size() == before.size());
  for (std::size_t i = 0; i < after.size(); ++i) {
    CHECK(testing::difference(before[i], after[i]).empty());
  }
  CHECK(again.summaries().at(0).success_count == summary.success_count);
  CHECK(again.summaries().at(0).schedule == summary.schedule);
  CHECK(again.next_wake(alpha, {}).run_at == wake.run_at);
  CHECK(again.next_wake(alpha, {}).expires_at == wake.expires_at);
  CHECK(again.finish({success_of(runs[5])}, {}).at(0) == FinishAnswer::done);
  CHECK(again.finish({success_of(runs[0])}, {}).at(0) == FinishAnswer::lost);
  CHECK(claim(again).size() == 19);  // 30 less 10 claimed before and one of later
}

TEST_CASE("redis::Storage comes back by itself when the server does") {
  OwnServer server{{"--appendonly", "yes"}};
  Storage storage{server.options()};
  storage.enqueue({row_of(storage)}, {});
  server.end(SIGTERM);
  CHECK_FALSE(storage.health().problem.empty());
  server.start();
  std::size_t count = 0;
  for (int i = 0; i < 1000 && count == 0; ++i) {
    ::poll(nullptr, 0, 5);  // attempts to connect have their distance
    try {
      count = storage.runs({}).size();
    } catch (const Error& error) {
      CHECK(error.retryable());
    }
  }
  CHECK(count == 1);
  CHECK(storage.health().problem.empty());
}

TEST_CASE("redis::Storage changes nothing when the server has no memory left") {
  OwnServer server{{}};
  Storage storage{server.options()};
  storage.enqueue({row_of(storage), row_of(storage)}, {});
  const auto runs = claim(storage, 1);
  const auto set_memory = [&](const char* bytes) {
    answer_to(server.options(), {"CONFIG", "SET", "maxmemory", bytes});
  };
  set_memory("1");
  const std::vector<NewRun> rows{row_of(storage), row_of(storage)};
  const Error error = tests::error_of([&] { storage.enqueue(rows, {}); }).value();
  CHECK(error.code() == "STORAGE_UNAVAILABLE");
  CHECK(error.retryable());
  CHECK(tests::code_of([&] { claim(storage); }) != "STORAGE_CORRUPT");
  CHECK(storage.runs({}).size() == 2);
  set_memory("0");
  for (const auto& answer : storage.enqueue(rows, {})) {
    CHECK(answer.kind == EnqueueAnswer::Kind::stored);
  }
  CHECK(storage.runs({}).size() == 4);
  CHECK(storage.finish({success_of(runs.at(0))}, {}).at(0) == FinishAnswer::done);
}

TEST_CASE("redis::Storage refuses a follow-up that has the id of a run, and records no end") {
  TemporaryKeys keys;
  Storage storage{keys.options()};
  const NewRun row = row_of(storage);
  storage.enqueue({row}, {});
  const JobRun run = claim(storage).at(0);
  Completion completion = success_of(run);
  completion.follow_ups = {row};
  CHECK(tests::code_of([&] { storage.finish({completion}, {}); }) == "DUPLICATE_RUN_ID");
  CHECK(storage.run(run.id)->status == JobStatus::running);
  CHECK(storage.finish({success_of(run)}, {}).at(0) == FinishAnswer::done);
  CHECK(storage.finish({completion}, {}).at(0) == FinishAnswer::lost);
}

TEST_CASE("redis::Storage reads a row when somebody damaged its JSON") {
  TemporaryKeys keys;
  Storage storage{keys.options()};
  NewRun row = row_of(storage);
  row.payload = {{"a", 1}};
  storage.enqueue({row}, {});
  answer_to(keys.options(), {"HSET", keys.prefix() + "run:" + row.id.to_string(), "payload", "{n"});
  REQUIRE(storage.run(row.id));
  CHECK(storage.run(row.id)->payload == Json{{"_undecodable", true}});
}

TEST_CASE("redis::Storage takes limits and spans as large as there are") {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  TemporaryKeys keys;
  Storage storage{keys.options()};
  storage.sync_jobs({{.name = "alpha",
                      .after_finish_delay = Duration::max(),
                      .retention = {.period = Duration::max(), .keep_last = most}}},
                    {});
  storage.enqueue({row_of(storage), row_of(storage)}, {});
  const auto runs =
      storage.claim({.node = "a", .jobs = &alpha, .limit = most, .lease = Duration::max()}, {});
  REQUIRE(runs.size() == 2);
  CHECK(runs[0].lease_until_at == time_max);
  CHECK(storage.renew({{.lease = {runs[0].id, runs[0].fence}}}, Duration{1}, {}).at(0) ==
        RenewAnswer::kept);
  keys.shift_clock(Duration{1000});
  const auto taken =
      storage.take_expired({.jobs = &alpha, .limit = most, .lease = Duration{1}}, {});
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].id == runs[0].id);
  storage.finish({success_of(taken[0]), success_of(runs[1])}, {});
  CHECK(storage.summaries().at(0).next_run_at == time_max);
  CHECK(storage.prune(most, {}) == 0);
  CHECK(storage.expire_unknown({.jobs = &alpha, .limit = most, .age = Duration::max()}, {}) == 0);
  CHECK(storage.due_schedules(alpha, most, {}).empty());
}

TEST_CASE("redis::Storage says that it is corrupt when a key holds something else") {
  TemporaryKeys keys;
  Storage storage{keys.options()};
  answer_to(keys.options(), {"SET", keys.prefix() + "ready", "text"});
  CHECK(tests::code_of([&] { claim(storage); }) == "STORAGE_CORRUPT");
}

}  // namespace redis_storage_test
