// SPDX-License-Identifier: MIT
//
// Scratch: the tables in memory on one connection, and rows to put into them.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/random.hpp"
#include "punctual/base/time.hpp"
#include "punctual/base/uuid.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/domain/ledger.hpp"
#include "punctual/sqlite/connection.hpp"
#include "punctual/sqlite/migrator.hpp"
#include "punctual/sqlite/options.hpp"
#include "punctual/sqlite/query.hpp"

namespace punctual::sqlite::test {

struct Scratch {
  explicit Scratch(std::string table_prefix = "")
      : connection({.file = ":memory:", .table_prefix = std::move(table_prefix)},
                   detail::Access::write) {
    detail::migrate(connection);
  }

  /// A pending run that is ready now.
  [[nodiscard]] NewRun row(std::string job_name) {
    NewRun row;
    row.id = ids.next(now);
    row.job_name = std::move(job_name);
    row.run_at = now;
    return row;
  }

  /// The first number of a statement's answer.
  [[nodiscard]] std::int64_t number(const std::string& sql) {
    detail::Query query{connection, sql};
    return query.step() ? query.integer() : -1;
  }

  detail::Connection connection;
  TimePoint now{std::chrono::seconds{1'704'067'200}};  // 2024-01-01T00:00:00Z
  UuidGenerator ids{Random{42}};
};

/// Claims up to `limit` runs of `jobs`, which it borrows.
[[nodiscard]] inline ClaimRequest claim_request(const JobNames& jobs, std::size_t limit = 100) {
  return {.node = "node-a", .jobs = &jobs, .limit = limit, .lease = std::chrono::seconds{30}};
}

/// Counts the steps of SQLite's machine on a connection: what an operation costs, the same every
/// time.
class StepCounter {
 public:
  explicit StepCounter(detail::Connection& connection)
      : handle_(connection.database().getHandle()) {
    sqlite3_progress_handler(handle_, 1, &StepCounter::count, &step_count_);
  }
  ~StepCounter() { sqlite3_progress_handler(handle_, 0, nullptr, nullptr); }

  StepCounter(const StepCounter&) = delete;
  StepCounter& operator=(const StepCounter&) = delete;

  [[nodiscard]] std::int64_t step_count() const noexcept { return step_count_; }

 private:
  static int count(void* counter) {
    ++*static_cast<std::int64_t*>(counter);
    return 0;  // go on
  }

  sqlite3* handle_;
  std::int64_t step_count_ = 0;
};

/// Returns `count` pending rows of the job "alpha", ready at `run_at`, the same at each call.
inline std::vector<NewRun> make_rows(std::size_t count, TimePoint run_at) {
  UuidGenerator ids{Random{1}};
  std::vector<NewRun> rows(count);
  for (auto& row : rows) {
    row.id = ids.next(run_at);
    row.job_name = "alpha";
    row.run_at = run_at;
  }
  return rows;
}

}  // namespace punctual::sqlite::test
