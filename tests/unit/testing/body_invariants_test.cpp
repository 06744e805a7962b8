// SPDX-License-Identifier: MIT

#include "punctual/testing/body_invariants.hpp"

#include <punctual/punctual.hpp>

#include <string>

#include "support/catch.hpp"

namespace body_invariants_test {

using namespace punctual;
using punctual::testing::BodyInvariants;
using punctual::testing::Violations;

namespace {

struct Bench {
  [[nodiscard]] static JobRun run(std::uint64_t fence, JobStatus status = JobStatus::running) {
    JobRun run;
    run.id = RunId{{1}};
    run.fence = fence;
    run.status = status;
    return run;
  }

  [[nodiscard]] std::string broken() const {
    return violations.is_empty() ? "" : violations.kept().front().invariant;
  }

  TimePoint now{};
  Violations violations{now};
  BodyInvariants invariants{violations};
};

}  // namespace

TEST_CASE("BodyInvariants let a body be entered once for each claim of its run") {
  Bench bench;
  const JobRun first = Bench::run(1);
  CHECK_FALSE(bench.invariants.entered(first, &first, false));
  const JobRun second = Bench::run(2);
  CHECK_FALSE(bench.invariants.entered(second, &second, false));
  CHECK(bench.broken().empty());
  CHECK_FALSE(bench.invariants.entered(second, &second, false));
  CHECK(bench.broken() == "a_claim_enters_one_body");
}

TEST_CASE("BodyInvariants tell a body that comes too late") {
  Bench bench;
  const JobRun taken_over = Bench::run(2, JobStatus::failed);
  CHECK(bench.invariants.entered(Bench::run(1), &taken_over, false));
  CHECK(bench.invariants.entered(Bench::run(2), nullptr, false));  // pruned since
  CHECK(bench.broken().empty());
}

TEST_CASE("BodyInvariants find a body that must not be entered") {
  struct Row {
    const char* what;
    JobRun row;
    bool node_has_stopped;
    const char* invariant;
  };
  const Row rows[] = {
      {"after stop", Bench::run(3), true, "no_body_runs_after_stop"},
      {"of a run that was handed back", Bench::run(3, JobStatus::pending), false,
       "bodies_are_entered_under_a_lease"},
      {"of a run that has ended", Bench::run(3, JobStatus::success), false,
       "bodies_are_entered_under_a_lease"},
      {"under a fence that nobody gave", Bench::run(2), false, "bodies_are_entered_under_a_lease"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Bench bench;
    bench.invariants.entered(Bench::run(3), &row.row, row.node_has_stopped);
    CHECK(bench.broken() == row.invariant);
  }
}

}  // namespace body_invariants_test
