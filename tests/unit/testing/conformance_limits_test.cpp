// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_limits.hpp"

#include <vector>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_limits_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

class IgnoresRooms : public InMemoryStorage {
 public:
  std::vector<JobRun> claim(ClaimRequest request, TimePoint now) {
    request.rooms.clear();
    return InMemoryStorage::claim(request, now);
  }
};

/// Stores rows without the limit that `drop` takes away.
template <void (*drop)(NewRun&)>
class StoresWithout : public InMemoryStorage {
 public:
  std::vector<EnqueueAnswer> enqueue(std::vector<NewRun> rows, TimePoint now) {
    for (auto& row : rows) drop(row);
    return InMemoryStorage::enqueue(rows, now);
  }
};

void drop_exclusive(NewRun& row) {
  row.exclusive = false;
}
void drop_concurrency(NewRun& row) {
  row.concurrency_max = 0;
}

}  // namespace

TEST_CASE("Limit checks pass on a storage that keeps limits") {
  CHECK(failed_checks<InMemoryStorage>(room_checks).empty());
  CHECK(failed_checks<InMemoryStorage>(exclusive_checks).empty());
  CHECK(failed_checks<InMemoryStorage>(concurrency_key_checks).empty());
}

TEST_CASE("room_checks fail on a storage that ignores a node's room") {
  CHECK(failed_checks<IgnoresRooms>(room_checks).size() == 3);
}

TEST_CASE("exclusive_checks fail on a storage that lets runs overlap") {
  CHECK(failed_checks<StoresWithout<drop_exclusive>>(exclusive_checks) ==
        CheckNames{
            "claim takes one exclusive run of a job when several are ready at once",
            "claim leaves an exclusive run when another node runs one, and takes it when that ends",
            "claim takes a run that is not exclusive when an exclusive one is running",
            "claim takes an exclusive run when the one before it was handed back or taken over "
            "and ended"});
}

TEST_CASE("concurrency_key_checks fail on a storage without limits") {
  const auto failed = failed_checks<StoresWithout<drop_concurrency>>(concurrency_key_checks);
  CHECK(failed.size() == 6);
}

}  // namespace conformance_limits_test
