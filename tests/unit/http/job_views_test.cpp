// SPDX-License-Identifier: MIT

#include "punctual/http/job_views.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "punctual/schedule/cron_schedule.hpp"
#include "punctual/schedule/every.hpp"
#include "support/catch.hpp"

namespace http_job_views_test {

using namespace punctual;
using namespace punctual::http;
using namespace std::chrono_literals;

TEST_CASE("http: schedule_in_words says any schedule that the storage may hold") {
  const Json daily = Schedule{cron("0 2 * * *")}.to_json();
  Json in_berlin = daily;
  in_berlin["timeZone"] = "Europe/Berlin";
  CHECK(schedule_in_words(nullptr, {}) == "by hand");
  CHECK(schedule_in_words(daily, {}) == cron("0 2 * * *").describe());
  CHECK(schedule_in_words(in_berlin, {}) == cron("0 2 * * *").describe() + " (Europe/Berlin)");
  CHECK(schedule_in_words({{"kind", "by the moon"}}, {}) ==
        "by a schedule that this version cannot read");
  CHECK(schedule_in_words("damaged", {}) == "by a schedule that this version cannot read");
}

TEST_CASE("http: percentile is the nearest rank") {
  struct Row {
    const char* name;
    std::vector<Duration> values;
    std::size_t percent;
    std::optional<Duration> expected;
  };
  std::vector<Duration> hundred;
  for (int i = 100; i >= 1; --i) hundred.emplace_back(i);
  const Row rows[] = {
      {"none", {}, 50, std::nullopt},         {"one", {7ms}, 95, 7ms},
      {"two, half", {9ms, 3ms}, 50, 3ms},     {"two, more than half", {9ms, 3ms}, 51, 9ms},
      {"a hundred, half", hundred, 50, 50ms}, {"a hundred, 95", hundred, 95, 95ms},
      {"the first", hundred, 0, 1ms},         {"the last", hundred, 100, 100ms},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK(percentile(row.values, row.percent) == row.expected);
  }
}

TEST_CASE("http: lateness_of counts from the due instant, and is never negative") {
  JobRun run;
  run.run_at = TimePoint{2000ms};
  CHECK_FALSE(lateness_of(run).has_value());
  run.started_at = TimePoint{2500ms};
  CHECK(lateness_of(run) == 500ms);
  run.due_at = TimePoint{1000ms};
  CHECK(lateness_of(run) == 1500ms);
  run.started_at = TimePoint{900ms};
  CHECK(lateness_of(run) == 0ms);
}

TEST_CASE("http: add_recent counts only runs that were executed") {
  JobRun done;
  done.status = JobStatus::success;
  done.duration = 10ms;
  JobRun skipped;
  skipped.status = JobStatus::skipped;
  skipped.duration = 0ms;
  Json view = Json::object();
  add_recent(view, {done, skipped});
  CHECK(view["recent"].size() == 2);
  CHECK(view["durationP50Ms"] == 10);
  add_recent(view, {skipped});
  CHECK(view["durationP50Ms"].is_null());
}

TEST_CASE("http: instants_view marks what the clocks do to an instant") {
  const Json view = instants_view({{TimePoint{}, DstCase::none},
                                   {TimePoint{}, DstCase::moved},
                                   {TimePoint{}, DstCase::first_pass},
                                   {TimePoint{}, DstCase::second_pass}});
  CHECK(view[0]["dst"].is_null());
  CHECK(view[1]["dst"] == "gap");
  CHECK(view[2]["dst"] == "overlap_first");
  CHECK(view[3]["dst"] == "overlap_second");
}

TEST_CASE("http: an error's words are kept from those who may only read") {
  JobRun run;
  run.status = JobStatus::failed;
  run.message_code = "JOB_EXECUTION_ERROR";
  run.summary = "no such host: db.internal";
  run.error = RunError{"EXECUTION_ERROR", "no such host: db.internal"};
  JobSummary job;
  job.last_run = run;
  const Principal reader{.name = "r"};
  const Principal writer{.name = "w", .permission = Permission::write};
  for (const Json& view :
       {run_view(run, reader), job_view(job, reader, {}), result_view(to_result(run), reader)}) {
    CHECK(view.dump().find("db.internal") == std::string::npos);
  }
  CHECK(run_view(run, writer)["errorMessage"] == "no such host: db.internal");
  CHECK(job_view(job, writer, {})["lastRun"]["summary"] == "no such host: db.internal");
  CHECK(result_view(to_result(run), writer)["error"]["message"] == "no such host: db.internal");
  CHECK(run_view(run, reader)["errorCode"] == "EXECUTION_ERROR");

  run.message_code = "IMPORT_FAILED";  // words of the job's own are meant to be shown
  run.summary = "3 of 4 files";
  CHECK(run_view(run, reader)["summary"] == "3 of 4 files");
}

}  // namespace http_job_views_test
