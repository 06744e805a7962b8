// SPDX-License-Identifier: MIT
//
// Rows for the tests of InMemoryStorage's parts.

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "punctual/base/time.hpp"
#include "punctual/base/uuid.hpp"
#include "punctual/builtin/memory_tables.hpp"
#include "punctual/domain/job_run.hpp"

namespace punctual::tests {

using MemoryTables = decltype(detail::MemoryTables{});

inline constexpr TimePoint memory_start{Duration{1'705'284'000'000}};  // 2024-01-15T02:00:00Z

/// Ids that sort as their numbers do.
inline RunId id_of(std::uint32_t number) {
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 4; ++i) bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return RunId{bytes};
}

inline std::uint32_t number_of(RunId id) {
  std::uint32_t number = 0;
  for (std::size_t i = 12; i < 16; ++i) number = number << 8U | id.bytes()[i];
  return number;
}

inline NewRun new_row(std::uint32_t number, std::string job_name) {
  return {.id = id_of(number), .job_name = std::move(job_name), .run_at = memory_start};
}

inline JobRun pending_row(std::uint32_t number, std::string job_name,
                          TimePoint run_at = memory_start) {
  JobRun run;
  run.id = id_of(number);
  run.job_name = std::move(job_name);
  run.run_at = run_at;
  run.created_at = run_at;
  return run;
}

inline JobRun skipped_row(std::uint32_t number, std::string job_name,
                          TimePoint completed_at = memory_start) {
  JobRun run = pending_row(number, std::move(job_name), completed_at);
  run.status = JobStatus::skipped;
  run.completed_at = completed_at;
  return run;
}

/// Returns a stored run with everything. Requires: there is one.
inline JobRun stored_run(MemoryTables& tables, std::uint32_t number) {
  return detail::to_job_run(*tables.find_run(id_of(number)));
}

/// pending -> running
inline void start_run(MemoryTables& tables, std::uint32_t number,
                      TimePoint lease_until_at = memory_start + Duration{30'000}) {
  auto& run = *tables.find_run(id_of(number));
  auto& course = run.course.write();
  course.started_at = memory_start;
  course.lease_until_at = lease_until_at;
  ++course.fence;
  tables.start(run);
}

/// pending or running -> ended
inline void end_run(MemoryTables& tables, std::uint32_t number,
                    JobStatus status = JobStatus::success, TimePoint completed_at = memory_start) {
  auto& run = *tables.find_run(id_of(number));
  run.course.write().completed_at = completed_at;
  tables.end(run, status);
}

}  // namespace punctual::tests
