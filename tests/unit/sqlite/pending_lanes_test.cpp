// SPDX-License-Identifier: MIT

#include "punctual/sqlite/pending_lanes.hpp"

#include <string>
#include <vector>

#include "punctual/sqlite/run_store.hpp"
#include "scratch.hpp"
#include "support/catch.hpp"

namespace pending_lanes_test {

namespace {

namespace detail = punctual::sqlite::detail;

using detail::Query;
using punctual::NewRun;
using punctual::sqlite::test::Scratch;
using punctual::sqlite::test::StepCounter;

void store(Scratch& scratch, std::string job, int priority, bool exclusive = false,
           std::string key = "", std::uint32_t max = 0) {
  NewRun row = scratch.row(std::move(job));
  row.priority = priority;
  row.exclusive = exclusive;
  row.concurrency_key = std::move(key);
  row.concurrency_max = max;
  detail::store_run(scratch.connection, row, scratch.now);
}

std::vector<std::string> lanes(Scratch& scratch) {
  std::vector<std::string> found;
  Query query{scratch.connection, detail::pending_lanes_sql()};
  while (query.step()) {
    const detail::RunKind kind = detail::read_run_kind(query);
    found.push_back(kind.job_name + (kind.exclusive ? " exclusive " : " ") + kind.concurrency_key +
                    "/" + std::to_string(kind.concurrency_max) + " at " +
                    std::to_string(query.number<int>()));
  }
  return found;
}

std::vector<int> priorities(Scratch& scratch) {
  std::vector<int> found;
  Query query{scratch.connection, detail::pending_priorities_sql};
  while (query.step()) found.push_back(query.number<int>());
  return found;
}

}  // namespace

TEST_CASE("pending_lanes_sql names each kind and priority once, however many runs there are") {
  Scratch scratch;
  CHECK(lanes(scratch).empty());
  for (int i = 0; i < 3; ++i) {
    store(scratch, "beta", 0);
    store(scratch, "alpha", 5);
    store(scratch, "alpha", -5);
    store(scratch, "alpha", 0, true);
    store(scratch, "alpha", 0, true, "key", 2);
    store(scratch, "alpha", 0, true, "key", 1);
  }
  CHECK(lanes(scratch) == std::vector<std::string>{"alpha /0 at -5", "alpha /0 at 5",
                                                   "alpha exclusive /0 at 0",
                                                   "alpha exclusive key/1 at 0",
                                                   "alpha exclusive key/2 at 0", "beta /0 at 0"});
  CHECK(priorities(scratch) == std::vector<int>{-5, 0, 5});
  scratch.connection.exec("UPDATE {}job_runs SET status = 'skipped', completed_at = 0");
  CHECK(lanes(scratch).empty());
  CHECK(priorities(scratch).empty());
}

TEST_CASE("pending_lanes_sql costs what there are of lanes, not of runs") {
  Scratch scratch;
  const auto cost = [&] {
    const StepCounter counter{scratch.connection};
    REQUIRE(lanes(scratch).size() == 4);
    REQUIRE(priorities(scratch).size() == 2);
    return counter.step_count();
  };
  const auto store_all = [&] {
    for (int priority : {1, 2}) {
      store(scratch, "alpha", priority, true, "key", 1);
      store(scratch, "beta", priority);
    }
  };
  store_all();
  const auto cost_of_few = cost();
  for (int i = 0; i < 500; ++i) store_all();
  CHECK(cost() == cost_of_few);
}

}  // namespace pending_lanes_test
