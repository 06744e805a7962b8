// SPDX-License-Identifier: MIT
//
// TwinStorages: two storages that are told the same, in calls drawn from a seed, and have to answer
// the same. One is InMemoryStorage, the reference; the other one goes by the caller's instant, too.
//
// Thread-safety: none.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <punctual/punctual.hpp>

namespace punctual::tests {

// What storages answer, as text that says all of it.

[[nodiscard]] inline Json shown_json(const JobRun& run) {
  Json json = run;
  json["limits"] = {run.exclusive, run.concurrency_max, run.cancel_actor};
  return json;
}
[[nodiscard]] inline Json shown_json(const std::optional<TimePoint>& instant) {
  return instant ? Json(format_iso8601(*instant)) : Json(nullptr);
}
[[nodiscard]] inline Json shown_json(const ScheduleState& state) {
  return {state.job_name,
          state.version,
          state.enabled,
          state.paused,
          shown_json(state.paused_at),
          format_iso8601(state.anchor_at),
          shown_json(state.next_due_at),
          format_iso8601(state.epoch_at),
          state.failed_dependency};
}
[[nodiscard]] inline Json shown_json(const JobSummary& summary) {
  return {Json(summary), format_iso8601(summary.anchor_at), format_iso8601(summary.epoch_at)};
}
[[nodiscard]] inline Json shown_json(const EnqueueAnswer& answer) {
  return {static_cast<int>(answer.kind), answer.id.to_string()};
}
[[nodiscard]] inline Json shown_json(const AdvanceAnswer& answer) {
  return {answer.advanced, answer.conflict_count};
}
[[nodiscard]] inline Json shown_json(const WakeTimes& wake) {
  return {shown_json(wake.due_at), shown_json(wake.run_at), shown_json(wake.expires_at)};
}
[[nodiscard]] inline Json shown_json(RenewAnswer answer) {
  return static_cast<int>(answer);
}
[[nodiscard]] inline Json shown_json(FinishAnswer answer) {
  return static_cast<int>(answer);
}
[[nodiscard]] inline Json shown_json(CancelAnswer answer) {
  return static_cast<int>(answer);
}
[[nodiscard]] inline Json shown_json(std::size_t count) {
  return count;
}
[[nodiscard]] inline Json shown_json(bool answer) {
  return answer;
}
template <class T>
[[nodiscard]] Json shown_json(const std::vector<T>& values) {
  Json list = Json::array();
  for (const auto& value : values) list.push_back(shown_json(value));
  return list;
}

template <class OtherT>
class TwinStorages {
 public:
  TwinStorages(OtherT& other, std::uint64_t seed)
      : other_(other),
        random_(seed),
        ids_(Random{seed}) {}

  /// Makes `count` calls, compares what can be read, and stops at the first difference.
  ///
  /// Returns what differs, empty if nothing does.
  std::string run(std::size_t count) {
    for (std::size_t i = 0; i < count && difference_.empty(); ++i) {
      pass_time();
      call_any();
      compare();
      if (i % 8 == 0 || i + 1 == count) compare_all();
    }
    return difference_;
  }

 private:
  [[nodiscard]] std::size_t below(std::size_t bound) {
    return static_cast<std::size_t>(random_.up_to(static_cast<std::uint64_t>(bound) - 1));
  }
  [[nodiscard]] bool draws(std::size_t percent) { return below(100) < percent; }
  template <class T>
  [[nodiscard]] T pick(const std::vector<T>& values) {
    return values[below(values.size())];
  }
  /// A span of whole seconds, so that instants meet.
  [[nodiscard]] Duration seconds_below(std::size_t bound) {
    return std::chrono::seconds{static_cast<std::int64_t>(below(bound))};
  }
  [[nodiscard]] RunId known_or_new() {
    return known_.empty() || draws(5) ? ids_.next(now_) : pick(known_);
  }
  [[nodiscard]] JobNames some_jobs() {
    JobNames some;
    for (const auto& name : jobs_) {
      if (draws(75)) some.push_back(name);
    }
    return some;
  }

