// SPDX-License-Identifier: MIT

#include "punctual/postgres/run_pages.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "punctual/postgres/storage.hpp"
#include "support/catch.hpp"
#include "support/page_rows.hpp"
#include "unit/postgres/temporary_schema.hpp"

namespace postgres_run_pages_test {

using namespace punctual;
using namespace punctual::postgres::detail;
using namespace std::chrono_literals;
using punctual::postgres::Storage;
using punctual::postgres::test::TemporarySchema;

TEST_CASE(
    "postgres: runs finds what matches whatever is asked for, wherever ids and instants lie") {
  const std::uint64_t seed = Random::from_entropy()();
  CAPTURE(seed);
  TemporarySchema schema;
  auto options = schema.options();
  const TimePoint begin{1'704'067'200'000ms};
  auto clock = std::make_shared<std::atomic<TimePoint>>(begin);
  options.clock = clock;
  Storage storage{options};
  Connection connection{options};
  punctual::tests::PageRows rows{Random{seed}, begin};
  for (int i = 0; i < 300; ++i) {
    const auto made = rows.make();
    clock->store(made.stored_at);
    (void)storage.enqueue({made.row}, made.stored_at);
    if (!made.starts) continue;
    const auto claimed = storage.claim(rows.claim_request(made), made.stored_at);
    REQUIRE(claimed.size() == 1);
    if (!made.end) continue;
    auto end = *made.end;
    end.lease.fence = claimed.front().fence;
    REQUIRE(storage.finish({end}, made.stored_at).front() == FinishAnswer::done);
  }
  const auto all = storage.runs({.limit = 1000});
  REQUIRE(all.size() == 300);
  for (int i = 0; i < 500; ++i) {
    const RunQuery query = rows.make_query();
    const PageBounds bounds{.few_rows_max = rows.make_bound()};
    CAPTURE(punctual::tests::to_text(query), bounds.few_rows_max);
    CHECK(punctual::tests::ids_of_page(find_runs(connection, query, bounds)) ==
          punctual::tests::expected_page(all, query));
  }
}

TEST_CASE(
    "postgres: a range of instants finds rows whose id is about an hour away, and no others") {
  TemporarySchema schema;
  auto options = schema.options();
  const TimePoint at{1'704'067'200'000ms};
  options.clock = std::make_shared<std::atomic<TimePoint>>(at);
  Storage storage{options};
  (void)storage.enqueue(punctual::tests::rows_about_an_hour_apart(at), at);
  for (const auto& [from, before, count] :
       std::vector<std::tuple<TimePoint, TimePoint, std::size_t>>{
           {at, at + 1ms, 6}, {at + 1ms, at + 1h, 0}, {at - 1h, at, 0}}) {
    CAPTURE(from, before);
    CHECK(storage.runs({.created_from = from, .created_before = before}).size() == count);
    CHECK(storage.runs({.due_from = from, .due_before = before}).size() == count);
    CHECK(storage.runs({.trigger = RunTrigger::manual, .due_from = from, .due_before = before})
              .size() == count);
  }
}

}  // namespace postgres_run_pages_test
