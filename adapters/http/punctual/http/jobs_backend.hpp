// SPDX-License-Identifier: MIT
//
// JobsBackend: what the facade needs of a scheduler, whatever its clock, storage and executor are.
//
// Thread-safety: all members, from any thread, as the scheduler's.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/core/call_options.hpp"
#include "punctual/core/explanation.hpp"
#include "punctual/domain/job_result.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/job_summary.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/domain/run_query.hpp"
#include "punctual/schedule/schedule.hpp"

namespace punctual::http {

class JobsBackend {
 public:
  JobsBackend() = default;
  virtual ~JobsBackend() = default;
  JobsBackend(const JobsBackend&) = delete;
  JobsBackend& operator=(const JobsBackend&) = delete;

  [[nodiscard]] virtual SchedulerStatus status() = 0;
  [[nodiscard]] virtual std::vector<JobRun> runs(const RunQuery& query) = 0;
  [[nodiscard]] virtual std::optional<JobRun> run(RunId run_id) = 0;
  [[nodiscard]] virtual std::vector<ScheduledInstant> next_runs(std::string_view job,
                                                                std::size_t count) = 0;
  [[nodiscard]] virtual Explanation explain(std::string_view job, TimePoint instant) = 0;
  [[nodiscard]] virtual StorageHealth health() = 0;
  [[nodiscard]] virtual std::string node() = 0;
  /// How far the scheduler's loop is behind; nullopt: it has none.
  [[nodiscard]] virtual std::optional<Duration> loop_lag() = 0;
  [[nodiscard]] virtual TimePoint now() = 0;
  /// A time that is never set back.
  [[nodiscard]] virtual Duration steady_now() = 0;

  virtual JobResult trigger(std::string_view job, TriggerOptions options) = 0;
  virtual RunId retry(RunId run_id, RetryOptions options) = 0;
  virtual CancelAnswer cancel(RunId run_id, const std::string& actor) = 0;
  virtual void pause(std::string_view job, const std::string& actor, const std::string& reason) = 0;
  virtual void resume(std::string_view job, const std::string& actor,
                      const std::string& reason) = 0;
};

/// A scheduler as a backend. It is borrowed.
template <class SchedulerT>
class SchedulerBackend final : public JobsBackend {
 public:
  explicit SchedulerBackend(SchedulerT& scheduler) : scheduler_(scheduler) {}

  SchedulerStatus status() override { return scheduler_.status(); }
  std::vector<JobRun> runs(const RunQuery& query) override { return scheduler_.runs(query); }
  std::optional<JobRun> run(RunId run_id) override { return scheduler_.run(run_id); }
  std::vector<ScheduledInstant> next_runs(std::string_view job, std::size_t count) override {
    return scheduler_.next_runs(job, count);
  }
  Explanation explain(std::string_view job, TimePoint instant) override {
    return scheduler_.explain(job, instant);
  }
  StorageHealth health() override { return scheduler_.storage().health(); }
  std::string node() override { return scheduler_.node(); }
  std::optional<Duration> loop_lag() override { return scheduler_.loop_lag(); }
  TimePoint now() override { return scheduler_.clock().now(); }
  Duration steady_now() override { return scheduler_.clock().steady_now(); }

  JobResult trigger(std::string_view job, TriggerOptions options) override {
    return scheduler_.trigger(job, std::move(options));
  }
  RunId retry(RunId run_id, RetryOptions options) override {
    return scheduler_.retry(run_id, std::move(options));
  }
  CancelAnswer cancel(RunId run_id, const std::string& actor) override {
    return scheduler_.cancel(run_id, actor);
  }
  void pause(std::string_view job, const std::string& actor, const std::string& reason) override {
    scheduler_.pause(job, actor, reason);
  }
  void resume(std::string_view job, const std::string& actor, const std::string& reason) override {
    scheduler_.resume(job, actor, reason);
  }

 private:
  SchedulerT& scheduler_;
};

}  // namespace punctual::http
