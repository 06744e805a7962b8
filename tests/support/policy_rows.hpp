// SPDX-License-Identifier: MIT
//
// The rows that the policies' tests expect, in words; and the storage that they are compiled for,
// which must make no difference.

#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <date/date.h>

#include <punctual/punctual.hpp>
#ifdef PUNCTUAL_TESTS_ON_SQLITE
#include <punctual/sqlite/storage.hpp>
#endif
#ifdef PUNCTUAL_TESTS_ON_REDIS
#include "punctual/redis/storage.hpp"
#include "support/caller_timed.hpp"
#include "unit/redis/temporary_keys.hpp"
#endif
#ifdef PUNCTUAL_TESTS_ON_POSTGRES
#include "punctual/postgres/storage.hpp"
#include "support/caller_timed.hpp"
#include "unit/postgres/temporary_schema.hpp"
#endif

namespace punctual::tests {

#ifdef PUNCTUAL_TESTS_ON_SQLITE
struct PolicyStorage : sqlite::Storage {
  PolicyStorage() : sqlite::Storage{":memory:"} {}
};
#elif defined(PUNCTUAL_TESTS_ON_REDIS)
struct PolicyStorage : private redis::test::TemporaryKeys,
                       CallerTimed<redis::Storage, redis::Options> {
  PolicyStorage() : CallerTimed{TemporaryKeys::options()} {}
};
#elif defined(PUNCTUAL_TESTS_ON_POSTGRES)
struct PolicyStorage : private postgres::test::TemporarySchema,
                       CallerTimed<postgres::Storage, postgres::Options> {
  PolicyStorage() : CallerTimed{TemporarySchema::options()} {}
};
#else
using PolicyStorage = InMemoryStorage;
#endif

using Rows = std::vector<std::string>;

inline const TimePoint midnight = date::sys_days{date::year{2024} / 1 / 15};

/// Says an instant of the day as "01:30", with seconds and milliseconds if there are any; the end
/// of time as "never".
[[nodiscard]] inline std::string shown(TimePoint instant) {
  if (instant == time_max) return "never";
  const std::string text = format_iso8601(instant);
  if (text.substr(20, 3) != "000") return text.substr(11, 12);
  return text.substr(11, text.substr(17, 2) == "00" ? 5 : 8);
}

/// Says the number of instants that a row answers as " x4"; nothing if it answers one.
[[nodiscard]] inline std::string count_of(const JobRun& run) {
  const bool has_count = run.details.is_object() && run.details.contains("count");
  return has_count ? " x" + run.details.at("count").dump() : "";
}

[[nodiscard]] inline std::string ending_of(const JobRun& run) {
  std::string text{to_string(run.status)};
  return run.message_code.empty() ? text : text + " " + run.message_code;
}

/// Says a row as "01:00 success JOB_COMPLETED", by the instant that it answers, or else by when it
/// was to run; in the order of these.
template <class StorageT>
[[nodiscard]] Rows rows_of(StorageT& storage, RunQuery query = {}) {
  query.limit = 1000;
  auto runs = storage.runs(query);
  std::sort(runs.begin(), runs.end(), [](const JobRun& a, const JobRun& b) {
    const auto key = [](const JobRun& run) {
      return std::tuple{run.due_at.value_or(run.run_at), run.attempt, run.id};
    };
    return key(a) < key(b);
  });
  Rows rows;
  for (const auto& run : runs) {
    std::string row = shown(run.due_at.value_or(run.run_at)) + count_of(run);
    if (run.attempt > 1) row += " #" + std::to_string(run.attempt) + " at " + shown(run.run_at);
    rows.push_back(row + " " + ending_of(run));
  }
  return rows;
}

/// Says a row as "load #2 01:00 success JOB_COMPLETED", by its step or job and by when it ended, or
/// else by when it is to run; in the order of these, then by the name.
template <class StorageT>
[[nodiscard]] Rows ends_of(StorageT& storage, RunQuery query = {}) {
  query.limit = 1000;
  std::vector<std::tuple<TimePoint, std::string, std::uint32_t, std::string>> ends;
  for (const auto& run : storage.runs(query)) {
    const std::string& name = run.step.empty() ? run.job_name : run.step;
    const TimePoint at = run.completed_at.value_or(run.run_at);
    std::string row = name + count_of(run);
    if (run.attempt > 1) row += " #" + std::to_string(run.attempt);
    ends.emplace_back(at, name, run.attempt, row + " " + shown(at) + " " + ending_of(run));
  }
  std::sort(ends.begin(), ends.end());
  Rows rows;
  for (auto& end : ends) rows.push_back(std::move(std::get<3>(end)));
  return rows;
}

/// Calls `call` on another thread and waits for it: from inside a body, what the rest of the world
/// does meanwhile.
template <class Call>
void elsewhere(Call&& call) {
  std::thread{std::forward<Call>(call)}.join();
}

}  // namespace punctual::tests
