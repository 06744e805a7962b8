// SPDX-License-Identifier: MIT
//
// Values in the server's binary form: numbers with the highest byte first, texts as they are, and
// arrays of them.
//
// Thread-safety: values and pure functions.
// Source: PostgreSQL's send and receive functions of each type.

#pragma once

#include <libpq-fe.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "punctual/base/text.hpp"
#include "punctual/base/uuid.hpp"

namespace punctual::postgres::detail {

// The types' numbers in pg_type, which never change.
inline constexpr Oid any_type = 0;  ///< a text that the server reads as what it is used for
inline constexpr Oid bool_type = 16;
inline constexpr Oid bigint_type = 20;
inline constexpr Oid text_type = 25;
inline constexpr Oid double_type = 701;
inline constexpr Oid uuid_type = 2950;
inline constexpr Oid bool_array_type = 1000;
inline constexpr Oid text_array_type = 1009;
inline constexpr Oid bigint_array_type = 1016;
inline constexpr Oid double_array_type = 1022;
inline constexpr Oid uuid_array_type = 2951;

/// Appends a whole number.
template <class Number>
void append_number(std::string& bytes, Number value) {
  const auto bits = static_cast<std::make_unsigned_t<Number>>(value);
  for (std::size_t byte = sizeof(Number); byte-- > 0;) {
    bytes += static_cast<char>((bits >> (byte * 8)) & 0xFFU);
  }
}

/// Returns the number that up to eight bytes spell.
[[nodiscard]] inline std::uint64_t number_of(std::string_view bytes) noexcept {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = (value << 8U) | static_cast<std::uint8_t>(byte);
  return value;
}

[[nodiscard]] inline std::string bytes_of(const Uuid& id) {
  return {id.bytes().begin(), id.bytes().end()};
}

/// Returns `text` as PostgreSQL can hold it: what it cannot, zero bytes and invalid UTF-8, becomes
/// U+FFFD.
[[nodiscard]] inline std::string storable(std::string_view text) {
  static constexpr std::string_view replacement = "\xEF\xBF\xBD";
  const bool is_plain =
      std::all_of(text.begin(), text.end(), [](char c) { return static_cast<signed char>(c) > 0; });
  if (is_plain) return std::string{text};
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = text.front() == '\0' ? 0 : punctual::detail::utf8_length(text);
    clean += length == 0 ? replacement : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return clean;
}

/// An array, made element by element.
class ArrayBuilder {
 public:
  explicit ArrayBuilder(Oid element_type) : element_type_(element_type) {}

  void add(std::string_view bytes) {
    append_number(elements_, static_cast<std::int32_t>(bytes.size()));
    elements_.append(bytes);
    ++count_;
    has_values_ = true;
  }
  template <class Number>
  void add_number(Number value) {
    append_number(elements_, static_cast<std::int32_t>(sizeof(Number)));
    append_number(elements_, value);
    ++count_;
    has_values_ = true;
  }
  void add_id(const Uuid& id) {
    add({reinterpret_cast<const char*>(id.bytes().data()), id.bytes().size()});
  }
  void add_null() {
    append_number(elements_, std::int32_t{-1});
    ++count_;
  }

  [[nodiscard]] Oid array_type() const noexcept {
    switch (element_type_) {
      case bool_type:
        return bool_array_type;
      case bigint_type:
        return bigint_array_type;
      case double_type:
        return double_array_type;
      case uuid_type:
        return uuid_array_type;
      default:
        return text_array_type;
    }
  }

  /// False if all that was added was NULL.
  [[nodiscard]] bool has_values() const noexcept { return has_values_; }

  /// Returns the array in its binary form.
  [[nodiscard]] std::string bytes() const {
    std::string bytes;
    bytes.reserve(20 + elements_.size());
    append_number(bytes, std::int32_t{count_ > 0 ? 1 : 0});  // dimensions
    append_number(bytes, std::int32_t{1});                   // there may be NULLs
    append_number(bytes, static_cast<std::int32_t>(element_type_));
    if (count_ == 0) return bytes;
    append_number(bytes, count_);
    append_number(bytes, std::int32_t{1});  // the first one's index
    return bytes + elements_;
  }

 private:
  Oid element_type_;
  std::string elements_{};
  std::int32_t count_ = 0;
  bool has_values_ = false;
};

}  // namespace punctual::postgres::detail
