// SPDX-License-Identifier: MIT
//
// SchedulerEvent: the names of its kinds.

#include "punctual/core/event.hpp"

#include <string_view>

#include "support/catch.hpp"

namespace event_test {

using punctual::SchedulerEvent;
using Kind = punctual::SchedulerEvent::Kind;

TEST_CASE("SchedulerEvent kinds have the names of their enumerators when shown") {
  struct Row {
    std::string_view name;
    Kind kind;
  };
  constexpr Row rows[] = {
      {"storage_failed", Kind::storage_failed}, {"storage_recovered", Kind::storage_recovered},
      {"lease_lost", Kind::lease_lost},         {"run_stuck", Kind::run_stuck},
      {"run_abandoned", Kind::run_abandoned},   {"run_released", Kind::run_released},
      {"clock_jumped", Kind::clock_jumped},     {"due_conflict", Kind::due_conflict},
  };
  for (const auto& row : rows) CHECK(to_string(row.kind) == row.name);
}

TEST_CASE("SchedulerEvent concerns no job and no run when left alone") {
  const SchedulerEvent event;
  CHECK(event.job_name.empty());
  CHECK(event.run_id.is_nil());
  CHECK(event.message.empty());
}

}  // namespace event_test
