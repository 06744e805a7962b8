// SPDX-License-Identifier: MIT
//
// Lease values: that what is left unsaid asks for nothing, and claims nothing.

#include "punctual/domain/lease.hpp"

#include "support/catch.hpp"

namespace lease_test {

using punctual::ClaimRequest;
using punctual::Completion;
using punctual::Duration;
using punctual::EnqueueAnswer;
using punctual::JobRoom;
using punctual::JobStatus;
using punctual::LeaseRef;
using punctual::Renewal;
using punctual::RescueRequest;
using punctual::StorageHealth;

TEST_CASE("ClaimRequest and RescueRequest ask for no run when nothing is said") {
  CHECK(ClaimRequest{}.limit == 0);
  CHECK(ClaimRequest{}.jobs == nullptr);
  CHECK(ClaimRequest{}.lease == Duration{0});
  CHECK_FALSE(ClaimRequest{}.only);
  CHECK(RescueRequest{}.limit == 0);
  CHECK(RescueRequest{}.jobs == nullptr);
  CHECK(RescueRequest{}.lease == Duration{0});
}

TEST_CASE("JobRoom has none when no number is given") {
  CHECK(JobRoom{.job_name = "a"}.room == 0);
}

TEST_CASE("LeaseRef holds no run when nothing is said") {
  // The first claim of a run gives fence 1, so fence 0 is nobody's.
  CHECK(LeaseRef{}.run_id.is_nil());
  CHECK(LeaseRef{}.fence == 0);
}

TEST_CASE("Renewal stores no progress when none is given") {
  CHECK_FALSE(Renewal{}.progress);
}

TEST_CASE("Completion ends well and is followed by nothing when nothing is said") {
  const Completion completion;
  CHECK(is_terminal(completion.status));
  CHECK(completion.status == JobStatus::success);
  CHECK(completion.details.is_null());
  CHECK_FALSE(completion.error);
  CHECK(completion.follow_ups.empty());
}

TEST_CASE("EnqueueAnswer says stored when no kind is given") {
  CHECK(EnqueueAnswer{}.kind == EnqueueAnswer::Kind::stored);
}

TEST_CASE("StorageHealth is well and without migrations when only the kind is given") {
  const StorageHealth health{.kind = "memory"};
  CHECK(health.writable);
  CHECK(health.problem.empty());
  CHECK(health.schema_version == 0);
  CHECK(health.schema_expected == 0);
}

}  // namespace lease_test
