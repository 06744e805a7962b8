// SPDX-License-Identifier: MIT
//
// Run pages: the runs that a query asks for, the newest first, in time that follows the page and
// not the history.
//
// A query is answered by walks, each along an index and downwards by id. Rows of one status,
// message code and trigger are of one shape, and stand together in an index: a query for a status,
// a code or a trigger walks the shapes that have it, however rare they are, and merges what they
// find. The codes are found by skipping from one to the next.
//
// Ids begin with the millisecond at which they were made. So a range of instants is a range of ids,
// but for rows whose id was made more than an hour away from the instant: those have an index of
// their own, nearly empty, which is looked through as well.
//
// Thread-safety: as the Connection. Reads only.

#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/job_status.hpp"
#include "punctual/domain/run_query.hpp"
#include "punctual/sqlite/query.hpp"
#include "punctual/sqlite/run_rows.hpp"
#include "punctual/sqlite/schema.hpp"

namespace punctual::sqlite::detail {

/// Ids are hexadecimal.
inline constexpr const char* above_every_id = "g";

/// Rows of one status, message code and trigger.
struct RunShape {
  JobStatus status{};
  std::string message_code{};
  RunTrigger trigger{};
};

/// Along what a walk goes. All but the last two find rows by descending id.
enum class Walk : std::uint8_t { all, job, workflow, shape, created_apart, due_apart };

[[nodiscard]] constexpr bool is_apart(Walk walk) noexcept {
  return walk == Walk::created_apart || walk == Walk::due_apart;
}

/// Returns the statement of a walk: one text for each and for whether only dead runs are wanted.
///
/// Parameters: ?1 and ?2 the ids between which it goes, ?3 … ?11 what the query asks for, ?12 how
/// many. A plus keeps SQLite from another index than that of the walk.
[[nodiscard]] inline std::string walk_sql(Walk walk, const std::string& columns, bool is_dead) {
  static constexpr std::array<const char*, 6> ways{
      "WHERE true",
      "INDEXED BY {}job_runs_history WHERE job_name = ?3",
      "INDEXED BY {}job_runs_workflows WHERE workflow_id = ?9",
      "INDEXED BY {}job_runs_shapes WHERE status = ?4 AND coalesce(message_code, '') = ?6"
      " AND trigger = ?5",
      "INDEXED BY {}job_runs_created_apart WHERE created_at >= coalesce(?7, -9223372036854775807)"
      " AND created_at < coalesce(?8, 9223372036854775807) AND ",
      "INDEXED BY {}job_runs_due_apart WHERE due_at >= coalesce(?10, -9223372036854775807)"
      " AND due_at < coalesce(?11, 9223372036854775807) AND "};
  std::string sql = "SELECT " + columns + " FROM {}job_runs AS run ";
  sql += ways.at(static_cast<std::size_t>(walk));
  if (walk == Walk::created_apart) sql += created_apart_sql;
  if (walk == Walk::due_apart) sql += due_apart_sql;
  sql += is_apart(walk) ? " AND +id < ?1 AND +id >= ?2" : " AND id < ?1 AND id >= ?2";
  if (walk != Walk::shape) {
    sql +=
        " AND (?4 IS NULL OR +status = ?4) AND (?5 IS NULL OR trigger = ?5)"
        " AND (?6 IS NULL OR coalesce(message_code, '') = ?6)";
  }
  sql +=
      " AND (?3 IS NULL OR +job_name = ?3) AND (?7 IS NULL OR +created_at >= ?7)"
      " AND (?8 IS NULL OR +created_at < ?8) AND (?9 IS NULL OR +workflow_id = ?9)"
      " AND (?10 IS NULL OR +due_at >= ?10) AND (?11 IS NULL OR +due_at < ?11)";
  if (is_dead) {
    sql +=
        " AND +status = 'failed' AND NOT EXISTS (SELECT 1 FROM {}job_runs AS later"
        "  WHERE later.retry_of = coalesce(run.retry_of, run.id) AND later.attempt > run.attempt)";
  }
  return sql + (is_apart(walk) ? " LIMIT ?12" : " ORDER BY id DESC LIMIT ?12");
}

/// Returns the beginning of ids that are made at `instant`; the empty text before 1970.
[[nodiscard]] inline std::string id_prefix(TimePoint instant) {
  static constexpr std::size_t instant_digits = 13;  // and the dash between them
  if (instant < TimePoint{}) return {};
  return RunId::lowest_at(instant).to_string().substr(0, instant_digits);
}

/// The newest ids of what several walks have found, each once, up to so many.
class NewestIds {
 public:
  explicit NewestIds(std::size_t limit) : limit_(limit) {}

