// SPDX-License-Identifier: MIT

#include "punctual/postgres/run_moves.hpp"

#include <string>

#include "support/catch.hpp"

namespace postgres_run_moves_test {

using punctual::postgres::detail::with_values;

TEST_CASE("postgres: with_values replaces whole columns wherever they stand") {
  CHECK(with_values("a, ab, b", {}) == "a, ab, b");
  CHECK(with_values("a, ab, b", {{"a", "1"}}) == "1, ab, b");
  CHECK(with_values("a, ab, b", {{"ab", "?2::text"}}) == "a, ?2::text, b");
  CHECK(with_values("a, ab, b", {{"b", "x"}, {"a", "y"}}) == "y, ab, x");
  CHECK(with_values("a", {{"a", "f(a, a)"}}) == "f(a, a)");
}

TEST_CASE("postgres: with_values leaves the columns as they are when there is no such column") {
  CHECK(with_values("a, ab", {{"b", "x"}}) == "a, ab");
}

}  // namespace postgres_run_moves_test
