// SPDX-License-Identifier: MIT
//
// Gate: how a transaction stands to the others that write.
//
// What touches only rows that it locks itself passes the gate shared, beside others; what decides
// by rows that others might add or change passes it alone.
//
// Thread-safety: values.

#pragma once

#include <cstdint>
#include <optional>

#include "punctual/base/time.hpp"

namespace punctual::postgres::detail {

enum class Gate : std::uint8_t { shared, alone };

/// How the functions on the server pass the gate, and what they add to the clock.
struct Passage {
  std::int64_t gate = 0;
  Duration wait{};  ///< how long it is waited for
  Duration clock_shift{};
  std::optional<TimePoint> clock{};  ///< instead of the server's
};

}  // namespace punctual::postgres::detail
