// SPDX-License-Identifier: MIT
//
// JobContext: what a body gets to know, and the outcomes it makes.

#include "punctual/policy/job_context.hpp"

#include <limits>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace job_context_test {

using punctual::Duration;
using punctual::JobContext;
using punctual::JobOutcome;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::Json;
using punctual::RunError;
using punctual::RunHost;
using punctual::StopReason;
using punctual::TimePoint;
using punctual::Uuid;
using punctual::tests::code_of;
using punctual::tests::error_of;

namespace {

class FakeHost final : public RunHost {
 public:
  [[nodiscard]] TimePoint now() const override { return now_at; }
  [[nodiscard]] StopReason stop_reason() override { return reason; }
  void report_progress(double fraction, std::string note) override {
    reports.emplace_back(fraction, std::move(note));
  }

  TimePoint now_at{Duration{1'705'284'000'000}};
  StopReason reason = StopReason::none;
  std::vector<std::pair<double, std::string>> reports;
};

struct Report {
  std::string title;
  int page_count = 0;
};

void from_json(const Json& json, Report& report) {
  json.at("title").get_to(report.title);
  json.at("pages").get_to(report.page_count);
}

/// A run with its context, as the runner would give it to a body.
struct Flight {
  JobRun run = [] {
    JobRun example;
    example.id = *Uuid::parse("018d0a5c-1f00-7000-8000-000000000001");
    example.job_name = "send-report";
    example.attempt = 3;
    example.fence = 9;
    return example;
  }();
  FakeHost host;
  std::stop_source stop;
  JobContext job{run, host, stop.get_token()};
};

}  // namespace

TEST_CASE("JobContext shows the run as it was claimed when a body asks") {
  Flight flight;
  const JobContext& job = flight.job;
  CHECK(&job.run() == &flight.run);
  CHECK(job.id() == flight.run.id);
  CHECK(job.name() == "send-report");
  CHECK(job.attempt() == 3);
  CHECK(job.fence() == 9);
  CHECK_FALSE(job.due_at());
  flight.run.due_at = TimePoint{Duration{5}};
  CHECK(job.due_at() == TimePoint{Duration{5}});
  CHECK(job.now() == flight.host.now_at);
}

TEST_CASE("JobContext asks its host each time when a body wants to know whether to stop") {
  Flight flight;
  CHECK_FALSE(flight.job.stop_requested());
  CHECK(flight.job.stop_reason() == StopReason::none);
  for (const auto reason :
       {StopReason::timeout, StopReason::cancelled, StopReason::shutdown, StopReason::lease_lost}) {
    CAPTURE(static_cast<int>(reason));
    flight.host.reason = reason;
    CHECK(flight.job.stop_requested());
    CHECK(flight.job.stop_reason() == reason);
  }
}

TEST_CASE("JobContext hands on the runner's token when a body waits with one") {
  Flight flight;
  const std::stop_token token = flight.job.stop_token();
  CHECK(token.stop_possible());
  CHECK_FALSE(token.stop_requested());
  flight.stop.request_stop();
  CHECK(token.stop_requested());
}

TEST_CASE("JobContext reads the payload when it is of the shape asked for") {
  Flight flight;
  flight.run.payload = Json::parse(R"({"title": "totals", "pages": 3})");
  const auto report = flight.job.payload<Report>();
  CHECK(report.title == "totals");
  CHECK(report.page_count == 3);
  CHECK(flight.job.payload<Json>() == flight.run.payload);
}

