// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_epoch.hpp"

#include <optional>
#include <vector>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/broken_storages.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_epoch_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

class StartsEpochsAlways : public InMemoryStorage {
 public:
  std::vector<ScheduleState> sync_jobs(const std::vector<JobDefinition>& definitions,
                                       TimePoint now) {
    auto states = InMemoryStorage::sync_jobs(definitions, now);
    for (auto& state : states) state.epoch_at = now;
    return states;
  }
};

class StartsEpochsTooEarly : public InMemoryStorage {
 public:
  std::vector<ScheduleState> sync_jobs(const std::vector<JobDefinition>& definitions,
                                       TimePoint now) {
    auto states = InMemoryStorage::sync_jobs(definitions, now);
    for (auto& state : states) state.epoch_at = state.epoch_at - Duration{1};
    return states;
  }
};

/// Takes the epoch of an advance that came too late.
class TakesEpochsLate : public InMemoryStorage {
 public:
  std::vector<AdvanceAnswer> advance(const std::vector<Advance>& advances, TimePoint now) {
    for (const auto& advance : advances) given_ = advance.epoch_at ? advance.epoch_at : given_;
    return InMemoryStorage::advance(advances, now);
  }
  std::vector<ScheduleState> sync_jobs(const std::vector<JobDefinition>& definitions,
                                       TimePoint now) {
    auto states = InMemoryStorage::sync_jobs(definitions, now);
    if (given_) states.front().epoch_at = *given_;
    return states;
  }

 private:
  std::optional<TimePoint> given_;
};

class ShowsNoEpoch : public InMemoryStorage {
 public:
  std::vector<JobSummary> summaries() {
    auto summaries = InMemoryStorage::summaries();
    for (auto& summary : summaries) summary.epoch_at = {};
    return summaries;
  }
};

}  // namespace

TEST_CASE("epoch_checks pass on a storage that keeps epochs") {
  CHECK(failed_checks<InMemoryStorage>(epoch_checks).empty());
}

TEST_CASE("Each of epoch_checks fails on a storage that breaks its promise") {
  CHECK(unfailed_checks<StartsEpochsAlways, StartsEpochsTooEarly, TakesEpochsLate, ShowsNoEpoch>(
            epoch_checks) == CheckNames{});
}

}  // namespace conformance_epoch_test