  void add(std::string id) {
    ids_.insert(std::move(id));
    if (ids_.size() > limit_) ids_.erase(std::prev(ids_.end()));
  }

  /// Returns the id below which nothing is wanted any more.
  [[nodiscard]] std::string floor() const {
    return ids_.size() < limit_ ? std::string{} : *ids_.rbegin();
  }

  [[nodiscard]] const std::set<std::string, std::greater<>>& ids() const noexcept { return ids_; }

 private:
  std::size_t limit_;
  std::set<std::string, std::greater<>> ids_{};
};

/// Calls `read()` in a transaction, so that its statements see the same rows.
template <class Read>
auto in_one_reading(Connection& connection, Read&& read) {
  Query{connection, "BEGIN"}.run();
  try {
    auto answer = read();
    Query{connection, "COMMIT"}.run();
    return answer;
  } catch (...) {
    connection.roll_back();
    throw;
  }
}

/// From where on another way to a page is better. What is found is the same.
struct PageBounds {
  /// Beyond so many codes, walking all runs is no worse.
  std::size_t codes_max = 500;
  /// So few rows of a shape are looked at one by one, instead of all of the job's.
  std::size_t few_rows_max = 2000;
};

class RunPage {
 public:
  RunPage(Connection& connection, const RunQuery& query, const PageBounds& bounds)
      : connection_(connection),
        query_(query),
        bounds_(bounds),
        before_(query.before ? query.before->to_string() : above_every_id),
        below_(before_) {
    const auto keep_to = [&](const auto& from, const auto& before) {
      if (from) floor_ = std::max(floor_, id_prefix(add_clamped(*from, -apart_min)));
      if (before) below_ = std::min(below_, id_prefix(add_clamped(*before, apart_min)));
    };
    keep_to(query.created_from, query.created_before);
    keep_to(query.due_from, query.due_before);
  }

  /// Complexity: linear in the page, the message codes there are, and the rows of a walk between
  /// the page's ends that do not match what the walk does not go by.
  [[nodiscard]] std::vector<JobRun> find() {
    if (!has_created_range() && !has_due_range() && !has_shape()) return read_walk();
    return in_one_reading(connection_, [&] {
      NewestIds newest{query_.limit};
      if (const auto shapes = shapes_to_walk()) {
        for (const auto& shape : *shapes) add_walk(newest, Walk::shape, &shape);
      } else {
        add_walk(newest, plain_walk());
      }
      if (has_created_range()) add_walk(newest, Walk::created_apart);
      if (has_due_range()) add_walk(newest, Walk::due_apart);
      return read_rows(newest);
    });
  }

 private:
  static constexpr std::size_t no_limit = std::size_t{1} << 62U;

  [[nodiscard]] bool has_created_range() const {
    return query_.created_from || query_.created_before;
  }
  [[nodiscard]] bool has_due_range() const { return query_.due_from || query_.due_before; }
  [[nodiscard]] bool has_shape() const {
    return query_.status || query_.trigger || query_.message_code || query_.dead;
  }

  [[nodiscard]] Walk plain_walk() const {
    if (query_.workflow_id) return Walk::workflow;
    return query_.job_name ? Walk::job : Walk::all;
  }

  /// Returns the shapes that match; nullopt if another walk is better.
  [[nodiscard]] std::optional<std::vector<RunShape>> shapes_to_walk() {
    if (!has_shape() || query_.workflow_id) return std::nullopt;
    std::vector<RunShape> shapes;
    for (const JobStatus status : wanted_statuses()) {
      const auto codes = wanted_codes(status);
      if (codes.size() > bounds_.codes_max) return std::nullopt;
      for (const auto& code : codes) {
        for (const RunTrigger trigger : wanted_triggers())
          shapes.push_back({status, code, trigger});
      }
    }
    if (query_.job_name && !are_few(shapes)) return std::nullopt;
    return shapes;
  }

  [[nodiscard]] std::vector<JobStatus> wanted_statuses() const {
    if (query_.dead && query_.status.value_or(JobStatus::failed) != JobStatus::failed) return {};
    if (query_.dead) return {JobStatus::failed};
    if (query_.status) return {*query_.status};
    return {JobStatus::pending, JobStatus::running, JobStatus::success, JobStatus::failed,
            JobStatus::skipped};
  }

