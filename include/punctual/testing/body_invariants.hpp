// SPDX-License-Identifier: MIT
//
// BodyInvariants: what must be true whenever a body is entered, on whichever node.
//
// Thread-safety: none; a simulation has one thread.

#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "punctual/domain/job_run.hpp"
#include "punctual/testing/value_text.hpp"
#include "punctual/testing/violation.hpp"

namespace punctual::testing {

class BodyInvariants {
 public:
  explicit BodyInvariants(Violations& violations) : violations_(&violations) {}

  /// The body of `run`, as it was claimed, is entered; `row` is how the run is in the storage now,
  /// null if it has been pruned. Returns whether the run had been taken over meanwhile, which only
  /// an expired lease allows: the invariants of the rows see to that.
  bool entered(const JobRun& run, const JobRun* row, bool node_has_stopped) {
    if (node_has_stopped) {
      fail(run, "no_body_runs_after_stop", "entered after stop() had returned");
    }
    if (!entered_.insert({run.id, run.fence}).second) {
      fail(run, "a_claim_enters_one_body", "entered before");
    }
    if (row == nullptr || row->fence > run.fence) return true;
    if (row->fence < run.fence) {
      fail(run, "bodies_are_entered_under_a_lease", "no such claim was made");
    } else if (row->status != JobStatus::running) {
      fail(run, "bodies_are_entered_under_a_lease", "the row is " + to_text(row->status));
    }
    return false;
  }

 private:
  void fail(const JobRun& run, std::string_view invariant, const std::string& what) {
    violations_->add(invariant, "body of run " + run.id.to_string() + " of job \"" + run.job_name +
                                    "\" under fence " + std::to_string(run.fence) + " on " +
                                    run.node + ": " + what);
  }

  Violations* violations_;
  std::set<std::pair<RunId, std::uint64_t>> entered_;  // run and fence
};

}  // namespace punctual::testing
