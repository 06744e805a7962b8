// SPDX-License-Identifier: MIT

#include "punctual/testing/storage_harness.hpp"

#include <memory>
#include <optional>
#include <type_traits>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"

namespace storage_harness_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

/// The smallest model.
struct Smallest {
  std::unique_ptr<InMemoryStorage> make();
  TimePoint now();
  void advance(Duration);
};
struct WithSecondHandle : Smallest {
  std::unique_ptr<InMemoryStorage> second_handle(std::unique_ptr<InMemoryStorage>&);
};
struct WithTurnBack : Smallest {
  void turn_back(Duration);
};

struct MakesNoStorage {
  std::unique_ptr<int> make();
  TimePoint now();
  void advance(Duration);
};
struct MakesNoOwner {
  InMemoryStorage make();
  TimePoint now();
  void advance(Duration);
};
struct TellsNoTime {
  std::unique_ptr<InMemoryStorage> make();
  void advance(Duration);
};
struct CannotWait {
  std::unique_ptr<InMemoryStorage> make();
  TimePoint now();
};
struct OpensSomethingElse : Smallest {
  std::optional<int> second_handle(std::unique_ptr<InMemoryStorage>&);
};

}  // namespace

TEST_CASE("StorageHarness takes what makes storages and moves their time, and nothing less") {
  CHECK(StorageHarness<Smallest>);
  CHECK(StorageHarness<Smallest&>);
  CHECK_FALSE(StorageHarness<MakesNoStorage>);
  CHECK_FALSE(StorageHarness<MakesNoOwner>);
  CHECK_FALSE(StorageHarness<TellsNoTime>);
  CHECK_FALSE(StorageHarness<CannotWait>);
}

TEST_CASE("A harness offers further capabilities by the members it has") {
  CHECK_FALSE(OpensSecondHandle<Smallest>);
  CHECK(OpensSecondHandle<WithSecondHandle>);
  CHECK_FALSE(OpensSecondHandle<OpensSomethingElse>);
  CHECK_FALSE(TurnsTimeBack<Smallest>);
  CHECK(TurnsTimeBack<WithTurnBack>);
  CHECK((std::is_same_v<HarnessHandle<Smallest>, std::unique_ptr<InMemoryStorage>>));
}

}  // namespace storage_harness_test
