// SPDX-License-Identifier: MIT
//
// TickReport: what counts as having done something.

#include "punctual/core/tick_report.hpp"

#include "support/catch.hpp"

namespace tick_report_test {

using punctual::TickReport;

TEST_CASE(
    "TickReport did something when runs moved or more is waiting, not when rows were pruned") {
  struct Row {
    const char* subject;
    TickReport report;
    bool did_something;
  };
  const Row rows[] = {
      {"nothing", {}, false},
      {"a schedule fired", {.fired = 1}, true},
      {"a run claimed", {.claimed = 1}, true},
      {"a run rescued", {.rescued = 1}, true},
      {"a full batch", {.has_more = true}, true},
      {"rows pruned", {.pruned = 9}, false},
      {"an instant to wake at", {.next_wake_at = punctual::TimePoint{}}, false},
      {"an error", {.error = punctual::Error{"X", "x"}}, false},
  };
  for (const auto& row : rows) {
    INFO(row.subject);
    CHECK(row.report.did_something() == row.did_something);
  }
}

}  // namespace tick_report_test
