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

/// Calls the middleware behind the one that is handed this, or the body.
class NextBody {
 public:
  [[nodiscard]] virtual JobOutcome operator()() const = 0;

 protected:
  ~NextBody() = default;
};

/// Semantics:
/// - `middleware(job, next)` is called instead of the body. It may call `next()` once, or not at
/// all;
///   what it returns is the outcome.
/// - What it throws fails the run, as what the body throws does.
template <class T>
concept Middleware = requires(T& middleware, JobContext& job, const NextBody& next) {
  { middleware(job, next) } -> std::same_as<JobOutcome>;
};

/// An observer of any type, behind one.
class AnyObserver {
 public:
  virtual ~AnyObserver() = default;
  virtual void run_started(const JobRun& run) = 0;
  virtual void run_ended(const JobRun& run, const Completion& end) = 0;
};

/// A middleware of any type, behind one.
class AnyMiddleware {
 public:
  virtual ~AnyMiddleware() = default;
  [[nodiscard]] virtual JobOutcome call(JobContext& job, const NextBody& next) = 0;
};

/// Wraps an observer of type `T`.
template <Observer T>
class WrappedObserver final : public AnyObserver {
 public:
  explicit WrappedObserver(T observer) : observer_(std::move(observer)) {}

  void run_started(const JobRun& run) override {
    if constexpr (requires { observer_.run_started(run); }) observer_.run_started(run);
  }
  void run_ended(const JobRun& run, const Completion& end) override {
    if constexpr (requires { observer_.run_ended(run, end); }) observer_.run_ended(run, end);
  }

 private:
  T observer_;
};

/// Wraps a middleware of type `T`.
template <Middleware T>
class WrappedMiddleware final : public AnyMiddleware {
 public:
  explicit WrappedMiddleware(T middleware) : middleware_(std::move(middleware)) {}

  [[nodiscard]] JobOutcome call(JobContext& job, const NextBody& next) override {
    return middleware_(job, next);
  }

 private:
  T middleware_;
};

}  // namespace punctual
