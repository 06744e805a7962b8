// SPDX-License-Identifier: MIT
//
// Query: one statement with its parameters: bind, step, read columns one after the other.
//
// Values cross the border here and nowhere else: instants and spans are bigint milliseconds, ids
// are uuid, JSON is text, and an absent value is NULL. A text that may be absent is empty in C++
// and NULL in the table; `Text` says so. What PostgreSQL's text cannot hold, zero bytes and invalid
// UTF-8, is stored as U+FFFD.
//
// Thread-safety: as its Connection.

#pragma once

#include <libpq-fe.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "punctual/base/json.hpp"
#include "punctual/base/text.hpp"
#include "punctual/base/time.hpp"
#include "punctual/base/uuid.hpp"
#include "punctual/postgres/connection.hpp"

namespace punctual::postgres::detail {

/// A text that is stored as NULL if it is empty.
struct Text {
  const std::string& value;
};

/// Returns `json` as text. Invalid UTF-8 in it becomes U+FFFD: what is stored can be read back.
[[nodiscard]] inline std::string dump_json(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Returns the JSON that `text` spells, or `{"_undecodable": true}`.
///
/// A row that somebody damaged must not keep the rows around it from being read.
[[nodiscard]] inline Json parse_json(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  return json.is_discarded() ? Json::object({{"_undecodable", true}}) : json;
}

/// Returns `text` as PostgreSQL can hold it.
[[nodiscard]] inline std::string storable(std::string_view text) {
  static constexpr std::string_view replacement = "\xEF\xBF\xBD";
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = text.front() == '\0' ? 0 : punctual::detail::utf8_length(text);
    clean += length == 0 ? replacement : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return clean;
}

/// Returns an array's text form.
[[nodiscard]] inline std::string array_text(const std::vector<std::string>& items) {
  std::string text = "{";
  for (const auto& item : items) {
    text += text.size() > 1 ? ",\"" : "\"";
    for (const char c : storable(item)) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  return text + "}";
}

class Query {
 public:
  Query(Connection& connection, std::string_view sql)
      : connection_(connection),
        statement_(connection.known(sql)) {}

  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  /// Binds the next parameters.
  template <class... Values>
  Query& bind(const Values&... values) {
    (bind_one(values), ...);
    return *this;
  }

  /// Steps to the next row; returns false if there is none. The first step runs the statement.
  [[nodiscard]] bool step() {
    if (!result_) run();
    column_ = 0;
    return ++row_ < PQntuples(result_.get());
  }

  /// Runs the statement.
  void run() { result_ = connection_.exec(statement_, parameters_); }

  // --- the columns of the row, from the first to the last
  [[nodiscard]] std::int64_t integer() {
    const std::string_view text = view();
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }
  [[nodiscard]] bool boolean() { return view() == "t"; }
  [[nodiscard]] double real() {
    double value = 0;
    const std::string_view text = view();
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }
  [[nodiscard]] std::string text() { return std::string{view()}; }
  [[nodiscard]] TimePoint instant() { return TimePoint{Duration{integer()}}; }

  /// A number that fits, whatever somebody wrote into the table.
  template <class Number>
  [[nodiscard]] Number number() {
    static_assert(std::is_integral_v<Number> && sizeof(Number) < sizeof(std::int64_t));
    const std::int64_t value = integer();
    constexpr std::int64_t low = std::numeric_limits<Number>::min();
    constexpr std::int64_t high = std::numeric_limits<Number>::max();
    return static_cast<Number>(value < low ? low : (value > high ? high : value));
  }

  [[nodiscard]] Json json() { return skip_null() ? Json(nullptr) : parse_json(view()); }

  [[nodiscard]] std::optional<std::string> optional_text() {
    return skip_null() ? std::nullopt : std::optional{text()};
  }
  [[nodiscard]] std::optional<Duration> optional_span() {
    return skip_null() ? std::nullopt : std::optional{Duration{integer()}};
  }
  [[nodiscard]] std::optional<TimePoint> optional_instant() {
    return skip_null() ? std::nullopt : std::optional{instant()};
  }
  [[nodiscard]] std::optional<Uuid> optional_id() { return Uuid::parse(view()); }

 private:
  // The types' numbers in pg_type, which never change.
  static constexpr Oid bool_type = 16;
  static constexpr Oid bigint_type = 20;
  static constexpr Oid double_type = 701;
  static constexpr Oid uuid_type = 2950;
  static constexpr Oid any_type = 0;  ///< a text that the server reads as what it is used for

  [[nodiscard]] std::string_view view() {
    const int column = column_++;
    const int length = PQgetlength(result_.get(), row_, column);
    return {PQgetvalue(result_.get(), row_, column), static_cast<std::size_t>(length)};
  }

  /// True if the next column is NULL; it is passed over then.
  [[nodiscard]] bool skip_null() {
    if (PQgetisnull(result_.get(), row_, column_) == 0) return false;
    ++column_;
    return true;
  }

  void push(Oid type, std::optional<std::string> text) {
    parameters_.types.push_back(type);
    parameters_.nulls.push_back(!text);
    parameters_.texts.push_back(std::move(text).value_or(std::string{}));
  }

  void bind_one(bool value) { push(bool_type, value ? "t" : "f"); }
  void bind_one(std::int32_t value) { push(bigint_type, std::to_string(value)); }
  void bind_one(std::uint32_t value) { push(bigint_type, std::to_string(value)); }
  void bind_one(std::int64_t value) { push(bigint_type, std::to_string(value)); }
  void bind_one(std::uint64_t value) {
    constexpr auto high = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    push(bigint_type, std::to_string(value > high ? high : value));
  }
  void bind_one(double value) {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    push(double_type, std::string(text, end));
  }
  void bind_one(const char* value) { push(any_type, value); }
  void bind_one(std::string_view value) { push(any_type, storable(value)); }
  void bind_one(const std::string& value) { push(any_type, storable(value)); }
  void bind_one(Text text) {
    push(any_type, text.value.empty() ? std::nullopt : std::optional{storable(text.value)});
  }
  void bind_one(Duration span) { bind_one(std::int64_t{span.count()}); }
  void bind_one(TimePoint instant) { bind_one(instant.time_since_epoch()); }
  void bind_one(const Uuid& id) { push(uuid_type, id.to_string()); }
  void bind_one(const std::vector<std::string>& items) { push(any_type, array_text(items)); }
  void bind_one(const Json& json) {
    push(any_type, json.is_null() ? std::nullopt : std::optional{dump_json(json)});
  }
  template <class Value>
  void bind_one(const std::optional<Value>& value) {
    bind_one(value ? *value : Value{});
    if (!value) parameters_.nulls.back() = true;
  }

  Connection& connection_;
  const std::string& statement_;
  Parameters parameters_{};
  Result result_{};
  int row_ = -1;
  int column_ = 0;
};

}  // namespace punctual::postgres::detail
