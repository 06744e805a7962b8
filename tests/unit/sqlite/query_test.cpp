// SPDX-License-Identifier: MIT

#include "punctual/sqlite/query.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "scratch.hpp"
#include "support/catch.hpp"

namespace query_test {

namespace {

using punctual::Duration;
using punctual::Json;
using punctual::TimePoint;
using punctual::Uuid;
using punctual::sqlite::detail::Query;
using punctual::sqlite::detail::Text;
using punctual::sqlite::test::Scratch;

}  // namespace

TEST_CASE("Query reads back every value as it was bound") {
  Scratch scratch;
  const std::string text = std::string("a\0\xC3\xA4\xFF", 5);
  const std::string empty;
  const auto id = Uuid::parse("018cc251-f400-7000-8000-00000000000a").value();
  const Json json = {{"list", {1, -2, 0.1, nullptr, true}}, {"text", "\xC3\xA4"}};
  const auto low = std::numeric_limits<std::int64_t>::min();
  Query query{scratch.connection, "SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"};
  query.bind(true, low, 0.1, text, std::string_view{"view"}, Text{text})
      .bind(Text{empty}, Duration{-5}, punctual::time_max, id, json, nullptr);
  REQUIRE(query.step());
  CHECK(query.boolean());
  CHECK(query.integer() == low);
  CHECK(query.real() == 0.1);
  CHECK(query.text() == text);
  CHECK(query.text() == "view");
  CHECK(query.optional_text() == std::optional{text});
  CHECK(query.optional_text() == std::nullopt);
  CHECK(query.optional_span() == std::optional{Duration{-5}});
  CHECK(query.instant() == punctual::time_max);
  CHECK(query.optional_id() == std::optional{id});
  CHECK(query.json() == json);
  CHECK(query.json() == Json(nullptr));
  CHECK_FALSE(query.step());
}

TEST_CASE("Query binds NULL when an optional value is absent") {
  Scratch scratch;
  Query query{scratch.connection,
              "SELECT ?1 IS NULL, ?2 IS NULL, ?3 IS NULL, ?4 IS NULL, ?1, ?2, ?4"};
  query.bind(std::optional<TimePoint>{}, std::optional<Uuid>{}, Json(nullptr),
             std::optional<std::string>{});
  REQUIRE(query.step());
  for (int i = 0; i < 4; ++i) CHECK(query.boolean());
  CHECK(query.optional_instant() == std::nullopt);
  CHECK(query.optional_id() == std::nullopt);
  CHECK(query.text() == "");
}

TEST_CASE("Query reads the nearest number when the stored one does not fit") {
  struct Row {
    std::int64_t stored;
    std::uint32_t count;
    int number;
  };
  const std::vector<Row> rows = {
      {0, 0, 0},
      {7, 7, 7},
      {-1, 0, -1},
      {4'294'967'295, 4'294'967'295, 2'147'483'647},
      {4'294'967'296, 4'294'967'295, 2'147'483'647},
      {-2'147'483'649, 0, std::numeric_limits<int>::min()},
  };
  Scratch scratch;
  for (const auto& row : rows) {
    CAPTURE(row.stored);
    Query query{scratch.connection, "SELECT ?1, ?1"};
    REQUIRE(query.bind(row.stored).step());
    CHECK(query.number<std::uint32_t>() == row.count);
    CHECK(query.number<int>() == row.number);
  }
}

TEST_CASE("Query keeps a large count within what a column holds") {
  Scratch scratch;
  Query query{scratch.connection, "SELECT ?"};
  REQUIRE(query.bind(std::numeric_limits<std::uint64_t>::max()).step());
  CHECK(query.integer() == std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("parse_json marks a text when it is not JSON") {
  struct Row {
    const char* text;
    bool is_decodable;
  };
  const std::vector<Row> rows = {
      {"{}", true},
      {"null", true},
      {"[1,2]", true},
      {"\"text\"", true},
      {"", false},
      {"{", false},
      {"{\"a\":}", false},
      {"nul", false},
      {"{} trailing", false},
      {"\xFF", false},
      {"{\"a\":\"\xC3\"}", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const Json json = punctual::sqlite::detail::parse_json(row.text);
    CHECK((json == Json{{"_undecodable", true}}) != row.is_decodable);
  }
}

TEST_CASE("dump_json writes text that can be read back when a string is not UTF-8") {
  const std::string text = punctual::sqlite::detail::dump_json(Json{{"a", "x\xFFy"}});
  CHECK(punctual::sqlite::detail::parse_json(text) == Json{{"a", "x\xEF\xBF\xBDy"}});
}

TEST_CASE("Query frees its statement for the next use when it goes") {
  Scratch scratch;
  for (int i = 0; i < 3; ++i) {
    Query query{scratch.connection, "SELECT ? UNION ALL SELECT 2"};
    REQUIRE(query.bind(i).step());
    CHECK(query.integer() == i);
  }
  try {
    Query{scratch.connection, "INSERT INTO {}jobs (name) VALUES (?)"}.bind("a").run();
  } catch (const SQLite::Exception&) {  // it lacks columns
  }
  CHECK_THROWS_AS(
      (Query{scratch.connection, "INSERT INTO {}jobs (name) VALUES (?)"}.bind("a").run()),
      SQLite::Exception);
}

}  // namespace query_test
