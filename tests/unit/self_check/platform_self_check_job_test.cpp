// SPDX-License-Identifier: MIT

#include "punctual/self_check/platform_self_check_job.hpp"

#include <chrono>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "punctual/builtin/fake_clock.hpp"
#include "punctual/builtin/in_memory_storage.hpp"
#include "punctual/builtin/inline_executor.hpp"
#include "punctual/core/scheduler.hpp"
#include "punctual/policy/job.hpp"
#include "punctual/self_check/database_check.hpp"
#include "punctual/self_check/environment_check.hpp"
#include "punctual/self_check/migrations_check.hpp"
#include "support/catch.hpp"

namespace platform_self_check_job_test {

using namespace std::chrono_literals;
using punctual::Check;
using punctual::CheckContext;
using punctual::CheckResult;
using punctual::Duration;
using punctual::Error;
using punctual::FakeClock;
using punctual::JobOutcome;
using punctual::JobStatus;
using punctual::Json;
using punctual::PlatformSelfCheckJob;
using punctual::StopReason;

static_assert(punctual::Job<PlatformSelfCheckJob>);

namespace {

/// Runs a job as a scheduler would, on a clock that moves only when a check moves it.
class Bench : public punctual::RunHost {
 public:
  [[nodiscard]] punctual::TimePoint now() const override { return clock.now(); }
  [[nodiscard]] StopReason stop_reason() override { return reason; }
  void report_progress(double fraction, std::string note) override {
    progress.emplace_back(fraction, std::move(note));
  }

  JobOutcome execute(std::vector<Check> checks, std::string environment = "test") {
    PlatformSelfCheckJob job{{.checks = std::move(checks),
                              .environment = std::move(environment),
                              .steady_now = [this] { return clock.steady_now(); }}};
    punctual::JobContext context{run, *this, std::stop_token{}};
    return job.execute(context);
  }

  /// A check that takes `span` and then answers `result`.
  Check check(std::string name, CheckResult result, Duration span = 100ms) {
    return {std::move(name), [this, result = std::move(result), span](CheckContext&) {
              clock.advance(span);
              return result;
            }};
  }

  /// A check during which a stop is requested.
  Check stopping_check(std::string name, StopReason stop, CheckResult result) {
    return {std::move(name), [this, stop, result = std::move(result)](CheckContext& context) {
              reason = stop;
              CHECK(context.stop_requested());
              return result;
            }};
  }

  FakeClock clock;
  StopReason reason = StopReason::none;
  std::vector<std::pair<double, std::string>> progress;

