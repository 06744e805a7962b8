// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_run.hpp"

#include <memory>
#include <stdexcept>
#include <string>

#include "punctual/builtin/in_memory_storage.hpp"
#include "punctual/testing/embedded_harness.hpp"
#include "support/catch.hpp"

namespace conformance_run_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

struct NoStorageToday : EmbeddedHarness<InMemoryStorage> {
  [[nodiscard]] std::unique_ptr<InMemoryStorage> make() const {
    throw std::runtime_error{"no server"};
  }
};

struct SharedHarness : EmbeddedHarness<InMemoryStorage> {
  using Handle = std::shared_ptr<InMemoryStorage>;
  [[nodiscard]] Handle make() const { return std::make_shared<InMemoryStorage>(); }
  [[nodiscard]] Handle second_handle(const Handle& first) const { return first; }
};

std::string message_of(void (*run)(StorageTrial&)) {
  EmbeddedHarness<InMemoryStorage> harness;
  const CheckResult result = run_storage_check(harness, {"a check", run});
  CHECK(result.name == "a check");
  CHECK(result.passed == result.message.empty());
  return result.message;
}

}  // namespace

TEST_CASE("run_storage_check passes a check that notes nothing") {
  CHECK(message_of([](StorageTrial&) {}).empty());
}

TEST_CASE("run_storage_check reports what a check notes or throws") {
  struct Row {
    const char* message;
    void (*run)(StorageTrial&);
  };
  const Row rows[] = {
      {"expected a run", [](StorageTrial& trial) { trial.expect(false, "a run"); }},
      {"expected a run", [](StorageTrial& trial) { trial.require(false, "a run"); }},
      {"expected no error, got BUSY: locked",
       [](StorageTrial&) {
         throw Error{"BUSY", "locked"};
       }},
      {"expected a run\nexpected no error, got BUSY: locked",
       [](StorageTrial& trial) {
         trial.expect(false, "a run");
         throw Error{"BUSY", "locked"};
       }},
      {"expected nothing but punctual::Error to be thrown, got disk",
       [](StorageTrial&) { throw std::runtime_error{"disk"}; }},
      {"expected nothing but punctual::Error to be thrown, got something else",
       [](StorageTrial&) { throw 7; }},
  };
  for (const auto& row : rows) {
    CAPTURE(row.message);
    CHECK(message_of(row.run) == row.message);
  }
}

TEST_CASE("run_storage_check reports a harness that has no storage") {
  NoStorageToday harness;
  const CheckResult result = run_storage_check(harness, {"a check", [](StorageTrial&) {}});
  CHECK_FALSE(result.passed);
  CHECK(result.message == "expected a fresh storage, got no server");
}

TEST_CASE("run_storage_check gives each check a fresh storage and the harness's time") {
  EmbeddedHarness<InMemoryStorage> harness;
  const TimePoint start = harness.now();
  const StorageCheck check{"a check", [](StorageTrial& trial) {
                             trial.expect(trial.storage().runs({}).empty(), "no run");
                             trial.enqueue(trial.row("alpha"));
                             trial.advance(std::chrono::hours{2});
                             trial.turn_back(std::chrono::hours{1});
                           }};
  CHECK(run_storage_check(harness, check).passed);
  CHECK(run_storage_check(harness, check).passed);
  CHECK(harness.now() == start + std::chrono::hours{2});
}

TEST_CASE("run_storage_check opens a second handle where the harness can") {
  SharedHarness harness;
  const StorageCheck check{"a check", [](StorageTrial& trial) {
                             trial.enqueue(trial.row("alpha"));
                             trial.expect_equal("runs", 1U, trial.second_handle()->runs({}).size());
                           }};
  CHECK(run_storage_check(harness, check).message.empty());
}

}  // namespace conformance_run_test
