// SPDX-License-Identifier: MIT

#include "punctual/postgres/query.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "unit/postgres/temporary_schema.hpp"

namespace postgres_query_test {

using namespace punctual;
using namespace punctual::postgres::detail;
using punctual::postgres::test::server_conninfo;

TEST_CASE("postgres: Connection reads the marks in its SQL") {
  Connection connection{{.conninfo = server_conninfo(), .schema = "s", .table_prefix = "p_"}};
  CHECK(connection.expanded("SELECT ? FROM {}jobs WHERE a = ? AND b = ?7") ==
        "SELECT $1 FROM s.p_jobs WHERE a = $2 AND b = $7");
  CHECK(connection.expanded("CREATE INDEX {index}a ON {}b (c)") == "CREATE INDEX p_a ON s.p_b (c)");
}

TEST_CASE("postgres: Query gives back what it was given") {
  Connection connection{{.conninfo = server_conninfo()}};
  const std::int64_t low = std::numeric_limits<std::int64_t>::min();
  const Json json = {{"text", "a\"\\\n"}, {"list", {1, 2.5, nullptr}}};
  const Uuid id = *Uuid::parse("01890a5d-ac96-774b-bcce-b302099a8057");
  Query query{connection, "SELECT ?, ?, ?, ?, ?::text, ?::text, ?, ?"};
  query.bind(low, true, 0.1, id, json, std::string{"a{}'?\"\\"}, TimePoint{Duration{-5}},
             std::optional<Duration>{});
  REQUIRE(query.step());
  CHECK(query.integer() == low);
  CHECK(query.boolean());
  CHECK(query.real() == 0.1);
  CHECK(query.optional_id() == id);
  CHECK(query.json() == json);
  CHECK(query.text() == "a{}'?\"\\");
  CHECK(query.instant() == TimePoint{Duration{-5}});
  CHECK(query.optional_span() == std::nullopt);
  CHECK_FALSE(query.step());
}

TEST_CASE("postgres: Query stores U+FFFD when PostgreSQL cannot hold a byte") {
  Connection connection{{.conninfo = server_conninfo()}};
  Query query{connection, "SELECT ?::text"};
  query.bind(std::string("a\0b\xFF\xC3\xA9", 6));
  REQUIRE(query.step());
  CHECK(query.text() ==
        "a\xEF\xBF\xBD"
        "b\xEF\xBF\xBD\xC3\xA9");
}

TEST_CASE("postgres: Query binds lists whatever is in them") {
  Connection connection{{.conninfo = server_conninfo()}};
  const std::vector<std::string> names{"a,b", "\"q\"", "\\", "{}", "", "NULL"};
  Query query{connection, "SELECT unnest(?::text[])"};
  query.bind(names);
  std::vector<std::string> got;
  while (query.step()) got.push_back(query.text());
  CHECK(got == names);
  Query empty{connection, "SELECT unnest(?::text[])"};
  CHECK_FALSE(empty.bind(std::vector<std::string>{}).step());
}

}  // namespace postgres_query_test
