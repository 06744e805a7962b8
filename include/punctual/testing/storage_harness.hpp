// SPDX-License-Identifier: MIT
//
// StorageHarness: what the conformance suite has to know about a storage in order to try it.
//
// The suite never waits. It asks the harness to let time pass, so a storage that goes by the
// caller's instant is tried with made-up ones, and one that goes by its own clock needs a harness
// that can shift what that clock says.

#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

#include "punctual/base/time.hpp"
#include "punctual/policy/storage.hpp"

namespace punctual::testing {

/// Semantics:
/// - `make()` returns an owner of a fresh, empty storage, e.g. a `std::unique_ptr`. It is destroyed
///   before the next one is made.
/// - `now()` returns the instant that the storage goes by. Several threads may ask at once.
/// - `advance(span)` lets `span` pass for the storage and for `now()`.
///
/// Time may pass by itself beside that, as long as a check takes less than a minute of it.
template <class T>
concept StorageHarness = requires(std::remove_reference_t<T>& harness, Duration span) {
  { *harness.make() } -> Storage;
  { harness.now() } -> std::same_as<TimePoint>;
  harness.advance(span);
};

/// What `make()` of a harness returns.
template <class Harness>
using HarnessHandle = decltype(std::declval<std::remove_reference_t<Harness>&>().make());

/// A harness whose storage can be opened twice, as two processes would open it.
///
/// Semantics: `second_handle(first)` returns an owner of another handle to the data of `first`,
/// which stays open beside it.
template <class T>
concept OpensSecondHandle = StorageHarness<T> &&
    requires(std::remove_reference_t<T>& harness, HarnessHandle<T>& first) {
  { harness.second_handle(first) } -> std::same_as<HarnessHandle<T>>;
};

/// A harness that can set the clock back, as a time server would. For storages that go by the
/// caller's instant: their clock is not in their hands.
template <class T>
concept TurnsTimeBack = StorageHarness<T> &&
    requires(std::remove_reference_t<T>& harness, Duration span) {
  harness.turn_back(span);
};

}  // namespace punctual::testing
