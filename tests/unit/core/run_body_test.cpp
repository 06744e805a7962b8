// SPDX-License-Identifier: MIT
//
// run_body: whatever a body returns or throws comes out as an outcome, and nothing passes.

#include "punctual/core/run_body.hpp"

#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>

#include "punctual/core/registry.hpp"
#include "punctual/policy/job_context.hpp"
#include "support/catch.hpp"

namespace run_body_test {

using punctual::AnyBody;
using punctual::Error;
using punctual::ErrorKind;
using punctual::JobContext;
using punctual::JobOutcome;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::RunError;
using punctual::detail::BodyAnswer;
using punctual::detail::run_body;

namespace {

class QuietHost final : public punctual::RunHost {
 public:
  [[nodiscard]] punctual::TimePoint now() const override { return {}; }
  [[nodiscard]] punctual::StopReason stop_reason() override { return punctual::StopReason::none; }
  void report_progress(double, std::string) override {}
};

BodyAnswer answer_of(const AnyBody& body) {
  JobRun run;
  run.job_name = "tidy";
  run.payload = "text";
  QuietHost host;
  JobContext context{run, host, {}};
  return run_body([&] { return body(context); });
}

struct Unprintable {};

}  // namespace

static_assert(noexcept(run_body(std::declval<JobOutcome (*)()>())));

TEST_CASE("run_body passes on what the body returns when it returns") {
  struct Row {
    const char* subject;
    AnyBody body;
    JobStatus status;
    std::string message_code;
    std::string summary;
  };
  const Row rows[] = {
      {"success", [](JobContext& job) { return job.success("DONE", "all of it"); },
       JobStatus::success, "DONE", "all of it"},
      {"failure", [](JobContext& job) { return job.failure("NOT_DONE", "none of it"); },
       JobStatus::failed, "NOT_DONE", "none of it"},
      {"skipped", [](JobContext& job) { return job.skipped(); }, JobStatus::skipped, "JOB_SKIPPED",
       ""},
      {"interrupted", [](JobContext& job) { return job.interrupted(); }, JobStatus::pending,
       "JOB_INTERRUPTED", ""},
  };
  for (const auto& row : rows) {
    INFO(row.subject);
    const BodyAnswer answer = answer_of(row.body);
    CHECK_FALSE(answer.threw);
    CHECK(answer.outcome.status == row.status);
    CHECK(answer.outcome.message_code == row.message_code);
    CHECK(answer.outcome.summary == row.summary);
  }
}

TEST_CASE("run_body makes a failed outcome of what the body throws, whatever its type") {
  const std::string unknown = "the body threw something that is not a std::exception";
  struct Row {
    const char* subject;
    AnyBody body;
    RunError error;
  };
  const Row rows[] = {
      {"a runtime_error",
       [](JobContext&) -> JobOutcome { throw std::runtime_error{"no route"}; },
       {"EXECUTION_ERROR", "no route"}},
      {"a logic_error with no text",
       [](JobContext&) -> JobOutcome { throw std::logic_error{""}; },
       {"EXECUTION_ERROR", ""}},
      {"bad_function_call", AnyBody{}, {"EXECUTION_ERROR", std::bad_function_call{}.what()}},
      {"bad_alloc",
       [](JobContext&) -> JobOutcome { throw std::bad_alloc{}; },
       {"EXECUTION_ERROR", std::bad_alloc{}.what()}},
      {"a permanent Error",
       [](JobContext&) -> JobOutcome {
         throw Error{"NO_SUCH_FILE", "gone"};
       },
       {"NO_SUCH_FILE", "NO_SUCH_FILE: gone"}},
      {"a retryable Error",
       [](JobContext&) -> JobOutcome {
         throw Error{"BUSY", "later", ErrorKind::retryable};
       },
       {"BUSY", "BUSY: later"}},
      {"an invalid message code",
       [](JobContext& job) { return job.success("not a code"); },
       {"INVALID_MESSAGE_CODE",
        "INVALID_MESSAGE_CODE: a message code is 1 to 64 characters of A-Z, 0-9 and _, a letter "
        "first, got \"not a code\""}},
      {"an int", [](JobContext&) -> JobOutcome { throw 42; }, {"EXECUTION_ERROR", unknown}},
      {"a text", [](JobContext&) -> JobOutcome { throw "text"; }, {"EXECUTION_ERROR", unknown}},
      {"a null pointer",
       [](JobContext&) -> JobOutcome { throw nullptr; },
       {"EXECUTION_ERROR", unknown}},
      {"a type of its own",
       [](JobContext&) -> JobOutcome { throw Unprintable{}; },
       {"EXECUTION_ERROR", unknown}},
  };
  for (const auto& row : rows) {
    INFO(row.subject);
    const BodyAnswer answer = answer_of(row.body);
    CHECK(answer.threw);
    CHECK(answer.outcome.status == JobStatus::failed);
    CHECK(answer.outcome.message_code == "JOB_EXECUTION_ERROR");
    CHECK(answer.outcome.error == row.error);
    CHECK(answer.outcome.summary == row.error.message);
    CHECK(answer.outcome.details.is_null());
  }
}

TEST_CASE("run_body fails the run when what the body throws has nothing to say") {
  struct Speechless : std::exception {
    [[nodiscard]] const char* what() const noexcept override { return nullptr; }
  };
  const BodyAnswer answer = answer_of([](JobContext&) -> JobOutcome { throw Speechless{}; });
  CHECK(answer.threw);
  CHECK(answer.outcome.error == punctual::RunError{"EXECUTION_ERROR", ""});
}

TEST_CASE("run_body fails the run with the payload's code when the payload does not fit") {
  const BodyAnswer answer = answer_of(
      [](JobContext& job) { return job.success("DONE", std::to_string(job.payload<int>())); });
  CHECK(answer.threw);
  REQUIRE(answer.outcome.error);
  CHECK(answer.outcome.error->code == "INVALID_PAYLOAD");
}

TEST_CASE("run_body has destroyed what the body threw when it returns") {
  auto held = std::make_shared<int>(1);
  struct Holder {
    std::shared_ptr<int> value;
  };
  const BodyAnswer answer = answer_of([&held](JobContext&) -> JobOutcome { throw Holder{held}; });
  CHECK(answer.threw);
  CHECK(held.use_count() == 1);
}

}  // namespace run_body_test
