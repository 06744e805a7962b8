// SPDX-License-Identifier: MIT
//
// Registry: the jobs of one scheduler, by name.
//
// An entry is immutable and shared: a run keeps the entry it was started with, so disabling or
// replacing a job never pulls a body from under a running thread.
//
// Thread-safety: none of its own; the scheduler guards it. Entries may be shared freely.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/cycle.hpp"
#include "punctual/base/error.hpp"
#include "punctual/base/late.hpp"
#include "punctual/base/text.hpp"
#include "punctual/domain/job_config.hpp"
#include "punctual/domain/ledger.hpp"
#include "punctual/domain/rate_limit.hpp"
#include "punctual/policy/job.hpp"

namespace punctual {

/// A body of any type, behind one.
using AnyBody = std::function<JobOutcome(JobContext&)>;

/// Wraps a body so that it can be shared between runs; `void` bodies succeed by returning.
template <JobBody Body>
[[nodiscard]] AnyBody make_any_body(Body body) {
  auto shared = std::make_shared<Body>(std::move(body));
  return [shared](JobContext& context) -> JobOutcome {
    if constexpr (std::is_void_v<std::invoke_result_t<Body&, JobContext&>>) {
      std::invoke(*shared, context);
      return context.success();
    } else {
      return std::invoke(*shared, context);
    }
  };
}

struct RegisteredJob {
  JobConfig config{};  ///< its schedule anchored as the ledger says
  std::shared_ptr<const AnyBody> body{};
  bool is_alias = false;  ///< a name that the job had before
};

using RegisteredJobPtr = std::shared_ptr<const RegisteredJob>;

/// `EntryT` is RegisteredJob; as a template, it costs those who only include it little.
template <class EntryT>
class BasicRegistry {
 public:
  using EntryPtr = std::shared_ptr<const EntryT>;

  /// Errors: DUPLICATE_JOB -> the name is taken.
  void require_free(const std::string& name) const {
    if (!jobs_.contains(name)) return;
    throw Error{"DUPLICATE_JOB", "a job named \"" + name + "\" is registered already"};
  }

  /// Errors: DUPLICATE_JOB -> the name is taken; nothing is replaced.
  ///
  /// Leaves the caller its reference, so that a refused body is destroyed where no lock is held.
  void add(const EntryPtr& job) {
    require_free(job->config.name);
    jobs_.emplace(job->config.name, job);
    names_ = nullptr;
    rates_ = nullptr;
  }

  /// Takes the place of the entry with the same name; returns that one, for the caller to destroy
  /// where no lock is held.
  EntryPtr replace(EntryPtr job) {
    rates_ = nullptr;
    return std::exchange(jobs_.at(job->config.name), std::move(job));
  }

  /// Errors: DEPENDENCY_CYCLE -> with `config` the jobs depend on one another in a circle, which
  ///         the message names.
  void require_no_cycle(const JobConfig& config) const {
    if (config.depends_on.empty()) return;
    std::map<Late<std::string, EntryT>, LateVector<std::string, EntryT>> prerequisites;
    for (const auto& [name, job] : jobs_) prerequisites[name] = job->config.depends_on;
    prerequisites[config.name] = config.depends_on;
    const std::string cycle = detail::find_cycle(prerequisites);
    if (cycle.empty()) return;
    throw Error{"DEPENDENCY_CYCLE", "job \"" + config.name + "\" would wait for itself: " + cycle};
  }

  /// Returns the entry, or null.
  [[nodiscard]] EntryPtr find(std::string_view name) const {
    const auto found = jobs_.find(name);
    return found == jobs_.end() ? nullptr : found->second;
  }

  /// Errors: JOB_NOT_FOUND -> with the names that resemble it.
  [[nodiscard]] EntryPtr at(std::string_view name) const {
    if (auto job = find(name)) return job;
    throw not_found(name);
  }

  [[nodiscard]] Error not_found(std::string_view name) const {
    const auto known = names();
    std::string message = "no job named \"" + clamp_text(name, 100) + "\" is registered";
    const auto near = nearest_names(name, *known);
    for (std::size_t i = 0; i < near.size(); ++i) {
      message += (i == 0 ? "; did you mean \"" : "\" or \"") + near[i];
    }
    if (!near.empty()) message += "\"?";
    if (near.empty() && known->empty()) message += "; there are no jobs yet";
    return Error{"JOB_NOT_FOUND", message};
  }

  /// Every name, sorted. Never null; a snapshot that later changes leave alone.
  ///
  /// Complexity: linear after a registration, constant otherwise.
  [[nodiscard]] std::shared_ptr<const JobNames> names() const {
    if (!names_) names_ = collect_names();
    return names_;
  }

  /// The jobs whose starts are limited, by name. Never null; likewise a snapshot.
  [[nodiscard]] std::shared_ptr<const LateVector<JobRate, EntryT>> rates() const {
    if (!rates_) rates_ = collect_rates();
    return rates_;
  }

  [[nodiscard]] std::vector<EntryPtr> all() const {
    std::vector<EntryPtr> jobs;
    jobs.reserve(jobs_.size());
    for (const auto& [name, job] : jobs_) jobs.push_back(job);
    return jobs;
  }

 private:
  [[nodiscard]] std::shared_ptr<const JobNames> collect_names() const {
    auto names = std::make_shared<JobNames>();
    names->reserve(jobs_.size());
    for (const auto& [name, job] : jobs_) names->push_back(name);
    return names;
  }

  [[nodiscard]] std::shared_ptr<const LateVector<JobRate, EntryT>> collect_rates() const {
    auto rates = std::make_shared<LateVector<JobRate, EntryT>>();
    for (const auto& [name, job] : jobs_) {
      const RatePolicy& rate = job->config.rate;
      if (rate.limit.max == 0) continue;
      rates->push_back({name, {"rate:" + (rate.key.empty() ? name : rate.key), rate.limit}});
    }
    return rates;
  }

  std::map<std::string, EntryPtr, std::less<>> jobs_;
  mutable std::shared_ptr<const JobNames> names_;                     // null: to be collected anew
  mutable std::shared_ptr<const LateVector<JobRate, EntryT>> rates_;  // likewise
};

using Registry = BasicRegistry<RegisteredJob>;

}  // namespace punctual