  /// Returns the texts from a little before where they part.
  [[nodiscard]] static std::string difference_of(const std::string& expected,
                                                 const std::string& got) {
    std::size_t at = 0;
    while (at < expected.size() && at < got.size() && expected[at] == got[at]) ++at;
    const std::size_t from = at < 200 ? 0 : at - 200;
    return "expected …" + expected.substr(from, 400) + "…, got …" + got.substr(from, 400) + "…";
  }

  /// Calls both and compares what they answer; returns the reference's answer.
  template <class Call>
  auto both(const char* what, Call&& call) {
    const auto outcome_of = [&](auto& storage) {
      decltype(call(memory_)) answer{};
      std::string text;
      try {
        answer = call(storage);
        text = shown_json(answer).dump();
      } catch (const Error& error) {
        text = error.code();
      }
      return std::pair{answer, text};
    };
    auto expected = outcome_of(memory_);
    const std::string got = outcome_of(other_).second;
    if (expected.second != got && difference_.empty()) {
      difference_ = std::string{what} + ": " + difference_of(expected.second, got);
    }
    return std::move(expected.first);
  }

  void pass_time() {
    if (draws(40)) now_ += seconds_below(draws(10) ? 60 : 3);
    if (draws(2)) now_ -= seconds_below(5);
  }

  void call_any() {
    const auto dice = below(16);
    if (dice < 3) return enqueue();
    if (dice < 6) return claim();
    if (dice < 9) return finish();
    switch (dice) {
      case 9:
        return renew();
      case 10:
        return hand_back();
      case 11:
        return take_expired();
      case 12:
        return control();
      case 13:
        return sync();
      case 14:
        return advance();
      default:
        return tidy();
    }
  }

  // --- Values

  [[nodiscard]] NewRun new_run() {
    NewRun row;
    row.id = ids_.next(now_);
    row.job_name = pick(jobs_);
    row.run_at = now_ + seconds_below(20) - std::chrono::seconds{10};
    row.priority = static_cast<int>(below(5)) - 2;
    if (draws(20)) row.unique_key = draws(50) ? "one" : "two";
    if (draws(30)) row.concurrency_key = draws(50) ? "key" : "key|2";
    if (draws(30)) row.concurrency_max = static_cast<std::uint32_t>(below(3));
    row.exclusive = draws(35);
    row.skip_if_open = draws(20);
    row.skip_if_waiting = draws(20);
    row.replaces_running = draws(8);
    if (draws(25)) row.due_at = now_ + seconds_below(10) - std::chrono::seconds{5};
    if (draws(15)) retry_any(row);
    if (draws(20)) row.after.assign(1 + below(3), known_or_new());
    if (!row.after.empty()) row.after.back() = known_or_new();
    if (draws(10) && !known_.empty()) row.workflow_id = known_.front();
    if (draws(10)) row.pace = {draws(50) ? "p" : "q", any_rate()};
    if (draws(20)) row.payload = {{"n", below(100)}};
    if (draws(15)) {
      row.status = JobStatus::skipped;
      row.message_code = draws(20) ? "JOB_DEPENDENCY_FAILED" : "JOB_MISSED";
      row.details = {{"count", 2}};
    }
    known_.push_back(row.id);
    return row;
  }

  void retry_any(NewRun& row) {
    const auto earlier = memory_.run(known_or_new());
    if (!earlier) return;
    row.retry_of = work_id(*earlier);
    row.attempt = 2 + static_cast<std::uint32_t>(below(3));
  }

  [[nodiscard]] RateLimit any_rate() {
    return {.max = 1 + static_cast<std::uint32_t>(below(3)),
            .period = std::chrono::seconds{1} + seconds_below(8)};
  }

  [[nodiscard]] LeaseRef any_lease() {
    LeaseRef lease = pick(held_);
    if (draws(5)) ++lease.fence;
    return lease;
  }

  void hold(const std::vector<JobRun>& runs) {
    for (const auto& run : runs) held_.push_back({run.id, run.fence});
  }

  // --- Calls

