// SPDX-License-Identifier: MIT
//
// Gate: how a transaction stands to the others that write.
//
// What touches only rows that it locks itself passes the gate shared, beside others; what decides
// by rows that others might add or change passes it alone. Which one it has to be may show only on
// the way: NeedsGate gives the transaction up, and it is begun again alone.
//
// Thread-safety: values.

#pragma once

#include <cstdint>

namespace punctual::postgres::detail {

enum class Gate : std::uint8_t { shared, alone };

/// Thrown by an operation that may not go on beside others.
struct NeedsGate {};

}  // namespace punctual::postgres::detail
