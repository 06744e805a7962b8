// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_depends_on.hpp"

#include <set>
#include <string>
#include <vector>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/broken_storages.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_depends_on_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

/// Runs the job of each row that comes as skipped.
class RunsWhatIsSkipped : public InMemoryStorage {
 public:
  std::vector<EnqueueAnswer> enqueue(const std::vector<NewRun>& rows, TimePoint now) {
    for (const auto& row : rows) {
      if (row.status == JobStatus::skipped) run_once(*this, row.job_name, now);
    }
    return InMemoryStorage::enqueue(rows, now);
  }
};

/// Runs the job of each run that is cancelled.
class RunsWhatIsCancelled : public InMemoryStorage {
 public:
  CancelAnswer request_cancel(RunId id, const std::string& actor, TimePoint now) {
    const auto run = InMemoryStorage::run(id);
    const auto answer = InMemoryStorage::request_cancel(id, actor, now);
    if (run) run_once(*this, run->job_name, now);
    return answer;
  }
};

/// Counts the ends from before a job was loaded.
class CountsEarlierEnds : public InMemoryStorage {
 public:
  std::vector<ScheduleState> sync_jobs(const std::vector<JobDefinition>& definitions,
                                       TimePoint now) {
    auto states = InMemoryStorage::sync_jobs(definitions, now);
    for (const auto& definition : definitions) {
      if (!loaded_.insert(definition.name).second) continue;
      for (const auto& job : definition.depends_on) {
        if (!InMemoryStorage::runs({.job_name = job}).empty()) run_once(*this, job, now);
      }
    }
    return states;
  }

 private:
  std::set<std::string> loaded_;
};

}  // namespace

TEST_CASE("depends_on_checks pass on a storage that arms what depends") {
  CHECK(failed_checks<InMemoryStorage>(depends_on_checks).empty());
}

TEST_CASE("Each of depends_on_checks fails on a storage that breaks its promise") {
  CHECK(unfailed_checks<IgnoresDependsOn, EndsUnderAnyFence, RunsWhatIsSkipped, RunsWhatIsCancelled,
                        CountsEarlierEnds>(depends_on_checks) == CheckNames{});
}

TEST_CASE("depends_on_checks notice ends that must not count, and no others") {
  CHECK(failed_checks<RunsWhatIsCancelled>(depends_on_checks) ==
        CheckNames{"request_cancel arms no job when the run had not started"});
  CHECK(failed_checks<EndsUnderAnyFence>(depends_on_checks) ==
        CheckNames{"finish arms nothing when the lease was lost"});
}

}  // namespace conformance_depends_on_test
