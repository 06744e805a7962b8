// SPDX-License-Identifier: MIT
//
// Ledger values: that what is left unsaid arms nothing and moves nothing.

#include "punctual/domain/ledger.hpp"

#include "support/catch.hpp"

namespace ledger_test {

using punctual::Advance;
using punctual::AdvanceAnswer;
using punctual::JobDefinition;
using punctual::PauseChange;
using punctual::RetentionPolicy;
using punctual::ScheduleState;
using punctual::WakeTimes;

TEST_CASE("JobDefinition is an enabled job by hand when only the name is given") {
  const JobDefinition definition{.name = "nightly"};
  CHECK(definition.enabled);
  CHECK(definition.schedule.is_null());
  CHECK_FALSE(definition.next_due_at);
  CHECK_FALSE(definition.after_finish_delay);
  CHECK(definition.retention == RetentionPolicy{});
}

TEST_CASE("ScheduleState has nothing armed and no version when nothing is said") {
  const ScheduleState state;
  CHECK(state.version == 0);
  CHECK(state.enabled);
  CHECK_FALSE(state.paused);
  CHECK_FALSE(state.paused_at);
  CHECK_FALSE(state.next_due_at);
}

TEST_CASE("Advance disarms and stores nothing when only job and version are given") {
  const Advance advance{.job_name = "nightly", .version = 4};
  CHECK_FALSE(advance.next_due_at);
  CHECK(advance.rows.empty());
}

TEST_CASE("AdvanceAnswer says that nothing was stored when nothing is said") {
  CHECK_FALSE(AdvanceAnswer{}.advanced);
  CHECK(AdvanceAnswer{}.conflict_count == 0);
}

TEST_CASE("PauseChange pauses when nothing else is said") {
  const PauseChange change{.job_name = "nightly"};
  CHECK(change.paused);
  CHECK_FALSE(change.next_due_at);
  CHECK(change.rows.empty());
}

TEST_CASE("WakeTimes has nothing to do when nothing is said") {
  const WakeTimes wake;
  CHECK_FALSE(wake.due_at);
  CHECK_FALSE(wake.run_at);
  CHECK_FALSE(wake.expires_at);
}

}  // namespace ledger_test
