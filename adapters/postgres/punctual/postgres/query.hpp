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

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
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
#include "punctual/postgres/binary.hpp"
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

/// Returns the JSON that `text` spells, null for none, or `{"_undecodable": true}`.
///
/// A row that somebody damaged must not keep the rows around it from being read.
[[nodiscard]] inline Json parse_json(std::string_view text) {
  if (text.empty()) return nullptr;
  Json json = Json::parse(text, nullptr, false);
  return json.is_discarded() ? Json::object({{"_undecodable", true}}) : json;
}

/// A statement that is not worth keeping: there are too many like it.
struct OneOff {
  std::string sql{};
};

/// One column of a batch, row by row.
class Column : public ArrayBuilder {
 public:
  using ArrayBuilder::add_id;
  using ArrayBuilder::ArrayBuilder;

  void add_text(const std::string& text) { text.empty() ? add_null() : add(storable(text)); }
  void add_json(const Json& json) { json.is_null() ? add_null() : add(dump_json(json)); }
  void add_instant(TimePoint instant) {
    add_number(std::int64_t{instant.time_since_epoch().count()});
  }
  void add_instant(const std::optional<TimePoint>& instant) {
    instant ? add_instant(*instant) : add_null();
  }
  void add_boolean(bool value) {
    add(value ? std::string_view{"\1", 1} : std::string_view{"\0", 1});
  }
  void add_unless_zero(std::uint32_t value) {
    value == 0 ? add_null() : add_number(std::int64_t{value});
  }
  void add_id(const std::optional<Uuid>& id) { id ? ArrayBuilder::add_id(*id) : add_null(); }
  void add_real(const std::optional<double>& value) {
    if (!value) return add_null();
    std::uint64_t bits = 0;
    std::memcpy(&bits, &*value, sizeof bits);
    add_number(bits);
  }
};

class Query {
 public:
  Query(Connection& connection, const OneOff& once)
      : connection_(connection),
        own_({connection.expanded(once.sql), {}, false}),
        statement_(own_) {}

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
  void run(Phase phase = Phase::statement) {
    result_ = connection_.exec(statement_, parameters_, phase);
  }

  /// Returns how many rows there are. Requires: it was run.
  [[nodiscard]] std::size_t row_count() const noexcept {
    return static_cast<std::size_t>(PQntuples(result_.get()));
  }

