// SPDX-License-Identifier: MIT

#include "punctual/postgres/storage.hpp"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "punctual/base/random.hpp"
#include "punctual/base/uuid.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "unit/postgres/temporary_schema.hpp"

namespace postgres_storage_test {

using namespace punctual;
using postgres::Options;
using postgres::Storage;
using postgres::detail::Connection;
using postgres::test::TemporarySchema;

TEST_CASE("postgres::Storage makes its tables once when several nodes start at once") {
  TemporarySchema schema;
  std::atomic<int> trouble_count{0};
  std::vector<std::thread> nodes;
  for (int i = 0; i < 6; ++i) {
    nodes.emplace_back([&] {
      try {
        Storage storage{schema.options()};
        if (!storage.health().problem.empty()) ++trouble_count;
      } catch (const Error&) {
        ++trouble_count;
      }
    });
  }
  for (auto& node : nodes) node.join();
  CHECK(trouble_count == 0);
}

TEST_CASE("postgres::Storage refuses tables when a newer release has been at them") {
  TemporarySchema schema;
  Storage storage{schema.options()};
  Connection{schema.options()}.exec("INSERT INTO {}schema_version (version, name) VALUES (99, '')");
  CHECK(tests::code_of([&] { Storage{schema.options()}; }) == "SCHEMA_TOO_NEW");
  CHECK(storage.health().problem.find("SCHEMA_TOO_NEW") != std::string::npos);
  CHECK_FALSE(storage.health().writable);
}

TEST_CASE("postgres::Storage keeps two sets of tables apart in one schema") {
  TemporarySchema schema;
  Options options = schema.options();
  options.table_prefix = "a_";
  Storage first{options};
  options.table_prefix = "b_";
  Storage second{options};
  UuidGenerator ids{Random{1}};
  NewRun row;
  row.id = ids.next(first.now({}));
  row.job_name = "alpha";
  first.enqueue({row}, {});
  CHECK(first.runs({}).size() == 1);
  CHECK(second.runs({}).empty());
}

TEST_CASE("postgres::Storage goes by the server's clock whatever the caller says") {
  TemporarySchema schema;
  Storage storage{schema.options()};
  UuidGenerator ids{Random{1}};
  NewRun row;
  row.job_name = "alpha";
  row.run_at = storage.now({}) + std::chrono::hours{1};
  row.id = ids.next(row.run_at);
  storage.enqueue({row}, {});
  const JobNames jobs{"alpha"};
  const ClaimRequest request{
      .node = "a", .jobs = &jobs, .limit = 1, .lease = std::chrono::seconds{30}};
  CHECK(storage.claim(request, row.run_at + std::chrono::hours{1}).empty());
  schema.shift_clock(std::chrono::hours{1});
  CHECK(storage.claim(request, {}).size() == 1);
}

TEST_CASE("postgres::Storage reads a row when somebody damaged its JSON") {
  TemporarySchema schema;
  Storage storage{schema.options()};
  UuidGenerator ids{Random{1}};
  NewRun row;
  row.id = ids.next(storage.now({}));
  row.job_name = "alpha";
  row.payload = {{"a", 1}};
  storage.enqueue({row}, {});
  Connection{schema.options()}.exec("UPDATE {}job_pending SET payload = '{no'");
  REQUIRE(storage.run(row.id));
  CHECK(storage.run(row.id)->payload == Json{{"_undecodable", true}});
}

}  // namespace postgres_storage_test
