// SPDX-License-Identifier: MIT
//
// Parts: what a scheduler is made of: its clock, storage and executor, and what all its rooms
// share.
//
// `ClockT`, `StorageT`, `ExecutorT` are values for parts that the scheduler owns and references for
// parts that it borrows; nothing below needs to know which.
//
// Thread-safety: as the parts themselves; ids and events may be used from any thread.

#pragma once

#include <exception>
#include <mutex>
#include <string>
#include <utility>

#include "punctual/base/error.hpp"
#include "punctual/base/random.hpp"
#include "punctual/base/time.hpp"
#include "punctual/base/uuid.hpp"
#include "punctual/core/event.hpp"
#include "punctual/core/options.hpp"
#include "punctual/core/storage_trouble.hpp"

namespace punctual::detail {

template <class ClockT, class StorageT, class ExecutorT>
class Parts {
 public:
  Parts(ClockT&& clock_part, StorageT&& storage_part, ExecutorT&& executor_part,
        SchedulerOptions scheduler_options)
      : options(std::move(scheduler_options)),
        random_(options.seed ? Random{*options.seed} : Random::from_entropy()),
        ids_(Random{random_()}),
        node(options.node + "-" + random_suffix()),
        trouble(Random{random_()}, options.lease / 6),
        clock(std::forward<ClockT>(clock_part)),
        storage(std::forward<StorageT>(storage_part)),
        executor(std::forward<ExecutorT>(executor_part)) {}

  const SchedulerOptions options;

 private:
  std::mutex random_mutex_;
  Random random_;
  UuidGenerator ids_;

 public:
  const std::string node;  ///< unlike that of any other process, and of this one after a restart
  StorageTrouble trouble;
  ClockT clock;
  StorageT storage;
  ExecutorT executor;  // last: its threads end before what they use

  /// The instant that the storage's decisions go by.
  [[nodiscard]] TimePoint now() { return storage.now(clock.now()); }

  [[nodiscard]] RunId next_id(TimePoint now) {
    const std::lock_guard lock{random_mutex_};
    return ids_.next(now);
  }

  /// Calls `plan(ids, random)`, a pure function of the planner, alone with the generators.
  template <class Plan>
  decltype(auto) with_generators(Plan&& plan) {
    const std::lock_guard lock{random_mutex_};
    return plan(ids_, random_);
  }

  /// Tells the host. Requires: no lock is held.
  void emit(SchedulerEvent::Kind kind, std::string job_name, RunId run_id,
            std::string message) const noexcept {
    if (!options.on_event) return;
    try {
      options.on_event({kind, std::move(job_name), run_id, std::move(message)});
    } catch (...) {  // NOLINT(bugprone-empty-catch): an observer must not harm what it observes
    }
  }

  /// Notes that the storage failed, and tells the host.
  void note_failure(const Error& error) {
    trouble.failed(clock.steady_now());
    emit(SchedulerEvent::Kind::storage_failed, {}, {}, error.what());
  }

  void note_success() {
    if (trouble.succeeded()) {
      emit(SchedulerEvent::Kind::storage_recovered, {}, {}, "the storage answers again");
    }
  }

  /// Calls `operation()`, which asks the storage; whatever it throws becomes a punctual::Error.
  template <class Operation>
  static decltype(auto) guarded(Operation&& operation) {
    try {
      return operation();
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      throw Error{"STORAGE_ERROR", what_of(error), ErrorKind::in_doubt};
    } catch (...) {
      throw Error{"STORAGE_ERROR", "the storage threw something that is not a std::exception",
                  ErrorKind::in_doubt};
    }
  }

 private:
  [[nodiscard]] std::string random_suffix() {
    return Uuid{[this] {
             std::array<std::uint8_t, 16> bytes{};
             for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(random_());
             return bytes;
           }()}
        .to_string()
        .substr(0, 8);
  }
};

}  // namespace punctual::detail
