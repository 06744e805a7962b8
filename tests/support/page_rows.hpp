// SPDX-License-Identifier: MIT
//
// PageRows: rows and queries, drawn from a seed, for pages of the history: ids made when the row
// was stored, or hours and years away from that; instants likewise; filters that fit and do not.
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

class PageRows {
 public:
  struct Made {
    NewRun row{};
    TimePoint stored_at{};
    bool fails = false;  ///< it is to be made a failed one after it was stored
  };

  PageRows(Random random, TimePoint now) : random_(random), ids_(random), now_(now) {}

  Made make() {
    now_ += Duration{1 + draw(3'600'000)};
    Made made;
    made.stored_at = now_;
    made.row.id = new_id();
    made.row.job_name = pick<std::string>({"alpha", "beta"});
    made.row.run_at = now_;
    made.row.trigger =
        pick<RunTrigger>({RunTrigger::schedule, RunTrigger::manual, RunTrigger::retry});
    if (draw(3) > 0) made.row.due_at = near(now_) + Duration{made_count_++ % 1000};
    if (!stored_ids_.empty() && draw(3) == 0) {
      made.row.retry_of = stored_ids_[draw(stored_ids_.size() - 1)];
      made.row.attempt = static_cast<std::uint32_t>(2 + draw(3));
    } else {
      stored_ids_.push_back(made.row.id);
    }
    if (draw(4) > 0) {
      made.row.status = JobStatus::skipped;
      made.row.message_code = pick<std::string>({"", "ONE", "TWO", "TWO_AND_A_HALF"});
      made.fails = draw(2) == 0;
    }
    if (draw(5) == 0) made.row.workflow_id = workflow_;
    return made;
  }

  RunQuery make_query() {
    RunQuery query;
    const auto maybe = [&](auto& field, auto value) {
      if (draw(3) == 0) field = std::move(value);
    };
    maybe(query.job_name, pick<std::string>({"alpha", "beta", "nobody"}));
    maybe(query.status, pick<JobStatus>({JobStatus::pending, JobStatus::running, JobStatus::failed,
                                         JobStatus::skipped}));
    maybe(query.trigger, pick<RunTrigger>({RunTrigger::schedule, RunTrigger::manual,
                                           RunTrigger::retry, RunTrigger::startup}));
    maybe(query.message_code, pick<std::string>({"", "ONE", "TWO", "NONE"}));
    maybe(query.created_from, near(now_));
    maybe(query.created_before, near(now_));
    maybe(query.due_from, near(now_));
    maybe(query.due_before, near(now_));
    if (draw(9) == 0) query.workflow_id = workflow_;
    query.dead = draw(5) == 0;
    if (draw(2) == 0) query.before = ids_.next(near(now_));
    query.limit = pick<std::size_t>({1, 2, 7, 1000});
    return query;
  }

 private:
  std::uint64_t draw(std::uint64_t bound) { return random_.up_to(bound); }

  template <class T>
  T pick(const std::vector<T>& choices) {
    return choices[draw(choices.size() - 1)];
  }

  /// An instant now, within the past weeks, or years away; also before 1970.
  TimePoint near(TimePoint at) {
    switch (draw(5)) {
      case 0:
        return at - std::chrono::hours{24 * 365 * 60} + std::chrono::hours{24 * draw(25'000)};
      case 1:
      case 2:
        return at - Duration{draw(std::uint64_t{1000} * 3'600'000)};
      default:
        return at;
    }
  }

  RunId new_id() { return UuidGenerator{Random{random_()}}.next(near(now_)); }

  Random random_;
  UuidGenerator ids_;
  TimePoint now_;
  RunId workflow_ = ids_.next(now_);
  std::vector<RunId> stored_ids_{};
  std::uint64_t made_count_ = 0;
};

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