  void enqueue() {
    std::vector<NewRun> rows;
    for (std::size_t left = 1 + below(4); left > 0; --left) rows.push_back(new_run());
    if (draws(3)) rows.back().id = known_.front();
    both("enqueue", [&](auto& storage) { return storage.enqueue(rows, now_); });
  }

  void claim() {
    const JobNames jobs = some_jobs();
    std::vector<JobRate> rates;
    for (const auto& name : jobs_) {
      if (draws(20)) rates.push_back({name, {draws(50) ? "shared" : name, any_rate()}});
    }
    ClaimRequest request{.node = "node-a",
                         .jobs = &jobs,
                         .limit = below(6),
                         .lease = std::chrono::seconds{1} + seconds_below(20),
                         .rates = &rates};
    for (const auto& name : jobs_) {
      if (draws(15)) request.rooms.push_back({name, below(3)});
    }
    if (draws(15)) request.only = known_or_new();
    hold(both("claim", [&](auto& storage) { return storage.claim(request, now_); }));
  }

  void finish() {
    std::vector<Completion> ends;
    for (std::size_t left = 1 + below(3); left > 0 && !held_.empty(); --left) {
      Completion end;
      end.lease = any_lease();
      end.status =
          draws(60) ? JobStatus::success : (draws(70) ? JobStatus::failed : JobStatus::skipped);
      end.message_code = "JOB_DONE";
      if (draws(20)) end.details = {{"n", 1}};
      if (end.status == JobStatus::failed) end.error = RunError{"E", "message"};
      if (draws(35)) end.follow_ups.push_back(new_run());
      if (!end.follow_ups.empty() && draws(70)) retry(end);
      ends.push_back(std::move(end));
    }
    both("finish", [&](auto& storage) { return storage.finish(ends, now_); });
  }

  /// Makes what follows the end the next attempt.
  void retry(Completion& end) {
    const auto ended = memory_.run(end.lease.run_id);
    if (!ended) return;
    NewRun& row = end.follow_ups.front();
    row.retry_of = work_id(*ended);
    row.attempt = ended->attempt + 1;
    row.job_name = ended->job_name;
    row.due_at = ended->due_at;
  }

  void renew() {
    std::vector<Renewal> renewals;
    for (std::size_t left = 1 + below(3); left > 0 && !held_.empty(); --left) {
      Renewal renewal{.lease = any_lease()};
      if (draws(50)) renewal.progress = 0.25;
      renewal.progress_note = draws(50) ? "note" : "";
      if (draws(20)) renewal.log = {{"lines", Json::array()}};
      renewals.push_back(std::move(renewal));
    }
    const Duration lease = std::chrono::seconds{5};
    both("renew", [&](auto& storage) { return storage.renew(renewals, lease, now_); });
  }

  void hand_back() {
    if (held_.empty()) return;
    const std::vector<LeaseRef> leases{any_lease(), any_lease()};
    both("release", [&](auto& storage) { return storage.release(leases, now_); });
  }

  void take_expired() {
    const JobNames jobs = some_jobs();
    const RescueRequest request{.jobs = &jobs, .limit = below(4), .lease = std::chrono::seconds{4}};
    hold(both("take_expired", [&](auto& storage) { return storage.take_expired(request, now_); }));
  }

  void control() {
    if (draws(50)) {
      const RunId id = known_or_new();
      both("request_cancel",
           [&](auto& storage) { return storage.request_cancel(id, "olga", now_); });
      return;
    }
    const ScheduleState state = state_of(pick(jobs_));
    PauseChange change{.job_name = state.job_name,
                       .version = state.version,
                       .paused = draws(40),
                       .actor = "olga",
                       .reason = "maintenance"};
    if (draws(50)) change.next_due_at = draws(50) ? state.next_due_at : now_ + seconds_below(9);
    if (draws(30)) change.rows.push_back(new_run());
    both("set_paused", [&](auto& storage) { return storage.set_paused(change, now_); });
  }

