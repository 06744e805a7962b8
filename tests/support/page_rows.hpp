// SPDX-License-Identifier: MIT
//
// PageRows: rows and queries, drawn from a seed, for pages of the history: ids made when the row
// was stored, or hours and years away from that; instants likewise; runs that wait, run and have
// ended, each way; filters that fit and do not.
//
// Thread-safety: none.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <punctual/punctual.hpp>

namespace punctual::tests {

class PageRows {
 public:
  struct Made {
    NewRun row{};
    TimePoint stored_at{};
    bool starts = false;              ///< it is to be claimed once it is stored
    std::optional<Completion> end{};  ///< and then ended with this, which lacks the fence
  };

  PageRows(Random random, TimePoint now) : random_(random), now_(now) {}

  Made make() {
    now_ += Duration{1 + draw(3'600'000)};
    Made made;
    made.stored_at = now_;
    made.row.id = new_id();
    made.row.job_name = pick<std::string>({"alpha", "beta"});
    made.row.run_at = now_;
    made.row.trigger = pick(triggers());
    if (draw(3) > 0) made.row.due_at = new_due_at();
    instants_.insert(now_);
    if (!first_ids_.empty() && draw(3) == 0) {
      made.row.retry_of = first_ids_[draw(first_ids_.size() - 1)];
      made.row.attempt = static_cast<std::uint32_t>(2 + draw(3));
    } else {
      first_ids_.push_back(made.row.id);
    }
    if (draw(5) == 0) made.row.workflow_id = workflow_;
    choose_end(made);
    ids_.push_back(made.row.id);
    return made;
  }

  /// Asks for the run that was made and starts.
  static ClaimRequest claim_request(const Made& made) {
    static const JobNames jobs{"alpha", "beta"};
    return {.node = "node-a",
            .jobs = &jobs,
            .limit = 1,
            .lease = std::chrono::hours{1},
            .only = made.row.id};
  }