  [[nodiscard]] std::vector<RunTrigger> wanted_triggers() const {
    if (query_.trigger) return {*query_.trigger};
    return {RunTrigger::schedule, RunTrigger::manual,     RunTrigger::startup,
            RunTrigger::retry,    RunTrigger::dependency, RunTrigger::backfill};
  }

  /// The message codes of the rows of a status, found by skipping from one to the next.
  [[nodiscard]] std::vector<std::string> wanted_codes(JobStatus status) {
    if (query_.message_code) return {*query_.message_code};
    std::vector<std::string> codes;
    while (codes.size() <= bounds_.codes_max) {
      Query next{connection_,
                 codes.empty()
                     ? "SELECT coalesce(message_code, '') FROM {}job_runs INDEXED BY"
                       " {}job_runs_shapes WHERE status = ?1 AND coalesce(message_code, '') >= ?2"
                       " ORDER BY coalesce(message_code, '') LIMIT 1"
                     : "SELECT coalesce(message_code, '') FROM {}job_runs INDEXED BY"
                       " {}job_runs_shapes WHERE status = ?1 AND coalesce(message_code, '') > ?2"
                       " ORDER BY coalesce(message_code, '') LIMIT 1"};
      if (!next.bind(to_string(status), codes.empty() ? std::string{} : codes.back()).step()) break;
      codes.push_back(next.text());
    }
    return codes;
  }

  [[nodiscard]] bool are_few(const std::vector<RunShape>& shapes) {
    std::size_t count = 0;
    for (const auto& shape : shapes) {
      Query rows{connection_,
                 "SELECT count(*) FROM (SELECT 1 FROM {}job_runs INDEXED BY {}job_runs_shapes"
                 " WHERE status = ? AND coalesce(message_code, '') = ? AND trigger = ?"
                 " AND id < ? AND id >= ? LIMIT ?)"};
      rows.bind(to_string(shape.status), shape.message_code, to_string(shape.trigger), below_,
                floor_, std::uint64_t{bounds_.few_rows_max + 1 - count});
      if (rows.step()) count += static_cast<std::size_t>(rows.integer());
      if (count > bounds_.few_rows_max) return false;
    }
    return true;
  }

  void bind(Query& walk, const std::string& below, const std::string& floor, const RunShape* shape,
            std::size_t limit) const {
    std::optional<std::string_view> status;
    std::optional<std::string_view> trigger;
    std::optional<std::string_view> code;
    if (shape != nullptr) {
      status = to_string(shape->status);
      trigger = to_string(shape->trigger);
      code = shape->message_code;
    } else {
      if (query_.status) status = to_string(*query_.status);
      if (query_.trigger) trigger = to_string(*query_.trigger);
      code = query_.message_code;
    }
    walk.bind(below, floor, query_.job_name, status, trigger, code, query_.created_from,
              query_.created_before, query_.workflow_id, query_.due_from, query_.due_before,
              std::uint64_t{limit});
  }

  void add_walk(NewestIds& newest, Walk walk, const RunShape* shape = nullptr) {
    Query rows{connection_, walk_sql(walk, "id", query_.dead)};
    if (is_apart(walk)) {
      bind(rows, before_, newest.floor(), shape, no_limit);
    } else {
      bind(rows, below_, std::max(floor_, newest.floor()), shape, query_.limit);
    }
    while (rows.step()) newest.add(rows.text());
  }

  [[nodiscard]] std::vector<JobRun> read_walk() {
    std::vector<JobRun> runs;
    Query row{connection_, walk_sql(plain_walk(), run_columns(query_.with_details), query_.dead)};
    bind(row, below_, floor_, nullptr, query_.limit);
    while (row.step()) runs.push_back(read_run(row));
    return runs;
  }

  [[nodiscard]] std::vector<JobRun> read_rows(const NewestIds& newest) {
    std::vector<JobRun> runs;
    const std::string sql =
        "SELECT " + run_columns(query_.with_details) + " FROM {}job_runs WHERE id = ?";
    for (const auto& id : newest.ids()) {
      Query row{connection_, sql};
      if (row.bind(id).step()) runs.push_back(read_run(row));
    }
    return runs;
  }

  Connection& connection_;
  const RunQuery& query_;
  PageBounds bounds_;
  std::string before_;
  /// Between which ids the rows are, but for those that are apart.
  std::string below_;
  std::string floor_{};
};

/// Returns matching runs, the newest first.
[[nodiscard]] inline std::vector<JobRun> find_runs(Connection& connection, const RunQuery& query,
                                                   const PageBounds& bounds = {}) {
  return RunPage{connection, query, bounds}.find();
}

}  // namespace punctual::sqlite::detail
