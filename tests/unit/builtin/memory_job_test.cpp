// SPDX-License-Identifier: MIT
//
// MemoryJob: its state, and what it has alike with others.

#include "punctual/builtin/memory_job.hpp"

#include <optional>
#include <string>

#include "punctual/base/time.hpp"
#include "support/catch.hpp"

namespace memory_job_test {

using punctual::Duration;
using punctual::JobNames;
using punctual::ScheduleState;
using punctual::TimePoint;
using punctual::detail::knows;
using punctual::detail::MemoryJob;
using punctual::detail::state_of;

TEST_CASE("knows finds a name when it is among the sorted names") {
  const JobNames names = {"alpha", "beta", "gamma"};
  for (const auto& name : names) CHECK(knows(names, name));
  for (const std::string name : {"", "alph", "alphaa", "b", "zeta"}) {
    CAPTURE(name);
    CHECK_FALSE(knows(names, name));
  }
  CHECK_FALSE(knows({}, "alpha"));
}

TEST_CASE("state_of returns every value of the ledger when all are set, and none when none is") {
  MemoryJob job{"alpha", 7};
  const ScheduleState fresh = state_of(job);
  CHECK(fresh.job_name == "alpha");
  CHECK(fresh.version == 0);
  CHECK(fresh.enabled);
  CHECK_FALSE(fresh.paused);
  CHECK_FALSE(fresh.paused_at);
  CHECK_FALSE(fresh.next_due_at);
  CHECK(fresh.failed_dependency.empty());
  CHECK_FALSE(job.extra.is_written());
  const auto at = [](int ms) { return TimePoint{Duration{ms}}; };
  job.version = 3;
  job.enabled = false;
  job.paused = true;
  job.anchor_at = at(1);
  job.epoch_at = at(2);
  job.next_due_at = at(3);
  job.extra.write().paused_at = at(4);
  job.extra.write().failed_dependency = "beta";
  const ScheduleState state = state_of(job);
  CHECK(state.version == 3);
  CHECK_FALSE(state.enabled);
  CHECK(state.paused);
  CHECK(state.anchor_at == at(1));
  CHECK(state.epoch_at == at(2));
  CHECK(state.next_due_at == at(3));
  CHECK(state.paused_at == at(4));
  CHECK(state.failed_dependency == "beta");
  job.clear_failed_dependency();
  CHECK(state_of(job).failed_dependency.empty());
}

TEST_CASE("MemoryJob is armed only when it is enabled, not paused and has an instant") {
  for (const bool enabled : {false, true}) {
    for (const bool paused : {false, true}) {
      for (const bool has_instant : {false, true}) {
        CAPTURE(enabled, paused, has_instant);
        MemoryJob job{"alpha", 0};
        job.enabled = enabled;
        job.paused = paused;
        if (has_instant) job.next_due_at = TimePoint{};
        CHECK(job.is_armed() == (enabled && !paused && has_instant));
      }
    }
  }
}

TEST_CASE("MemoryTerms order and compare by each of their values") {
  using Terms = MemoryJob::Terms;
  const Terms terms[] = {
      {},
      {.retention = {.keep_last = 7}},
      {.retention = {.period = Duration{7}}},
      {.after_finish_delay = Duration{7}},
      {.schedule = {{"kind", "interval"}, {"periodMs", 1000}}},
      {.schedule = {{"kind", "interval"}, {"periodMs", 2000}}},
  };
  for (const auto& a : terms) {
    for (const auto& b : terms) {
      CHECK((a == b) == (&a == &b));
      CHECK((a < b || b < a) == (&a != &b));
      CHECK_FALSE((a < b && b < a));
    }
  }
  CHECK(MemoryJob{"alpha", 0}.terms() == Terms{});
}

}  // namespace memory_job_test
