// SPDX-License-Identifier: MIT
//
// History: a year of runs as a service might have them, written through the storage's own
// operations at the instants at which they are said to have happened.
//
// Fifty jobs fire in turns, at a fixed step, so each due instant is one of the job's schedule. One
// row in a hundred is the first of a small workflow, one in twenty was started by hand, a failure
// is retried half of the time. A few rows have a message code, a trigger, or a job of which there
// are hardly any others, far back: what a filter has to find among all the rest.

#pragma once

#include <punctual/punctual.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../shared_storage.hpp"

namespace benchmarks {

inline constexpr std::size_t job_count = 50;
inline constexpr punctual::Duration year = 24h * 365;

inline std::string job_name_of(std::size_t number) {
  return "job-" + std::to_string(number / 10) + std::to_string(number % 10);
}
inline constexpr const char* rare_job = "yearly-report";
inline constexpr const char* self_check_job = "platform-self-check";
inline constexpr const char* rare_code = "DISK_ALMOST_FULL";

/// When which row was made.
struct Calendar {
  punctual::TimePoint begin{};
  punctual::Duration step{};

  Calendar(punctual::TimePoint end, std::size_t row_count)
      : begin(end - year),
        step(year / static_cast<punctual::Duration::rep>(row_count)) {}

  [[nodiscard]] punctual::TimePoint instant(std::size_t row) const {
    return begin + step * static_cast<punctual::Duration::rep>(row);
  }

  /// How often each job is due.
  [[nodiscard]] punctual::Duration period() const {
    return step * static_cast<punctual::Duration::rep>(job_count);
  }

  /// What `job` of those that fire in turns has been given.
  [[nodiscard]] punctual::Schedule schedule_of(std::size_t job) const {
    return punctual::every(period(), instant(job));
  }
};

inline punctual::JobConfig config_of(std::string name, punctual::Schedule schedule) {
  punctual::JobConfig config;
  config.name = std::move(name);
  config.description = "Does what a job of a service does, and says so in a sentence";
  config.schedule = std::move(schedule);
  config.missed = punctual::MissedPolicy::skip;
  config.retention.period = 10 * year;
  return config;
}

template <class SchedulerT>
void register_jobs(SchedulerT& scheduler, const Calendar& calendar) {
  const auto body = [](punctual::JobContext& job) { return job.success("JOB_COMPLETED", "done"); };
  for (std::size_t i = 0; i < job_count; ++i) {
    scheduler.register_job(config_of(job_name_of(i), calendar.schedule_of(i)), body);
  }
  scheduler.register_job(config_of(rare_job, {}), body);
  scheduler.register_job(config_of(self_check_job, {}), body);
}

template <class Storage>
class HistoryWriter {
 public:
  /// `set_now(instant)` sets the clock that the storage goes by, if it has its own.
  template <class SetNow>
  void write(std::size_t row_count, SetNow set_now) {
    for (std::size_t begin = 0; begin < row_count; begin += batch_) {
      const std::size_t end = std::min(begin + batch_, row_count);
      const punctual::TimePoint now = calendar_.instant(end);
      set_now(now);
      write_batch(begin, end, row_count, now);
      end_all(now);
    }
  }

  /// Rows that are open: running on another node, and pending for later.
  void write_open(punctual::TimePoint now) {
    std::vector<punctual::NewRun> rows(220);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      rows[i].id = ids_.next(now);
      rows[i].job_name = job_name_of(i % job_count);
      rows[i].run_at = i < 20 ? now : now + 1h + 1min * static_cast<int>(i);
      rows[i].payload = {{"account", i}};
    }
    storage_.enqueue(rows, now);
    const auto claimed = storage_.claim(request(24h), now);
    require(claimed.size() == 20, "not all runs were claimed");
  }

  HistoryWriter(Storage& storage, const Calendar& calendar)
      : storage_(storage),
        calendar_(calendar),
        batch_(std::clamp<std::size_t>(static_cast<std::size_t>(20min / calendar.step), 1,
                                       job_count)) {
    for (std::size_t i = 0; i < job_count; ++i) names_.push_back(job_name_of(i));
    names_.insert(names_.end(), {rare_job, self_check_job});
    std::sort(names_.begin(), names_.end());
  }

 private:
  [[nodiscard]] punctual::ClaimRequest request(punctual::Duration lease) const {
    return {.node = "node-elsewhere", .jobs = &names_, .limit = 1000, .lease = lease};
  }

