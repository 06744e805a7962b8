// SPDX-License-Identifier: MIT
//
// Surroundings: the observers and middlewares of a scheduler, and how a body is called through
// them.
//
// Thread-safety: all members, from any thread. Runs that are under way keep what they began with.

#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "punctual/core/registry.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/policy/observer.hpp"

namespace punctual::detail {

/// `ObserverT` is AnyObserver; as a template, it costs those who only include it little.
template <class ObserverT>
class BasicSurroundings {
 public:
  void add(ObserverT observer) {
    change([&](Parts& parts) { parts.observers.push_back(std::move(observer)); });
  }

  /// Inside of those that were added before.
  void add(Middleware middleware) {
    change([&](Parts& parts) { parts.middlewares.push_back(std::move(middleware)); });
  }

  void tell_started(const JobRun& run) const noexcept {
    const auto parts = current();
    if (!parts) return;
    for (const auto& observer : parts->observers) {
      if (observer.run_started) guarded([&] { observer.run_started(run); });
    }
  }

  void tell_ended(const JobRun& run, const Completion& end) const noexcept {
    const auto parts = current();
    if (!parts) return;
    for (const auto& observer : parts->observers) {
      if (observer.run_ended) guarded([&] { observer.run_ended(run, end); });
    }
  }

  /// Calls the body through the middlewares. Throws what they throw.
  [[nodiscard]] JobOutcome call(const AnyBody& body, JobContext& job) const {
    const auto parts = current();
    if (!parts || parts->middlewares.empty()) return body(job);
    return call_from(0, *parts, body, job);
  }

 private:
  struct Parts {
    std::vector<ObserverT> observers{};
    std::vector<Middleware> middlewares{};
  };

  [[nodiscard]] static JobOutcome call_from(std::size_t index, const Parts& parts,
                                            const AnyBody& body, JobContext& job) {
    if (index == parts.middlewares.size()) return body(job);
    const NextBody next = [&, index] { return call_from(index + 1, parts, body, job); };
    return parts.middlewares[index](job, next);
  }

  template <class Call>
  static void guarded(Call&& call) noexcept {
    try {
      call();
    } catch (...) {  // NOLINT(bugprone-empty-catch): an observer must not harm what it observes
    }
  }

  [[nodiscard]] std::shared_ptr<const Parts> current() const {
    const std::lock_guard lock{mutex_};
    return parts_;
  }

  template <class Change>
  void change(Change&& change) {
    std::shared_ptr<const Parts> replaced;  // outlives the lock
    const std::lock_guard lock{mutex_};
    auto changed = parts_ ? std::make_shared<Parts>(*parts_) : std::make_shared<Parts>();
    change(*changed);
    replaced = std::exchange(parts_, std::move(changed));
  }

  mutable std::mutex mutex_;
  std::shared_ptr<const Parts> parts_;  // null: nothing surrounds the bodies
};

using Surroundings = BasicSurroundings<AnyObserver>;

}  // namespace punctual::detail
