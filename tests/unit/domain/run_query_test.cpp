// SPDX-License-Identifier: MIT
//
// RunQuery: which runs it asks for, and how many at most.

#include "punctual/domain/run_query.hpp"

#include <cstddef>
#include <vector>

#include "punctual/base/time.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace run_query_test {

using punctual::Duration;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::matches;
using punctual::RunQuery;
using punctual::RunTrigger;
using punctual::TimePoint;
using punctual::Uuid;
using punctual::tests::code_of;

TEST_CASE("RunQuery is valid when its limit is 1 to 1,000") {
  struct Row {
    const char* subject;
    RunQuery query;
    const char* code;
  };
  const std::vector<Row> rows = {
      {"the default", {}, ""},
      {"one", {.limit = 1}, ""},
      {"a thousand", {.limit = 1000}, ""},
      {"none", {.limit = 0}, "INVALID_QUERY"},
      {"one more than a thousand", {.limit = 1001}, "INVALID_QUERY"},
      {"minus one, as a size", {.limit = static_cast<std::size_t>(-1)}, "INVALID_QUERY"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(code_of([&] { require_valid(row.query); }) == row.code);
  }
}

TEST_CASE("RunQuery matches a run when everything it names is as in the run") {
  constexpr TimePoint created_at{Duration{1'705'284'000'000}};
  JobRun run;
  run.id = *Uuid::parse("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  run.job_name = "nightly";
  run.status = JobStatus::failed;
  run.trigger = RunTrigger::schedule;
  run.message_code = "JOB_TIMEOUT";
  run.created_at = created_at;
  struct Row {
    const char* subject;
    RunQuery query;
    bool is_match;
  };
  const std::vector<Row> rows = {
      {"nothing asked", {}, true},
      {"the job", {.job_name = "nightly"}, true},
      {"the status", {.status = JobStatus::failed}, true},
      {"the trigger", {.trigger = RunTrigger::schedule}, true},
      {"the code", {.message_code = "JOB_TIMEOUT"}, true},
      {"created from then", {.created_from = created_at}, true},
      {"created from before", {.created_from = created_at - Duration{1}}, true},
      {"created before later", {.created_before = created_at + Duration{1}}, true},
      {"just that millisecond",
       {.created_from = created_at, .created_before = created_at + Duration{1}},
       true},
      {"everything at once",
       {.job_name = "nightly",
        .status = JobStatus::failed,
        .trigger = RunTrigger::schedule,
        .message_code = "JOB_TIMEOUT",
        .created_from = created_at,
        .created_before = created_at + Duration{1}},
       true},
      {"a page that begins below the run", {.before = Uuid{}}, true},
      {"another job", {.job_name = "nightl"}, false},
      {"a job without a name", {.job_name = ""}, false},
      {"another status", {.status = JobStatus::pending}, false},
      {"another trigger", {.trigger = RunTrigger::manual}, false},
      {"another code", {.message_code = "JOB_FAILED"}, false},
      {"no code", {.message_code = ""}, false},
      {"created from later", {.created_from = created_at + Duration{1}}, false},
      {"created before then", {.created_before = created_at}, false},
      {"an empty span", {.created_from = created_at, .created_before = created_at}, false},
      {"one of two right", {.job_name = "nightly", .status = JobStatus::success}, false},
      {"the other of two right",
       {.status = JobStatus::failed, .message_code = "JOB_FAILED"},
       false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(matches(row.query, run) == row.is_match);
  }
}

}  // namespace run_query_test
