// SPDX-License-Identifier: MIT
//
// FlightRecord: one claimed run on this node, from claim to recorded end.
//
// The body's thread and the scheduler's loop share it. The loop may give a run up (timeout, lost
// lease) while the body still holds its thread; the record then outlives the run, so that whatever
// the body does later falls on something that exists and changes nothing.
//
// Thread-safety: the fields under "guarded" belong to the scheduler's mutex, the atomics to
// everyone.

#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "punctual/base/time.hpp"
#include "punctual/core/planner.hpp"
#include "punctual/core/registry.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/domain/limits.hpp"
#include "punctual/domain/run_log.hpp"
#include "punctual/policy/job_context.hpp"

namespace punctual {

/// The clocks that a body may read, behind one type so that a record needs no template.
class FlightClock {
 public:
  virtual ~FlightClock() = default;
  [[nodiscard]] virtual TimePoint now() const = 0;
  [[nodiscard]] virtual Duration steady_now() const = 0;
  /// Takes out of a text what must not be stored. Before it is cut: half a secret is harder to
  /// tell.
  [[nodiscard]] virtual std::string cleaned(std::string text) const { return text; }
  /// A body showed progress; somebody may want to store it.
  virtual void progress_made() = 0;

 protected:
  FlightClock() = default;
  FlightClock(const FlightClock&) = default;
  FlightClock& operator=(const FlightClock&) = default;
};

class FlightRecord final : public RunHost {
 public:
  enum class State : std::uint8_t {
    queued,    ///< with the executor, the body not entered
    started,   ///< the body is running
    returned,  ///< the body is done, its end waits to be stored
    given_up,  ///< ended or handed back without the body; what it returns is void
  };

  FlightRecord(JobRun claimed, RegisteredJobPtr registered, FlightClock& clock)
      : run(std::move(claimed)),
        job(std::move(registered)),
        clock_(&clock) {}

  const JobRun run;
  const RegisteredJobPtr job;
  std::stop_source stop;

  // --- guarded by the scheduler's mutex
  State state = State::queued;
  planner::FlightView view{};
  std::thread::id thread{};  ///< that the body holds; none while it does not
  // ---

  /// Asks the body to stop; the first reason stays, except that a lost lease outdoes the others.
  ///
  /// Runs the callbacks that the body registered on its stop token: call it with no lock held.
  void request_stop(StopReason reason) {
    StopReason expected = StopReason::none;
    const bool is_first = reason_.compare_exchange_strong(expected, reason);
    if (!is_first && reason == StopReason::lease_lost) reason_.store(reason);
    stop.request_stop();
  }

  /// When the timeout comes, on the monotonic clock; read by the body's own thread.
  void set_deadline(Duration deadline) { deadline_.store(deadline.count()); }

  [[nodiscard]] StopReason requested_reason() const noexcept { return reason_.load(); }

  /// Cuts the record off from the scheduler's clock, which may be gone before the body is.
  ///
  /// Blocks: until a reading of the clock that is under way has ended.
  void detach() {
    const std::lock_guard lock{clock_mutex_};
    clock_ = nullptr;
  }

  /// Moves the progress that was made since the last call into `renewal`, and copies the log if it
  /// grew.
  template <class RenewalT>
  void take_progress(RenewalT& renewal) {
    const std::lock_guard lock{progress_mutex_};
    renewal.progress = std::exchange(progress_, std::nullopt);
    renewal.progress_note = std::exchange(progress_note_, {});
    if (std::exchange(has_new_log_, false)) renewal.log = log_.to_json<decltype(renewal.log)>();
  }

  /// Returns all of the log; null if there is none.
  template <class BasicJson>
  [[nodiscard]] BasicJson take_log() {
    const std::lock_guard lock{progress_mutex_};
    has_new_log_ = false;
    return log_.to_json<BasicJson>();
  }

  /// Brings back what was taken and could not be stored, unless there is newer progress.
  void put_back_progress(Renewal& renewal) {
    const std::lock_guard lock{progress_mutex_};
    has_new_log_ = has_new_log_ || !renewal.log.is_null();
    if (progress_ || !renewal.progress) return;
    progress_ = renewal.progress;
    progress_note_ = std::move(renewal.progress_note);
  }

  [[nodiscard]] bool has_progress() const {
    const std::lock_guard lock{progress_mutex_};
    return progress_.has_value() || has_new_log_;
  }

  /// A body that outlives its scheduler reads the instant of its claim.
  [[nodiscard]] TimePoint now() const override {
    const std::lock_guard lock{clock_mutex_};
    return clock_ ? clock_->now() : run.started_at.value_or(run.run_at);
  }

  [[nodiscard]] StopReason stop_reason() override {
    if (requested_reason() == StopReason::none && is_past_deadline()) {
      request_stop(StopReason::timeout);
    }
    return requested_reason();
  }

  void report_progress(double fraction, std::string note) override {
    note = cleaned(std::move(note));
    bool is_first = false;
    {
      const std::lock_guard lock{progress_mutex_};
      is_first = !progress_.has_value();
      progress_ = fraction;
      progress_note_ = clamp_text(note, reason_bytes_max);
    }
    if (!is_first) return;  // whoever takes the first one takes the newest
    const std::lock_guard lock{clock_mutex_};
    if (clock_) clock_->progress_made();
  }

  void append_log(const std::string& text) override {
    const TimePoint at = now();
    const std::string line = cleaned(text);
    bool is_first = false;
    {
      const std::lock_guard lock{progress_mutex_};
      is_first = !std::exchange(has_new_log_, true);
      log_.add(at, line);
    }
    if (!is_first) return;
    const std::lock_guard lock{clock_mutex_};
    if (clock_) clock_->progress_made();
  }

 private:
  [[nodiscard]] std::string cleaned(std::string text) const {
    const std::lock_guard lock{clock_mutex_};
    return clock_ ? clock_->cleaned(std::move(text)) : std::move(text);
  }

  [[nodiscard]] bool is_past_deadline() const {
    const std::lock_guard lock{clock_mutex_};
    return clock_ && clock_->steady_now().count() >= deadline_.load();
  }

  mutable std::mutex clock_mutex_;
  FlightClock* clock_;  // null once detached
  std::atomic<StopReason> reason_{StopReason::none};
  std::atomic<Duration::rep> deadline_{Duration::max().count()};
  mutable std::mutex progress_mutex_;
  std::optional<double> progress_;  // not taken yet
  std::string progress_note_;
  RunLog log_;
  bool has_new_log_ = false;
};

}  // namespace punctual
