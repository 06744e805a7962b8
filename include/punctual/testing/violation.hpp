// SPDX-License-Identifier: MIT
//
// Violation: a promise of the scheduler that a simulation saw broken. Violations: those of one
// simulation.
//
// Thread-safety: values.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/iso8601.hpp"
#include "punctual/base/time.hpp"

namespace punctual::testing {

struct Violation {
  std::string invariant{};  ///< its name, e.g. "terminal_rows_never_change"
  std::string message{};    ///< what was expected and what came
  TimePoint at{};           ///< true time

  [[nodiscard]] std::string to_string() const {
    return format_iso8601(at) + " " + invariant + ": " + message;
  }
};

/// Keeps the first few: what follows from a broken promise says little.
class Violations {
 public:
  static constexpr std::size_t kept_max = 20;

  /// Borrows the true time.
  explicit Violations(const TimePoint& true_now) : true_now_(&true_now) {}

  void add(std::string_view invariant, std::string message) {
    ++count_;
    if (kept_.size() < kept_max) {
      kept_.push_back({std::string{invariant}, std::move(message), *true_now_});
    }
  }

  /// Adds one unless `holds`; `describe()` is asked for its text only then.
  template <class Describe>
  void require(bool holds, std::string_view invariant, Describe&& describe) {
    if (!holds) add(invariant, describe());
  }

  [[nodiscard]] bool is_empty() const noexcept { return count_ == 0; }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] const std::vector<Violation>& kept() const noexcept { return kept_; }

 private:
  const TimePoint* true_now_;
  std::size_t count_ = 0;
  std::vector<Violation> kept_;
};

}  // namespace punctual::testing
