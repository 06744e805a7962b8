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

#include "punctual/base/late.hpp"
#include "punctual/core/registry.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/policy/observer.hpp"

namespace punctual::detail {

/// `ObserverT` is AnyObserver; as a template, it costs those who only include it little.
template <class ObserverT>
class BasicSurroundings {
 public:
  template <class T>
  void observe(T observer) {
    auto wrapped = std::make_shared<WrappedObserver<T>>(std::move(observer));
    change([&](Parts& parts) { parts.observers.push_back(std::move(wrapped)); });
  }

  /// Inside of those that were added before.
  template <class T>
  void use(T middleware) {
    auto wrapped = std::make_shared<WrappedMiddleware<T>>(std::move(middleware));
    change([&](Parts& parts) { parts.middlewares.push_back(std::move(wrapped)); });
  }

  void tell_started(const JobRun& run) const noexcept {
    tell([&](ObserverT& observer) { observer.run_started(run); });
  }
  void tell_ended(const JobRun& run, const Completion& end) const noexcept {
    tell([&](ObserverT& observer) { observer.run_ended(run, end); });
  }

  /// Calls the body through the middlewares. Throws what they throw.
  [[nodiscard]] JobOutcome call(const AnyBody& body, JobContext& job) const {
    const auto parts = current();
    if (!parts) return body(job);
    return Next{*parts, 0, body, job}();
  }

 private:
  struct Parts {
    std::vector<std::shared_ptr<ObserverT>> observers{};
    LateVector<std::shared_ptr<AnyMiddleware>, ObserverT> middlewares{};
  };

  /// What lies inside of the first `index` middlewares.
  class Next final : public NextBody {  // NOLINT(cppcoreguidelines-virtual-class-destructor)
   public:
    Next(const Parts& parts, std::size_t index, const AnyBody& body, JobContext& job)
        : parts_(parts),
          index_(index),
          body_(body),
          job_(job) {}

    [[nodiscard]] JobOutcome operator()() const override {
      if (index_ == parts_.middlewares.size()) return body_(job_);
      return parts_.middlewares[index_]->call(job_, Next{parts_, index_ + 1, body_, job_});
    }

   private:
    const Parts& parts_;
    std::size_t index_;
    const AnyBody& body_;
    JobContext& job_;
  };

  template <class Tell>
  void tell(Tell&& tell) const noexcept {
    const auto parts = current();
    if (!parts) return;
    for (const auto& observer : parts->observers) {
      try {
        tell(*observer);
      } catch (...) {  // NOLINT(bugprone-empty-catch): an observer must not harm what it observes
      }
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
