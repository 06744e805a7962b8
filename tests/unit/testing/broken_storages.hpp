// SPDX-License-Identifier: MIT
//
// Storages that break a promise which several groups of checks try, each from outside, as a client
// of a sound one.

#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

#include "punctual/base/random.hpp"
#include "punctual/base/uuid.hpp"
#include "punctual/builtin/in_memory_storage.hpp"

namespace punctual::testing {

/// Changes rows before it stores them, whatever operation brings them.
template <class ChangeT>
class ChangesRows : public InMemoryStorage {
 public:
  std::vector<EnqueueAnswer> enqueue(std::vector<NewRun> rows, TimePoint now) {
    for (auto& row : rows) change_(*this, row, now);
    return InMemoryStorage::enqueue(rows, now);
  }
  std::vector<AdvanceAnswer> advance(std::vector<Advance> advances, TimePoint now) {
    for (auto& advance : advances) {
      for (auto& row : advance.rows) change_(*this, row, now);
    }
    return InMemoryStorage::advance(advances, now);
  }
  std::vector<FinishAnswer> finish(std::vector<Completion> completions, TimePoint now) {
    for (auto& completion : completions) {
      for (auto& row : completion.follow_ups) change_(*this, row, now);
    }
    return InMemoryStorage::finish(completions, now);
  }

 private:
  ChangeT change_;
};

/// An id that no other has.
[[nodiscard]] inline RunId unused_id() {
  static std::mutex mutex;
  static UuidGenerator ids{Random{99}};
  const std::lock_guard lock{mutex};
  return ids.next(TimePoint{Duration{1'000}});
}

struct DropAfter {
  void operator()(InMemoryStorage&, NewRun& row, TimePoint) const { row.after.clear(); }
};
using IgnoresAfter = ChangesRows<DropAfter>;

/// Lets what comes after others wait for something that never ends, too.
struct AddEndless {
  void operator()(InMemoryStorage& storage, NewRun& row, TimePoint now) const {
    if (row.after.empty()) return;
    NewRun endless;
    endless.id = unused_id();
    endless.job_name = "endless";
    endless.run_at = now;
    storage.enqueue({endless}, now);
    row.after.push_back(endless.id);
  }
};
using WaitsForEver = ChangesRows<AddEndless>;

struct DropUniqueKey {
  void operator()(InMemoryStorage&, NewRun& row, TimePoint) const { row.unique_key.clear(); }
};
using IgnoresKeys = ChangesRows<DropUniqueKey>;

struct DropReplaces {
  void operator()(InMemoryStorage&, NewRun& row, TimePoint) const { row.replaces_running = false; }
};
using ReplacesNothing = ChangesRows<DropReplaces>;

struct DropPace {
  void operator()(InMemoryStorage&, NewRun& row, TimePoint) const { row.pace.limit.max = 0; }
};
using IgnoresPace = ChangesRows<DropPace>;

class StoresOneByOne : public InMemoryStorage {
 public:
  std::vector<EnqueueAnswer> enqueue(const std::vector<NewRun>& rows, TimePoint now) {
    std::vector<EnqueueAnswer> answers;
    for (const auto& row : rows) answers.push_back(InMemoryStorage::enqueue({row}, now).front());
    return answers;
  }
};

class EndsUnderAnyFence : public InMemoryStorage {
 public:
  std::vector<FinishAnswer> finish(std::vector<Completion> completions, TimePoint now) {
    for (auto& completion : completions) {
      const auto run = InMemoryStorage::run(completion.lease.run_id);
      if (run) completion.lease.fence = run->fence;
    }
    return InMemoryStorage::finish(completions, now);
  }
};

class IgnoresDependsOn : public InMemoryStorage {
 public:
  std::vector<ScheduleState> sync_jobs(std::vector<JobDefinition> definitions, TimePoint now) {
    for (auto& definition : definitions) definition.depends_on.clear();
    return InMemoryStorage::sync_jobs(definitions, now);
  }
};

class IgnoresRates : public InMemoryStorage {
 public:
  std::vector<JobRun> claim(ClaimRequest request, TimePoint now) {
    request.rates = nullptr;
    return InMemoryStorage::claim(request, now);
  }
};

class ExpiresNothing : public InMemoryStorage {
 public:
  std::size_t expire_unknown(ExpiryRequest request, TimePoint now) {
    request.limit = 0;
    return InMemoryStorage::expire_unknown(request, now);
  }
};

/// Stores a run of the job, claims it and ends it well.
inline void run_once(InMemoryStorage& storage, const std::string& job, TimePoint now) {
  NewRun row;
  row.id = unused_id();
  row.job_name = job;
  row.run_at = now;
  storage.enqueue({row}, now);
  const JobNames jobs{job};
  ClaimRequest request{.node = "node-x", .jobs = &jobs, .limit = 1, .lease = Duration{1000}};
  request.only = row.id;
  for (const auto& run : storage.claim(request, now)) {
    Completion end;
    end.lease = {run.id, run.fence};
    storage.finish({end}, now);
  }
}

}  // namespace punctual::testing
