// SPDX-License-Identifier: MIT

#include "punctual/self_check/migrations_check.hpp"

#include <string>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"

namespace migrations_check_test {

using punctual::CheckStatus;
using punctual::StorageHealth;

namespace {

struct FakeStorage {
  StorageHealth answer{};
  [[nodiscard]] StorageHealth health() const { return answer; }
};

}  // namespace

TEST_CASE("migrations_check compares the schema found with the one expected") {
  struct Row {
    std::string name;
    StorageHealth health;
    CheckStatus status;
    std::string message;
  };
  const Row rows[] = {
      {"no migrations",
       {.schema_version = 0, .schema_expected = 0},
       CheckStatus::passed,
       "no migrations needed"},
      {"current",
       {.schema_version = 3, .schema_expected = 3},
       CheckStatus::passed,
       "schema version 3 is current"},
      {"older",
       {.schema_version = 2, .schema_expected = 3},
       CheckStatus::failed,
       "schema version 2 is older than the expected 3; run the migrations"},
      {"newer",
       {.schema_version = 4, .schema_expected = 3},
       CheckStatus::failed,
       "schema version 4 is newer than the expected 3; deploy the newer program"},
      {"unreachable",
       {.schema_version = 0, .schema_expected = 3, .problem = "no such host"},
       CheckStatus::failed,
       "schema version 0 is older than the expected 3; run the migrations (no such host)"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const FakeStorage storage{row.health};
    const auto report = punctual::migrations_check(storage).run();
    CHECK(report.name == "validate-migrations");
    CHECK(report.result.status == row.status);
    CHECK(report.result.message == row.message);
    if (row.status == CheckStatus::failed) {
      CHECK(report.result.details ==
            punctual::Json{{"schemaVersion", row.health.schema_version},
                           {"schemaExpected", row.health.schema_expected}});
    }
  }
}

TEST_CASE("migrations_check passes for a storage without a schema") {
  punctual::InMemoryStorage storage;
  CHECK(punctual::migrations_check(storage).run().result.message == "no migrations needed");
}

}  // namespace migrations_check_test