  void sync() {
    std::vector<JobDefinition> definitions;
    for (const auto& name : some_jobs()) {
      JobDefinition job;
      job.name = name;
      job.description = draws(80) ? "one" : "two";
      job.schedule = {{"kind", draws(95) ? "one" : "two"}};
      job.enabled = draws(90);
      job.anchor_at = now_;
      if (draws(60)) job.next_due_at = now_ + seconds_below(8) - std::chrono::seconds{2};
      if (name < "c") job.after_finish_delay = std::chrono::seconds{1};
      if (name == "c") job.depends_on = draws(90) ? JobNames{"a", "b"} : JobNames{"a"};
      if (name == "d") job.depends_on = {"c"};
      job.retention = {.period = std::chrono::seconds{20}, .keep_last = below(4)};
      definitions.push_back(std::move(job));
    }
    both("sync_jobs", [&](auto& storage) { return storage.sync_jobs(definitions, now_); });
  }

  [[nodiscard]] ScheduleState state_of(const std::string& name) {
    const std::vector<JobDefinition> reading{{.name = name, .reads_only = true}};
    return both("state", [&](auto& storage) { return storage.sync_jobs(reading, now_); }).at(0);
  }

  void advance() {
    std::vector<Advance> advances;
    for (const auto& name : some_jobs()) {
      const ScheduleState state = state_of(name);
      Advance change{.job_name = name, .version = state.version - (draws(10) ? 1U : 0U)};
      if (draws(60)) change.next_due_at = now_ + seconds_below(5);
      if (draws(20)) change.epoch_at = now_;
      for (std::size_t left = below(3); left > 0; --left) {
        change.rows.push_back(new_run());
        change.rows.back().job_name = name;
        if (draws(80)) change.rows.back().due_at = now_;
      }
      advances.push_back(std::move(change));
    }
    both("advance", [&](auto& storage) { return storage.advance(advances, now_); });
  }

  /// An age of 0: a storage may note when a node was there to ten minutes only.
  void tidy() {
    const JobNames jobs = some_jobs();
    const std::size_t limit = below(20);
    if (draws(20)) {
      const ExpiryRequest request{.jobs = &jobs, .limit = 1000};
      both("expire_unknown", [&](auto& storage) { return storage.expire_unknown(request, now_); });
    } else {
      both("prune", [&](auto& storage) { return storage.prune(limit, now_); });
    }
  }

  // --- Readings

  void compare_all() {
    both("runs", [&](auto& storage) { return storage.runs({.limit = 1000}); });
    both("summaries", [&](auto& storage) { return storage.summaries(); });
  }

  void compare() {
    const RunQuery query = any_query();
    both("query", [&](auto& storage) { return storage.runs(query); });
    const JobNames jobs = some_jobs();
    both("next_wake", [&](auto& storage) { return storage.next_wake(jobs, now_); });
    const std::size_t limit = below(4);
    both("due_schedules", [&](auto& storage) { return storage.due_schedules(jobs, limit, now_); });
    static_cast<void>(state_of(pick(jobs_)));
  }

  [[nodiscard]] RunQuery any_query() {
    RunQuery query;
    if (draws(40)) query.job_name = pick(jobs_);
    if (draws(40)) query.status = static_cast<JobStatus>(below(5));
    if (draws(10)) query.trigger = RunTrigger::manual;
    if (draws(10)) query.message_code = "JOB_DONE";
    if (draws(10)) query.created_from = now_ - seconds_below(30);
    if (draws(10)) query.created_before = now_ - seconds_below(30);
    if (draws(10)) query.due_from = now_ - seconds_below(30);
    if (draws(10)) query.due_before = now_ - seconds_below(30);
    if (draws(10) && !known_.empty()) query.workflow_id = known_.front();
    query.dead = draws(15);
    if (draws(30)) query.before = known_or_new();
    query.limit = 1 + below(30);
    query.with_details = draws(50);
    return query;
  }

  InMemoryStorage memory_{};
  OtherT& other_;
  Random random_;
  UuidGenerator ids_;
  TimePoint now_{std::chrono::seconds{1'704'067'200}};  // 2024-01-01T00:00:00Z
  const std::vector<std::string> jobs_{"a", "b", "c", "d", "e.5"};
  std::vector<RunId> known_{};
  std::vector<LeaseRef> held_{};
  std::string difference_{};
};

}  // namespace punctual::tests
