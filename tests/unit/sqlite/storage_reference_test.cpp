// SPDX-License-Identifier: MIT
//
// sqlite::Storage against InMemoryStorage: both get the same random operations, and must give the
// same answers and hold the same rows after each of them.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/random.hpp"
#include "punctual/builtin/in_memory_storage.hpp"
#include "punctual/sqlite/storage.hpp"
#include "punctual/testing/row_difference.hpp"
#include "support/catch.hpp"

namespace storage_reference_test {

namespace {

using namespace punctual;
using testing::difference;

const JobNames all_jobs{"alpha", "beta", "delta", "gamma"};

/// Draws operations and gives each to both storages.
class Twins {
 public:
  explicit Twins(std::uint64_t seed) : random_(seed), ids_(Random{seed + 1}) {}

  /// Returns what differed after one random operation; empty if nothing.
  std::string step() {
    problem_.clear();
    now_ = add_clamped(now_, Duration{draw(400)});
    switch (draw(16)) {
      case 0:
        sync();
        break;
      case 1:
      case 2:
        advance();
        break;
      case 3:
        pause();
        break;
      case 4:
      case 5:
      case 6:
        enqueue();
        break;
      case 7:
      case 8:
      case 9:
        claim();
        break;
      case 10:
        renew();
        break;
      case 11:
      case 12:
        finish();
        break;
      case 13:
        release();
        break;
      case 14:
        rescue();
        break;
      case 15:
        cancel();
        break;
      default:
        prune();
        break;
    }
    compare_all();
    return problem_;
  }

 private:
  std::int64_t draw(std::uint64_t most) { return static_cast<std::int64_t>(random_.up_to(most)); }
  bool chance(std::uint64_t one_in) { return draw(one_in - 1) == 0; }
  const std::string& any_job() { return all_jobs[static_cast<std::size_t>(draw(3))]; }

  JobNames some_jobs() {
    JobNames jobs;
    for (const auto& name : all_jobs) {
      if (!chance(4)) jobs.push_back(name);
    }
    return jobs;
  }

  std::optional<TimePoint> any_instant() {
    if (chance(4)) return std::nullopt;
    return TimePoint{std::chrono::seconds{draw(40)}};
  }

  template <class T>
  void same(const char* what, const T& memory, const T& sqlite) {
    if (memory != sqlite) problem_ += std::string{what} + " differ; ";
  }

  void same(const char* what, const std::vector<JobRun>& memory,
            const std::vector<JobRun>& sqlite) {
    if (memory.size() != sqlite.size()) {
      problem_ += std::string{what} + ": " + std::to_string(memory.size()) + " and " +
                  std::to_string(sqlite.size()) + " rows; ";
    }
    for (std::size_t i = 0; i < std::min(memory.size(), sqlite.size()); ++i) {
      const std::string found = difference(memory[i], sqlite[i]);
      if (!found.empty()) problem_ += std::string{what} + ": " + found + "; ";
    }
  }

  void same(const char* what, const std::vector<ScheduleState>& memory,
            const std::vector<ScheduleState>& sqlite) {
    if (memory.size() != sqlite.size()) problem_ += std::string{what} + ": other rows; ";
    for (std::size_t i = 0; i < std::min(memory.size(), sqlite.size()); ++i) {
      const std::string found = difference(memory[i], sqlite[i]);
      if (!found.empty()) problem_ += std::string{what} + ": " + found + "; ";
    }
  }

