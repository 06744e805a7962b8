// SPDX-License-Identifier: MIT

#include "punctual/sqlite/known_jobs.hpp"

#include <string>
#include <vector>

#include "scratch.hpp"
#include "support/catch.hpp"

namespace known_jobs_test {

namespace {

using punctual::JobNames;
using punctual::sqlite::detail::KnownJobs;
using punctual::sqlite::test::Scratch;

}  // namespace

TEST_CASE("knows_job answers by the names that the caller knows") {
  struct Row {
    const char* argument;
    bool is_known;
  };
  const std::vector<Row> rows = {
      {"'alpha'", true}, {"'beta'", true},     {"'alph'", false}, {"'alphaa'", false},
      {"'Beta'", false}, {"'' || 'b'", false}, {"''", false},     {"NULL", false},
      {"7", true},       {"'gamma'", false},
  };
  Scratch scratch;
  const JobNames jobs{"7", "alpha", "beta"};
  for (const auto& row : rows) {
    CAPTURE(row.argument);
    const std::string sql = std::string{"SELECT knows_job("} + row.argument + ")";
    {
      const KnownJobs known{scratch.connection, jobs};
      CHECK(scratch.number(sql) == (row.is_known ? 1 : 0));
    }
    CHECK(scratch.number(sql) == 0);  // nobody asks any more
  }
}

}  // namespace known_jobs_test
