// SPDX-License-Identifier: MIT
//
// Payloads: values of the host's own types that travel with a run as JSON, and may outlive the
// program that wrote them.
//
// A type may say which version it is and how to read what older ones wrote:
//
//   struct SendReport {
//     static constexpr std::uint32_t payload_version = 2;
//     static Json upgrade(Json payload, std::uint32_t from);   // from 0 or 1 to this version's
//     JSON …
//   };
//
// Thread-safety: pure functions.

#pragma once

#include <concepts>
#include <cstdint>
#include <string>

#include "punctual/base/error.hpp"

namespace punctual {

template <class T>
concept VersionedPayload = requires {
  { T::payload_version } -> std::convertible_to<std::uint32_t>;
};

/// The version of a payload's type; 0 if it has none.
template <class T>
[[nodiscard]] constexpr std::uint32_t payload_version_of() noexcept {
  if constexpr (VersionedPayload<T>) {
    return T::payload_version;
  } else {
    return 0;
  }
}

/// Reads a payload that was written as version `written` of its type. Throws what `from_json`
/// throws.
///
/// A type without versions reads them all; one without `upgrade` reads those before it as they are.
///
/// Errors: PAYLOAD_TOO_NEW -> that is later than the type's.
template <class T, class BasicJson>
[[nodiscard]] T read_payload(const BasicJson& payload, std::uint32_t written) {
  if constexpr (VersionedPayload<T>) {
    if (written > T::payload_version) {
      throw Error{"PAYLOAD_TOO_NEW", "the payload is of version " + std::to_string(written) +
                                         ", this program reads versions up to " +
                                         std::to_string(T::payload_version)};
    }
    if constexpr (requires { T::upgrade(payload, written); }) {
      if (written < T::payload_version) {
        return T::upgrade(payload, written).template get<T>();
      }
    }
  }
  return payload.template get<T>();
}

}  // namespace punctual
