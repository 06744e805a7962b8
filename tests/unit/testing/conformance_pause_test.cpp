// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_pause.hpp"

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_pause_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

class ResumesWithoutRows : public InMemoryStorage {
 public:
  bool set_paused(PauseChange change, TimePoint now) {
    change.rows.clear();
    return InMemoryStorage::set_paused(change, now);
  }
};

class ForgetsWhoPaused : public InMemoryStorage {
 public:
  bool set_paused(PauseChange change, TimePoint now) {
    change.actor.clear();
    return InMemoryStorage::set_paused(change, now);
  }
};

}  // namespace

TEST_CASE("pause_checks pass on a storage that keeps a pause") {
  CHECK(failed_checks<InMemoryStorage>(pause_checks).empty());
}

TEST_CASE("pause_checks fail on a storage that loses the rows of a resumption") {
  CHECK(failed_checks<ResumesWithoutRows>(pause_checks) ==
        CheckNames{"set_paused arms the given instant and stores the rows when it resumes"});
}

TEST_CASE("pause_checks fail on a storage that forgets who paused a job") {
  CHECK(failed_checks<ForgetsWhoPaused>(pause_checks) ==
        CheckNames{"set_paused says who paused the job and why when the summaries are read"});
}

}  // namespace conformance_pause_test