 private:
  punctual::JobRun run;
};

CheckResult pass(CheckContext&) {
  return CheckResult::passed();
}

}  // namespace

TEST_CASE("PlatformSelfCheckJob is configured as the seed says") {
  const PlatformSelfCheckJob job{{.checks = {Check{"a", pass}, Check{"b", pass, 10s}}}};
  const punctual::JobConfig config = job.config();
  CHECK(config.name == "platform-self-check");
  CHECK(config.description ==
        "Nightly platform validation running environment, database, and migration checks");
  CHECK(config.schedule == punctual::every(24h));
  CHECK(config.enabled);
  CHECK_FALSE(config.run_on_startup);
  CHECK(config.timeout == 30s + 10s + 1min);
  CHECK(config.retry.max_attempts == 1);
  punctual::require_valid(config);
}

TEST_CASE("PlatformSelfCheckJob takes another schedule, retry and timeout") {
  const PlatformSelfCheckJob job{{.checks = {Check{"a", pass}},
                                  .schedule = punctual::every(1h),
                                  .retry = {.max_attempts = 3},
                                  .timeout = 5min}};
  const punctual::JobConfig config = job.config();
  CHECK(config.schedule == punctual::every(1h));
  CHECK(config.retry.max_attempts == 3);
  CHECK(config.timeout == 5min);
}

TEST_CASE("PlatformSelfCheckJob refuses options that make no sense") {
  struct Row {
    std::string name;
    std::vector<Check> checks;
    std::string environment;
    bool is_valid;
  };
  const std::vector<Check> one{Check{"a", pass}};
  std::vector<Check> many;
  for (int i = 0; i < 64; ++i) many.emplace_back("c" + std::to_string(i), pass);
  std::vector<Check> too_many = many;
  too_many.emplace_back("last", pass);
  const Row rows[] = {
      {"one check", one, "production", true},
      {"two checks", {Check{"a", pass}, Check{"b", pass}}, "x", true},
      {"64 checks", many, "production", true},
      {"a name of 100 bytes", one, std::string(100, 'e'), true},
      {"no checks", {}, "production", false},
      {"65 checks", too_many, "production", false},
      {"two of one name", {Check{"a", pass}, Check{"b", pass}, Check{"a", pass}}, "x", false},
      {"no environment", one, "", false},
      {"an environment of 101 bytes", one, std::string(101, 'e'), false},
      {"a line break", one, "a\rb", false},
      {"invalid UTF-8", one, "\xFF", false},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    if (row.is_valid) {
      PlatformSelfCheckJob{{.checks = row.checks, .environment = row.environment}};
      continue;
    }
    try {
      PlatformSelfCheckJob{{.checks = row.checks, .environment = row.environment}};
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(error.code() == "INVALID_CONFIG");
    }
  }
}

TEST_CASE("PlatformSelfCheckJob answers with what the checks found") {
  Bench bench;
  const Check passed = bench.check("p", CheckResult::passed());
  const Check failed = bench.check("f", CheckResult::failed("missing: X"));
  const Check error = bench.check("e", CheckResult::error("no such file"));
  struct Row {
    std::string name;
    std::vector<Check> checks;
    JobStatus status;
    std::string code;
    std::string summary;
  };
  const Row rows[] = {
      {"passed",
       {passed, passed.named("p2"), passed.named("p3")},
       JobStatus::success,
       "PLATFORM_VALIDATION_PASSED",
       "Platform validation passed: 3/3 checks passed"},
      {"failed",
       {passed, failed, passed.named("p2")},
       JobStatus::failed,
       "PLATFORM_VALIDATION_FAILED",
       "Platform validation failed: 1/3 checks failed (f: missing: X)"},
      {"in error",
       {error, passed},
       JobStatus::failed,
       "PLATFORM_VALIDATION_ERROR",
       "Platform validation error: 1/2 checks could not be carried out (e: no such file)"},
      {"in error and failed",
       {error, failed},
       JobStatus::failed,
       "PLATFORM_VALIDATION_ERROR",
       "Platform validation error: 1/2 checks could not be carried out (e: no such file), 1/2 "
       "checks failed (f: missing: X)"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const JobOutcome outcome = bench.execute(row.checks);
    CHECK(outcome.status == row.status);
    CHECK(outcome.message_code == row.code);
    CHECK(outcome.summary == row.summary);
    CHECK(outcome.error.has_value() == (row.status == JobStatus::failed));
    if (outcome.error) {
      CHECK(outcome.error->code == row.code);
      CHECK(outcome.error->message == row.summary);
    }
    CHECK(outcome.details.at("summary").at("total") == row.checks.size());
    CHECK(outcome.details.at("success") == (row.status == JobStatus::success));
  }
}

TEST_CASE("PlatformSelfCheckJob runs every check in order and stores the seed's details") {
  Bench bench;
  bench.clock.set_wall(punctual::TimePoint{1'705'284'000s});  // 2024-01-15T02:00:00Z
  const auto outcome =
      bench.execute({bench.check("validate-env", CheckResult::passed(), 500ms),
                     bench.check("validate-db", CheckResult::passed(), 2s),
                     bench.check("validate-migrations", CheckResult::passed(), 12500ms)},
                    "production");
  CHECK(outcome.details == Json::parse(R"({
      "success": true,
      "timestamp": "2024-01-15T02:00:15.000Z",
      "environment": "production",
      "summary": {"total": 3, "passed": 3, "failed": 0, "skipped": 0, "totalDurationMs": 15000},
      "scripts": [
        {"name": "validate-env", "status": "passed", "durationMs": 500},
        {"name": "validate-db", "status": "passed", "durationMs": 2000},
        {"name": "validate-migrations", "status": "passed", "durationMs": 12500}
      ]})"));
}

TEST_CASE("PlatformSelfCheckJob measures on the monotonic clock while the wall clock is set back") {
  Bench bench;
  const Check check{"a", [&](CheckContext&) {
                      bench.clock.advance(3s);
                      bench.clock.set_wall(bench.clock.now() - 24h);
                      return CheckResult::passed();
                    }};
  CHECK(bench.execute({check}).details.at("scripts").at(0).at("durationMs") == 3000);
}

TEST_CASE("PlatformSelfCheckJob reports progress after each check") {
  Bench bench;
  static_cast<void>(bench.execute(
      {bench.check("a", CheckResult::passed()), bench.check("b", CheckResult::failed("x"))}));
  const std::vector<std::pair<double, std::string>> expected{{0.5, "1/2 a"}, {1.0, "2/2 b"}};
  CHECK(bench.progress == expected);
}

TEST_CASE("PlatformSelfCheckJob stops early when a stop is requested") {
  struct Row {
    std::string name;
    StopReason reason;
    CheckResult second;
    JobStatus status;
    std::string summary;
  };
  const Row rows[] = {
      {"cancelled", StopReason::cancelled, CheckResult::passed(), JobStatus::failed,
       "Platform validation error: 2/3 checks passed, 1 skipped, stopped by a cancel request"},
      {"timed out", StopReason::timeout, CheckResult::passed(), JobStatus::failed,
       "Platform validation error: 2/3 checks passed, 1 skipped, stopped by the job's timeout"},
      {"lost", StopReason::lease_lost, CheckResult::passed(), JobStatus::failed,
       "Platform validation error: 2/3 checks passed, 1 skipped, stopped by a lost lease"},
      {"cancelled, and the check gave in", StopReason::cancelled, CheckResult::skipped("stopped"),
       JobStatus::failed,
       "Platform validation error: 1/3 checks passed, 2 skipped, stopped by a cancel request"},
      {"shut down", StopReason::shutdown, CheckResult::passed(), JobStatus::pending, ""},
      {"shut down, and the check failed", StopReason::shutdown, CheckResult::failed("x"),
       JobStatus::pending, ""},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    Bench bench;
    const auto outcome = bench.execute({bench.check("a", CheckResult::passed()),
                                        bench.stopping_check("b", row.reason, row.second),
                                        bench.check("c", CheckResult::passed())});
    CHECK(outcome.status == row.status);
    CHECK(outcome.summary == row.summary);
    CHECK(bench.progress.size() == 2);
    if (row.status == JobStatus::failed) {
      CHECK(outcome.message_code == "PLATFORM_VALIDATION_ERROR");
      CHECK(outcome.details.at("success") == false);
      CHECK(outcome.details.at("scripts").at(2) ==
            Json::parse(R"({"name": "c", "status": "skipped", "durationMs": 0,
                            "message": "a stop was requested"})"));
    } else {
      CHECK(outcome.message_code == "JOB_INTERRUPTED");
    }
  }
}

TEST_CASE("PlatformSelfCheckJob that finished before the shutdown keeps its result") {
  Bench bench;
  const auto outcome =
      bench.execute({bench.stopping_check("a", StopReason::shutdown, CheckResult::passed())});
  CHECK(outcome.status == JobStatus::success);
  CHECK(outcome.summary == "Platform validation passed: 1/1 checks passed");
}

TEST_CASE("PlatformSelfCheckJob runs the built-in checks on the computer's clock") {
  punctual::InMemoryStorage storage;
  Bench bench;
  PlatformSelfCheckJob job{
      {.checks = {punctual::environment_check({}), punctual::database_check(storage),
                  punctual::migrations_check(storage)}}};
  const punctual::JobRun run;
  punctual::JobContext context{run, bench, std::stop_token{}};
  const auto outcome = job.execute(context);
  CHECK(outcome.summary == "Platform validation passed: 3/3 checks passed");
  CHECK(outcome.details.at("environment") == "development");
}

TEST_CASE("PlatformSelfCheckJob runs every night in a scheduler, and its results are kept whole") {
  FakeClock clock;
  punctual::InMemoryStorage storage;
  punctual::Scheduler scheduler{clock, storage, punctual::InlineExecutor{}};
  bool is_well = true;
  scheduler.register_job(PlatformSelfCheckJob{
      {.checks = {punctual::database_check(storage), punctual::migrations_check(storage),
                  Check{"validate-x",
                        [&](CheckContext&) {
                          clock.advance(15s);
                          return is_well ? CheckResult::passed() : CheckResult::failed("not well");
                        }}},
       .steady_now = [&] { return clock.steady_now(); }}});
  scheduler.run_due();
  CHECK(scheduler.runs().empty());  // not on startup

  clock.advance(24h);
  scheduler.run_due();
  is_well = false;
  clock.advance(24h);
  scheduler.run_due();

  const auto runs = scheduler.runs({.job_name = PlatformSelfCheckJob::name});
  REQUIRE(runs.size() == 2);
  CHECK(runs[1].status == JobStatus::success);
  CHECK(runs[1].summary == "Platform validation passed: 3/3 checks passed");
  CHECK(runs[1].duration == 15s);
  CHECK(runs[1].details.at("summary").at("totalDurationMs") == 15'000);
  CHECK(runs[0].status == JobStatus::failed);
  CHECK(runs[0].message_code == "PLATFORM_VALIDATION_FAILED");
  CHECK(runs[0].error->message ==
        "Platform validation failed: 1/3 checks failed (validate-x: not well)");
  CHECK_FALSE(runs[0].details.contains("_truncated"));
}

}  // namespace platform_self_check_job_test
