// SPDX-License-Identifier: MIT
//
// HeldLeases: the runs that one node knows to be its own, and how well it keeps them.
//
// It watches what one scheduler asks the storage and what answers reach it. A run is the node's
// from the answer to its claim until its end is known to be stored, or it is handed back; all that
// time, through shutdown as well, the node has to ask for renewals. Once it was told to stop it
// must not claim.
//
// Thread-safety: none; a simulation has one thread.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/testing/storage_operation.hpp"
#include "punctual/testing/violation.hpp"
#include "punctual/testing/watched_storage.hpp"

namespace punctual::testing {

class HeldLeases : public StorageWatcher {
  template <StorageOperation Operation>
  using Tag = OperationTag<Operation>;
  using Op = StorageOperation;

 public:
  /// A third of the lease passes between renewals; a scheduler whose storage failed leaves it alone
  /// for half a minute at most.
  [[nodiscard]] static Duration silence_max(Duration lease) {
    return lease / 3 + std::chrono::seconds{35};
  }

  /// Borrows the true time.
  HeldLeases(const TimePoint& true_now, Duration lease, Violations& violations)
      : true_now_(&true_now),
        lease_(lease),
        violations_(&violations) {}

  using StorageWatcher::answered;
  using StorageWatcher::asked;

  void asked(Tag<Op::claim>, const ClaimRequest& request, const TimePoint&) {
    if (!is_stopping_) return;
    violations_->add("nothing_is_claimed_after_stop",
                     "node " + request.node + " asked for runs after it was told to stop");
  }
  void answered(Tag<Op::claim>, const std::vector<JobRun>& runs, const ClaimRequest&,
                const TimePoint&) {
    for (const auto& run : runs) held_[run.id] = {run.fence, *true_now_};
  }
  void asked(Tag<Op::renew>, const std::vector<Renewal>& renewals, const Duration&,
             const TimePoint&) {
    for (const auto& renewal : renewals) {
      const auto found = held_.find(renewal.lease.run_id);
      if (found != held_.end()) found->second.renewed_at = *true_now_;
    }
  }
  void answered(Tag<Op::renew>, const std::vector<RenewAnswer>& answers,
                const std::vector<Renewal>& renewals, const Duration&, const TimePoint&) {
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (answers[i] == RenewAnswer::lost) drop(renewals[i].lease);
    }
  }
  void answered(Tag<Op::finish>, const std::vector<FinishAnswer>& answers,
                const std::vector<Completion>& completions, const TimePoint&) {
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (answers[i] == FinishAnswer::lost) ++late_count_;
      drop(completions[i].lease);
    }
  }
  void asked(Tag<Op::release>, const std::vector<LeaseRef>& leases, const TimePoint&) {
    for (const auto& lease : leases) drop(lease);  // whether or not that arrives
  }
  void answered(Tag<Op::run>, const std::optional<JobRun>& run, const RunId&) {
    if (run && is_terminal(run->status)) drop({run->id, run->fence});
  }

  /// The node was away for `span` until now, and could renew nothing.
  void was_away(Duration span) {
    for (auto& [id, held] : held_) held.renewed_at = std::min(held.renewed_at + span, *true_now_);
  }

  /// The node was told to stop.
  void begin_stop() { is_stopping_ = true; }

  /// A node that is there asks for the renewal of what it holds, up to the very end.
  void leases_are_renewed_while_held() {
    for (auto& [id, held] : held_) {
      if (*true_now_ - held.renewed_at <= silence_max(lease_)) continue;
      violations_->add("leases_are_renewed_while_held",
                       "run " + id.to_string() + " is held" +
                           (is_stopping_ ? " by a node that stops" : "") +
                           ", and nobody asked to renew it for " +
                           std::to_string((*true_now_ - held.renewed_at).count()) + " ms");
      held.renewed_at = *true_now_;
    }
  }

  [[nodiscard]] bool holds(RunId run_id) const { return held_.contains(run_id); }
  [[nodiscard]] std::size_t count() const noexcept { return held_.size(); }

  /// Ends that came too late: their runs had been taken over.
  [[nodiscard]] std::size_t late_count() const noexcept { return late_count_; }

 private:
  struct Held {
    std::uint64_t fence = 0;
    TimePoint renewed_at{};
  };

  void drop(const LeaseRef& lease) {
    const auto found = held_.find(lease.run_id);
    if (found != held_.end() && found->second.fence == lease.fence) held_.erase(found);
  }

  const TimePoint* true_now_;
  Duration lease_;
  Violations* violations_;
  std::map<RunId, Held> held_;
  bool is_stopping_ = false;
  std::size_t late_count_ = 0;
};

}  // namespace punctual::testing
