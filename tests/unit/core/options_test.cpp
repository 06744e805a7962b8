// SPDX-License-Identifier: MIT
//
// SchedulerOptions: its defaults, and what of it is refused.

#include "punctual/core/options.hpp"

#include <chrono>
#include <string>

#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace options_test {

using namespace std::chrono_literals;
using punctual::Duration;
using punctual::SchedulerOptions;
using punctual::tests::error_of;

TEST_CASE("SchedulerOptions has the documented values when left alone") {
  const SchedulerOptions options;
  CHECK(options.node == "node");
  CHECK(options.lease == 30s);
  CHECK(options.stop_grace == 30s);
  CHECK(options.startup_spacing == 1min);
  CHECK(options.prune_period == 1h);
  CHECK(options.batch_max == 256);
  CHECK_FALSE(options.seed);
  CHECK_FALSE(options.on_event);
}

TEST_CASE("SchedulerOptions is accepted at the ends of its ranges and refused beyond them") {
  struct Row {
    const char* subject;
    SchedulerOptions options;
    std::string code;
    std::string named;  ///< what the message must name
  };
  const Row rows[] = {
      {"defaults", {}, "", ""},
      {"shortest lease", {.lease = 100ms}, "", ""},
      {"lease below it",
       {.lease = 99ms},
       "INVALID_CONFIG",
       "lease must be at least 100 ms, got 99 ms"},
      {"negative lease", {.lease = -1s}, "INVALID_CONFIG", "-1000 ms"},
      {"no grace", {.stop_grace = 0ms}, "", ""},
      {"endless grace", {.stop_grace = Duration::max()}, "", ""},
      {"negative grace", {.stop_grace = -1ms}, "INVALID_CONFIG", "stop_grace must not be negative"},
      {"shortest prune period", {.prune_period = 1ms}, "", ""},
      {"no prune period", {.prune_period = 0ms}, "INVALID_CONFIG", "prune_period must be positive"},
      {"smallest batch", {.batch_max = 1}, "", ""},
      {"largest batch", {.batch_max = 10'000}, "", ""},
      {"empty batch", {.batch_max = 0}, "INVALID_CONFIG", "batch_max must be 1 to 10000, got 0"},
      {"batch too large", {.batch_max = 10'001}, "INVALID_CONFIG", "got 10001"},
      {"node without a name", {.node = ""}, "", ""},
      {"node too long", {.node = std::string(201, 'n')}, "INVALID_KEY", "SchedulerOptions.node"},
      {"node with a control character", {.node = "a\rb"}, "INVALID_KEY", "SchedulerOptions.node"},
      {"node of bad UTF-8", {.node = "a\xFF"}, "INVALID_KEY", "SchedulerOptions.node"},
  };
  for (const auto& row : rows) {
    INFO(row.subject);
    const auto error = error_of([&] { require_valid(row.options); });
    CHECK((error ? error->code() : "") == row.code);
    if (!error) continue;
    CHECK(std::string{error->what()}.find(row.named) != std::string::npos);
    CHECK_FALSE(error->retryable());
  }
}

}  // namespace options_test
