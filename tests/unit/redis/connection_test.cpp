// SPDX-License-Identifier: MIT

#include "punctual/redis/connection.hpp"

#include <string>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "unit/redis/fake_server.hpp"
#include "unit/redis/own_server.hpp"
#include "unit/redis/temporary_keys.hpp"

namespace redis_connection_test {

using namespace punctual;
using namespace punctual::redis::detail;
using redis::Options;
using redis::test::FakeServer;
using redis::test::OwnServer;
using redis::test::TemporaryKeys;

namespace {

constexpr const char* sum_text = "return ARGV[1] + ARGV[2]";

}  // namespace

TEST_CASE("redis: Connection runs a script when the server has forgotten it") {
  TemporaryKeys keys;
  const Script sum{sum_text};
  Connection connection{keys.options()};
  for (int i = 0; i < 3; ++i) {
    const OwnedReply reply = connection.run(sum, "40", {"2"});
    CHECK(Reply{reply}.number() == 42);
    connection.command({"SCRIPT", "FLUSH"});
  }
}

TEST_CASE("redis: Connection goes on when a command was refused") {
  TemporaryKeys keys;
  Connection connection{keys.options()};
  CHECK(tests::code_of([&] { connection.command({"NO-SUCH-COMMAND"}); }) == "STORAGE_ERROR");
  CHECK_FALSE(connection.is_broken());
  CHECK(Reply{connection.command({"ECHO", std::string("a\0b", 3)})}.size() == 0);
  const OwnedReply echo = connection.command({"ECHO", std::string(1'000'000, 'x')});
  CHECK(Reply{echo}.view().size() == 1'000'000);
  CHECK(connection.is_alive());
}

TEST_CASE("redis: Connection notices when the server closed it") {
  TemporaryKeys keys;
  Connection connection{keys.options()};
  Connection{keys.options()}.command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  while (connection.is_alive()) {
  }
  const Error error = tests::error_of([&] { connection.command({"PING"}); }).value();
  CHECK(error.code() == "STORAGE_UNAVAILABLE");
  CHECK(error.retryable());  // the command could not be sent
  CHECK(connection.is_broken());
}

TEST_CASE("redis: Connection is in doubt when the answer to a command is lost or late") {
  for (const std::string answer : {"", "$4\r\nhal"}) {
    INFO(answer);
    FakeServer server{{answer}};
    Connection connection{server.options()};
    const Error error = tests::error_of([&] { connection.command({"PING"}); }).value();
    CHECK(error.code() == "STORAGE_UNAVAILABLE");
    CHECK(error.in_doubt());
    CHECK_FALSE(error.retryable());
    CHECK(connection.is_broken());
  }
}

TEST_CASE("redis: Connection is not in doubt when a script could not be loaded") {
  FakeServer server{{""}};
  Connection connection{server.options()};
  CHECK(tests::error_of([&] { connection.run(Script{sum_text}, "1", {"2"}); })->retryable());
}

TEST_CASE("redis: Connection breaks when it leads to a replica") {
  FakeServer server{{"-READONLY You can't write against a read only replica.\r\n"}};
  Connection connection{server.options()};
  CHECK(tests::error_of([&] { connection.command({"PING"}); })->retryable());
  CHECK(connection.is_broken());
}

TEST_CASE("redis: Connection refuses without a secret when it is not let in") {
  OwnServer server{{"--requirepass", "hunter2"}};
  Options options = server.options();
  CHECK(tests::code_of([&] { Connection{options}.command({"PING"}); }) == "STORAGE_UNAVAILABLE");
  options.password = "hunter2";
  CHECK_NOTHROW(Connection{options}.command({"PING"}));
  options.username = "default";
  CHECK_NOTHROW(Connection{options}.command({"PING"}));
  for (const char* username : {"", "default", "bob"}) {
    options.username = username;
    options.password = "wrong-password";
    const Error error = tests::error_of([&] { Connection{options}; }).value();
    CHECK(error.code() == "STORAGE_UNAVAILABLE");
    CHECK_FALSE(error.retryable());
    CHECK(std::string{error.what()}.find("wrong-password") == std::string::npos);
    CHECK(std::string{error.what()}.find("bob") == std::string::npos);
  }
}

TEST_CASE("redis: Connection uses the database that it is told") {
  OwnServer server{{}};
  Options options = server.options();
  options.database = 3;
  Connection{options}.command({"SET", "key", "value"});
  const OwnedReply there = Connection{options}.command({"GET", "key"});
  CHECK(Reply{there}.view() == "value");
  const OwnedReply elsewhere = Connection{server.options()}.command({"GET", "key"});
  CHECK_FALSE(Reply{elsewhere}.is_text());
  options.database = 999;
  CHECK(tests::code_of([&] { Connection{options}; }) == "STORAGE_ERROR");
}

TEST_CASE("redis: Connection refuses for now when there is no server") {
  Options nobody;
  nobody.port = 1;
  Options no_socket;
  no_socket.unix_socket = "/nonexistent/socket";
  for (const auto& options : {nobody, no_socket}) {
    const Error error = tests::error_of([&] { Connection{options}; }).value();
    CHECK(error.code() == "STORAGE_UNAVAILABLE");
    CHECK(error.retryable());
    CHECK(std::string{error.what()}.find("127.0.0.1") == std::string::npos);
    CHECK(std::string{error.what()}.find("nonexistent") == std::string::npos);
  }
}

}  // namespace redis_connection_test
