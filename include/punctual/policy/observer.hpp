// SPDX-License-Identifier: MIT
//
// Observer and Middleware: code of the host around each run on this node.
//
// An observer is told, a middleware takes part: it is called instead of the body and calls what it
// is handed, so it can measure, set a context, or answer in the body's place.
//
// Thread-safety: both are called from several threads at once, with no lock held.

#pragma once

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

#include "punctual/domain/job_outcome.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/policy/job_context.hpp"

namespace punctual {

/// Semantics:
/// - `run_started(run)` is called on the body's thread before the body.
/// - `run_ended(run, end)` is called once the end is stored; `run` is as it was claimed. Not for an
///   end that was refused because the lease was lost.
/// - Either may be left out. What they throw is dropped; the run does not notice.
template <class T>
concept Observer = requires(std::remove_reference_t<T>& observer, const JobRun& run) {
  observer.run_started(run);
}
|| requires(std::remove_reference_t<T>& observer, const JobRun& run, const Completion& end) {
  observer.run_ended(run, end);
};

/// Calls the middleware behind it, or the body.
using NextBody = std::function<JobOutcome()>;

/// Called instead of the body. What it throws fails the run, as what the body throws does; it may
/// call `next` once, or not at all.
using Middleware = std::function<JobOutcome(JobContext& job, const NextBody& next)>;

/// An observer of any type, behind one.
struct AnyObserver {
  std::function<void(const JobRun&)> run_started{};
  std::function<void(const JobRun&, const Completion&)> run_ended{};
};

/// Wraps an observer so that it can be shared.
template <Observer T>
[[nodiscard]] AnyObserver make_any_observer(T observer) {
  auto shared = std::make_shared<T>(std::move(observer));
  AnyObserver any;
  if constexpr (requires(const JobRun& run) { shared->run_started(run); }) {
    any.run_started = [shared](const JobRun& run) { shared->run_started(run); };
  }
  if constexpr (requires(const JobRun& run, const Completion& end) {
                  shared->run_ended(run, end);
                }) {
    any.run_ended = [shared](const JobRun& run, const Completion& end) {
      shared->run_ended(run, end);
    };
  }
  return any;
}

}  // namespace punctual
