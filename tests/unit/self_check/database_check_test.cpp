// SPDX-License-Identifier: MIT

#include "punctual/self_check/database_check.hpp"

#include <stdexcept>
#include <string>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"

namespace database_check_test {

using punctual::CheckStatus;
using punctual::StorageHealth;

namespace {

struct FakeStorage {
  StorageHealth answer{};
  [[nodiscard]] StorageHealth health() const { return answer; }
};

struct BrokenStorage {
  [[nodiscard]] StorageHealth health() { throw std::runtime_error{"connection lost"}; }
};

struct NotAStorage {};

template <class T>
concept CanBeChecked = requires(T&& storage) {
  punctual::database_check(static_cast<T&&>(storage));
};

}  // namespace

TEST_CASE("database_check reads the health of the storage") {
  struct Row {
    std::string name;
    StorageHealth health;
    CheckStatus status;
    std::string message;
  };
  const Row rows[] = {
      {"well", {.kind = "sqlite"}, CheckStatus::passed, "sqlite storage answers"},
      {"an old schema is not its business",
       {.kind = "sqlite", .schema_version = 1, .schema_expected = 2},
       CheckStatus::passed,
       "sqlite storage answers"},
      {"read-only",
       {.kind = "sqlite", .writable = false},
       CheckStatus::failed,
       "sqlite storage is not writable"},
      {"in trouble",
       {.kind = "sqlite", .writable = false, .problem = "disk I/O error"},
       CheckStatus::failed,
       "sqlite storage: disk I/O error"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const FakeStorage storage{row.health};
    const auto report = punctual::database_check(storage).run();
    CHECK(report.name == "validate-db");
    CHECK(report.result.status == row.status);
    CHECK(report.result.message == row.message);
    CHECK(report.result.details ==
          punctual::Json{{"kind", row.health.kind}, {"writable", row.health.writable}});
  }
}

TEST_CASE("database_check asks the storage anew each time") {
  FakeStorage storage{{.kind = "sqlite"}};
  const auto check = punctual::database_check(storage);
  CHECK(check.run().result.status == CheckStatus::passed);
  storage.answer.writable = false;
  CHECK(check.run().result.status == CheckStatus::failed);
}

TEST_CASE("database_check is in error when the storage throws") {
  BrokenStorage storage;
  const auto report = punctual::database_check(storage).run();
  CHECK(report.result.status == CheckStatus::error);
  CHECK(report.result.message == "connection lost");
}

TEST_CASE("database_check takes the built-in storage, and no temporary or stranger") {
  punctual::InMemoryStorage storage;
  CHECK(punctual::database_check(storage).run().result.message == "memory storage answers");
  static_assert(CanBeChecked<FakeStorage&>);
  static_assert(CanBeChecked<const FakeStorage&>);
  static_assert(!CanBeChecked<FakeStorage>);
  static_assert(!CanBeChecked<NotAStorage&>);
}

}  // namespace database_check_test
