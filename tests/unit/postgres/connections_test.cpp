// SPDX-License-Identifier: MIT

#include "punctual/postgres/connections.hpp"

#include <poll.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "punctual/postgres/query.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "unit/postgres/temporary_schema.hpp"

namespace postgres_connections_test {

using namespace punctual;
using namespace punctual::postgres::detail;
using postgres::Options;
using postgres::test::TemporarySchema;

namespace {

/// Ends the sessions of everybody but the one that asks.
void terminate_others(const Options& options) {
  Connection{options}.exec(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
      " WHERE application_name = 'punctual' AND pid <> pg_backend_pid()");
}

void make_table(const Options& options) {
  Connection connection{options};
  connection.exec("CREATE SCHEMA " + options.schema);
  connection.exec("CREATE TABLE {}numbers (n bigint PRIMARY KEY)");
}

std::int64_t count_numbers(Connection& connection) {
  Query query{connection, "SELECT count(*) FROM {}numbers"};
  return query.step() ? query.integer() : -1;
}

void insert_number(Connection& connection, std::int64_t n) {
  Query{connection, "INSERT INTO {}numbers VALUES (?)"}.bind(n).run();
}

/// Waits until the server has something to say, or has closed the session.
bool hears_within(Connection& connection, Duration span) {
  pollfd socket{PQsocket(connection.native()), POLLIN, 0};
  return poll(&socket, 1, static_cast<int>(span.count())) == 1;
}

}  // namespace

TEST_CASE("postgres: Connections commits what an operation did, and nothing of one that threw") {
  TemporarySchema schema;
  make_table(schema.options());
  Connections connections{schema.options()};
  connections.write(Gate::shared, [](Connection& c, TimePoint) { insert_number(c, 1); });
  CHECK_THROWS_AS(connections.write(Gate::shared,
                                    [](Connection& c, TimePoint) {
                                      insert_number(c, 2);
                                      throw Error{"OWN", "reason"};
                                    }),
                  Error);
  CHECK(connections.read(count_numbers) == 1);
}

TEST_CASE("postgres: Connections connects again when the server ended its sessions") {
  TemporarySchema schema;
  make_table(schema.options());
  Connections connections{schema.options()};
  CHECK(connections.read(count_numbers) == 0);
  terminate_others(schema.options());
  CHECK(connections.read(count_numbers) == 0);
  terminate_others(schema.options());
  int call_count = 0;
  connections.write(Gate::alone, [&](Connection& c, TimePoint) {
    insert_number(c, 1);
    if (++call_count == 1) terminate_others(schema.options());
    insert_number(c, 2);
  });
  CHECK(call_count == 2);
  CHECK(connections.read(count_numbers) == 2);
}

TEST_CASE("postgres: Connections says in doubt when the session ends before the commit's answer") {
  TemporarySchema schema;
  make_table(schema.options());
  Connections connections{schema.options()};
  const Error error = tests::error_of([&] {
                        connections.write(Gate::alone, [&](Connection& c, TimePoint) {
                          insert_number(c, 1);
                          terminate_others(schema.options());
                        });
                      }).value();
  CHECK(error.code() == "STORAGE_UNAVAILABLE");
  CHECK(error.in_doubt());
  CHECK_FALSE(error.retryable());
}

TEST_CASE("postgres: Connections refuses for now when no connection or gate becomes free") {
  TemporarySchema schema;
  Options options = schema.options();
  options.connections_max = 1;
  options.busy_timeout = std::chrono::milliseconds{20};
  Connections one{options};
  Connections other{options};
  const auto refusal_inside = [&](Connections& outer, Connections& inner) {
    return outer.write(Gate::shared, [&](Connection&, TimePoint) {
      return tests::error_of([&] { inner.write(Gate::alone, [](Connection&, TimePoint) {}); })
          .value();
    });
  };
  for (const Error& error : {refusal_inside(one, one), refusal_inside(one, other)}) {
    CHECK(error.code() == "STORAGE_BUSY");
    CHECK(error.retryable());
  }
  CHECK_NOTHROW(one.write(Gate::alone, [](Connection&, TimePoint) {}));
}

TEST_CASE("postgres: Connections refuses without a secret when there is no server") {
  Options options;
  options.conninfo = "host=127.0.0.1 port=1 user=bob password=hunter2";
  Connections connections{options};
  const Error error = tests::error_of([&] { connections.read(count_numbers); }).value();
  CHECK(error.code() == "STORAGE_UNAVAILABLE");
  CHECK(error.retryable());
  for (const char* secret : {"hunter2", "bob", "127.0.0.1"}) {
    CHECK(std::string{error.what()}.find(secret) == std::string::npos);
  }
}

TEST_CASE("postgres: Connections does it again, once, when it paused inside of a transaction") {
  TemporarySchema schema;
  make_table(schema.options());
  Connections connections{schema.options()};
  std::vector<std::string> states;
  connections.write(Gate::alone, [&](Connection& c, TimePoint) {
    insert_number(c, 1);
    if (states.empty()) REQUIRE(hears_within(c, std::chrono::seconds{30}));
    try {
      insert_number(c, 2);
    } catch (const NativeError& error) {
      CHECK(error.code() == "STORAGE_UNAVAILABLE");
      CHECK(error.retryable());
      states.push_back(error.state());
      throw;
    }
  });
  REQUIRE(states.size() == 1);
  CHECK((states.front() == "25P03" || states.front() == connection_lost_state));
  CHECK(connections.read(count_numbers) == 2);
}

TEST_CASE("postgres: Connections stores nothing twice when it paused before the commit") {
  TemporarySchema schema;
  make_table(schema.options());
  Connections connections{schema.options()};
  int call_count = 0;
  const auto error = tests::error_of([&] {
    connections.write(Gate::alone, [&](Connection& c, TimePoint) {
      insert_number(c, 1);
      if (++call_count > 1) return;
      REQUIRE(hears_within(c, std::chrono::seconds{30}));
    });
  });
  // It is done again if the server's word arrived, and in doubt if it got lost.
  if (error) CHECK(error->in_doubt());
  CHECK(connections.read(count_numbers) == (error ? 0 : 1));
  CHECK(call_count == (error ? 1 : 2));
}

TEST_CASE("postgres: Connections does without prepared statements when the session lost them") {
  struct Row {
    const char* name;
    const char* sql;
  };
  const Row rows[] = {{"DISCARD ALL", "DISCARD ALL"}, {"DEALLOCATE ALL", "DEALLOCATE ALL"}};
  for (const auto& row : rows) {
    INFO(row.name);
    TemporarySchema schema;
    make_table(schema.options());
    Options options = schema.options();
    options.connections_max = 1;
    const auto lose = [&](Connections& c) { c.read([&](Connection& x) { x.exec(row.sql); }); };
    {
      Connections connections{options};
      CHECK(connections.read(count_numbers) == 0);
      lose(connections);
      CHECK(connections.read(count_numbers) == 0);
      lose(connections);  // nothing is prepared any more
      int call_count = 0;
      CHECK(connections.read([&](Connection& c) {
        ++call_count;
        return count_numbers(c);
      }) == 0);
      CHECK(call_count == 1);
    }
    Connections connections{options};
    connections.write(Gate::alone, [](Connection& c, TimePoint) { insert_number(c, 1); });
    lose(connections);
    int call_count = 0;
    connections.write(Gate::alone, [&](Connection& c, TimePoint) {
      ++call_count;
      insert_number(c, 2);
    });
    CHECK(call_count == 2);
    CHECK(connections.read(count_numbers) == 2);
    Connections callers{options};
    callers.call([](Connection& c) { insert_number(c, 3); });
    lose(callers);
    callers.call([](Connection& c) { insert_number(c, 4); });
    CHECK(callers.read(count_numbers) == 4);
  }
}

TEST_CASE("postgres: Connections does without prepared statements when a name is taken") {
  TemporarySchema schema;
  make_table(schema.options());
  Options options = schema.options();
  options.connections_max = 1;
  Connections connections{options};
  connections.read([](Connection& c) {
    c.exec("PREPARE " + c.known("SELECT count(*) FROM {}numbers").name + " AS SELECT 7");
  });
  CHECK(connections.read(count_numbers) == 0);
}

}  // namespace postgres_connections_test
