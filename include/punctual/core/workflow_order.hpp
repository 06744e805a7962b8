// SPDX-License-Identifier: MIT
//
// order_steps: whether a workflow can be done, and in which order its runs are to be stored.
//
// Thread-safety: a pure function.

#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/cycle.hpp"
#include "punctual/base/error.hpp"
#include "punctual/base/late.hpp"
#include "punctual/base/text.hpp"
#include "punctual/core/call_options.hpp"
#include "punctual/domain/limits.hpp"

namespace punctual::detail {

inline constexpr std::size_t workflow_steps_max = 1000;

/// `WorkflowT` is Workflow; as a template, it costs those who only include it little.
template <class WorkflowT>
class StepOrder {
 public:
  /// Errors: INVALID_WORKFLOW -> no step, more than 1,000, two of one name, one without a name, or
  ///         one after a step that is not there; INVALID_KEY -> a name; DEPENDENCY_CYCLE -> steps
  ///         wait for themselves, the message names the circle.
  explicit StepOrder(const WorkflowT& workflow) : workflow_(workflow) {
    const auto& steps = workflow.steps;
    if (steps.empty() || steps.size() > workflow_steps_max) {
      refuse("expects 1 to 1000 steps, got " + std::to_string(steps.size()));
    }
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const auto& name = steps[i].name;
      require_key_fits(name, "WorkflowStep.name");
      if (name.empty())
        refuse("expects a name for each step, got none for step " + std::to_string(i));
      if (!index_.emplace(name, i).second) refuse("expects a step \"" + name + "\" once, got two");
    }
    std::map<Name, std::vector<Name>> prerequisites;
    for (const auto& step : steps) {
      for (const auto& before : step.after) require_step(step.name, before);
      prerequisites[step.name] = step.after;
    }
    const Name cycle = find_cycle(prerequisites);
    if (!cycle.empty()) throw Error{"DEPENDENCY_CYCLE", "steps wait for themselves: " + cycle};
    for (std::size_t i = 0; i < steps.size(); ++i) place(i);
  }

  /// The steps' indexes, each behind those it waits for, otherwise as they were given.
  [[nodiscard]] const LateVector<std::size_t, WorkflowT>& indexes() const noexcept {
    return order_;
  }

  [[nodiscard]] std::size_t index_of(const std::string& name) const { return index_.at(name); }

 private:
  using Name = Late<std::string, WorkflowT>;

  [[noreturn]] static void refuse(const std::string& what) {
    throw Error{"INVALID_WORKFLOW", "a workflow " + what};
  }

  void require_step(const Name& step, const Name& before) const {
    if (index_.contains(before)) return;
    std::vector<Name> names;
    for (const auto& [name, index] : index_) names.push_back(name);
    std::string message = "expects step \"" + step + "\" after steps of its own, got \"" +
                          clamp_text(before, 100) + "\"";
    const auto near = nearest_names(before, names);
    if (!near.empty()) message += "; did you mean \"" + near.front() + "\"?";
    refuse(message);
  }

  /// Puts a step behind those it waits for. There is no cycle.
  void place(std::size_t first) {
    LateVector<std::pair<std::size_t, std::size_t>, WorkflowT> path{
        {first, 0}};  // and how many were looked at
    while (!path.empty()) {
      auto& [index, looked_at] = path.back();
      const auto& after = workflow_.steps[index].after;
      if (placed_.contains(index)) {
        path.pop_back();
      } else if (looked_at < after.size()) {
        path.emplace_back(index_.at(after[looked_at++]), 0);
      } else {
        placed_.emplace(index, true);
        order_.push_back(index);
        path.pop_back();
      }
    }
  }

  const WorkflowT& workflow_;
  std::map<Name, std::size_t> index_;
  Late<std::map<std::size_t, bool>, WorkflowT> placed_;
  LateVector<std::size_t, WorkflowT> order_;
};

}  // namespace punctual::detail
