// SPDX-License-Identifier: MIT
//
// StorageTrial: what one check works with. A fresh storage, its time, and the verbs that checks are
// written in.
//
// A verb that sets the scene ends the check when it fails (a run that should have been stored was
// not), so that a check's own findings are about the promise in its name.
//
// Thread-safety: one thread, but for `storage()` and `now()`.

#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/random.hpp"
#include "punctual/base/time.hpp"
#include "punctual/base/uuid.hpp"
#include "punctual/testing/expectations.hpp"
#include "punctual/testing/storage_handle.hpp"

namespace punctual::testing {

/// What a trial asks of the harness. The last two are empty where the harness cannot do it.
struct TrialHost {
  std::function<TimePoint()> now{};
  std::function<void(Duration)> advance{};
  std::function<void(Duration)> turn_back{};
  std::function<std::unique_ptr<StorageHandle>()> second_handle{};
};

class StorageTrial : public Expectations {
 public:
  /// The lease of a trial's claims: longer than any check takes.
  static constexpr Duration lease = std::chrono::minutes{10};

  StorageTrial(StorageHandle& storage, TrialHost host)
      : storage_(storage),
        host_(std::move(host)) {}

  [[nodiscard]] StorageHandle& storage() noexcept { return storage_; }
  [[nodiscard]] std::unique_ptr<StorageHandle> second_handle() { return host_.second_handle(); }
  [[nodiscard]] TimePoint now() const { return host_.now(); }
  void advance(Duration span) { host_.advance(span); }
  void turn_back(Duration span) { host_.turn_back(span); }

  /// Ids rise, as those of one scheduler do.
  [[nodiscard]] RunId next_id() { return ids_.next(now()); }

  // --- Values, to be changed as a check wants them

  /// A job due every hour, the first time in an hour.
  [[nodiscard]] JobDefinition definition(std::string job) const;

  /// A job whose schedule waits a minute after the end of its runs; nothing is armed.
  [[nodiscard]] JobDefinition after_finish_definition(std::string job) const;

  /// A pending run that is ready now.
  [[nodiscard]] NewRun row(std::string job);

  /// A run as a trigger makes it: exclusive, skipped if another one is open.
  [[nodiscard]] NewRun exclusive_row(std::string job);

  /// A run as the planner makes it for a due instant.
  [[nodiscard]] NewRun due_row(std::string job, TimePoint due_at);

  /// A row that answers something without a run.
  [[nodiscard]] NewRun skipped_row(std::string job, std::string message_code);

  [[nodiscard]] static Completion completion(const JobRun& run,
                                             JobStatus status = JobStatus::success);

  /// A claim by `node-a` of anything of `jobs`, which it borrows.
  [[nodiscard]] static ClaimRequest request(const JobNames& jobs, std::size_t limit = 100);

  // --- Verbs

  /// Loads one definition; returns the job's state. Loading the same one again only reads.
  ScheduleState sync(const JobDefinition& definition);

  /// Moves one schedule on; returns the answer.
  AdvanceAnswer advance_schedule(const ScheduleState& state, std::optional<TimePoint> next_due_at,
                                 std::vector<NewRun> rows = {});

  bool pause(const ScheduleState& state);

  /// Enqueues one row; returns the answer.
  EnqueueAnswer offer(const NewRun& row);

  /// Enqueues one row, which must be stored; returns its id.
  RunId enqueue(const NewRun& row);

  std::vector<JobRun> claim(const JobNames& jobs, std::size_t limit = 100);

  /// Claims one run, whatever its place in the order, if it can be had.
  std::optional<JobRun> claim_only(RunId id, const std::string& job, std::string node = "node-a");

  /// Enqueues `row` and claims it; it must be had.
  JobRun start(const NewRun& row, std::string node = "node-a");

  RenewAnswer renew(const JobRun& run);
  FinishAnswer finish(const JobRun& run, JobStatus status = JobStatus::success);
  FinishAnswer release(const JobRun& run);

  /// Enqueues, claims and finishes; returns the ended run as stored.
  JobRun end(const NewRun& row, JobStatus status = JobStatus::success);

  std::vector<JobRun> take_expired(const JobNames& jobs, std::size_t limit = 100);

  // --- Readings

  /// The run as stored, which it must be.
  [[nodiscard]] JobRun stored(RunId id);
  [[nodiscard]] std::vector<JobRun> runs_of(const std::string& job);
  /// The job's summary, which must be there.
  [[nodiscard]] JobSummary summary(const std::string& job);
  [[nodiscard]] static std::vector<RunId> ids_of(const std::vector<JobRun>& runs);

