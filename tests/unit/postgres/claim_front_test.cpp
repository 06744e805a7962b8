// SPDX-License-Identifier: MIT

#include "punctual/postgres/claim_front.hpp"

#include <chrono>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"

namespace postgres_claim_front_test {

using namespace punctual;
using punctual::postgres::detail::ClaimFront;
using std::chrono::microseconds;
using std::chrono::milliseconds;

namespace {

constexpr microseconds slow_cost{4000};  // a fruitless search may cost 2 ms
constexpr std::int64_t unknown_mark = std::numeric_limits<std::int64_t>::min();

Duration at(std::int64_t ms) {
  return Duration{ms};
}

JobRun run_at(std::int64_t ms, int priority) {
  JobRun run;
  run.run_at = TimePoint{Duration{ms}};
  run.priority = priority;
  return run;
}

/// Makes searches slow enough for marks to be used, at `steady`.
void slow_down(ClaimFront& front, Duration steady, const std::vector<std::int64_t>& priorities) {
  front.searched_fully(steady, slow_cost, 0, priorities);
  front.searched_fully(steady, slow_cost, 0, priorities);
}

}  // namespace

TEST_CASE("postgres: ClaimFront searches everywhere when no search was slow") {
  ClaimFront front;
  CHECK_FALSE(front.start(at(0)));
  front.claimed(run_at(1000, 0));
  CHECK_FALSE(front.start(at(0)));
}

TEST_CASE("postgres: ClaimFront uses marks when two searches in a row were slow") {
  struct Row {
    const char* name;
    std::vector<microseconds> costs;
    std::size_t run_count;
    bool has_start;
  };
  const Row rows[] = {
      {"one slow", {slow_cost}, 0, false},
      {"two slow", {slow_cost, slow_cost}, 0, true},
      {"slow, fast, slow", {slow_cost, microseconds{100}, slow_cost}, 0, false},
      {"two slow, then fast", {slow_cost, slow_cost, microseconds{100}}, 0, false},
      {"just as long as may be", {microseconds{2000}, microseconds{2000}}, 0, false},
      {"a little longer", {microseconds{2001}, microseconds{2001}}, 0, true},
      {"long for what it found", {microseconds{3001}, microseconds{3001}}, 100, true},
      {"not long for what it found", {microseconds{3000}, microseconds{3000}}, 100, false},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    ClaimFront front;
    for (const auto cost : row.costs) front.searched_fully(at(0), cost, row.run_count, {0});
    CHECK(front.start(at(0)).has_value() == row.has_start);
  }
}

TEST_CASE("postgres: ClaimFront marks a quarter of a second before the last run it claimed") {
  ClaimFront front;
  slow_down(front, at(0), {0, 2});
  auto start = front.start(at(0)).value();
  CHECK(start.priorities == std::vector<std::int64_t>{0, 2});
  CHECK(start.marks == std::vector<std::int64_t>{unknown_mark, unknown_mark});
  front.claimed(run_at(10'000, 0));
  front.claimed(run_at(200'000, 2));  // ordered two minutes earlier
  front.claimed(run_at(9'000, 0));    // an earlier one moves nothing back
  front.claimed(run_at(10'000, 7));   // no search has found that priority
  start = front.start(at(0)).value();
  CHECK(start.priorities == std::vector<std::int64_t>{0, 2});
  CHECK(start.marks == std::vector<std::int64_t>{9'750, 79'750});
}

TEST_CASE("postgres: ClaimFront searches everywhere again when twenty times the cost is over") {
  struct Row {
    const char* name;
    microseconds cost;
    std::int64_t full_search_at_ms;
  };
  const Row rows[] = {
      {"at least 50 ms", microseconds{2001}, 50},
      {"twenty times", milliseconds{10}, 200},
      {"at most 5 s", std::chrono::seconds{2}, 5000},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    ClaimFront front;
    front.searched_fully(at(7), row.cost, 0, {0});
    front.searched_fully(at(7), row.cost, 0, {0});
    CHECK(front.start(at(7 + row.full_search_at_ms - 1)));
    CHECK_FALSE(front.start(at(7 + row.full_search_at_ms)));
  }
}

TEST_CASE("postgres: ClaimFront keeps its marks when it searched everywhere") {
  ClaimFront front;
  slow_down(front, at(0), {0});
  front.claimed(run_at(1000, 0));
  front.searched_fully(at(100), slow_cost, 0, {1});
  const auto start = front.start(at(100)).value();
  CHECK(start.priorities == std::vector<std::int64_t>{0, 1});
  CHECK(start.marks == std::vector<std::int64_t>{750, unknown_mark});
}

TEST_CASE("postgres: ClaimFront forgets its marks when there are too many priorities") {
  ClaimFront front;
  std::vector<std::int64_t> priorities;
  for (std::int64_t priority = 0; priority < 1000; ++priority) priorities.push_back(priority);
  slow_down(front, at(0), priorities);
  CHECK(front.start(at(0)).value().priorities == priorities);
  front.searched_fully(at(0), slow_cost, 0, {1000});
  CHECK(front.start(at(0)).value().priorities.empty());
}

TEST_CASE("postgres: ClaimFront passes on the first lease until it searched everywhere") {
  ClaimFront front;
  slow_down(front, at(0), {0});
  CHECK(front.start(at(0)).value().leases_from == time_min);
  front.found_first_lease(TimePoint{Duration{5}});
  CHECK(front.start(at(0)).value().leases_from == TimePoint{Duration{5}});
  front.searched_fully(at(0), slow_cost, 0, {0});
  CHECK(front.start(at(0)).value().leases_from == time_min);
}

}  // namespace postgres_claim_front_test
