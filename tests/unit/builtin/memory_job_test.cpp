// SPDX-License-Identifier: MIT
//
// MemoryJob: the order of jobs' instants, and the lanes of runs.

#include "punctual/builtin/memory_job.hpp"

#include <set>
#include <string>
#include <vector>

#include "punctual/base/time.hpp"
#include "support/catch.hpp"

namespace memory_job_test {

using punctual::Duration;
using punctual::JobNames;
using punctual::JobRun;
using punctual::TimePoint;
using punctual::detail::JobInstant;
using punctual::detail::knows;
using punctual::detail::lane_of;
using punctual::detail::MemoryJob;

TEST_CASE("JobInstant orders by time and then by name when jobs lie anywhere in memory") {
  constexpr TimePoint noon{Duration{1'705'320'000'000}};
  std::vector<MemoryJob> jobs(4);
  for (const bool is_rising : {true, false}) {
    CAPTURE(is_rising);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      jobs[i].state.job_name = std::string(1, is_rising ? "abcd"[i] : "dcba"[i]);
    }
    std::set<JobInstant> instants;
    for (auto& job : jobs) instants.insert({noon, &job});
    instants.insert({noon - Duration{1}, is_rising ? &jobs[3] : &jobs[0]});
    std::string names;
    for (const auto& instant : instants) names += instant.job->state.job_name;
    CHECK(names == "dabcd");
  }
}

TEST_CASE("knows finds a name when it is among the sorted names") {
  const JobNames names = {"alpha", "beta", "gamma"};
  for (const auto& name : names) CHECK(knows(names, name));
  for (const std::string name : {"", "alph", "alphaa", "b", "zeta"}) {
    CAPTURE(name);
    CHECK_FALSE(knows(names, name));
  }
  CHECK_FALSE(knows({}, "alpha"));
}

TEST_CASE("lane_of puts runs together when the same limits hold them back") {
  const auto run_with = [](bool exclusive, std::uint32_t max, const char* key) {
    JobRun run;
    run.exclusive = exclusive;
    run.concurrency_max = max;
    run.concurrency_key = key;
    return run;
  };
  const JobRun free = run_with(false, 0, "");
  CHECK(lane_of(free) == lane_of(run_with(false, 0, "mail")));  // no limit: the key says nothing
  CHECK(lane_of(run_with(false, 2, "mail")) == lane_of(run_with(false, 2, "mail")));
  // Each differs from every other in one thing that holds runs back.
  const std::vector<JobRun> apart = {free,
                                     run_with(true, 0, ""),
                                     run_with(false, 2, "mail"),
                                     run_with(false, 3, "mail"),
                                     run_with(false, 2, "disk"),
                                     run_with(true, 2, "mail")};
  for (std::size_t i = 0; i < apart.size(); ++i) {
    for (std::size_t k = 0; k < apart.size(); ++k) {
      CAPTURE(i, k);
      CHECK((lane_of(apart[i]) == lane_of(apart[k])) == (i == k));
    }
  }
}

}  // namespace memory_job_test
