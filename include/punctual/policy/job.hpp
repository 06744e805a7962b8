// SPDX-License-Identifier: MIT
//
// Job and JobBody: what can be registered.
//
// A body is anything callable with a `JobContext&` that returns a `JobOutcome` or nothing. A job is
// an object that brings its configuration along. Either may be move-only.

#pragma once

#include <concepts>
#include <type_traits>

#include "punctual/domain/job_config.hpp"
#include "punctual/domain/job_outcome.hpp"
#include "punctual/policy/job_context.hpp"

namespace punctual {

/// Semantics:
/// - Called once per run, on a thread of the executor, with no lock held. Runs of one job overlap
///   only if its policy or `enqueue` lets them.
/// - Whatever it throws becomes a failed run; returning nothing means `job.success()`.
template <class T>
concept JobBody = std::invocable<T&, JobContext&> &&
    (std::same_as<std::invoke_result_t<T&, JobContext&>, JobOutcome> ||
     std::same_as<std::invoke_result_t<T&, JobContext&>, void>);

/// Semantics:
/// - `config()` is asked once, when the job is registered.
/// - `execute(context)` as a JobBody.
template <class T>
concept Job = requires(T& job, const T& const_job, JobContext& context) {
  { const_job.config() } -> std::convertible_to<JobConfig>;
  { job.execute(context) } -> std::same_as<JobOutcome>;
};

}  // namespace punctual
