// SPDX-License-Identifier: MIT
//
// The storage conformance suite on InMemoryStorage, with every capability a harness can offer.

#include <memory>

#include "punctual/builtin/in_memory_storage.hpp"
#include "punctual/testing/embedded_harness.hpp"
#include "punctual/testing/storage_conformance.hpp"
#include "support/catch.hpp"

namespace in_memory_conformance_test {

namespace {

using namespace punctual::testing;

/// Two handles to one storage, as two schedulers of a process have them.
class SharedHarness : public EmbeddedHarness<punctual::InMemoryStorage> {
 public:
  using Handle = std::shared_ptr<punctual::InMemoryStorage>;

  [[nodiscard]] Handle make() const { return std::make_shared<punctual::InMemoryStorage>(); }
  [[nodiscard]] Handle second_handle(const Handle& first) const { return first; }
};

static_assert(OpensSecondHandle<SharedHarness>);
static_assert(TurnsTimeBack<SharedHarness>);

}  // namespace

TEST_CASE("InMemoryStorage keeps the storage contract") {
  for (const auto& check : storage_conformance_checks<SharedHarness>()) {
    DYNAMIC_SECTION(check.name) {
      SharedHarness harness;
      const CheckResult result = run_storage_check(harness, check);
      INFO(result.message);
      CHECK(result.passed);
    }
  }
}

}  // namespace in_memory_conformance_test
