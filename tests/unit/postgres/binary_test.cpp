// SPDX-License-Identifier: MIT

#include "punctual/postgres/binary.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "punctual/base/uuid.hpp"
#include "punctual/postgres/query.hpp"
#include "support/catch.hpp"
#include "unit/postgres/temporary_schema.hpp"

namespace postgres_binary_test {

using namespace punctual;
using namespace punctual::postgres::detail;
using namespace std::string_literals;
using punctual::postgres::test::server_conninfo;

namespace {

template <class Number>
std::string bytes_of_number(Number value) {
  std::string bytes;
  append_number(bytes, value);
  return bytes;
}

/// Returns what the server makes of an array, as text.
std::string spelled(Connection& connection, const char* sql, const Column& column) {
  Query query{connection, sql};
  query.bind(column);
  REQUIRE(query.step());
  return query.text();
}

}  // namespace

TEST_CASE("postgres: append_number puts the highest byte first") {
  CHECK(bytes_of_number(std::int16_t{258}) == "\x01\x02"s);
  CHECK(bytes_of_number(std::int32_t{-2}) == "\xFF\xFF\xFF\xFE"s);
  CHECK(bytes_of_number(std::uint32_t{0x01020380}) == "\x01\x02\x03\x80"s);
  CHECK(bytes_of_number(std::int64_t{1}) == "\0\0\0\0\0\0\0\x01"s);
  std::string bytes = "ab";
  append_number(bytes, std::int16_t{0});
  CHECK(bytes == "ab\0\0"s);
}

TEST_CASE("postgres: number_of gives back what append_number wrote") {
  CHECK(number_of("") == 0);
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, std::int64_t{127}, std::int64_t{128},
        std::int64_t{-129}, std::int64_t{1'700'000'000'000},
        std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    INFO(value);
    CHECK(static_cast<std::int64_t>(number_of(bytes_of_number(value))) == value);
    const auto narrow = static_cast<std::int32_t>(value);
    CHECK(static_cast<std::int32_t>(number_of(bytes_of_number(narrow))) == narrow);
    const auto narrower = static_cast<std::int16_t>(value);
    CHECK(static_cast<std::int16_t>(number_of(bytes_of_number(narrower))) == narrower);
  }
}

TEST_CASE("postgres: storable keeps what PostgreSQL can hold and replaces what it cannot") {
  struct Row {
    const char* name;
    std::string text;
    std::string want;
  };
  const std::string sign = "\xEF\xBF\xBD";
  const Row rows[] = {
      {"empty", "", ""},
      {"ASCII", "a\tb\x7F", "a\tb\x7F"},
      {"two bytes", "\xC3\xA9", "\xC3\xA9"},
      {"three bytes", "\xE2\x82\xAC", "\xE2\x82\xAC"},
      {"four bytes", "\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
      {"the last code point", "\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"},
      {"a zero byte", "a\0b"s, "a" + sign + "b"},
      {"only zero bytes", "\0\0"s, sign + sign},
      {"a zero byte after more", "\xC3\xA9\0"s, "\xC3\xA9" + sign},
      {"a byte of no text", "\xFF", sign},
      {"a lone continuation", "a\x80", "a" + sign},
      {"cut off", "a\xC3", "a" + sign},
      {"cut off before ASCII",
       "\xC3"
       "a",
       sign + "a"},
      {"overlong", "\xC0\xAF", sign + sign},
      {"a surrogate", "\xED\xA0\x80", sign + sign + sign},
      {"beyond the last code point", "\xF4\x90\x80\x80", sign + sign + sign + sign},
  };
  Connection connection{{.conninfo = server_conninfo()}};
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK(storable(row.text) == row.want);
    Query query{connection, "SELECT ?::text"};
    query.bind(row.text);
    REQUIRE(query.step());
    CHECK(query.text() == row.want);
  }
}

TEST_CASE("postgres: ArrayBuilder spells an array as the server sends it") {
  CHECK(ArrayBuilder{bigint_type}.bytes() == "\0\0\0\0\0\0\0\x01\0\0\0\x14"s);
  ArrayBuilder array{text_type};
  CHECK_FALSE(array.has_values());
  array.add_null();
  CHECK_FALSE(array.has_values());
  array.add("ab");
  CHECK(array.has_values());
  CHECK(array.bytes() ==
        "\0\0\0\x01\0\0\0\x01\0\0\0\x19\0\0\0\x02\0\0\0\x01\xFF\xFF\xFF\xFF\0\0\0\x02"
        "ab"s);
}

TEST_CASE("postgres: ArrayBuilder knows the array's type by its elements'") {
  CHECK(ArrayBuilder{bool_type}.array_type() == bool_array_type);
  CHECK(ArrayBuilder{bigint_type}.array_type() == bigint_array_type);
  CHECK(ArrayBuilder{double_type}.array_type() == double_array_type);
  CHECK(ArrayBuilder{uuid_type}.array_type() == uuid_array_type);
  CHECK(ArrayBuilder{text_type}.array_type() == text_array_type);
}

TEST_CASE("postgres: the server reads an array as it was made, with its NULLs") {
  Connection connection{{.conninfo = server_conninfo()}};
  Column numbers{bigint_type};
  numbers.add_number(std::numeric_limits<std::int64_t>::min());
  numbers.add_null();
  numbers.add_number(std::int64_t{7});
  CHECK(spelled(connection, "SELECT ?::bigint[]::text", numbers) ==
        "{-9223372036854775808,NULL,7}");
  Column texts{text_type};
  texts.add("");
  texts.add_null();
  texts.add("NULL");
  texts.add("a,\"b\"");
  CHECK(spelled(connection, "SELECT ?::text[]::text", texts) == R"({"",NULL,"NULL","a,\"b\""})");
  Column ids{uuid_type};
  ids.add_id(*Uuid::parse("01890a5d-ac96-774b-bcce-b302099a8057"));
  CHECK(spelled(connection, "SELECT ?::uuid[]::text", ids) ==
        "{01890a5d-ac96-774b-bcce-b302099a8057}");
  Query query{connection, "SELECT ?::bigint[]"};
  query.bind(numbers);
  REQUIRE(query.step());
  CHECK(query.numbers() == std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::min(), 7});
}

TEST_CASE("postgres: the server reads an empty array as empty and a column of NULLs as NULL") {
  Connection connection{{.conninfo = server_conninfo()}};
  Query query{connection, "SELECT ?::bigint[], cardinality(?1), ?::text[]"};
  query.bind(std::vector<std::int64_t>{}, std::vector<std::string>{});
  REQUIRE(query.step());
  CHECK(query.numbers().empty());
  CHECK(query.integer() == 0);
  CHECK(query.row_count() == 1);
  Column nulls{text_type};
  nulls.add_null();
  nulls.add_null();
  Query asks{connection, "SELECT ?::text[] IS NULL"};
  asks.bind(nulls);
  REQUIRE(asks.step());
  CHECK(asks.boolean());
}

TEST_CASE("postgres: Query gives back arrays of ids and numbers") {
  Connection connection{{.conninfo = server_conninfo()}};
  const std::vector<Uuid> ids{Uuid{}, *Uuid::parse("01890a5d-ac96-774b-bcce-b302099a8057")};
  const std::vector<std::int64_t> numbers{0, -1, 256, std::numeric_limits<std::int64_t>::max()};
  Query query{connection, "SELECT ?::uuid[], ?::bigint[]"};
  query.bind(ids, numbers);
  REQUIRE(query.step());
  CHECK(query.ids() == ids);
  CHECK(query.numbers() == numbers);
}

}  // namespace postgres_binary_test
