// SPDX-License-Identifier: MIT

#include "punctual/postgres/batches.hpp"

#include <string>
#include <vector>

#include "punctual/base/random.hpp"
#include "punctual/base/uuid.hpp"
#include "support/catch.hpp"

namespace postgres_batches_test {

using namespace punctual;
using namespace punctual::postgres::detail;

namespace {

/// An advance that is answered by one run, and nothing else to it.
Advance plain_advance() {
  NewRun row;
  row.job_name = "alpha";
  row.trigger = RunTrigger::schedule;
  row.due_at = TimePoint{Duration{1000}};
  Advance change;
  change.job_name = "alpha";
  change.next_due_at = TimePoint{Duration{2000}};
  change.rows = {row};
  return change;
}

}  // namespace

TEST_CASE("postgres: is_plain_advance is true when only runs of the job decide") {
  struct Row {
    const char* name;
    void (*change)(Advance&);
    bool is_plain;
  };
  const Row rows[] = {
      {"as made", [](Advance&) {}, true},
      {"skip_if_open", [](Advance& a) { a.rows[0].skip_if_open = true; }, true},
      {"no run", [](Advance& a) { a.rows.clear(); }, false},
      {"two runs", [](Advance& a) { a.rows.push_back(a.rows[0]); }, false},
      {"nothing due next", [](Advance& a) { a.next_due_at.reset(); }, false},
      {"another job's run", [](Advance& a) { a.rows[0].job_name = "beta"; }, false},
      {"skipped", [](Advance& a) { a.rows[0].status = JobStatus::skipped; }, false},
      {"no due instant", [](Advance& a) { a.rows[0].due_at.reset(); }, false},
      {"a second attempt", [](Advance& a) { a.rows[0].attempt = 2; }, false},
      {"a retry", [](Advance& a) { a.rows[0].retry_of = RunId{}; }, false},
      {"a unique key", [](Advance& a) { a.rows[0].unique_key = "k"; }, false},
      {"waits", [](Advance& a) { a.rows[0].after = {RunId{}}; }, false},
      {"a pace", [](Advance& a) { a.rows[0].pace.limit.max = 1; }, false},
      {"replaces_running", [](Advance& a) { a.rows[0].replaces_running = true; }, false},
      {"abandoned before", [](Advance& a) { a.rows[0].abandon_count = 1; }, false},
      {"a workflow", [](Advance& a) { a.rows[0].workflow_id = RunId{}; }, false},
      {"a step", [](Advance& a) { a.rows[0].step = "s"; }, false},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    Advance change = plain_advance();
    row.change(change);
    CHECK(is_plain_advance(change) == row.is_plain);
  }
}

TEST_CASE("postgres: without_repetition begins a batch when a run comes again") {
  UuidGenerator ids{Random{1}};
  const RunId a = ids.next(TimePoint{});
  const RunId b = ids.next(TimePoint{});
  const auto sizes_of = [](const std::vector<RunId>& runs) {
    std::vector<Renewal> renewals;
    for (const RunId& id : runs) {
      renewals.emplace_back();
      renewals.back().lease.run_id = id;
    }
    std::vector<std::size_t> sizes;
    std::vector<RunId> in_order;
    for (const auto& batch : without_repetition(renewals)) {
      sizes.push_back(batch.size());
      for (const auto& renewal : batch) in_order.push_back(renewal.lease.run_id);
    }
    CHECK(in_order == runs);
    return sizes;
  };
  CHECK(sizes_of({}).empty());
  CHECK(sizes_of({a, b}) == std::vector<std::size_t>{2});
  CHECK(sizes_of({a, a, a}) == std::vector<std::size_t>{1, 1, 1});
  CHECK(sizes_of({a, b, a, b}) == std::vector<std::size_t>{2, 2});
  CHECK(sizes_of({a, b, b, a}) == std::vector<std::size_t>{2, 2});
}

}  // namespace postgres_batches_test
