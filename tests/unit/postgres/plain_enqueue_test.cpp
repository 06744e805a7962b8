// SPDX-License-Identifier: MIT

#include "punctual/postgres/plain_enqueue.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

namespace postgres_plain_enqueue_test {

using namespace punctual;
using namespace punctual::postgres::detail;

TEST_CASE("postgres: is_plain_run is true when nothing that is stored decides") {
  struct Row {
    const char* name;
    void (*change)(NewRun&);
    bool is_plain;
  };
  const Row rows[] = {
      {"as made", [](NewRun&) {}, true},
      {"a retry", [](NewRun& row) { row.retry_of = RunId{}; }, true},
      {"a limit of concurrency", [](NewRun& row) { row.concurrency_max = 1; }, true},
      {"exclusive", [](NewRun& row) { row.exclusive = true; }, true},
      {"a step of a workflow", [](NewRun& row) { row.workflow_id = RunId{}; }, true},
      {"skipped", [](NewRun& row) { row.status = JobStatus::skipped; }, false},
      {"due", [](NewRun& row) { row.due_at = TimePoint{}; }, false},
      {"a unique key", [](NewRun& row) { row.unique_key = "k"; }, false},
      {"waits", [](NewRun& row) { row.after = {RunId{}}; }, false},
      {"a pace", [](NewRun& row) { row.pace.limit.max = 1; }, false},
      {"skip_if_open", [](NewRun& row) { row.skip_if_open = true; }, false},
      {"skip_if_waiting", [](NewRun& row) { row.skip_if_waiting = true; }, false},
      {"replaces_running", [](NewRun& row) { row.replaces_running = true; }, false},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    NewRun run;
    row.change(run);
    CHECK(is_plain_run(run) == row.is_plain);
  }
}

TEST_CASE("postgres: job_names_of names each job once, in order") {
  std::vector<NewRun> rows;
  for (const char* name : {"b", "b", "a", "c", "a", "b"}) {
    rows.emplace_back();
    rows.back().job_name = name;
  }
  CHECK(job_names_of(rows) == std::vector<std::string>{"a", "b", "c"});
  CHECK(job_names_of({}).empty());
}

}  // namespace postgres_plain_enqueue_test