  /// Returns a bound that may be below or above what there is.
  std::size_t make_bound() { return pick<std::size_t>({0, 1, 3, 10, 40, 100'000}); }

  RunQuery make_query() {
    RunQuery query;
    const auto maybe = [&](auto& field, auto value) {
      if (draw(3) == 0) field = std::move(value);
    };
    maybe(query.job_name, pick<std::string>({"alpha", "beta", "nobody"}));
    maybe(query.status, pick<JobStatus>({JobStatus::pending, JobStatus::running, JobStatus::success,
                                         JobStatus::failed, JobStatus::skipped}));
    maybe(query.trigger, pick(triggers()));
    maybe(query.message_code, pick<std::string>({"", "ONE", "TWO", "NONE"}));
    maybe(query.created_from, edge());
    maybe(query.created_before, edge());
    maybe(query.due_from, edge());
    maybe(query.due_before, edge());
    if (draw(9) == 0) query.workflow_id = workflow_;
    query.dead = draw(5) == 0;
    if (draw(3) == 0) query.before = draw(1) == 0 || ids_.empty() ? new_id() : pick(ids_);
    query.limit = pick<std::size_t>({1, 2, 7, 1000});
    query.with_details = draw(1) == 0;
    return query;
  }

 private:
  std::uint64_t draw(std::uint64_t bound) { return random_.up_to(bound); }

  template <class T>
  T pick(const std::vector<T>& choices) {
    return choices[draw(choices.size() - 1)];
  }

  /// An instant now, about an hour away, within the past weeks, or years away; also before 1970.
  TimePoint near(TimePoint at) {
    switch (draw(6)) {
      case 0:
        return at - std::chrono::hours{24 * 365 * 60} + std::chrono::hours{24 * draw(25'000)};
      case 1:
      case 2:
        return at - Duration{draw(std::uint64_t{1000} * 3'600'000)};
      case 3:
        return at + std::chrono::hours{draw(1) == 0 ? -1 : 1} + nudge();
      default:
        return at;
    }
  }

  Duration nudge() { return Duration{static_cast<std::int64_t>(draw(2)) - 1}; }

  /// An end of a range: often where a row is.
  TimePoint edge() {
    if (draw(1) == 0 || instants_.empty()) return near(now_);
    return *std::next(instants_.begin(), static_cast<std::ptrdiff_t>(draw(instants_.size() - 1))) +
           nudge();
  }

  /// A due instant that no other row has.
  TimePoint new_due_at() {
    TimePoint due_at = near(now_);
    while (!instants_.insert(due_at).second) due_at += Duration{1};
    return due_at;
  }

  RunId new_id() { return UuidGenerator{Random{random_()}}.next(near(now_)); }

  /// `backfill` is rare.
  static const std::vector<RunTrigger>& triggers() {
    using enum RunTrigger;
    static const std::vector<RunTrigger> all{schedule, manual, startup, retry, dependency,
                                             schedule, manual, startup, retry, backfill};
    return all;
  }

  /// One in five waits, one in ten runs, the others have ended.
  void choose_end(Made& made) {
    const std::string code = pick<std::string>({"", "", "ONE", "TWO", "TWO_AND_A_HALF"});
    const auto kind = draw(9);
    if (kind < 2) return;
    if (kind < 5) {
      made.row.status = JobStatus::skipped;
      made.row.message_code = code;
      return;
    }
    made.starts = true;
    if (kind < 6) return;
    made.end = Completion{
        .lease = {.run_id = made.row.id},
        .status = pick<JobStatus>({JobStatus::success, JobStatus::failed, JobStatus::failed}),
        .message_code = code};
  }

  Random random_;
  TimePoint now_;
  RunId workflow_ = new_id();
  std::vector<RunId> ids_{};
  std::vector<RunId> first_ids_{};
  std::set<TimePoint> instants_{};
};

/// Returns rows that answer `at`, with ids that were made about an hour before and after.
[[nodiscard]] inline std::vector<NewRun> rows_about_an_hour_apart(TimePoint at) {
  std::vector<NewRun> rows;
  for (const Duration hour : {-std::chrono::hours{1}, std::chrono::hours{1}}) {
    for (const Duration more : {Duration{-1}, Duration{0}, Duration{1}}) {
      NewRun row;
      row.id = UuidGenerator{Random{1}}.next(at + hour + more);
      row.job_name = "job-" + std::to_string(rows.size());
      row.status = JobStatus::skipped;
      row.due_at = at;
      row.run_at = at;
      rows.push_back(row);
    }
  }
  return rows;
}

/// Returns the ids that a query finds among `all`, which are all rows by descending id.
[[nodiscard]] inline std::vector<RunId> expected_page(const std::vector<JobRun>& all,
                                                      const RunQuery& query) {
  const auto has_later = [&](const JobRun& run) {
    return std::any_of(all.begin(), all.end(), [&](const JobRun& other) {
      return other.retry_of == work_id(run) && other.attempt > run.attempt;
    });
  };
  std::vector<RunId> ids;
  for (const auto& run : all) {
    if (ids.size() == query.limit) break;
    if (query.before && !(run.id < *query.before)) continue;
    if (matches(query, run) && !(query.dead && has_later(run))) ids.push_back(run.id);
  }
  return ids;
}

[[nodiscard]] inline std::vector<RunId> ids_of_page(const std::vector<JobRun>& runs) {
  std::vector<RunId> ids;
  for (const auto& run : runs) ids.push_back(run.id);
  return ids;
}

[[nodiscard]] inline std::string to_text(const RunQuery& query) {
  const auto time = [](const std::optional<TimePoint>& at) {
    return at ? format_iso8601(*at) : std::string{"-"};
  };
  const auto text = [](const auto& value) {
    return value ? std::string{to_string(*value)} : std::string{"-"};
  };
  return "job " + query.job_name.value_or("-") + ", status " + text(query.status) + ", trigger " +
         text(query.trigger) + ", code " + query.message_code.value_or("-") + ", created " +
         time(query.created_from) + " to " + time(query.created_before) + ", due " +
         time(query.due_from) + " to " + time(query.due_before) + ", workflow " +
         (query.workflow_id ? "yes" : "-") + ", dead " + (query.dead ? "yes" : "-") + ", before " +
         (query.before ? query.before->to_string() : "-") + ", limit " +
         std::to_string(query.limit);
}

}  // namespace punctual::tests
