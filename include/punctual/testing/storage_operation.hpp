// SPDX-License-Identifier: MIT
//
// StorageOperation: the operations of a storage by name, for wrappers that count them, watch them
// or let them fail.
//
// `now`, `poll_period` and `health` are not among them: they ask the storage for nothing that it
// keeps.
//
// Thread-safety: values.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace punctual::testing {

enum class StorageOperation : std::uint8_t {
  sync_jobs,
  due_schedules,
  advance,
  set_paused,
  enqueue,
  claim,
  renew,
  finish,
  release,
  take_expired,
  request_cancel,
  expire_unknown,
  next_wake,
  runs,
  run,
  summaries,
  prune,
};

namespace detail {

inline constexpr std::array<std::string_view, 17> storage_operation_names{
    "sync_jobs", "due_schedules", "advance", "set_paused",   "enqueue",        "claim",
    "renew",     "finish",        "release", "take_expired", "request_cancel", "expire_unknown",
    "next_wake", "runs",          "run",     "summaries",    "prune"};

}  // namespace detail

inline constexpr std::size_t storage_operation_count = detail::storage_operation_names.size();

[[nodiscard]] constexpr std::string_view to_string(StorageOperation operation) noexcept {
  return detail::storage_operation_names[static_cast<std::size_t>(operation)];
}

/// True for the operations that leave everything as it is.
[[nodiscard]] constexpr bool is_read(StorageOperation operation) noexcept {
  switch (operation) {
    case StorageOperation::due_schedules:
    case StorageOperation::next_wake:
    case StorageOperation::runs:
    case StorageOperation::run:
    case StorageOperation::summaries:
      return true;
    default:
      return false;
  }
}

/// True for the operations that may give another node something to do.
[[nodiscard]] constexpr bool makes_work(StorageOperation operation) noexcept {
  switch (operation) {
    case StorageOperation::set_paused:
    case StorageOperation::enqueue:
    case StorageOperation::release:
    case StorageOperation::request_cancel:
      return true;
    default:
      return false;
  }
}

/// An operation as a type, for overloads that look at one of them.
template <StorageOperation Operation>
using OperationTag = std::integral_constant<StorageOperation, Operation>;

}  // namespace punctual::testing
