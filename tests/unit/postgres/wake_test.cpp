// SPDX-License-Identifier: MIT

#include "punctual/postgres/wake.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "punctual/base/random.hpp"
#include "punctual/base/uuid.hpp"
#include "punctual/postgres/storage.hpp"
#include "support/catch.hpp"
#include "unit/postgres/temporary_schema.hpp"

namespace postgres_wake_test {

using namespace punctual;
using namespace punctual::postgres::detail;
using punctual::postgres::Storage;
using punctual::postgres::test::TemporarySchema;

namespace {

TimePoint at(std::int64_t ms) {
  return TimePoint{Duration{ms}};
}

}  // namespace

TEST_CASE("postgres: PendingFronts has the earliest run that is wanted") {
  PendingFronts fronts;
  CHECK(fronts.are_enough());
  CHECK_FALSE(fronts.earliest());
  fronts.add(0, false, at(1));
  fronts.add(0, true, at(5));
  fronts.add(1, true, at(3));
  fronts.add(2, true, time_max);  // waits for the end of other runs
  CHECK(fronts.are_enough());
  CHECK(fronts.earliest() == at(3));
}

TEST_CASE("postgres: PendingFronts are not enough when a priority has shown unwanted runs only") {
  PendingFronts fronts;
  for (std::int64_t i = 0; i < PendingFronts::rows_max - 1; ++i) fronts.add(0, false, at(i));
  fronts.add(1, true, at(7));
  CHECK(fronts.are_enough());  // there are no more of that priority
  fronts.add(0, false, at(50));
  CHECK_FALSE(fronts.are_enough());
}

TEST_CASE("postgres: next_wake finds the earliest run however many of other jobs are before it") {
  TemporarySchema schema;
  Storage storage{schema.options()};
  UuidGenerator ids{Random{1}};
  const TimePoint now = storage.now({});
  std::vector<NewRun> rows;
  const auto add = [&](const char* job_name, Duration delay, int priority) {
    NewRun row;
    row.id = ids.next(now);
    row.job_name = job_name;
    row.run_at = now + delay;
    row.priority = priority;
    rows.push_back(row);
  };
  for (int i = 0; i < 25; ++i) add("other", std::chrono::seconds{i}, 0);
  add("alpha", std::chrono::minutes{5}, 0);
  add("alpha", std::chrono::minutes{9}, 7);
  add("alpha", std::chrono::minutes{4}, -7);
  storage.enqueue(rows, {});
  CHECK(storage.next_wake({"alpha"}, {}).run_at == now + std::chrono::minutes{4});
  CHECK(storage.next_wake({"other"}, {}).run_at == now);
  CHECK(storage.next_wake({"alpha", "other"}, {}).run_at == now);
  CHECK_FALSE(storage.next_wake({"nobody"}, {}).run_at);
  CHECK_FALSE(storage.next_wake({}, {}).run_at);
}

TEST_CASE("postgres: next_wake looks from the marks on, and in the given priorities only") {
  TemporarySchema schema;
  Storage storage{schema.options()};
  UuidGenerator ids{Random{1}};
  std::vector<NewRun> rows;
  for (const std::int64_t ms : {1000, 2000, 3000}) {
    NewRun row;
    row.id = ids.next(at(ms));
    row.job_name = "alpha";
    row.run_at = at(ms);
    rows.push_back(row);
  }
  storage.enqueue(rows, {});
  Connection connection{schema.options()};
  CHECK(next_wake(connection, {"alpha"}, everywhere(connection)).run_at == at(1000));
  CHECK(next_wake(connection, {"alpha"}, {.priorities = {0}, .marks = {2000}}).run_at == at(2000));
  CHECK(next_wake(connection, {"alpha"}, {.priorities = {0}, .marks = {2001}}).run_at == at(3000));
  CHECK_FALSE(next_wake(connection, {"alpha"}, {.priorities = {1}, .marks = {0}}).run_at);
  CHECK_FALSE(next_wake(connection, {"alpha"}, {}).run_at);
}

TEST_CASE("postgres: everywhere names each priority that pending runs have once") {
  TemporarySchema schema;
  Storage storage{schema.options()};
  UuidGenerator ids{Random{1}};
  Connection connection{schema.options()};
  CHECK(everywhere(connection).priorities.empty());
  std::vector<NewRun> rows;
  for (const int priority : {3, -2, 3, 0, -2}) {
    NewRun row;
    row.id = ids.next(at(1));
    row.job_name = "alpha";
    row.priority = priority;
    rows.push_back(row);
  }
  storage.enqueue(rows, {});
  SearchStart start = everywhere(connection);
  std::sort(start.priorities.begin(), start.priorities.end());
  CHECK(start.priorities == std::vector<std::int64_t>{-2, 0, 3});
  CHECK(start.marks.size() == 3);
  CHECK(start.leases_from == time_min);
}

}  // namespace postgres_wake_test
