// SPDX-License-Identifier: MIT

#include "punctual/postgres/schema.hpp"

#include <string>

#include "punctual/postgres/migrator.hpp"
#include "support/catch.hpp"
#include "unit/postgres/temporary_schema.hpp"

namespace postgres_schema_test {

using namespace punctual;
using namespace punctual::postgres::detail;
using punctual::postgres::test::TemporarySchema;

TEST_CASE("postgres: the tables of runs have the columns that statements name, in their order") {
  const std::string request = run_request_columns;
  const std::string leased = request + ", " + run_lease_columns;
  const std::string ended = leased + ", " + run_end_columns;
  struct Row {
    const char* table;
    std::string columns;
  };
  const Row rows[] = {
      {"job_pending", request + ", kind, claim_order"},
      {"job_running", leased},
      {"job_history", ended},
  };
  TemporarySchema schema;
  Connections connections{schema.options()};
  migrate(connections);
  Connection connection{schema.options()};
  const auto columns_of = [&](const char* table, const char* order) {
    Query query{connection,
                OneOff{std::string{"SELECT string_agg(column_name, ', ' ORDER BY "} + order +
                       ") FROM information_schema.columns"
                       " WHERE table_schema = ? AND table_name = ?"}};
    query.bind(schema.options().schema, std::string{table});
    return query.step() ? query.text() : "";
  };
  for (const auto& row : rows) {
    INFO(row.table);
    CHECK(columns_of(row.table, "ordinal_position") == row.columns);
  }
  CHECK(columns_of("job_runs", "column_name") == columns_of("job_history", "column_name"));
}

}  // namespace postgres_schema_test
