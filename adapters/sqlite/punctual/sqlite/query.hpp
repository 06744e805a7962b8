// SPDX-License-Identifier: MIT
//
// Query: one use of a prepared statement: bind, step, read columns one after the other.
//
// Values cross the border here and nowhere else: instants and spans are INTEGER milliseconds, ids
// are canonical text, JSON is text, and an absent value is NULL. A text that may be absent is empty
// in C++ and NULL in the table; `Text` says so.
//
// Thread-safety: as its Connection.

#pragma once

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "punctual/base/json.hpp"
#include "punctual/base/time.hpp"
#include "punctual/base/uuid.hpp"
#include "punctual/sqlite/connection.hpp"

namespace punctual::sqlite::detail {

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

class Query {
 public:
  Query(Connection& connection, std::string_view sql) : statement_(connection.prepared(sql)) {}

  /// Frees the statement for its next use.
  ~Query() { statement_.tryReset(); }  // would only repeat the error of a step that failed

  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  /// Binds the next parameters. Every use binds all of them, so nothing of an earlier one is left.
  template <class... Values>
  Query& bind(const Values&... values) {
    (bind_one(++bound_count_, values), ...);
    return *this;
  }

  /// Steps to the next row; returns false if there is none.
  [[nodiscard]] bool step() {
    column_ = 0;
    return statement_.executeStep();
  }

  /// Runs a statement that answers nothing.
  void run() {
    while (step()) {
    }
  }

  // --- the columns of the row, from the first to the last
  [[nodiscard]] std::int64_t integer() { return next().getInt64(); }
  [[nodiscard]] bool boolean() { return integer() != 0; }
  [[nodiscard]] double real() { return next().getDouble(); }
  [[nodiscard]] std::string text() { return next().getString(); }
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

  [[nodiscard]] Json json() {
    const SQLite::Column column = next();
    return column.isNull() ? Json(nullptr) : parse_json(column.getString());
  }

  [[nodiscard]] std::optional<std::string> optional_text() {
    const SQLite::Column column = next();
    return column.isNull() ? std::nullopt : std::optional{column.getString()};
  }
  [[nodiscard]] std::optional<Duration> optional_span() {
    const SQLite::Column column = next();
    return column.isNull() ? std::nullopt : std::optional{Duration{column.getInt64()}};
  }
  [[nodiscard]] std::optional<TimePoint> optional_instant() {
    const auto since_epoch = optional_span();
    return since_epoch ? std::optional{TimePoint{*since_epoch}} : std::nullopt;
  }
  [[nodiscard]] std::optional<Uuid> optional_id() { return Uuid::parse(text()); }

 private:
  [[nodiscard]] SQLite::Column next() { return statement_.getColumn(column_++); }

  void bind_one(int index, std::nullptr_t) { statement_.bind(index); }
  void bind_one(int index, bool value) { statement_.bind(index, value ? 1 : 0); }
  void bind_one(int index, std::int32_t value) { statement_.bind(index, value); }
  void bind_one(int index, std::uint32_t value) { statement_.bind(index, value); }
  void bind_one(int index, std::int64_t value) { statement_.bind(index, value); }
  void bind_one(int index, std::uint64_t value) {
    constexpr auto high = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    statement_.bind(index, static_cast<std::int64_t>(value > high ? high : value));
  }
  void bind_one(int index, double value) { statement_.bind(index, value); }
  void bind_one(int index, const char* value) { statement_.bind(index, value); }
  void bind_one(int index, const std::string& value) { statement_.bind(index, value); }
  void bind_one(int index, std::string_view value) { statement_.bind(index, std::string{value}); }
  void bind_one(int index, Text text) {
    if (text.value.empty()) return statement_.bind(index);
    statement_.bind(index, text.value);
  }
  void bind_one(int index, Duration span) { statement_.bind(index, std::int64_t{span.count()}); }
  void bind_one(int index, TimePoint instant) { bind_one(index, instant.time_since_epoch()); }
  void bind_one(int index, const Uuid& id) { statement_.bind(index, id.to_string()); }
  void bind_one(int index, const Json& json) {
    if (json.is_null()) return statement_.bind(index);
    statement_.bind(index, dump_json(json));
  }
  template <class Value>
  void bind_one(int index, const std::optional<Value>& value) {
    if (!value) return statement_.bind(index);
    bind_one(index, *value);
  }

  SQLite::Statement& statement_;
  int bound_count_ = 0;
  int column_ = 0;
};

}  // namespace punctual::sqlite::detail
