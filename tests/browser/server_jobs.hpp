// SPDX-License-Identifier: MIT
//
// The jobs that the page is tested with, and five days of their past.

#pragma once

#include <punctual/punctual.hpp>
#include <punctual/self_check/database_check.hpp>
#include <punctual/self_check/ledger_check.hpp>
#include <punctual/self_check/migrations_check.hpp>
#include <punctual/self_check/platform_self_check_job.hpp>
#include <punctual/testing/run_until.hpp>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace punctual::tests {

using namespace std::chrono_literals;

/// Texts that a page must show as they are, each markup or the end of some.
inline constexpr std::array hostile_texts{
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "\"><svg onload=alert(3)>",
    "' onclick='alert(4)",
    "</textarea></title></style><iframe srcdoc=\"<script>parent.alert(5)</script>\">",
    "javascript:alert(6)//",
    "<a href=\"javascript:alert(7)\">here</a> <!-- ]]> ",
    "{{alert(8)}} ${alert(9)} &lt;b&gt; %3Cscript%3E \\u003cscript\\u003e",
};

inline std::string all_hostile_texts() {
  std::string all;
  for (const auto* text : hostile_texts) all += std::string{text} + " ";
  return all;
}

/// Each text as the name of a value, as a value, and deep inside of one.
inline Json hostile_details() {
  Json details = Json::object();
  for (const auto* text : hostile_texts) {
    details[text] = text;
    details["inside"][text] = Json::array({text, {{text, 1}}});
  }
  return details;
}

/// Every fourth hour, first in half an hour: no run by schedule disturbs a test.
inline Schedule far_from(TimePoint now) {
  const auto minute = std::chrono::floor<std::chrono::minutes>(now + 30min).time_since_epoch();
  return cron(std::to_string(minute.count() % 60) + " */4 * * *");
}

inline JobConfig slow_import(TimePoint now) {
  return {.name = "slow-import",
          .description = "Imports the controls of a region, which takes ten seconds",
          .schedule = far_from(now)};
}

inline JobConfig quick_report(TimePoint now) {
  return {
      .name = "quick-report", .description = "Sends yesterday's report", .schedule = far_from(now)};
}

inline JobConfig cleanup() {
  return {.name = "cleanup",
          .description = "Removes what nobody needs",
          .overlap = OverlapPolicy::allow};
}

inline JobConfig hostile() {
  const TimeZone zone{std::make_shared<punctual::detail::FixedZone>(hostile_texts[1], 0)};
  return {
      .name = "hostile", .description = all_hostile_texts(), .schedule = cron("0 0 1 1 *", zone)};
}

/// Takes ten seconds, or as many as the payload's `seconds`, and ends when it is asked to.
inline JobOutcome import_slowly(JobContext& job) {
  static constexpr int steps_per_second = 5;
  const Json& payload = job.run().payload;
  const int seconds = payload.is_object() ? payload.value("seconds", 10) : 10;
  const int steps = seconds * steps_per_second;
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock{mutex};
  for (int step = 0; step < steps; ++step) {
    job.progress(static_cast<double>(step) / steps,
                 std::to_string(step) + " of " + std::to_string(steps) + " controls");
    if (step % steps_per_second == 0) job.log("batch " + std::to_string(step / steps_per_second));
    never.wait_for(lock, job.stop_token(), 1000ms / steps_per_second, [] { return false; });
    if (job.stop_reason() == StopReason::shutdown) return job.interrupted();
    if (job.stop_requested()) return job.failure("IMPORT_STOPPED", "asked to stop");
  }
  return job.success("CONTROLS_IMPORTED", std::to_string(steps) + " controls imported",
                     {{"imported", steps}, {"rejected", 0}, {"sources", {"iso", "nist"}}});
}

inline JobOutcome fail_hostilely(JobContext& job) {
  job.progress(0.5, hostile_texts[0]);
  for (const auto* text : hostile_texts) job.log(text);
  auto outcome = job.failure("HOSTILE", all_hostile_texts(), hostile_details());
  outcome.error->message = "error: " + all_hostile_texts();
  return outcome;
}

template <class Storage>
PlatformSelfCheckJob self_check(Storage& storage) {
  std::vector<Check> checks{database_check(storage), migrations_check(storage),
                            ledger_check(storage)};
  checks.emplace_back("validate-mail", [](CheckContext&) {
    return CheckResult::skipped("no mail server is configured");
  });
  return PlatformSelfCheckJob{{.checks = std::move(checks), .environment = "test"}};
}

template <class SchedulerT, class Storage>
void register_jobs(SchedulerT& scheduler, Storage& storage, TimePoint now) {
  scheduler.register_job(slow_import(now), import_slowly);
  scheduler.register_job(quick_report(now), [](JobContext& job) {
    return job.success("REPORT_SENT", "sent to 12 readers", {{"readers", 12}});
  });
  scheduler.register_job(cleanup(), [](JobContext& job) { return job.success(); });
  scheduler.register_job(hostile(), fail_hostilely);
  scheduler.register_job(self_check(storage));
}

/// Lets five days pass up to `now`: runs that took their time, were late, and failed now and then.
template <class Storage>
void make_past(Storage& storage, TimePoint now) {
  FakeClock clock{now - 120h};
  SchedulerOptions options;
  options.node = "past";
  options.lease = 1h;
  options.seed = 1;
  Scheduler scheduler{clock, storage, InlineExecutor{}, options};
  std::uint32_t count = 0;
  scheduler.register_job(quick_report(now), [&](JobContext& job) {
    ++count;
    clock.advance(400ms + 150ms * (count * 7 % 11));
    if (count % 9 == 0) return job.failure("MAIL_REFUSED", "the mail server refused 3 of 12");
    return job.success("REPORT_SENT", "sent to 12 readers", {{"readers", 12}});
  });
  scheduler.register_job(slow_import(now), [&](JobContext& job) {
    ++count;
    clock.advance(9s + 350ms * (count * 5 % 13));
    return job.success("CONTROLS_IMPORTED", "50 controls imported", {{"imported", 50}});
  });
  testing::run_until(scheduler, clock, now);
}

}  // namespace punctual::tests
