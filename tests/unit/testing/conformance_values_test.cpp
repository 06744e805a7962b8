// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_values.hpp"

#include <string>
#include <vector>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_values_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

/// Cuts texts at the first character that is not ASCII, as a careless driver does.
class KeepsAsciiOnly : public InMemoryStorage {
 public:
  std::vector<EnqueueAnswer> enqueue(std::vector<NewRun> rows, TimePoint now) {
    for (auto& row : rows) {
      row.reason.resize(std::min(row.reason.find_first_of("\xC3\xD7\xE4\xF0"), row.reason.size()));
    }
    return InMemoryStorage::enqueue(rows, now);
  }
};

/// Stores numbers in 32 bits.
class CountsInFewBits : public InMemoryStorage {
 public:
  std::vector<EnqueueAnswer> enqueue(std::vector<NewRun> rows, TimePoint now) {
    for (auto& row : rows) row.concurrency_max &= 0x7FFF'FFFFU;
    return InMemoryStorage::enqueue(rows, now);
  }
};

/// Does not tell a JSON null from an empty object.
class ConfusesEmptyJson : public InMemoryStorage {
 public:
  std::vector<EnqueueAnswer> enqueue(std::vector<NewRun> rows, TimePoint now) {
    for (auto& row : rows) {
      if (row.payload.is_object() && row.payload.empty()) row.payload = nullptr;
    }
    return InMemoryStorage::enqueue(rows, now);
  }
};

}  // namespace

TEST_CASE("value_checks pass on a storage that keeps values exactly") {
  CHECK(failed_checks<InMemoryStorage>(value_checks).empty());
}

TEST_CASE("value_checks fail on a storage that cuts texts, numbers or JSON") {
  CHECK(failed_checks<KeepsAsciiOnly>(value_checks) ==
        CheckNames{"enqueue keeps texts exactly when they are in any script or none"});
  CHECK(failed_checks<CountsInFewBits>(value_checks) ==
        CheckNames{"enqueue keeps numbers exactly when they are at the ends of their range"});
  CHECK(failed_checks<ConfusesEmptyJson>(value_checks) ==
        CheckNames{"enqueue keeps a payload exactly when it is any JSON value"});
}

}  // namespace conformance_values_test
