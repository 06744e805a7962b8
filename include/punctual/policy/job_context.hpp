// SPDX-License-Identifier: MIT
//
// JobContext: what a body gets to know about its run, and how it says what came of it.
//
// The body answers with an outcome and stamps nothing: `return job.success("CODE", "what
// happened")`. A body that may run long looks at `stop_requested()` now and then; it is how a
// timeout, a cancel or a shutdown reaches it, for a thread cannot be ended from outside.
//
// Thread-safety: one context belongs to one run; its const members and `progress` may be used from
// threads that the body starts and joins.

#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "punctual/base/error.hpp"
#include "punctual/base/json.hpp"
#include "punctual/base/time.hpp"
#include "punctual/domain/job_outcome.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/message_code.hpp"
#include "punctual/policy/payload.hpp"

namespace punctual {

/// Why a body is asked to stop.
enum class StopReason : std::uint8_t {
  none,
  timeout,     ///< it has run longer than the job's timeout
  cancelled,   ///< somebody cancelled the run
  shutdown,    ///< the scheduler stops; the run will be run again
  lease_lost,  ///< another node has, or may soon have, the run: what this one returns is void
};

/// What a context needs of whoever runs the body.
class RunHost {
 public:
  virtual ~RunHost() = default;
  [[nodiscard]] virtual TimePoint now() const = 0;
  [[nodiscard]] virtual StopReason stop_reason() = 0;
  virtual void report_progress(double fraction, std::string note) = 0;
  /// By default what a body logs is dropped: a test of a body on its own may not care.
  virtual void append_log(const std::string&) {}

 protected:
  RunHost() = default;
  RunHost(const RunHost&) = default;
  RunHost& operator=(const RunHost&) = default;
};

class JobContext {
 public:
  /// For the runner, and for tests of a body on its own. Borrows both.
  JobContext(const JobRun& run, RunHost& host, std::stop_token stop)
      : run_(&run),
        host_(&host),
        stop_(std::move(stop)) {}

  /// The run as it was claimed: id, attempt, due_at, actor, payload and the rest.
  [[nodiscard]] const JobRun& run() const noexcept { return *run_; }

  [[nodiscard]] RunId id() const noexcept { return run_->id; }
  [[nodiscard]] const std::string& name() const noexcept { return run_->job_name; }
  [[nodiscard]] std::uint32_t attempt() const noexcept { return run_->attempt; }

  /// The instant of the schedule that this run answers; nullopt for one started by hand.
  [[nodiscard]] std::optional<TimePoint> due_at() const noexcept { return run_->due_at; }

  /// A number that rises with every claim of this run; hand it to outside systems so that they can
  /// refuse a write by a node that lost the run.
  [[nodiscard]] std::uint64_t fence() const noexcept { return run_->fence; }

  /// The scheduler's clock.
  [[nodiscard]] TimePoint now() const { return host_->now(); }

  /// Returns the payload given to `enqueue` or `trigger`, read by nlohmann's `from_json`; see
  /// policy/payload.hpp for types that have versions.
  ///
  /// Errors: INVALID_PAYLOAD -> it is not of this shape; PAYLOAD_TOO_NEW -> it is of a later
  /// version
  ///         than this program's. Thrown in the body, they fail the run.
  template <class T>
  [[nodiscard]] T payload() const {
    try {
      return read_payload<T>(run_->payload, run_->payload_version);
    } catch (const Json::exception& error) {
      throw Error{"INVALID_PAYLOAD",
                  "the payload of job \"" + run_->job_name + "\" does not fit: " + error.what()};
    }
  }

  /// True once the body should come to an end; `stop_reason()` says why.
  ///
  /// Looks at the deadline itself, so it also works where nothing runs beside the body.
  [[nodiscard]] bool stop_requested() const { return stop_reason() != StopReason::none; }
  [[nodiscard]] StopReason stop_reason() const { return host_->stop_reason(); }

  /// For waits that take a token, e.g. `std::condition_variable_any`.
  [[nodiscard]] std::stop_token stop_token() const noexcept { return stop_; }

  /// Shows how far the run is while it runs: `fraction` is held to [0, 1].
  void progress(double fraction, std::string note = {}) const {
    host_->report_progress(fraction > 0.0 ? std::min(fraction, 1.0) : 0.0, std::move(note));
  }

  /// Writes a line into the run's log, which is shown while it runs and kept with it: the newest
  /// 100 lines, each up to 500 bytes.
  void log(const std::string& text) const { host_->append_log(text); }

  /// The run did what it should.
  ///
  /// Errors: INVALID_MESSAGE_CODE -> `code` is not of A-Z, 0-9 and `_`; thrown in the body, it
  /// fails
  ///         the run. So for all outcomes.
  [[nodiscard]] JobOutcome success(std::string code = std::string{message_code::job_completed},
                                   std::string summary = {}, Json details = nullptr) const {
    return {.status = JobStatus::success,
            .message_code = checked_message_code(std::move(code)),
            .summary = std::move(summary),
            .details = std::move(details),
            .error = std::nullopt,
            .is_final = false,
            .retry_after = std::nullopt};
  }

  /// The run failed; it is tried again if the job's retry policy says so.
  ///
  /// The stored error carries the same code, and the summary as its message.
  [[nodiscard]] JobOutcome failure(std::string code = std::string{message_code::job_failed},
                                   std::string summary = {}, Json details = nullptr) const {
    code = checked_message_code(std::move(code));
    RunError error{.code = code, .message = summary};
    return {.status = JobStatus::failed,
            .message_code = std::move(code),
            .summary = std::move(summary),
            .details = std::move(details),
            .error = std::move(error),
            .is_final = false,
            .retry_after = std::nullopt};
  }

  /// The run failed, and is tried again after `delay` instead of the policy's backoff: because the
  /// other side said when, for example. Spends an attempt; without one left, the failure is final.
  [[nodiscard]] JobOutcome retry_in(Duration delay,
                                    std::string code = std::string{message_code::job_failed},
                                    std::string summary = {}, Json details = nullptr) const {
    JobOutcome outcome = failure(std::move(code), std::move(summary), std::move(details));
    outcome.retry_after = std::max(delay, Duration{0});
    return outcome;
  }

  /// The run failed and is not tried again, whatever attempts are left: another one would fail too.
  [[nodiscard]] JobOutcome discard(std::string code = std::string{message_code::job_failed},
                                   std::string summary = {}, Json details = nullptr) const {
    JobOutcome outcome = failure(std::move(code), std::move(summary), std::move(details));
    outcome.is_final = true;
    return outcome;
  }

  /// There was nothing to do.
  [[nodiscard]] JobOutcome skipped(std::string code = std::string{message_code::job_skipped},
                                   std::string summary = {}, Json details = nullptr) const {
    return {.status = JobStatus::skipped,
            .message_code = checked_message_code(std::move(code)),
            .summary = std::move(summary),
            .details = std::move(details),
            .error = std::nullopt,
            .is_final = false,
            .retry_after = std::nullopt};
  }

  /// The run was not done because the scheduler shuts down: it is handed back, no attempt is spent,
  /// and it runs again on another node or after the restart. Where no shutdown was asked for, the
  /// run is recorded as failed instead.
  [[nodiscard]] JobOutcome interrupted() const {
    return {.status = JobStatus::pending,
            .message_code = std::string{message_code::job_interrupted},
            .summary = {},
            .details = nullptr,
            .error = std::nullopt,
            .is_final = false,
            .retry_after = std::nullopt};
  }

 private:
  const JobRun* run_;
  RunHost* host_;
  std::stop_token stop_;
};

}  // namespace punctual
