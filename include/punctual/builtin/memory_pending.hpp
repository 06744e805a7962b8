// SPDX-License-Identifier: MIT
//
// MemoryPending: the pending runs of InMemoryStorage that wait for nothing but their time and room.
//
// A run stands where it waits for its time until a claim sees that it has come, and then in its
// lane. Of each lane the first run stands among the heads, unless the job is paused, so that a
// claim looks at no run behind one that cannot start.
//
// Thread-safety: none; InMemoryStorage guards it.

#pragma once

#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>
#include <tuple>

#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/builtin/memory_job.hpp"
#include "punctual/builtin/memory_order.hpp"
#include "punctual/builtin/memory_run.hpp"
#include "punctual/domain/job_run.hpp"

namespace punctual::detail {

template <class RunT = JobRun>
class MemoryPending {
 public:
  using Run = BasicMemoryRun<RunT>;
  using Job = BasicMemoryJob<RunT>;
  using Id = Late<RunId, RunT>;
  using Lanes = MemoryIndex<Run, ByLane>;

  void add(Run& run) {
    of_jobs_.insert(&run);
    waiting_.insert(&run);
    Job& job = *run.job;
    if (run.run_at < job.first_pending_at.value_or(TimePoint::max())) set_first(job, run.run_at);
  }

  void remove(Run& run) {
    of_jobs_.erase(&run);
    if (waiting_.erase(&run) == 0) remove_ready(run);
    Job& job = *run.job;
    if (run.run_at == *job.first_pending_at) set_first(job, earliest_of(job));
  }

  /// Moves runs whose time has come to where claims find them.
  void promote(TimePoint now) {
    while (!waiting_.empty() && (*waiting_.begin())->run_at <= now) {
      Run& run = **waiting_.begin();
      waiting_.erase(waiting_.begin());
      add_ready(run);
    }
  }

  void set_paused(Job& job, bool paused) {
    const std::optional<TimePoint> first_at = job.first_pending_at;
    set_first(job, std::nullopt);
    job.paused = paused;
    set_first(job, first_at);
    auto it = lanes_.lower_bound(std::tuple{job.number, false, std::uint32_t{0}, std::string_view{},
                                            TimePoint::min(), Id{}});
    while (it != lanes_.end() && (*it)->job == &job) {  // by the first run of each lane
      if (paused) {
        heads_.erase(*it);
      } else {
        heads_.insert(*it);
      }
      it = lanes_.lower_bound(behind_lane(**it));
    }
  }

  /// Returns the earliest `run_at` of the exclusive runs of the job, or of the others.
  [[nodiscard]] std::optional<TimePoint> first_of(const Job& job, bool exclusive) const {
    const Run* run = first_in(job, exclusive);
    return run == nullptr ? std::nullopt : std::optional{run->run_at};
  }

  /// Returns the run of the job with the earliest `run_at`, null if none is pending.
  [[nodiscard]] Run* first_of(const Job& job) const {
    Run* plain = first_in(job, false);
    Run* exclusive = first_in(job, true);
    if (plain == nullptr || exclusive == nullptr) return plain == nullptr ? exclusive : plain;
    return ByRunAt::key(*plain) < ByRunAt::key(*exclusive) ? plain : exclusive;
  }

  /// Jobs that have runs here, by the first of them; those that are paused at the end.
  [[nodiscard]] const auto& jobs() const noexcept { return jobs_; }
  /// The first run of each lane of each job that is not paused, by claim order.
  [[nodiscard]] const auto& heads() const noexcept { return heads_; }
  /// Runs whose time has come, lane by lane.
  [[nodiscard]] const Lanes& lanes() const noexcept { return lanes_; }

  /// Returns the run behind that at `place`, null if it is the last of its lane.
  [[nodiscard]] Run* behind(typename Lanes::const_iterator place) const {
    const auto next = std::next(place);
    return next != lanes_.end() && is_same_lane(**place, **next) ? *next : nullptr;
  }

 private:
  [[nodiscard]] static bool is_same_lane(const Run& a, const Run& b) {
    return ByLane::lane(a) == ByLane::lane(b);
  }

  /// Returns a key greater than all of the lane and less than all behind it.
  [[nodiscard]] static auto behind_lane(const Run& run) {
    return std::tuple_cat(ByLane::lane(run), std::tuple{TimePoint::max(), Id{}});
  }

  [[nodiscard]] bool is_head(typename Lanes::const_iterator place) const {
    return place == lanes_.begin() || !is_same_lane(**std::prev(place), **place);
  }

  void add_ready(Run& run) {
    const auto place = lanes_.insert(&run).first;
    if (run.job->paused || !is_head(place)) return;
    if (Run* next = behind(place)) heads_.erase(next);
    heads_.insert(&run);
  }

  void remove_ready(Run& run) {
    const auto place = lanes_.find(&run);
    if (!run.job->paused && is_head(place)) {
      heads_.erase(&run);
      if (Run* next = behind(place)) heads_.insert(next);
    }
    lanes_.erase(place);
  }

  [[nodiscard]] Run* first_in(const Job& job, bool exclusive) const {
    const auto first =
        of_jobs_.lower_bound(std::tuple{job.number, exclusive, TimePoint::min(), Id{}});
    const bool is_found =
        first != of_jobs_.end() && (*first)->job == &job && (*first)->exclusive == exclusive;
    return is_found ? *first : nullptr;
  }

  [[nodiscard]] std::optional<TimePoint> earliest_of(const Job& job) const {
    const Run* run = first_of(job);
    return run == nullptr ? std::nullopt : std::optional{run->run_at};
  }

  void set_first(Job& job, std::optional<TimePoint> at) {
    if (job.first_pending_at == at) return;
    if (job.first_pending_at) jobs_.erase(&job);
    job.first_pending_at = at;
    if (job.first_pending_at) jobs_.insert(&job);
  }

  MemoryIndex<Run, ByJobAndRunAt> of_jobs_;
  MemoryIndex<Run, ByRunAt> waiting_;  // not seen to be ready yet
  Lanes lanes_;
  MemoryIndex<Run, ByClaimOrder> heads_;
  MemoryIndex<Job, ByFirstPending> jobs_;
};

}  // namespace punctual::detail
