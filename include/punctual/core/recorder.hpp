// SPDX-License-Identifier: MIT
//
// Recorder: brings the ends of runs into the storage, whatever the storage answers.
//
// Refused for now: tried again later. In doubt: read again, for a commit whose answer was lost must
// not be repeated blindly. Refused for good: the one end that the storage will not take is stored
// without what the body said, so that it neither holds up the others nor leaves its run open.
//
// Thread-safety: all members, from any thread.

#pragma once

#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/late.hpp"
#include "punctual/core/outbox.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/domain/message_code.hpp"

namespace punctual::detail {

template <class PartsT>
class Recorder {
 public:
  using Settled = std::function<void(const OutboxItem&, FinishAnswer)>;

  /// `settled` is told of each end that has found its place; with no lock held.
  Recorder(PartsT& parts, Settled settled) : parts_(parts), settled_(std::move(settled)) {}

  void put(OutboxItem item) { outbox_.put(std::move(item)); }
  [[nodiscard]] bool is_empty() const { return outbox_.is_empty(); }

  /// Returns the runs whose ends wait to be stored.
  [[nodiscard]] LateVector<RunId, PartsT> unsaved() const {
    LateVector<RunId, PartsT> ids;
    outbox_.for_each([&](const OutboxItem& item) { ids.push_back(item.flight->run.id); });
    return ids;
  }

  /// Carries to the storage what waits, unless another thread is at it.
  void flush() {
    outbox_.carry(parts_.options.batch_max,
                  [this](LateVector<OutboxItem, PartsT>& batch) { store(batch); });
  }

 private:
  /// Stores ends; those to be tried again are left in `batch`.
  void store(LateVector<OutboxItem, PartsT>& batch) noexcept {
    try {
      LateVector<Completion, PartsT> completions;
      completions.reserve(batch.size());
      for (const auto& item : batch) completions.emplace_back(item.completion);
      const auto answers =
          parts_.guarded([&] { return parts_.storage.finish(completions, parts_.now()); });
      for (std::size_t i = 0; i < batch.size(); ++i) {
        // Our own end, of which the storage took the first try and lost its answer, is not lost.
        const bool is_lost = answers.at(i) == FinishAnswer::lost && !is_recorded(batch[i]);
        settled_(batch[i], is_lost ? FinishAnswer::lost : FinishAnswer::done);
      }
      batch.clear();
      parts_.note_success();
    } catch (const Error& error) {
      parts_.note_failure(error);
      if (error.retryable()) return;
      std::erase_if(batch, [&](OutboxItem& item) {
        return error.in_doubt() ? is_settled_already(item) : is_settled_alone(item);
      });
    } catch (...) {  // out of memory: all of the batch stays, and is tried again
      parts_.note_failure(Error{"OUT_OF_MEMORY", "ends of runs could not be stored"});
    }
  }

  [[nodiscard]] bool is_settled_already(const OutboxItem& item) noexcept {
    try {
      if (!is_recorded(item)) return false;
      settled_(item, FinishAnswer::done);
      return true;
    } catch (...) {
      return false;
    }
  }

  /// True if the run has ended under our fence; false also while that cannot be read.
  [[nodiscard]] bool is_recorded(const OutboxItem& item) noexcept {
    const JobRun& ours = item.flight->run;
    try {
      const auto run = parts_.guarded([&] { return parts_.storage.run(ours.id); });
      return run && is_terminal(run->status) && run->fence == ours.fence;
    } catch (...) {
      return false;
    }
  }

  [[nodiscard]] bool is_settled_alone(OutboxItem& item) noexcept {
    for (const bool is_bare : {false, true}) {
      try {
        if (is_bare) item.completion = make_bare(item.completion);
        const auto answers =
            parts_.guarded([&] { return parts_.storage.finish({item.completion}, parts_.now()); });
        settled_(item, answers.at(0));
        return true;
      } catch (const Error& error) {
        if (error.retryable() || error.in_doubt()) return false;
      } catch (...) {
        return false;
      }
    }
    settled_(item, FinishAnswer::lost);  // not even bare: the lease runs out
    return true;
  }

  [[nodiscard]] static Completion make_bare(const Completion& refused) {
    Completion bare;
    bare.lease = refused.lease;
    bare.status = JobStatus::failed;
    bare.message_code = std::string{message_code::job_execution_error};
    bare.error = RunError{"NOT_RECORDABLE", "the storage refused what the body returned"};
    bare.duration = refused.duration;
    return bare;
  }

  PartsT& parts_;
  Settled settled_;
  Late<Outbox, PartsT> outbox_;
};

}  // namespace punctual::detail