  void sync() {
    JobDefinition job;
    job.name = any_job();
    job.description = "version " + std::to_string(draw(2));
    job.schedule = {{"kind", "interval"}, {"periodMs", 1000 * (1 + draw(1))}};
    job.enabled = !chance(5);
    job.anchor_at = now_;
    job.next_due_at = any_instant();
    if (chance(2)) {
      job.next_due_at.reset();
      job.after_finish_delay = Duration{draw(900)};
    }
    job.retention = {Duration{1 + draw(20'000)}, static_cast<std::size_t>(draw(6))};
    same("synced states", memory_.sync_jobs({job, job}, now_), sqlite_.sync_jobs({job, job}, now_));
  }

  /// Returns the states of jobs that may or may not be due.
  std::vector<ScheduleState> due() {
    const JobNames jobs = some_jobs();
    const auto limit = static_cast<std::size_t>(draw(5));
    auto states = memory_.due_schedules(jobs, limit, now_);
    same("due schedules", states, sqlite_.due_schedules(jobs, limit, now_));
    return states;
  }

  NewRun row(const std::string& job) {
    NewRun row;
    row.id = ids_.next(now_);
    row.job_name = job;
    row.run_at = chance(3) ? now_ + Duration{draw(60'000)} : now_ - Duration{draw(500)};
    row.priority = static_cast<int>(draw(4)) - 2;
    row.exclusive = chance(2);
    row.skip_if_open = chance(2);
    row.concurrency_max = static_cast<std::uint32_t>(draw(3));
    if (chance(2)) row.concurrency_key = chance(2) ? "k" : "l";
    if (chance(4)) row.unique_key = chance(2) ? "u" : "v";
    if (chance(2)) row.payload = {{"number", draw(99)}, {"text", "\xC3\xA4"}};
    if (chance(8)) {
      row.status = JobStatus::skipped;
      row.message_code = "JOB_DISABLED";
      row.details = {{"count", draw(9)}};
    }
    row.actor = chance(2) ? "olga" : "";
    return row;
  }

  void advance() {
    std::vector<Advance> advances;
    for (const auto& state : due()) {
      Advance advance;
      advance.job_name = state.job_name;
      advance.version = chance(6) ? state.version + 1 : state.version;
      if (!chance(3)) advance.next_due_at = now_ + Duration{draw(3000)};
      for (std::int64_t i = draw(2); i > 0; --i) {
        NewRun due_row = row(state.job_name);
        due_row.due_at = chance(3) ? any_instant() : state.next_due_at;
        due_row.attempt = chance(6) ? 2 : 1;
        advance.rows.push_back(std::move(due_row));
      }
      advances.push_back(std::move(advance));
    }
    const auto memory = memory_.advance(advances, now_);
    const auto ours = sqlite_.advance(advances, now_);
    for (std::size_t i = 0; i < memory.size(); ++i) {
      same("advanced", memory[i].advanced, ours.at(i).advanced);
      same("conflict_count", memory[i].conflict_count, ours.at(i).conflict_count);
    }
  }

  void pause() {
    for (const auto& job : memory_.summaries()) {
      if (!chance(3)) continue;
      PauseChange change;
      change.job_name = job.name;
      change.paused = !chance(3);
      change.actor = "olga";
      change.reason = chance(2) ? "because" : "";
      change.next_due_at = any_instant();
      if (!change.paused && chance(2)) change.rows.push_back(row(job.name));
      if (!change.rows.empty()) change.rows[0].due_at = any_instant();
      change.version = static_cast<std::uint64_t>(draw(12));
      same("paused", memory_.set_paused(change, now_), sqlite_.set_paused(change, now_));
    }
  }

  void enqueue() {
    std::vector<NewRun> rows;
    for (std::int64_t i = draw(3); i >= 0; --i) rows.push_back(row(any_job()));
    const auto memory = memory_.enqueue(rows, now_);
    const auto ours = sqlite_.enqueue(rows, now_);
    for (std::size_t i = 0; i < memory.size(); ++i) {
      same("answers to enqueue", memory[i].kind, ours.at(i).kind);
      same("ids of enqueue", memory[i].id, ours.at(i).id);
    }
  }

  void claim() {
    const JobNames jobs = some_jobs();
    ClaimRequest request;
    request.node = chance(2) ? "node-a" : "node-b";
    request.jobs = &jobs;
    request.limit = static_cast<std::size_t>(draw(5));
    request.lease = Duration{1 + draw(2000)};
    if (chance(3)) request.rooms.push_back({any_job(), static_cast<std::size_t>(draw(2))});
    if (chance(4)) request.only = any_run().id;
    const auto memory = memory_.claim(request, now_);
    same("claimed runs", memory, sqlite_.claim(request, now_));
    for (const auto& run : memory) held_.push_back({run.id, run.fence});
  }

  JobRun any_run() {
    const auto runs = memory_.runs({.limit = 1000});
    return runs.empty() ? JobRun{} : runs[static_cast<std::size_t>(draw(runs.size() - 1))];
  }

  LeaseRef any_lease() {
    if (held_.empty()) return {};
    LeaseRef lease = held_[static_cast<std::size_t>(draw(held_.size() - 1))];
    if (chance(10)) ++lease.fence;
    return lease;
  }

  void renew() {
    std::vector<Renewal> renewals;
    for (std::int64_t i = draw(3); i > 0; --i) {
      Renewal renewal;
      renewal.lease = any_lease();
      if (chance(2)) renewal.progress = static_cast<double>(draw(8)) / 8;
      renewal.progress_note = "note";
      renewals.push_back(std::move(renewal));
    }
    same("renewals", memory_.renew(renewals, Duration{900}, now_),
         sqlite_.renew(renewals, Duration{900}, now_));
  }

  void finish() {
    static constexpr JobStatus ends[] = {JobStatus::success, JobStatus::failed, JobStatus::skipped};
    std::vector<Completion> completions;
    for (std::int64_t i = draw(3); i > 0; --i) {
      Completion completion;
      completion.lease = any_lease();
      completion.status = ends[draw(2)];
      completion.message_code = "DONE";
      completion.summary = chance(2) ? "all done" : "";
      if (chance(2)) completion.details = {{"list", {1, -2, 3.5, nullptr, true}}};
      if (chance(2)) completion.error = RunError{"E", chance(2) ? "message" : ""};
      completion.duration = Duration{draw(500)};
      if (chance(3)) {
        NewRun next = row(any_job());
        next.attempt = 2;
        next.retry_of = completion.lease.run_id;
        completion.follow_ups.push_back(std::move(next));
      }
      completions.push_back(std::move(completion));
    }
    const TimePoint at = chance(5) ? now_ - Duration{1000} : now_;  // a clock that was set back
    same("ends", memory_.finish(completions, at), sqlite_.finish(completions, at));
  }

  void release() {
    const std::vector<LeaseRef> leases{any_lease(), any_lease()};
    same("releases", memory_.release(leases, now_), sqlite_.release(leases, now_));
  }

  void rescue() {
    const JobNames jobs = some_jobs();
    const RescueRequest request{
        .jobs = &jobs, .limit = static_cast<std::size_t>(draw(4)), .lease = Duration{700}};
    const auto memory = memory_.take_expired(request, now_);
    same("rescued runs", memory, sqlite_.take_expired(request, now_));
    for (const auto& run : memory) held_.push_back({run.id, run.fence});
  }

  void cancel() {
    const RunId id = chance(8) ? ids_.next(now_) : any_run().id;
    same("cancels", memory_.request_cancel(id, "carl", now_),
         sqlite_.request_cancel(id, "carl", now_));
  }

  void prune() {
    const auto limit = static_cast<std::size_t>(draw(5));
    same("pruned", memory_.prune(limit, now_), sqlite_.prune(limit, now_));
  }

  void compare_all() {
    same("all runs", memory_.runs({.limit = 1000}), sqlite_.runs({.limit = 1000}));
    RunQuery query;
    if (chance(2)) query.job_name = any_job();
    if (chance(2)) query.status = static_cast<JobStatus>(draw(4));
    if (chance(3)) query.trigger = RunTrigger::manual;
    if (chance(4)) query.message_code = chance(2) ? "DONE" : "";
    if (chance(4)) query.created_from = now_ - Duration{draw(5000)};
    if (chance(4)) query.created_before = now_ - Duration{draw(5000)};
    if (chance(3)) query.before = any_run().id;
    query.limit = static_cast<std::size_t>(1 + draw(20));
    query.with_details = chance(2);
    same("queried runs", memory_.runs(query), sqlite_.runs(query));
    compare_wake();
    compare_summaries();
    due();
  }

  void compare_wake() {
    const JobNames jobs = some_jobs();
    const WakeTimes memory = memory_.next_wake(jobs, now_);
    const WakeTimes ours = sqlite_.next_wake(jobs, now_);
    same("wake.due_at", memory.due_at, ours.due_at);
    same("wake.expires_at", memory.expires_at, ours.expires_at);
    same("wake.run_at", memory.run_at, ours.run_at);
  }

  void compare_summaries() {
    const auto memory = memory_.summaries();
    const auto ours = sqlite_.summaries();
    same("number of summaries", memory.size(), ours.size());
    for (std::size_t i = 0; i < std::min(memory.size(), ours.size()); ++i) {
      same("summaries", Json(memory[i]).dump(), Json(ours[i]).dump());
      same("last runs", memory[i].last_run.has_value(), ours[i].last_run.has_value());
      if (memory[i].last_run && ours[i].last_run) {
        same("last run", std::vector{*memory[i].last_run}, std::vector{*ours[i].last_run});
      }
    }
  }

  Random random_;
  UuidGenerator ids_;
  TimePoint now_{std::chrono::seconds{10}};
  InMemoryStorage memory_;
  sqlite::Storage sqlite_{":memory:"};
  std::vector<LeaseRef> held_{};
  std::string problem_{};
};

}  // namespace

TEST_CASE("sqlite::Storage answers as InMemoryStorage does when both get the same operations") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    Twins twins{seed};
    for (int step = 0; step < 150; ++step) {
      const std::string problem = twins.step();
      INFO("seed " << seed << ", step " << step);
      REQUIRE(problem == "");
    }
  }
}

}  // namespace storage_reference_test
