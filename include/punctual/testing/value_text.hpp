// SPDX-License-Identifier: MIT
//
// to_text: any value of the domain as a reader of a failed check wants to see it.
//
// One function for all types, so that optionals and lists of them need nothing of their own. Texts
// are quoted, instants are ISO 8601, and what is long is cut: a message is read by people.
//
// Thread-safety: pure functions.

#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "punctual/base/iso8601.hpp"
#include "punctual/base/json.hpp"
#include "punctual/base/text.hpp"
#include "punctual/base/time.hpp"
#include "punctual/base/uuid.hpp"
#include "punctual/domain/job_outcome.hpp"
#include "punctual/domain/job_status.hpp"
#include "punctual/domain/lease.hpp"

namespace punctual::testing {

/// Returns `value` as text for a message; at most 300 bytes of one value, 12 elements of a list.
template <class T>
[[nodiscard]] std::string to_text(const T& value);

namespace detail {

inline constexpr std::size_t value_bytes_max = 300;
inline constexpr std::size_t element_count_max = 12;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

[[nodiscard]] constexpr std::string_view name_of(RenewAnswer answer) noexcept {
  constexpr std::string_view names[] = {"kept", "lost", "cancel_requested"};
  return names[static_cast<std::size_t>(answer)];
}
[[nodiscard]] constexpr std::string_view name_of(FinishAnswer answer) noexcept {
  constexpr std::string_view names[] = {"done", "lost"};
  return names[static_cast<std::size_t>(answer)];
}
[[nodiscard]] constexpr std::string_view name_of(EnqueueAnswer::Kind kind) noexcept {
  constexpr std::string_view names[] = {"stored", "duplicate", "overlapped"};
  return names[static_cast<std::size_t>(kind)];
}
[[nodiscard]] constexpr std::string_view name_of(CancelAnswer answer) noexcept {
  constexpr std::string_view names[] = {"cancelled", "requested", "ended", "not_found"};
  return names[static_cast<std::size_t>(answer)];
}
[[nodiscard]] constexpr std::string_view name_of(JobStatus status) noexcept {
  return punctual::to_string(status);
}
[[nodiscard]] constexpr std::string_view name_of(RunTrigger trigger) noexcept {
  return punctual::to_string(trigger);
}

template <class List>
[[nodiscard]] std::string list_text(const List& list) {
  std::string text = "[";
  std::size_t count = 0;
  for (const auto& element : list) {
    if (count == element_count_max) break;
    text += (count++ == 0 ? "" : ", ") + to_text(element);
  }
  if (list.size() > count) text += ", ...";
  return text + "] (" + std::to_string(list.size()) + ")";
}

}  // namespace detail

template <class T>
std::string to_text(const T& value) {
  if constexpr (std::same_as<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::same_as<T, Json>) {
    return clamp_text(value.dump(-1, ' ', false, Json::error_handler_t::replace),
                      detail::value_bytes_max);
  } else if constexpr (std::is_enum_v<T>) {
    return std::string{detail::name_of(value)};
  } else if constexpr (std::floating_point<T>) {
    return Json(value).dump();
  } else if constexpr (std::integral<T>) {
    return std::to_string(value);
  } else if constexpr (std::same_as<T, TimePoint>) {
    return format_iso8601(value);
  } else if constexpr (std::same_as<T, Duration>) {
    return std::to_string(value.count()) + " ms";
  } else if constexpr (std::same_as<T, Uuid>) {
    return value.to_string();
  } else if constexpr (std::same_as<T, RunError>) {
    return to_text(value.code) + " " + to_text(value.message);
  } else if constexpr (std::convertible_to<const T&, std::string_view>) {
    return '"' + clamp_text(value, detail::value_bytes_max) + '"';
  } else if constexpr (detail::is_optional<T>) {
    return value ? to_text(*value) : "nothing";
  } else {
    return detail::list_text(value);
  }
}

}  // namespace punctual::testing
