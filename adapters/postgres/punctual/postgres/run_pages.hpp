// SPDX-License-Identifier: MIT
//
// Run pages: the runs that a query asks for, the newest first, in time that follows the page and
// not the history.
//
// Each is one statement. Without a filter for a trigger, a message code or a range of instants it
// reads the view downwards by id. Otherwise it merges the newest ids of several walks:
//
// Rows of one status, message code and trigger are of one shape, and stand together in an index: a
// query for a code or a trigger walks the shapes that have it, however rare they are. The codes are
// found by skipping from one to the next.
//
// Ids begin with the millisecond at which they were made. So a range of instants is a range of ids,
// but for rows whose id was made more than an hour away from the instant: those have an index of
// their own, nearly empty, which is looked through as well.
//
// These indexes have ids as `uuid_send(id)`, which orders them alike: what is ordered by it can be
// read from them only, whatever the server believes about how many rows there are.
//
// Thread-safety: as the Connection. Reads only.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/job_status.hpp"
#include "punctual/domain/run_query.hpp"
#include "punctual/postgres/query.hpp"
#include "punctual/postgres/run_rows.hpp"
#include "punctual/postgres/schema.hpp"

namespace punctual::postgres::detail {

/// Above every id that a run has.
inline const RunId above_every_id = *RunId::parse("ffffffff-ffff-ffff-ffff-ffffffffffff");

/// From where on another way to a page is better. What is found is the same.
struct PageBounds {
  /// So few rows of a shape are looked at one by one, instead of all of the job's.
  std::size_t few_rows_max = 2000;
};

class RunPage {
 public:
  RunPage(Connection& connection, const RunQuery& query, const PageBounds& bounds)
      : connection_(connection),
        query_(query),
        bounds_(bounds) {
    const auto keep_to = [&](const auto& from, const auto& before) {
      if (from) floor_ = std::max(floor_, RunId::lowest_at(add_clamped(*from, -apart_min)));
      if (before) below_ = std::min(below_, RunId::lowest_at(add_clamped(*before, apart_min)));
    };
    keep_to(query.created_from, query.created_before);
    keep_to(query.due_from, query.due_before);
    choose_parameters();
  }

  /// Complexity: linear in the page, the message codes there are, and the rows of a walk between
  /// the page's ends that do not match what the walk does not go by.
  [[nodiscard]] std::vector<JobRun> find() {
    if (query_.dead && query_.status.value_or(JobStatus::failed) != JobStatus::failed) return {};
    if (has_shape() && query_.job_name) goes_by_shape_ = are_few();
    Query page{connection_, OneOff{is_plain() ? plain_sql() : merging_sql()}};
    bind(page);
    std::vector<JobRun> runs;
    while (page.step()) runs.push_back(read_run(page));
    return runs;
  }

 private:
  [[nodiscard]] bool has_range() const {
    return query_.created_from || query_.created_before || query_.due_from || query_.due_before;
  }
  [[nodiscard]] bool has_shape() const {
    return (query_.trigger || query_.message_code) && !query_.workflow_id;
  }
  [[nodiscard]] bool is_plain() const { return !has_range() && !goes_by_shape_; }

  /// The numbers of the parameters, in the order in which bind() binds them; 0 for what is not.
  void choose_parameters() {
    int count = 0;
    const auto number = [&](bool is_asked) { return is_asked ? ++count : 0; };
    (void)number(true);  // the limit
    message_code_ = number(query_.message_code.has_value());
    before_ = number(query_.before.has_value());
    job_name_ = number(query_.job_name.has_value());
    trigger_ = number(query_.trigger.has_value());
    created_from_ = number(query_.created_from.has_value());
    created_before_ = number(query_.created_before.has_value());
    due_from_ = number(query_.due_from.has_value());
    due_before_ = number(query_.due_before.has_value());
    workflow_id_ = number(query_.workflow_id.has_value());
  }

