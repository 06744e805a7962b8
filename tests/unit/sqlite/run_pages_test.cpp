// SPDX-License-Identifier: MIT

#include "punctual/sqlite/run_pages.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <tuple>
#include <vector>

#include "punctual/sqlite/queue.hpp"
#include "punctual/sqlite/run_store.hpp"
#include "scratch.hpp"
#include "support/catch.hpp"
#include "support/page_rows.hpp"

namespace run_pages_test {

namespace {

using namespace std::chrono_literals;
namespace detail = punctual::sqlite::detail;

using punctual::JobStatus;
using punctual::NewRun;
using punctual::Random;
using punctual::RunQuery;
using punctual::RunTrigger;
using punctual::TimePoint;
using punctual::sqlite::test::Scratch;
using punctual::sqlite::test::StepCounter;

void store_ended(Scratch& scratch, NewRun row, TimePoint at) {
  row.status = JobStatus::skipped;
  detail::store_run(scratch.connection, row, at);
}

}  // namespace

TEST_CASE("id_prefix is what ids made at an instant begin with") {
  punctual::UuidGenerator ids{Random{1}};
  for (const TimePoint at :
       {TimePoint{0ms}, TimePoint{65'535ms}, TimePoint{1'704'067'200'123ms}, punctual::time_max}) {
    CHECK(ids.next(at).to_string().substr(0, 13) == detail::id_prefix(at));
    ids = punctual::UuidGenerator{Random{1}};
  }
  CHECK(detail::id_prefix(TimePoint{-1ms}) == "");
}

TEST_CASE("NewestIds keeps the greatest ids, each once") {
  detail::NewestIds newest{2};
  CHECK(newest.floor() == "");
  for (const char* id : {"b", "b", "a"}) newest.add(id);
  CHECK(newest.floor() == "a");
  newest.add("c");
  newest.add("a");
  CHECK(newest.floor() == "b");
  CHECK(std::vector<std::string>(newest.ids().begin(), newest.ids().end()) ==
        std::vector<std::string>{"c", "b"});
}

TEST_CASE("find_runs finds what matches whatever is asked for, wherever ids and instants lie") {
  const std::uint64_t seed = Random::from_entropy()();
  CAPTURE(seed);
  Scratch scratch;
  punctual::tests::PageRows rows{Random{seed}, scratch.now};
  for (int i = 0; i < 400; ++i) {
    const auto made = rows.make();
    detail::store_run(scratch.connection, made.row, made.stored_at);
    if (!made.starts) continue;
    const auto claimed =
        detail::claim(scratch.connection, rows.claim_request(made), made.stored_at);
    REQUIRE(claimed.size() == 1);
    if (!made.end) continue;
    auto end = *made.end;
    end.lease.fence = claimed.front().fence;
    REQUIRE(detail::finish(scratch.connection, end, made.stored_at) ==
            punctual::FinishAnswer::done);
  }
  const auto all = detail::find_runs(scratch.connection, {.limit = 1000});
  REQUIRE(all.size() == 400);
  for (int i = 0; i < 2000; ++i) {
    const RunQuery query = rows.make_query();
    const detail::PageBounds bounds{.codes_max = rows.make_bound(),
                                    .few_rows_max = rows.make_bound()};
    CAPTURE(punctual::tests::to_text(query), bounds.codes_max, bounds.few_rows_max);
    CHECK(punctual::tests::ids_of_page(detail::find_runs(scratch.connection, query, bounds)) ==
          punctual::tests::expected_page(all, query));
  }
}

TEST_CASE(
    "find_runs: a range of instants finds rows whose id is about an hour away, and no others") {
  Scratch scratch;
  const TimePoint at = scratch.now;
  for (const auto& row : punctual::tests::rows_about_an_hour_apart(at)) {
    detail::store_run(scratch.connection, row, at);
  }
  const auto find = [&](const RunQuery& query) {
    return detail::find_runs(scratch.connection, query);
  };
  for (const auto& [from, before, count] :
       std::vector<std::tuple<TimePoint, TimePoint, std::size_t>>{
           {at, at + 1ms, 6}, {at + 1ms, at + 1h, 0}, {at - 1h, at, 0}}) {
    CAPTURE(from, before);
    CHECK(find({.created_from = from, .created_before = before}).size() == count);
    CHECK(find({.due_from = from, .due_before = before}).size() == count);
    CHECK(find({.trigger = RunTrigger::manual, .due_from = from, .due_before = before}).size() ==
          count);
  }
}

TEST_CASE("find_runs costs what the page does, also where hardly a row matches") {
  const auto steps_beside = [](int count) {
    Scratch scratch;
    for (int i = 0; i < count; ++i) {
      NewRun row = scratch.row(i % 2 == 0 ? "alpha" : "beta");
      row.message_code = i % 3 == 0 ? "ONE" : "TWO";
      row.due_at = scratch.now;
      if (i == 50) row.trigger = RunTrigger::backfill;
      if (i == 60) row.message_code = "RARE";
      store_ended(scratch, row, scratch.now);
      scratch.now += 1min;
    }
    const TimePoint begin = scratch.now - count * 1min;
    std::vector<std::int64_t> steps;
    for (const RunQuery& query : std::vector<RunQuery>{
             {.trigger = RunTrigger::backfill},
             {.trigger = RunTrigger::startup},
             {.message_code = "RARE"},
             {.message_code = "NONE"},
             {.job_name = "alpha", .message_code = "RARE"},
             {.status = JobStatus::skipped, .trigger = RunTrigger::backfill},
             {.created_before = begin},
             {.created_from = scratch.now + 1min},
             {.created_from = begin + 1h, .created_before = begin + 61min},
             {.due_from = begin + 1h, .due_before = begin + 61min},
             {.job_name = "alpha", .due_from = begin, .due_before = begin + 1ms}}) {
      StepCounter counter{scratch.connection};
      (void)detail::find_runs(scratch.connection, query);
      steps.push_back(counter.step_count());
    }
    return steps;
  };
  const auto few = steps_beside(500);
  const auto many = steps_beside(2000);
  for (std::size_t i = 0; i < few.size(); ++i) {
    CAPTURE(i);
    CHECK(many[i] <= few[i] + 200);
  }
}

}  // namespace run_pages_test
