// SPDX-License-Identifier: MIT
//
// OptionalTime: an instant or none, in the eight bytes of an instant.
//
// Thread-safety: a value.

#pragma once

#include <optional>

#include "punctual/base/time.hpp"

namespace punctual::detail {

/// Reads as a `std::optional<TimePoint>` does, and converts from and to one.
class OptionalTime {
 public:
  constexpr OptionalTime() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): it stands for one in a smaller place
  constexpr OptionalTime(const std::optional<TimePoint>& at) : at_(at.value_or(none)) {}

  constexpr OptionalTime& operator=(TimePoint at) noexcept {
    at_ = at;
    return *this;
  }

  [[nodiscard]] constexpr bool has_value() const noexcept { return at_ != none; }
  explicit constexpr operator bool() const noexcept { return has_value(); }
  // NOLINTNEXTLINE(google-explicit-constructor): likewise
  constexpr operator std::optional<TimePoint>() const {
    return has_value() ? std::optional{at_} : std::nullopt;
  }

  /// Requires: there is one.
  [[nodiscard]] constexpr TimePoint operator*() const noexcept { return at_; }
  [[nodiscard]] constexpr TimePoint value_or(TimePoint other) const noexcept {
    return has_value() ? at_ : other;
  }
  constexpr void reset() noexcept { at_ = none; }

  friend constexpr bool operator==(const OptionalTime&, const OptionalTime&) = default;

 private:
  static constexpr TimePoint none = TimePoint::max();  // far behind `time_max`

  TimePoint at_ = none;
};

}  // namespace punctual::detail