  void bind(Query& page) const {
    const auto bind_if = [&](const auto& value) {
      if (value) page.bind(*value);
    };
    page.bind(std::uint64_t{query_.limit});
    bind_if(query_.message_code);
    bind_if(query_.before);
    bind_if(query_.job_name);
    if (query_.trigger) page.bind(to_string(*query_.trigger));
    bind_if(query_.created_from);
    bind_if(query_.created_before);
    bind_if(query_.due_from);
    bind_if(query_.due_before);
    bind_if(query_.workflow_id);
  }

  /// `hides_ranges`: from the planner, who would count rows of an index of rows that are apart by
  /// them, and be wrong.
  [[nodiscard]] std::string conditions(bool hides_ranges = false) const {
    const std::string nothing = hides_ranges ? " + 0" : "";
    std::string sql;
    const auto add = [&](int parameter, const std::string& condition) {
      if (parameter == 0) return;
      sql.append(" AND ").append(condition).append(" ?").append(std::to_string(parameter));
    };
    add(job_name_, "run.job_name =");
    add(trigger_, "run.trigger =");
    add(message_code_, "coalesce(run.message_code, '') =");
    add(created_from_, "run.created_at" + nothing + " >=");
    add(created_before_, "run.created_at" + nothing + " <");
    add(due_from_, "run.due_at" + nothing + " >=");
    add(due_before_, "run.due_at" + nothing + " <");
    add(workflow_id_, "run.workflow_id =");
    return sql;
  }

  [[nodiscard]] std::string before_sql() const {
    return before_ == 0 ? std::string{} : " AND run.id < ?" + std::to_string(before_);
  }

  /// What only rows that have ended fulfil, or all rows of the view. The status is spelled out, so
  /// that the server knows which tables and indexes it needs.
  [[nodiscard]] std::string end_conditions() const {
    std::string sql;
    if (query_.status) sql.append(" AND run.status = '").append(to_string(*query_.status)) += '\'';
    if (query_.dead) {
      sql +=
          " AND run.status = 'failed' AND NOT EXISTS (SELECT 1 FROM {}job_runs AS later"
          " WHERE later.retry_of = coalesce(run.retry_of, run.id) AND later.attempt > run.attempt)";
    }
    return sql;
  }

  [[nodiscard]] std::string plain_sql() const {
    return "SELECT " + run_columns(query_.with_details) + " FROM {}job_runs AS run WHERE true" +
           before_sql() + conditions() + end_conditions() + " ORDER BY id DESC LIMIT ?1";
  }

  [[nodiscard]] std::string merging_sql() const {
    std::string walks;
    const auto add = [&](const std::string& walk) {
      walks.append(walks.empty() ? "(" : " UNION (").append(walk) += ')';
    };
    if (wants(JobStatus::pending)) add(walk_sql("job_pending", conditions(), "id"));
    if (wants(JobStatus::running)) add(walk_sql("job_running", conditions(), "id"));
    if (wants_ended()) {
      add(goes_by_shape_
              ? shapes_sql(conditions() + end_conditions())
              : walk_sql("job_history", id_range() + conditions() + end_conditions(), "id"));
      if (has_range()) {
        add(walk_sql("job_history",
                     " AND " + std::string{apart_sql} + conditions(true) + end_conditions(),
                     "uuid_send(id)"));
      }
    }
    return "SELECT " + run_columns(query_.with_details) +
           " FROM {}job_runs AS run WHERE id = ANY (ARRAY(SELECT id FROM (" + walks +
           ") AS found ORDER BY id DESC LIMIT ?1)) ORDER BY id DESC";
  }

  [[nodiscard]] bool wants(JobStatus status) const {
    return !query_.dead && query_.status.value_or(status) == status;
  }

  [[nodiscard]] bool wants_ended() const { return !query_.status || is_terminal(*query_.status); }

  [[nodiscard]] std::string walk_sql(const char* table, const std::string& more,
                                     const char* order) const {
    return std::string{"SELECT id FROM {}"} + table + " AS run WHERE true" + before_sql() + more +
           " ORDER BY " + order + " DESC LIMIT ?1";
  }

