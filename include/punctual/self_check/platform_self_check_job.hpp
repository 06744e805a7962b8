// SPDX-License-Identifier: MIT
//
// PlatformSelfCheckJob: a job that runs a list of checks every night and keeps what they found.
//
// Checks run one after the other, in the order given, so that a host is never loaded by looking at
// itself and the first message is the first cause. All of them run, whatever earlier ones found.
//
//   scheduler.register_job(PlatformSelfCheckJob{
//       {.checks = {environment_check({"DATABASE_URL"}), database_check(storage),
//                   migrations_check(storage)},
//        .environment = "production"}});
//
// Thread-safety: distinct objects; runs of one job do not overlap, as its configuration says.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/text.hpp"
#include "punctual/base/time.hpp"
#include "punctual/builtin/system_clock.hpp"
#include "punctual/domain/job_config.hpp"
#include "punctual/domain/job_outcome.hpp"
#include "punctual/domain/message_code.hpp"
#include "punctual/policy/job_context.hpp"
#include "punctual/schedule/schedule.hpp"
#include "punctual/self_check/check.hpp"
#include "punctual/self_check/validation_report.hpp"

namespace punctual {

struct PlatformSelfCheckOptions {
  std::vector<Check> checks{};              ///< 1 to 64, their names unique
  std::string environment = "development";  ///< shown in the result; 1 to 100 bytes
  Schedule schedule = every(std::chrono::hours{24});
  RetryPolicy retry{};
  /// nullopt: the limits of all checks and a minute, so that it strikes only if a check hangs.
  std::optional<Duration> timeout{};
  /// Measures the checks. In a test with a FakeClock, hand in that clock's.
  SteadyNow steady_now = [] { return SystemClock{}.steady_now(); };
};

class PlatformSelfCheckJob {
 public:
  static constexpr const char* name = "platform-self-check";

  /// Errors: INVALID_CONFIG -> no checks or more than 64, two of the same name, or an environment
  ///         that is empty, longer than 100 bytes, or not printable.
  explicit PlatformSelfCheckJob(PlatformSelfCheckOptions options);

  [[nodiscard]] JobConfig config() const;

  /// Runs the checks and says what they found: success, or failure with the same details.
  ///
  /// A requested stop is looked at between two checks and handed on to the one that runs. If it is
  /// a shutdown, the run is handed back to be run again; otherwise it fails, for checks that were
  /// left out have proved nothing.
  [[nodiscard]] JobOutcome execute(JobContext& job);

 private:
  [[nodiscard]] ValidationReport run_checks(const JobContext& job) const;

  PlatformSelfCheckOptions options_;
};

namespace detail {

[[nodiscard]] inline const char* stop_reason_text(StopReason reason) noexcept {
  switch (reason) {
    case StopReason::none:
      return "";
    case StopReason::timeout:
      return "the job's timeout";
    case StopReason::cancelled:
      return "a cancel request";
    case StopReason::shutdown:
      return "the shutdown";
    case StopReason::lease_lost:
      return "a lost lease";
  }
  return "";
}

inline void require_valid_checks(const std::vector<Check>& checks) {
  const auto refuse = [](const std::string& what) {
    throw Error{"INVALID_CONFIG", "PlatformSelfCheckOptions.checks: " + what};
  };
  if (checks.empty() || checks.size() > validation_checks_max) {
    refuse("expected 1 to 64 checks, got " + std::to_string(checks.size()));
  }
  for (auto check = checks.begin(); check != checks.end(); ++check) {
    const bool is_repeated = std::any_of(checks.begin(), check, [&](const Check& earlier) {
      return earlier.name() == check->name();
    });
    if (is_repeated) {
      refuse("two checks are called \"" + check->name() + "\"; rename one with named(…)");
    }
  }
}

}  // namespace detail

inline PlatformSelfCheckJob::PlatformSelfCheckJob(PlatformSelfCheckOptions options)
    : options_(std::move(options)) {
  detail::require_valid_checks(options_.checks);
  const auto& environment = options_.environment;
  if (environment.empty() || clamp_text(environment, 100) != environment) {
    throw Error{
        "INVALID_CONFIG",
        "PlatformSelfCheckOptions.environment is 1 to 100 bytes of printable UTF-8, got \"" +
            clamp_text(environment, 120) + "\""};
  }
}

inline JobConfig PlatformSelfCheckJob::config() const {
  JobConfig config;
  config.name = name;
  config.description =
      "Nightly platform validation running environment, database, and migration checks";
  config.schedule = options_.schedule;
  config.retry = options_.retry;
  config.timeout = std::chrono::minutes{1};
  for (const auto& check : options_.checks) config.timeout += check.limit();
  if (options_.timeout) config.timeout = *options_.timeout;
  return config;
}

inline ValidationReport PlatformSelfCheckJob::run_checks(const JobContext& job) const {
  const CheckHost host{.now = [&job] { return job.now(); },
                       .steady_now = options_.steady_now,
                       .stop_requested = [&job] { return job.stop_requested(); }};
  ValidationReport report{.environment = options_.environment};
  const std::size_t total = options_.checks.size();
  for (const auto& check : options_.checks) {
    if (report.stopped_by.empty() && job.stop_requested()) {
      report.stopped_by = detail::stop_reason_text(job.stop_reason());
    }
    if (!report.stopped_by.empty()) {
      report.checks.push_back({check.name(), CheckResult::skipped("a stop was requested"), {}});
      continue;
    }
    report.checks.push_back(check.run(host));
    // A check that did not pass while a stop was asked for may have given in to that.
    const bool passed = report.checks.back().result.status == CheckStatus::passed;
    if (!passed) report.stopped_by = detail::stop_reason_text(job.stop_reason());
    const std::size_t done = report.checks.size();
    job.progress(static_cast<double>(done) / static_cast<double>(total),
                 std::to_string(done) + "/" + std::to_string(total) + " " + check.name());
  }
  report.completed_at = job.now();
  return report;
}

inline JobOutcome PlatformSelfCheckJob::execute(JobContext& job) {
  const ValidationReport report = run_checks(job);
  if (!report.stopped_by.empty() && job.stop_reason() == StopReason::shutdown) {
    return job.interrupted();
  }
  const std::string summary = validation_summary(report);
  if (report.success()) {
    return job.success(std::string{message_code::platform_validation_passed}, summary, report);
  }
  const bool is_certain = report.stopped_by.empty() && report.count(CheckStatus::error) == 0;
  return job.failure(std::string{is_certain ? message_code::platform_validation_failed
                                            : message_code::platform_validation_error},
                     summary, report);
}

}  // namespace punctual
