// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_cancel.hpp"

#include <string>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_cancel_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

class ForgetsWhoCancelled : public InMemoryStorage {
 public:
  CancelAnswer request_cancel(RunId run_id, const std::string&, TimePoint now) {
    return InMemoryStorage::request_cancel(run_id, "", now);
  }
};

/// Looks for the run after it has cancelled it.
class AnswersLate : public InMemoryStorage {
 public:
  CancelAnswer request_cancel(RunId run_id, const std::string& actor, TimePoint now) {
    InMemoryStorage::request_cancel(run_id, actor, now);
    return InMemoryStorage::request_cancel(run_id, actor, now);
  }
};

}  // namespace

TEST_CASE("cancel_checks pass on a storage that cancels") {
  CHECK(failed_checks<InMemoryStorage>(cancel_checks).empty());
}

TEST_CASE("cancel_checks fail on a storage that forgets who cancelled") {
  CHECK(failed_checks<ForgetsWhoCancelled>(cancel_checks) ==
        CheckNames{"request_cancel ends and counts a run when it is pending",
                   "request_cancel marks a run and leaves it to its node when it is running"});
}

TEST_CASE("cancel_checks fail on a storage that answers what has become of the run meanwhile") {
  CHECK(failed_checks<AnswersLate>(cancel_checks) ==
        CheckNames{"request_cancel ends and counts a run when it is pending",
                   "request_cancel ends a run when it waits for its instant or for its paused job",
                   "request_cancel ends a run when it was handed back"});
}

}  // namespace conformance_cancel_test
