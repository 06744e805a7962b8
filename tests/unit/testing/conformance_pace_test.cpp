// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_pace.hpp"

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/broken_storages.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_pace_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

/// Takes a second token for each row, whatever becomes of it.
struct TakeAnotherToken {
  void operator()(InMemoryStorage& storage, NewRun& row, TimePoint now) const {
    NewRun other;
    other.id = unused_id();
    other.job_name = "endless";
    other.run_at = row.run_at;
    other.pace = row.pace;
    storage.enqueue({other}, now);
  }
};
using TakesTokensTwice = ChangesRows<TakeAnotherToken>;

}  // namespace

TEST_CASE("pace_checks pass on a storage that paces runs") {
  CHECK(failed_checks<InMemoryStorage>(pace_checks).empty());
}

TEST_CASE("Each of pace_checks fails on a storage that breaks its promise") {
  CHECK(unfailed_checks<IgnoresPace, TakesTokensTwice>(pace_checks) == CheckNames{});
}

}  // namespace conformance_pace_test