TEST_CASE("JobContext refuses the payload when it is of another shape") {
  struct Row {
    const char* subject;
    const char* payload;
  };
  const Row rows[] = {
      {"none", "null"},
      {"a number", "7"},
      {"a member missing", R"({"title": "totals"})"},
      {"a member of another type", R"({"title": "totals", "pages": "three"})"},
      {"an array", R"(["totals", 3])"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    Flight flight;
    flight.run.payload = Json::parse(row.payload);
    const auto error = error_of([&] { (void)flight.job.payload<Report>(); });
    REQUIRE(error);
    CHECK(error->code() == "INVALID_PAYLOAD");
    CHECK(std::string{error->what()}.find("\"send-report\"") != std::string::npos);
  }
}

TEST_CASE("JobContext holds progress between 0 and 1 when a body reports it") {
  struct Row {
    const char* subject;
    double fraction;
    double reported;
  };
  const double infinity = std::numeric_limits<double>::infinity();
  const Row rows[] = {
      {"half", 0.5, 0.5},
      {"nothing", 0.0, 0.0},
      {"all", 1.0, 1.0},
      {"less than nothing", -0.25, 0.0},
      {"more than all", 1.5, 1.0},
      {"infinity", infinity, 1.0},
      {"minus infinity", -infinity, 0.0},
      {"not a number", std::numeric_limits<double>::quiet_NaN(), 0.0},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    Flight flight;
    flight.job.progress(row.fraction, "step");
    REQUIRE(flight.host.reports.size() == 1);
    CHECK(flight.host.reports[0].first == row.reported);
    CHECK(flight.host.reports[0].second == "step");
  }
  Flight flight;
  flight.job.progress(0.5);
  CHECK(flight.host.reports.at(0).second.empty());
}

TEST_CASE("JobContext makes outcomes with the library's codes when a body says no more") {
  struct Row {
    const char* subject;
    JobOutcome outcome;
    JobStatus status;
    const char* code;
  };
  const Flight flight;
  const std::vector<Row> rows = {
      {"success", flight.job.success(), JobStatus::success, "JOB_COMPLETED"},
      {"failure", flight.job.failure(), JobStatus::failed, "JOB_FAILED"},
      {"skipped", flight.job.skipped(), JobStatus::skipped, "JOB_SKIPPED"},
      {"interrupted", flight.job.interrupted(), JobStatus::pending, "JOB_INTERRUPTED"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(row.outcome.status == row.status);
    CHECK(row.outcome.message_code == row.code);
    CHECK(row.outcome.summary.empty());
    CHECK(row.outcome.details.is_null());
    CHECK(row.outcome.error.has_value() == (row.status == JobStatus::failed));
  }
}

TEST_CASE("JobContext makes outcomes that say what the body says when it says more") {
  const Flight flight;
  const Json details = {{"removed", 3}};
  struct Row {
    const char* subject;
    JobOutcome outcome;
  };
  const std::vector<Row> rows = {
      {"success", flight.job.success("UPLOADS_TIDIED", "3 uploads", {{"removed", 3}})},
      {"failure", flight.job.failure("UPLOADS_TIDIED", "3 uploads", {{"removed", 3}})},
      {"skipped", flight.job.skipped("UPLOADS_TIDIED", "3 uploads", {{"removed", 3}})},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(row.outcome.message_code == "UPLOADS_TIDIED");
    CHECK(row.outcome.summary == "3 uploads");
    CHECK(row.outcome.details == details);
  }
}

TEST_CASE("JobContext gives the failure's code and summary to its error when a body fails") {
  const Flight flight;
  CHECK(flight.job.failure("DISK_FULL", "no space on /var").error ==
        RunError{.code = "DISK_FULL", .message = "no space on /var"});
  CHECK(flight.job.failure().error == RunError{.code = "JOB_FAILED", .message = ""});
}

TEST_CASE("JobContext says of a failure when it is tried again, or that it is not") {
  const Flight flight;
  const JobOutcome plain = flight.job.failure("DISK_FULL", "no space");
  CHECK_FALSE(plain.is_final);
  CHECK_FALSE(plain.retry_after);
  const JobOutcome later = flight.job.retry_in(std::chrono::minutes{5}, "DISK_FULL", "no space");
  CHECK(later.status == JobStatus::failed);
  CHECK(later.error == plain.error);
  CHECK(later.retry_after == std::chrono::minutes{5});
  CHECK_FALSE(later.is_final);
  CHECK(flight.job.retry_in(std::chrono::minutes{-5}).retry_after == std::chrono::minutes{0});
  const JobOutcome never = flight.job.discard("DISK_FULL", "no space", {{"free", 0}});
  CHECK(never.status == JobStatus::failed);
  CHECK(never.error == plain.error);
  CHECK(never.details == Json{{"free", 0}});
  CHECK(never.is_final);
}

TEST_CASE("JobContext refuses an outcome when its code is no message code") {
  const Flight flight;
  for (const std::string code : {"", "done", "ALL DONE", "1ST"}) {
    CAPTURE(code);
    CHECK(code_of([&] { (void)flight.job.success(code); }) == "INVALID_MESSAGE_CODE");
    CHECK(code_of([&] { (void)flight.job.failure(code); }) == "INVALID_MESSAGE_CODE");
    CHECK(code_of([&] { (void)flight.job.skipped(code); }) == "INVALID_MESSAGE_CODE");
    CHECK(code_of([&] { (void)flight.job.retry_in({}, code); }) == "INVALID_MESSAGE_CODE");
    CHECK(code_of([&] { (void)flight.job.discard(code); }) == "INVALID_MESSAGE_CODE");
  }
}

}  // namespace job_context_test
