// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_final_rows.hpp"

#include <optional>
#include <set>
#include <string>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_final_rows_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

/// Marks a run as wanted to stop without looking whether it has ended.
class MarksEndedRuns : public InMemoryStorage {
 public:
  CancelAnswer request_cancel(RunId run_id, const std::string& actor, TimePoint now) {
    const CancelAnswer answer = InMemoryStorage::request_cancel(run_id, actor, now);
    if (answer == CancelAnswer::ended) marked_.insert(run_id);
    return answer;
  }
  std::optional<JobRun> run(RunId run_id) {
    auto run = InMemoryStorage::run(run_id);
    if (run && marked_.contains(run_id)) run->cancel_requested = true;
    return run;
  }

 private:
  std::set<RunId> marked_;
};

}  // namespace

TEST_CASE("final_row_checks pass on a storage that leaves ended runs alone") {
  CHECK(failed_checks<InMemoryStorage>(final_row_checks).empty());
}

TEST_CASE("final_row_checks fail on a storage that marks ended runs") {
  CHECK(failed_checks<MarksEndedRuns>(final_row_checks) ==
        CheckNames{"claim, take_expired and request_cancel leave ended runs as they are when they "
                   "name them"});
}

}  // namespace conformance_final_rows_test