 private:
  StorageHandle& storage_;
  TrialHost host_;
  UuidGenerator ids_{Random{20'240'115}};
};

inline JobDefinition StorageTrial::definition(std::string job) const {
  const TimePoint anchor_at = now();
  return {.name = std::move(job),
          .description = "a job of the conformance suite",
          .schedule = {{"kind", "interval"}, {"periodMs", 3'600'000}},
          .anchor_at = anchor_at,
          .next_due_at = anchor_at + std::chrono::hours{1}};
}

inline JobDefinition StorageTrial::after_finish_definition(std::string job) const {
  JobDefinition definition = this->definition(std::move(job));
  definition.schedule = {{"kind", "afterFinish"}, {"periodMs", 60'000}};
  definition.next_due_at.reset();
  definition.after_finish_delay = std::chrono::minutes{1};
  return definition;
}

inline NewRun StorageTrial::row(std::string job) {
  NewRun row;
  row.id = next_id();
  row.job_name = std::move(job);
  row.run_at = now();
  return row;
}

inline NewRun StorageTrial::exclusive_row(std::string job) {
  NewRun row = this->row(std::move(job));
  row.exclusive = true;
  row.skip_if_open = true;
  return row;
}

inline NewRun StorageTrial::due_row(std::string job, TimePoint due_at) {
  NewRun row = exclusive_row(std::move(job));
  row.trigger = RunTrigger::schedule;
  row.due_at = due_at;
  return row;
}

inline NewRun StorageTrial::skipped_row(std::string job, std::string message_code) {
  NewRun row = this->row(std::move(job));
  row.status = JobStatus::skipped;
  row.message_code = std::move(message_code);
  return row;
}

inline Completion StorageTrial::completion(const JobRun& run, JobStatus status) {
  Completion completion;
  completion.lease = {run.id, run.fence};
  completion.status = status;
  completion.message_code = status == JobStatus::failed ? "JOB_FAILED" : "JOB_COMPLETED";
  return completion;
}

inline ClaimRequest StorageTrial::request(const JobNames& jobs, std::size_t limit) {
  return {.node = "node-a", .jobs = &jobs, .limit = limit, .lease = lease};
}

inline ScheduleState StorageTrial::sync(const JobDefinition& definition) {
  const auto states = storage_.sync_jobs({definition}, now());
  require_equal("states of one synced job", 1U, states.size());
  return states.front();
}

inline AdvanceAnswer StorageTrial::advance_schedule(const ScheduleState& state,
                                                    std::optional<TimePoint> next_due_at,
                                                    std::vector<NewRun> rows) {
  const auto answers = storage_.advance({{.job_name = state.job_name,
                                          .version = state.version,
                                          .next_due_at = next_due_at,
                                          .rows = std::move(rows)}},
                                        now());
  require_equal("answers to one advance", 1U, answers.size());
  return answers.front();
}

inline bool StorageTrial::pause(const ScheduleState& state) {
  return storage_.set_paused({.job_name = state.job_name,
                              .version = state.version,
                              .paused = true,
                              .actor = "olga",
                              .reason = "maintenance"},
                             now());
}

inline EnqueueAnswer StorageTrial::offer(const NewRun& row) {
  const auto answers = storage_.enqueue({row}, now());
  require_equal("answers to one enqueued row", 1U, answers.size());
  return answers.front();
}

inline RunId StorageTrial::enqueue(const NewRun& row) {
  require_equal("answer to an enqueued row", EnqueueAnswer::Kind::stored, offer(row).kind);
  return row.id;
}

inline std::vector<JobRun> StorageTrial::claim(const JobNames& jobs, std::size_t limit) {
  return storage_.claim(request(jobs, limit), now());
}

inline std::optional<JobRun> StorageTrial::claim_only(RunId id, const std::string& job,
                                                      std::string node) {
  const JobNames jobs{job};
  ClaimRequest only = request(jobs, 1);
  only.node = std::move(node);
  only.only = id;
  const auto claimed = storage_.claim(only, now());
  require(claimed.size() <= 1, "at most one run from a claim of one");
  return claimed.empty() ? std::nullopt : std::optional{claimed.front()};
}

inline JobRun StorageTrial::start(const NewRun& row, std::string node) {
  enqueue(row);
  const auto run = claim_only(row.id, row.job_name, std::move(node));
  require(run.has_value(), "a ready run to be claimed");
  require_equal("id of the claimed run", row.id, run->id);
  return *run;
}

inline RenewAnswer StorageTrial::renew(const JobRun& run) {
  const auto answers = storage_.renew({{.lease = {run.id, run.fence}}}, lease, now());
  require_equal("answers to one renewal", 1U, answers.size());
  return answers.front();
}

inline FinishAnswer StorageTrial::finish(const JobRun& run, JobStatus status) {
  const auto answers = storage_.finish({completion(run, status)}, now());
  require_equal("answers to one completion", 1U, answers.size());
  return answers.front();
}

inline FinishAnswer StorageTrial::release(const JobRun& run) {
  const auto answers = storage_.release({{run.id, run.fence}}, now());
  require_equal("answers to one release", 1U, answers.size());
  return answers.front();
}

inline JobRun StorageTrial::end(const NewRun& row, JobStatus status) {
  require_equal("answer to the completion", FinishAnswer::done, finish(start(row), status));
  return stored(row.id);
}

inline std::vector<JobRun> StorageTrial::take_expired(const JobNames& jobs, std::size_t limit) {
  return storage_.take_expired({.jobs = &jobs, .limit = limit, .lease = lease}, now());
}

inline JobRun StorageTrial::stored(RunId id) {
  const auto run = storage_.run(id);
  require(run.has_value(), "the run to be stored");
  return *run;
}

inline std::vector<JobRun> StorageTrial::runs_of(const std::string& job) {
  return storage_.runs({.job_name = job, .limit = 1000});
}

inline JobSummary StorageTrial::summary(const std::string& job) {
  for (auto& summary : storage_.summaries()) {
    if (summary.name == job) return summary;
  }
  require(false, "a summary of the job \"" + job + '"');
  return {};
}

inline std::vector<RunId> StorageTrial::ids_of(const std::vector<JobRun>& runs) {
  std::vector<RunId> ids;
  ids.reserve(runs.size());
  for (const auto& run : runs) ids.push_back(run.id);
  return ids;
}

}  // namespace punctual::testing
