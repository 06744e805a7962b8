// SPDX-License-Identifier: MIT
//
// StepOrder: the order in which a workflow's runs are stored, and what is refused.

#include "punctual/core/workflow_order.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace workflow_order_test {

using punctual::Workflow;
using punctual::WorkflowStep;
using punctual::tests::error_of;
using StepOrder = punctual::detail::StepOrder<Workflow>;
using Indexes = std::vector<std::size_t>;

namespace {

WorkflowStep step(std::string name, std::vector<std::string> after = {}) {
  return {.name = std::move(name), .after = std::move(after)};
}

}  // namespace

TEST_CASE("StepOrder puts each step behind those it waits for, and leaves the rest as given") {
  struct Row {
    const char* subject;
    std::vector<WorkflowStep> steps;
    Indexes order;
  };
  const std::vector<Row> table = {
      {"one", {step("a")}, {0}},
      {"none that waits", {step("c"), step("a"), step("b")}, {0, 1, 2}},
      {"in order", {step("a"), step("b", {"a"}), step("c", {"b"})}, {0, 1, 2}},
      {"in reverse", {step("c", {"b"}), step("b", {"a"}), step("a")}, {2, 1, 0}},
      {"a diamond, its end first",
       {step("d", {"b", "c"}), step("c", {"a"}), step("b", {"a"}), step("a")},
       {3, 2, 1, 0}},
      {"one twice", {step("b", {"a", "a"}), step("a")}, {1, 0}},
      {"two lines", {step("a2", {"a1"}), step("b2", {"b1"}), step("b1"), step("a1")}, {3, 0, 2, 1}},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    const Workflow workflow{.steps = row.steps};
    const StepOrder order{workflow};
    CHECK(order.indexes() == row.order);
    for (std::size_t i = 0; i < row.steps.size(); ++i) {
      CHECK(order.index_of(row.steps[i].name) == i);
    }
  }
}

TEST_CASE("StepOrder takes as many steps as a workflow may have, however deep they wait") {
  Workflow workflow;
  for (int i = 0; i < 1000; ++i) {
    workflow.steps.push_back(step(std::to_string(i)));
    if (i < 999) workflow.steps.back().after = {std::to_string(i + 1)};
  }
  const StepOrder order{workflow};
  CHECK(order.indexes().front() == 999);
  CHECK(order.indexes().back() == 0);
}

TEST_CASE("StepOrder refuses what is no workflow and says why") {
  struct Row {
    const char* subject;
    std::vector<WorkflowStep> steps;
    const char* error;
  };
  const std::vector<Row> table = {
      {"no step", {}, "INVALID_WORKFLOW: a workflow expects 1 to 1000 steps, got 0"},
      {"too many steps", std::vector<WorkflowStep>(1001, step("a")),
       "INVALID_WORKFLOW: a workflow expects 1 to 1000 steps, got 1001"},
      {"no name",
       {step("")},
       "INVALID_WORKFLOW: a workflow expects a name for each step, got none for step 0"},
      {"a name twice",
       {step("a"), step("a")},
       "INVALID_WORKFLOW: a workflow expects a step \"a\" once, got two"},
      {"after a stranger",
       {step("a", {"zebra"})},
       "INVALID_WORKFLOW: a workflow expects step \"a\" after steps of its own, got \"zebra\""},
      {"after a name that is nearly one",
       {step("import"), step("b", {"imports"})},
       "INVALID_WORKFLOW: a workflow expects step \"b\" after steps of its own, got \"imports\"; "
       "did you mean \"import\"?"},
      {"itself", {step("a", {"a"})}, "DEPENDENCY_CYCLE: steps wait for themselves: a -> a"},
      {"a circle",
       {step("a", {"b"}), step("b", {"a"})},
       "DEPENDENCY_CYCLE: steps wait for themselves: a -> b -> a"},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    const Workflow workflow{.steps = row.steps};
    const auto error = error_of([&] { const StepOrder order{workflow}; });
    REQUIRE(error);
    CHECK(std::string{error->what()} == row.error);
  }
  const Workflow two_lines{.steps = {step("a\nb")}};
  const auto error = error_of([&] { const StepOrder order{two_lines}; });
  REQUIRE(error);
  CHECK(error->code() == "INVALID_KEY");
}

}  // namespace workflow_order_test
