// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_unique_key.hpp"

#include <string>
#include <vector>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_unique_key_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

/// Keeps keys apart by job.
class KeysPerJob : public InMemoryStorage {
 public:
  std::vector<EnqueueAnswer> enqueue(std::vector<NewRun> rows, TimePoint now) {
    for (auto& row : rows) {
      if (!row.unique_key.empty()) row.unique_key = row.job_name + "/" + row.unique_key;
    }
    return InMemoryStorage::enqueue(rows, now);
  }
};

class AnswersWithTheNewId : public InMemoryStorage {
 public:
  std::vector<EnqueueAnswer> enqueue(const std::vector<NewRun>& rows, TimePoint now) {
    auto answers = InMemoryStorage::enqueue(rows, now);
    for (std::size_t i = 0; i < rows.size(); ++i) answers[i].id = rows[i].id;
    return answers;
  }
};

}  // namespace

TEST_CASE("unique_key_checks pass on a storage that keeps keys unique") {
  CHECK(failed_checks<InMemoryStorage>(unique_key_checks).empty());
}

TEST_CASE("unique_key_checks fail on a storage that keeps keys apart by job") {
  const auto failed = failed_checks<KeysPerJob>(unique_key_checks);
  REQUIRE_FALSE(failed.empty());
  CHECK(failed.front() ==
        "enqueue answers with the open run when another job's has the unique key");
}

TEST_CASE("unique_key_checks fail on a storage that does not say which run has the key") {
  const auto failed = failed_checks<AnswersWithTheNewId>(unique_key_checks);
  CHECK(failed.size() == 8);
  CHECK(failed.front() ==
        "enqueue answers with the open run when a pending one has the unique key");
}

}  // namespace conformance_unique_key_test