  /// What is due is answered as a scheduler answers it; the rest is handed in.
  void write_batch(std::size_t begin, std::size_t end, std::size_t row_count,
                   punctual::TimePoint now) {
    std::map<std::string, std::uint64_t> due_versions;
    for (const auto& state : storage_.due_schedules(names_, names_.size(), now)) {
      due_versions[state.job_name] = state.version;
    }
    std::vector<punctual::Advance> advances;
    std::vector<punctual::NewRun> handed_in;
    std::vector<punctual::NewRun> others;
    for (std::size_t i = begin; i < end; ++i) {
      punctual::NewRun row = make_row(i, row_count, now);
      const auto due = due_versions.find(row.job_name);
      if (!row.due_at) {
        handed_in.push_back(std::move(row));
      } else if (row.trigger == punctual::RunTrigger::schedule && due != due_versions.end() &&
                 row.status == punctual::JobStatus::pending) {
        advances.push_back({.job_name = row.job_name,
                            .version = due->second,
                            .next_due_at = *row.due_at + calendar_.period(),
                            .rows = {std::move(row)}});
        due_versions.erase(due);
      } else {
        others.push_back(std::move(row));
      }
    }
    for (const auto& answer : storage_.advance(advances, now)) {
      require(answer.advanced, "a schedule was moved on by somebody else");
    }
    if (!handed_in.empty()) storage_.enqueue(handed_in, now);
    if (!others.empty()) storage_.enqueue(others, now);
  }

  punctual::NewRun make_row(std::size_t i, std::size_t row_count, punctual::TimePoint now) {
    punctual::NewRun row;
    row.id = ids_.next(now);
    row.job_name = job_name_of(i % job_count);
    row.run_at = now;
    const std::uint64_t dice = random_.up_to(99);
    if (i % (row_count / 12) == 100) {
      row.job_name = rare_job;
    } else if (i % (row_count / 365 + 1) == 7) {
      row.job_name = self_check_job;
    } else if (i % (row_count / 10) < 3 && i < row_count / 5) {
      row.trigger = punctual::RunTrigger::backfill;
    } else if (i % 100 < 5 && i % 2000 < 100) {
      row.job_name = job_name_of(i % 100);
      if (i % 100 == 0) workflow_ = row.id;
      row.workflow_id = workflow_;
      row.step = "step-" + std::to_string(i % 100);
    } else if (dice < 5) {
      row.actor = "ada";
      row.reason = "by hand";
    } else if (dice < 30 && !failed_.empty()) {
      row.job_name = failed_.back().job_name;
      row.trigger = punctual::RunTrigger::retry;
      row.due_at = failed_.back().due_at;
      row.attempt = 2;
      row.retry_of = failed_.back().id;
      failed_.pop_back();
    } else {
      row.trigger = punctual::RunTrigger::schedule;
      row.due_at = calendar_.instant(i);
      if (dice >= 97) skip(row);
    }
    return row;
  }

  static void skip(punctual::NewRun& row) {
    row.status = punctual::JobStatus::skipped;
    row.message_code = "JOB_OVERLAPPED";
    row.summary = "another run of the job was still open";
  }

  void end_all(punctual::TimePoint now) {
    const auto runs = storage_.claim(request(1min), now);
    std::vector<punctual::Completion> ends(runs.size());
    for (std::size_t i = 0; i < runs.size(); ++i) {
      ends[i].lease = {runs[i].id, runs[i].fence};
      decide(runs[i], ends[i]);
    }
    for (const auto answer : storage_.finish(ends, now)) {
      require(answer == punctual::FinishAnswer::done, "a run was lost");
    }
  }

  void decide(const punctual::JobRun& run, punctual::Completion& end) {
    const std::uint64_t dice = random_.up_to(99);
    end.duration = punctual::Duration{static_cast<int>(random_.up_to(5000))};
    end.summary = "4711 accounts imported, 12 left out";
    end.message_code = dice < 80 ? "JOB_COMPLETED" : "ACCOUNTS_IMPORTED";
    end.details = {{"imported", 4711}, {"left_out", 12}};
    if (run.job_name == self_check_job) {
      end.message_code = "PLATFORM_VALIDATION_PASSED";
      end.details = {{"scripts", punctual::Json::array({{{"name", "disk"}, {"passed", true}}})}};
    } else if (end_count_++ % 100'000 == 5 && end_count_ < 500'000) {
      end.message_code = rare_code;
    } else if (dice < 5) {
      end.status = punctual::JobStatus::failed;
      end.message_code = dice < 1 ? "JOB_TIMEOUT" : "JOB_EXECUTION_ERROR";
      end.error = punctual::RunError{"EXECUTION_ERROR", "the server answered 503"};
      if (dice % 2 == 0 && run.attempt == 1) failed_.push_back(run);
    }
  }

  Storage& storage_;
  const Calendar& calendar_;
  /// Rows at once: those of twenty minutes.
  std::size_t batch_;
  punctual::JobNames names_;
  punctual::Random random_{4711};
  punctual::UuidGenerator ids_{punctual::Random{42}};
  punctual::RunId workflow_{};
  std::vector<punctual::JobRun> failed_;
  std::size_t end_count_ = 0;
};

}  // namespace benchmarks
