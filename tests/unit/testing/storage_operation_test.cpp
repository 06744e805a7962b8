// SPDX-License-Identifier: MIT

#include "punctual/testing/storage_operation.hpp"

#include <set>
#include <string_view>

#include "support/catch.hpp"

namespace storage_operation_test {

using punctual::testing::is_read;
using punctual::testing::makes_work;
using punctual::testing::storage_operation_count;
using punctual::testing::StorageOperation;

TEST_CASE("StorageOperation has a name of its own for each operation") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < storage_operation_count; ++i) {
    names.insert(to_string(static_cast<StorageOperation>(i)));
  }
  CHECK(names.size() == storage_operation_count);
  CHECK(to_string(StorageOperation::sync_jobs) == "sync_jobs");
  CHECK(to_string(StorageOperation::claim) == "claim");
  CHECK(to_string(StorageOperation::prune) == "prune");
}

TEST_CASE("StorageOperation tells reads from writes, and writes that give others work") {
  CHECK(is_read(StorageOperation::due_schedules));
  CHECK(is_read(StorageOperation::next_wake));
  CHECK(is_read(StorageOperation::run));
  CHECK_FALSE(is_read(StorageOperation::claim));
  CHECK_FALSE(is_read(StorageOperation::prune));
  CHECK(makes_work(StorageOperation::enqueue));
  CHECK_FALSE(makes_work(StorageOperation::renew));
  CHECK_FALSE(makes_work(StorageOperation::runs));
}

}  // namespace storage_operation_test
