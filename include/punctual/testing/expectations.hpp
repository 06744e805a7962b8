// SPDX-License-Identifier: MIT
//
// Expectations: what a check expected and what it got instead, in words.
//
// The checks of the conformance suites run in any test framework or in none, so they write down
// what failed rather than report it. Messages name values, never files and lines: whoever reads
// them has a storage of their own before them, not our source.
//
// Thread-safety: none; threads of a check hand their findings to the thread that runs it.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "punctual/base/time.hpp"
#include "punctual/testing/value_text.hpp"

namespace punctual::testing {

/// Thrown by the `require_…` members: what follows in the check would make no sense.
struct CheckStopped {};

class Expectations {
 public:
  /// Notes "expected `promise`" unless `holds`.
  void expect(bool holds, std::string_view promise) {
    if (!holds) note("expected " + std::string{promise});
  }

  /// Notes "`what`: expected …, got …" unless the two are equal.
  template <class T>
  void expect_equal(std::string_view what, const std::type_identity_t<T>& wanted, const T& got) {
    if (wanted == got) return;
    std::string text{what};
    text.append(": expected ").append(to_text(wanted)).append(", got ").append(to_text(got));
    note(text);
  }
  void expect_equal(std::string_view what, std::string_view wanted, const std::string& got) {
    expect_equal<std::string>(what, std::string{wanted}, got);
  }

  /// Notes an instant that is absent or outside of [first, last].
  ///
  /// For what a storage stamps by its own clock: `first` is read before the call, `last` after it.
  /// A clock that stands still meanwhile makes this an equality.
  void expect_between(std::string_view what, TimePoint first, std::optional<TimePoint> got,
                      TimePoint last) {
    if (got && first <= *got && *got <= last) return;
    note(std::string{what} + ": expected " + to_text(first) +
         (first == last ? "" : " to " + to_text(last)) + ", got " + to_text(got));
  }

  /// Notes every difference that `difference` names; empty for none.
  void expect_same(std::string_view what, const std::string& difference) {
    if (!difference.empty()) note(std::string{what} + ": " + difference);
  }

  /// As `expect`, and ends the check.
  void require(bool holds, std::string_view promise) {
    if (holds) return;
    expect(false, promise);
    throw CheckStopped{};
  }

  /// As `expect_equal`, and ends the check.
  template <class T>
  void require_equal(std::string_view what, const std::type_identity_t<T>& wanted, const T& got) {
    if (wanted == got) return;
    expect_equal(what, wanted, got);
    throw CheckStopped{};
  }

  /// Adds a finding as it is.
  void note(const std::string& finding) {
    if (!message_.empty()) message_ += '\n';
    message_ += finding;
  }

  [[nodiscard]] bool all_met() const noexcept { return message_.empty(); }

  /// One finding a line; empty if all were met.
  [[nodiscard]] const std::string& message() const noexcept { return message_; }

 private:
  std::string message_;
};

}  // namespace punctual::testing
