// SPDX-License-Identifier: MIT
//
// RunQuery: which runs of the history, newest first, a page at a time.
//
// Pages are cut by key: the next page starts below the last id of this one, so a page costs the
// same however deep it lies, and rows that arrive meanwhile shift nothing.

#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "punctual/base/error.hpp"
#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/job_status.hpp"

namespace punctual {

struct RunQuery {
  std::optional<std::string> job_name{};
  std::optional<JobStatus> status{};
  std::optional<RunTrigger> trigger{};
  std::optional<std::string> message_code{};
  std::optional<TimePoint> created_from{};    ///< inclusive
  std::optional<TimePoint> created_before{};  ///< exclusive
  std::optional<TimePoint> due_from{};    ///< inclusive; runs without a due instant do not match
  std::optional<TimePoint> due_before{};  ///< exclusive
  std::optional<RunId> workflow_id{};     ///< of this workflow only
  /// Only dead ones: failed, and no later attempt of the same work has been stored.
  bool dead = false;
  std::optional<RunId> before{};  ///< only ids below: the last id of the page before
  std::size_t limit = 100;        ///< 1 to 1,000
  bool with_details = true;       ///< false leaves `details`, `payload` and `log` null
};

/// Errors: INVALID_QUERY -> `limit` is 0 or above 1,000.
inline void require_valid(const RunQuery& query) {
  if (query.limit >= 1 && query.limit <= 1000) return;
  throw Error{"INVALID_QUERY", "a query's limit must be 1 to 1000, got " +
                                   std::to_string(query.limit) + "; page on with `before`"};
}

/// True if `run` is one that `query` asks for; `before` and `limit` cut pages and are not looked
/// at, nor is whether there is a later attempt.
[[nodiscard]] inline bool matches(const RunQuery& query, const JobRun& run) {
  return (!query.job_name || *query.job_name == run.job_name) &&
         (!query.status || *query.status == run.status) &&
         (!query.trigger || *query.trigger == run.trigger) &&
         (!query.message_code || *query.message_code == run.message_code) &&
         (!query.created_from || *query.created_from <= run.created_at) &&
         (!query.created_before || *query.created_before > run.created_at) &&
         (!query.due_from || (run.due_at && *query.due_from <= *run.due_at)) &&
         (!query.due_before || (run.due_at && *query.due_before > *run.due_at)) &&
         (!query.workflow_id || query.workflow_id == run.workflow_id) &&
         (!query.dead || run.status == JobStatus::failed);
}

}  // namespace punctual