  // --- the columns of the row, from the first to the last
  /// A column of 2, 4 or 8 bytes.
  [[nodiscard]] std::int64_t integer() {
    const std::string_view bytes = view();
    const std::uint64_t bits = number_of(bytes);
    if (bytes.size() == 4) return static_cast<std::int32_t>(bits);
    if (bytes.size() == 2) return static_cast<std::int16_t>(bits);
    return static_cast<std::int64_t>(bits);
  }
  [[nodiscard]] bool boolean() { return number_of(view()) != 0; }
  [[nodiscard]] double real() {
    const std::uint64_t bits = number_of(view());
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
  [[nodiscard]] std::string text() { return std::string{view()}; }
  /// An array of whole numbers; NULL elements are left out.
  [[nodiscard]] std::vector<std::int64_t> numbers() {
    std::vector<std::int64_t> numbers;
    each_element([&](std::string_view bytes) {
      numbers.push_back(static_cast<std::int64_t>(number_of(bytes)));
    });
    return numbers;
  }
  [[nodiscard]] std::vector<Uuid> ids() {
    std::vector<Uuid> ids;
    each_element([&](std::string_view bytes) { ids.push_back(id_of(bytes)); });
    return ids;
  }
  /// Passes over columns.
  void skip(int count) noexcept { column_ += count; }

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
  [[nodiscard]] std::optional<Uuid> optional_id() {
    return skip_null() ? std::nullopt : std::optional{id()};
  }
  [[nodiscard]] Uuid id() { return id_of(view()); }

 private:
  [[nodiscard]] static Uuid id_of(std::string_view bytes) {
    std::array<std::uint8_t, 16> id{};
    if (bytes.size() == id.size()) std::memcpy(id.data(), bytes.data(), id.size());
    return Uuid{id};
  }

  /// Calls `visit(bytes)` for each element of an array that is not NULL.
  template <class Visit>
  void each_element(Visit&& visit) {
    static constexpr std::size_t head_length = 20;
    std::string_view rest = view();
    if (rest.size() < head_length) return;
    rest.remove_prefix(head_length);
    while (rest.size() >= 4) {
      const auto length = static_cast<std::int32_t>(number_of(rest.substr(0, 4)));
      rest.remove_prefix(4);
      if (length < 0) continue;
      visit(rest.substr(0, static_cast<std::size_t>(length)));
      rest.remove_prefix(std::min(rest.size(), static_cast<std::size_t>(length)));
    }
  }

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

  void push(Oid type, std::string value, int format) {
    parameters_.types.push_back(type);
    parameters_.nulls.push_back(false);
    parameters_.formats.push_back(format);
    parameters_.values.push_back(std::move(value));
  }
  void push_text(std::string text) { push(any_type, std::move(text), 0); }
  template <class Number>
  void push_number(Oid type, Number value) {
    std::string bytes;
    append_number(bytes, value);
    push(type, std::move(bytes), 1);
  }

  void bind_one(bool value) { push(bool_type, std::string(1, value ? '\1' : '\0'), 1); }
  void bind_one(std::int32_t value) { push_number(bigint_type, std::int64_t{value}); }
  void bind_one(std::uint32_t value) { push_number(bigint_type, std::int64_t{value}); }
  void bind_one(std::int64_t value) { push_number(bigint_type, value); }
  void bind_one(std::uint64_t value) {
    constexpr auto high = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    push_number(bigint_type, value > high ? high : value);
  }
  void bind_one(double value) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    push_number(double_type, bits);
  }
  void bind_one(const char* value) { push_text(value); }
  void bind_one(std::string_view value) { push_text(storable(value)); }
  void bind_one(const std::string& value) { push_text(storable(value)); }
  void bind_one(Text text) {
    push_text(storable(text.value));
    if (text.value.empty()) parameters_.nulls.back() = true;
  }
  void bind_one(Duration span) { bind_one(std::int64_t{span.count()}); }
  void bind_one(TimePoint instant) { bind_one(instant.time_since_epoch()); }
  void bind_one(const Uuid& id) { push(uuid_type, bytes_of(id), 1); }
  void bind_one(const std::vector<std::string>& items) {
    ArrayBuilder array{text_type};
    for (const auto& item : items) array.add(storable(item));
    push(text_array_type, array.bytes(), 1);
  }
  void bind_one(const std::vector<Uuid>& ids) {
    ArrayBuilder array{uuid_type};
    for (const auto& id : ids) array.add_id(id);
    push(uuid_array_type, array.bytes(), 1);
  }
  void bind_one(const std::vector<std::int64_t>& numbers) {
    ArrayBuilder array{bigint_type};
    for (const std::int64_t number : numbers) array.add_number(number);
    push(bigint_array_type, array.bytes(), 1);
  }
  /// A column of a batch; NULL if all of it is.
  void bind_one(const Column& column) {
    push(column.array_type(), column.has_values() ? column.bytes() : std::string{}, 1);
    if (!column.has_values()) parameters_.nulls.back() = true;
  }
  void bind_one(const Json& json) {
    push_text(json.is_null() ? std::string{} : dump_json(json));
    if (json.is_null()) parameters_.nulls.back() = true;
  }
  template <class Value>
  void bind_one(const std::optional<Value>& value) {
    bind_one(value ? *value : Value{});
    if (!value) parameters_.nulls.back() = true;
  }

  Connection& connection_;
  Statement own_{};
  Statement& statement_;
  Parameters parameters_{};
  Result result_{};
  int row_ = -1;
  int column_ = 0;
};

}  // namespace punctual::postgres::detail