  /// Between which ids the rows are that have ended, but for those that are apart.
  [[nodiscard]] std::string id_range() const {
    std::string sql;
    if (floor_ != RunId{}) sql += " AND run.id >= '" + floor_.to_string() + "'";
    if (below_ != above_every_id) sql += " AND run.id < '" + below_.to_string() + "'";
    return sql;
  }

  /// The same, and the page's, as the index of the shapes has them.
  [[nodiscard]] std::string sent_id_range() const {
    const auto sent = [](const RunId& id) { return "uuid_send('" + id.to_string() + "')"; };
    std::string sql;
    if (floor_ != RunId{}) sql += " AND uuid_send(run.id) >= " + sent(floor_);
    const RunId below = std::min(below_, query_.before.value_or(above_every_id));
    if (below != above_every_id) sql += " AND uuid_send(run.id) < " + sent(below);
    return sql;
  }

  /// Walks every shape that is asked for; of rows that have ended.
  [[nodiscard]] std::string shapes_sql(const std::string& more) const {
    std::string codes;
    const std::string statuses = "unnest('{" + ended_statuses() + "}'::text[]) AS status";
    if (query_.message_code) {
      codes =
          "SELECT status, ?" + std::to_string(message_code_) + "::text AS code FROM " + statuses;
    } else {
      codes =
          "WITH RECURSIVE codes(status, code) AS ("
          "SELECT status, (SELECT coalesce(message_code, '') FROM {}job_history AS first"
          "  WHERE first.status = statuses.status ORDER BY coalesce(message_code, '') LIMIT 1)"
          " FROM (SELECT * FROM " +
          statuses +
          ") AS statuses UNION ALL "
          "SELECT status, (SELECT coalesce(message_code, '') FROM {}job_history AS next"
          "  WHERE next.status = codes.status AND coalesce(message_code, '') > codes.code"
          "  ORDER BY coalesce(message_code, '') LIMIT 1)"
          " FROM codes WHERE code IS NOT NULL) SELECT status, code FROM codes"
          " WHERE code IS NOT NULL";
    }
    return "SELECT walk.id FROM (" + codes + ") AS shape CROSS JOIN unnest('{" + triggers() +
           "}'::text[]) AS trigger CROSS JOIN LATERAL (SELECT id FROM {}job_history AS run"
           " WHERE run.status = shape.status AND coalesce(run.message_code, '') = shape.code"
           " AND run.trigger = trigger.trigger" +
           sent_id_range() + more + " ORDER BY uuid_send(id) DESC LIMIT ?1) AS walk";
  }

  [[nodiscard]] std::string ended_statuses() const {
    if (query_.dead) return "failed";
    return query_.status ? std::string{to_string(*query_.status)} : "success,failed,skipped";
  }

  [[nodiscard]] std::string triggers() const {
    if (query_.trigger) return std::string{to_string(*query_.trigger)};
    return "schedule,manual,startup,retry,dependency,backfill";
  }

  /// True if the shapes that are asked for have few rows, of all jobs.
  [[nodiscard]] bool are_few() {
    if (!wants_ended()) return false;
    Query rows{connection_,
               OneOff{"SELECT count(*) FROM (" + shapes_sql("") + " LIMIT ?1) AS rows"}};
    rows.bind(std::uint64_t{bounds_.few_rows_max + 1});
    if (query_.message_code) rows.bind(*query_.message_code);
    return rows.step() && rows.integer() <= static_cast<std::int64_t>(bounds_.few_rows_max);
  }

  Connection& connection_;
  const RunQuery& query_;
  PageBounds bounds_;
  RunId floor_{};
  RunId below_ = above_every_id;
  bool goes_by_shape_ = has_shape();
  int before_ = 0;
  int job_name_ = 0;
  int trigger_ = 0;
  int message_code_ = 0;
  int created_from_ = 0;
  int created_before_ = 0;
  int due_from_ = 0;
  int due_before_ = 0;
  int workflow_id_ = 0;
};

/// Returns matching runs, the newest first.
[[nodiscard]] inline std::vector<JobRun> find_runs(Connection& connection, const RunQuery& query,
                                                   const PageBounds& bounds = {}) {
  return RunPage{connection, query, bounds}.find();
}

}  // namespace punctual::postgres::detail
