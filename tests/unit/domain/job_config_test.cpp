// SPDX-License-Identifier: MIT
//
// JobConfig: its defaults, and which values are refused by name.

#include "punctual/domain/job_config.hpp"

#include <functional>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace job_config_test {

using punctual::Duration;
using punctual::JobConfig;
using punctual::MissedPolicy;
using punctual::no_timeout;
using punctual::OverlapPolicy;
using punctual::tests::error_of;

TEST_CASE("JobConfig is enabled, by hand and valid when only the name is given") {
  const JobConfig config{.name = "nightly"};
  CHECK(config.schedule.is_manual());
  CHECK(config.enabled);
  CHECK_FALSE(config.run_on_startup);
  CHECK(config.timeout == Duration{3'600'000});
  CHECK(config.timeout_grace == Duration{10'000});
  CHECK(config.overlap == OverlapPolicy::skip);
  CHECK(config.missed == MissedPolicy::run_once);
  CHECK(config.priority == 0);
  CHECK_FALSE(error_of([&] { require_valid(config); }));
}

TEST_CASE("JobConfig is refused by the name of its field when a value is out of range") {
  struct Row {
    const char* subject;
    std::function<void(JobConfig&)> change;
    std::string code;
    std::string says;
  };
  const std::vector<Row> rows = {
      {"the shortest timeout", [](JobConfig& c) { c.timeout = Duration{1}; }, "", ""},
      {"no timeout", [](JobConfig& c) { c.timeout = no_timeout; }, "", ""},
      {"no grace", [](JobConfig& c) { c.timeout_grace = Duration{0}; }, "", ""},
      {"the most attempts", [](JobConfig& c) { c.retry.max_attempts = 1000; }, "", ""},
      {"the lowest priority", [](JobConfig& c) { c.priority = -100; }, "", ""},
      {"the highest priority", [](JobConfig& c) { c.priority = 100; }, "", ""},
      {"the shortest retention", [](JobConfig& c) { c.retention.period = Duration{1}; }, "", ""},
      {"a retention of nothing more", [](JobConfig& c) { c.retention.keep_last = 0; }, "", ""},
      {"the longest key", [](JobConfig& c) { c.concurrency.key = std::string(200, 'k'); }, "", ""},
      {"no name", [](JobConfig& c) { c.name = ""; }, "INVALID_JOB_NAME", "got \"\""},
      {"a name in upper case", [](JobConfig& c) { c.name = "Nightly"; }, "INVALID_JOB_NAME",
       "got \"Nightly\""},
      {"a timeout of nothing", [](JobConfig& c) { c.timeout = Duration{0}; }, "INVALID_CONFIG",
       "timeout must be positive (or punctual::no_timeout), got 0 ms"},
      {"a negative timeout", [](JobConfig& c) { c.timeout = Duration{-1}; }, "INVALID_CONFIG",
       "timeout must be positive (or punctual::no_timeout), got -1 ms"},
      {"a negative grace", [](JobConfig& c) { c.timeout_grace = Duration{-1}; }, "INVALID_CONFIG",
       "timeout_grace must not be negative, got -1 ms"},
      {"no attempt", [](JobConfig& c) { c.retry.max_attempts = 0; }, "INVALID_CONFIG",
       "retry.max_attempts must be 1 to 1000, got 0"},
      {"too many attempts", [](JobConfig& c) { c.retry.max_attempts = 1001; }, "INVALID_CONFIG",
       "retry.max_attempts must be 1 to 1000, got 1001"},
      {"too low a priority", [](JobConfig& c) { c.priority = -101; }, "INVALID_CONFIG",
       "priority must be -100 to 100, got -101"},
      {"too high a priority", [](JobConfig& c) { c.priority = 101; }, "INVALID_CONFIG",
       "priority must be -100 to 100, got 101"},
      {"a retention of no time", [](JobConfig& c) { c.retention.period = Duration{0}; },
       "INVALID_CONFIG", "retention.period must be positive, got 0 ms"},
      {"a negative retention", [](JobConfig& c) { c.retention.period = Duration{-5}; },
       "INVALID_CONFIG", "retention.period must be positive, got -5 ms"},
      {"too long a key", [](JobConfig& c) { c.concurrency.key = std::string(201, 'k'); },
       "INVALID_KEY", "concurrency.key"},
      {"a key of invalid UTF-8", [](JobConfig& c) { c.concurrency.key = "gpu\xFF"; }, "INVALID_KEY",
       "concurrency.key"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    JobConfig config{.name = "nightly"};
    row.change(config);
    const auto error = error_of([&] { require_valid(config); });
    CHECK((error ? error->code() : "") == row.code);
    if (!error) continue;
    const std::string text = error->what();
    CAPTURE(text);
    CHECK(text.find(row.says) != std::string::npos);
    if (row.code == "INVALID_CONFIG") CHECK(text.find("job \"nightly\"") != std::string::npos);
  }
}

}  // namespace job_config_test
