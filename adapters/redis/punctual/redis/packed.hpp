// SPDX-License-Identifier: MIT
//
// Packed: a list of texts as one, which a script takes apart again in few steps.
//
// Scripts are handed one argument per row and not one per field: that is faster, and a batch of any
// size stays below the number of arguments that Redis takes.
//
// Thread-safety: a value.

#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "punctual/base/json.hpp"
#include "punctual/base/time.hpp"
#include "punctual/base/uuid.hpp"

namespace punctual::redis::detail {

/// Returns `json` as text. Invalid UTF-8 in it becomes U+FFFD: what is stored can be read back.
[[nodiscard]] inline std::string dump_json(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Returns a number as the scripts read it.
template <class Number>
[[nodiscard]] std::string number_text(Number value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return std::string(text, end);
}

[[nodiscard]] inline std::string instant_text(TimePoint instant) {
  return number_text(instant.time_since_epoch().count());
}

[[nodiscard]] inline std::string instant_text(const std::optional<TimePoint>& instant) {
  return instant ? instant_text(*instant) : std::string{};
}

class Packed {
 public:
  /// Adds a text.
  Packed& add(std::string_view text) {
    ++count_;
    append_number(static_cast<std::uint32_t>(text.size()));
    text_.append(text);
    return *this;
  }

  /// Adds a field: its name and its value.
  Packed& add(std::string_view name, std::string_view value) { return add(name).add(value); }

  template <class Number>
  requires std::is_arithmetic_v<Number> Packed& add(std::string_view name, Number value) {
    return add(name, number_text(value));
  }
  Packed& add(std::string_view name, TimePoint instant) { return add(name, instant_text(instant)); }
  Packed& add(std::string_view name, Duration span) { return add(name, span.count()); }
  Packed& add(std::string_view name, const Uuid& id) { return add(name, id.to_string()); }

  /// Adds a field unless it is absent: what a row has not is the default.
  template <class Value>
  Packed& add(std::string_view name, const std::optional<Value>& value) {
    if (value) add(name, *value);
    return *this;
  }
  Packed& add_text(std::string_view name, std::string_view value) {
    return value.empty() ? *this : add(name, value);
  }
  Packed& add_json(std::string_view name, const Json& json) {
    return json.is_null() ? *this : add(name, std::string_view{dump_json(json)});
  }

  [[nodiscard]] std::string take() {
    for (std::size_t i = 0; i < sizeof count_; ++i) {
      text_[i] = static_cast<char>(count_ >> (8U * i));
    }
    return std::move(text_);
  }

 private:
  void append_number(std::uint32_t number) {
    for (unsigned shift = 0; shift < 32; shift += 8) text_ += static_cast<char>(number >> shift);
  }

  std::string text_ = std::string(4, '\0');
  std::uint32_t count_ = 0;
};

/// Returns the texts of `list`, packed.
template <class List>
[[nodiscard]] std::string packed_list(const List& list) {
  Packed packed;
  for (const auto& text : list) packed.add(text);
  return packed.take();
}

}  // namespace punctual::redis::detail
