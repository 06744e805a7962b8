// SPDX-License-Identifier: MIT

#include "punctual/redis/connections.hpp"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "unit/redis/fake_server.hpp"
#include "unit/redis/own_server.hpp"
#include "unit/redis/temporary_keys.hpp"

namespace redis_connections_test {

using namespace punctual;
using namespace punctual::redis::detail;
using redis::Options;
using redis::test::FakeServer;
using redis::test::loaded;
using redis::test::OwnServer;
using redis::test::TemporaryKeys;
using redis::test::welcome;

namespace {

constexpr const char* count_text = "return redis.call('INCR', KEYS[1] .. 'count')";

std::vector<std::string> after_welcome(std::vector<std::string> answers) {
  answers.insert(answers.begin(), welcome.begin(), welcome.end());
  return answers;
}

void kill_clients(const Options& options) {
  Connection{options}.command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
}

}  // namespace

TEST_CASE("redis: Connections connects again when the server ended its connections") {
  const Script count{count_text};
  TemporaryKeys keys;
  Connections connections{keys.options()};
  for (int i = 1; i <= 5; ++i) {
    CHECK(Reply{connections.write(count, {})}.number() == i);
    kill_clients(keys.options());
  }
}

TEST_CASE("redis: Connections says in doubt when the answer to a transition is lost") {
  const Script count{count_text};
  FakeServer server{after_welcome({loaded, ""})};
  Connections connections{server.options()};
  const Error error = tests::error_of([&] { connections.write(count, {}); }).value();
  CHECK(error.code() == "STORAGE_UNAVAILABLE");
  CHECK(error.in_doubt());
  CHECK_FALSE(error.retryable());
  CHECK(server.command_count() == 4);  // it was not sent again
}

TEST_CASE("redis: Connections asks again when the answer to a question is lost") {
  const Script count{count_text};
  auto answers = after_welcome({loaded, ""});
  answers.insert(answers.end(), welcome.begin(), welcome.end());
  answers.insert(answers.end(), ":7\r\n");
  FakeServer server{answers};
  Connections connections{server.options()};
  CHECK(Reply{connections.read(count, {})}.number() == 7);
}

TEST_CASE("redis: Connections is not in doubt about a question whose answers are lost") {
  const Script count{count_text};
  auto answers = after_welcome({loaded, ""});
  answers.insert(answers.end(), welcome.begin(), welcome.end());
  answers.insert(answers.end(), "");
  FakeServer server{answers};
  Connections connections{server.options()};
  const Error error = tests::error_of([&] { connections.read(count, {}); }).value();
  CHECK(error.retryable());
  CHECK_FALSE(error.in_doubt());
}

TEST_CASE("redis: Connections asks once when the server does not answer in time") {
  const Script count{count_text};
  FakeServer server{after_welcome({loaded, "$4\r\nhal", ":7\r\n"})};
  Connections connections{server.options()};
  const Error error = tests::error_of([&] { connections.read(count, {}); }).value();
  CHECK(error.code() == "STORAGE_UNAVAILABLE");
  CHECK(error.retryable());
  CHECK(server.command_count() == 4);
}

TEST_CASE("redis: Connections keeps a connection when the server refuses for now") {
  const Script count{count_text};
  FakeServer server{after_welcome({loaded, "-LOADING Redis is loading\r\n", "-OOM no memory\r\n",
                                   "-BUSY script\r\n", ":1\r\n"})};
  Connections connections{server.options()};
  for (const char* code : {"STORAGE_UNAVAILABLE", "STORAGE_UNAVAILABLE", "STORAGE_BUSY"}) {
    const Error error = tests::error_of([&] { connections.write(count, {}); }).value();
    CHECK(error.code() == code);
    CHECK(error.retryable());
  }
  CHECK(Reply{connections.write(count, {})}.number() == 1);
}

TEST_CASE("redis: Connections refuses for now when no connection becomes free") {
  const Script count{count_text};
  TemporaryKeys keys;
  Options options = keys.options();
  options.connections_max = 1;
  options.busy_timeout = std::chrono::milliseconds{20};
  Connections connections{options};
  connections.read_with([&](Connection& connection) {
    const Error error = tests::error_of([&] { connections.write(count, {}); }).value();
    CHECK(error.code() == "STORAGE_BUSY");
    CHECK(error.retryable());
    return connection.command({"PING"});
  });
  CHECK(Reply{connections.write(count, {})}.number() == 1);
}

TEST_CASE("redis: Connections serves more threads than it has connections") {
  const Script count{count_text};
  TemporaryKeys keys;
  Options options = keys.options();
  options.connections_max = 2;
  Connections connections{options};
  std::atomic<int> trouble_count{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) {
        if (tests::error_of([&] { connections.write(count, {}); })) ++trouble_count;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(trouble_count == 0);
  CHECK(Reply{connections.write(count, {})}.number() == 401);
}

TEST_CASE(
    "redis: Connections is not in doubt when the connection breaks before anything is asked") {
  const Script count{count_text};
  for (const std::vector<std::string>& answers : {std::vector<std::string>{""}, {welcome[0], ""}}) {
    FakeServer server{answers};
    Connections connections{server.options()};
    const Error error = tests::error_of([&] { connections.write(count, {}); }).value();
    CHECK(error.code() == "STORAGE_UNAVAILABLE");
    CHECK(error.retryable());
  }
}

TEST_CASE("redis: Connections waits longer with each attempt to connect that failed") {
  const Script count{count_text};
  Options options;
  options.unix_socket = "/nonexistent/socket";
  Connections connections{options};
  const auto refusal = [&] {
    return std::string{tests::error_of([&] { connections.write(count, {}); }).value().what()};
  };
  CHECK(refusal().find("cannot connect") != std::string::npos);
  bool was_early = false;  // an attempt that is not made; on a slow machine later ones show it
  for (int i = 0; i < 20 && !was_early; ++i) {
    was_early = refusal().find("attempts to connect") != std::string::npos;
  }
  CHECK(was_early);
  CHECK(tests::error_of([&] { connections.write(count, {}); })->retryable());
}

TEST_CASE("redis: Connections refuses a server when that drops keys, also later") {
  const Script count{count_text};
  OwnServer server{{}};
  Connections connections{server.options()};
  CHECK(Reply{connections.write(count, {})}.number() == 1);
  Connection{server.options()}.command({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"});
  kill_clients(server.options());
  CHECK(tests::code_of([&] { connections.write(count, {}); }) == "INVALID_CONFIG");
}

TEST_CASE("redis: Connections reads the server's clock with what tests add to it") {
  TemporaryKeys keys;
  Connections connections{keys.options()};
  const TimePoint before = SystemClock{}.now();
  const TimePoint first = connections.server_now();
  CHECK(first >= before);
  CHECK(first <= SystemClock{}.now());
  keys.shift_clock(std::chrono::hours{5});
  CHECK(connections.server_now() >= first + std::chrono::hours{5});
}

}  // namespace redis_connections_test
