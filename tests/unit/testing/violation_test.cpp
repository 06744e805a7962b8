// SPDX-License-Identifier: MIT

#include "punctual/testing/violation.hpp"

#include <punctual/punctual.hpp>

#include "support/catch.hpp"

namespace violation_test {

using namespace std::chrono_literals;
using punctual::TimePoint;
using punctual::testing::Violations;

TEST_CASE("Violations keeps the first few with the time at which they were seen") {
  TimePoint now{1s};
  Violations violations{now};
  CHECK(violations.is_empty());
  violations.add("first", "expected 1, got 2");
  now += 1s;
  for (std::size_t i = 0; i < Violations::kept_max; ++i) violations.add("next", "again");
  CHECK_FALSE(violations.is_empty());
  CHECK(violations.count() == Violations::kept_max + 1);
  CHECK(violations.kept().size() == Violations::kept_max);
  CHECK(violations.kept()[0].to_string() == "1970-01-01T00:00:01.000Z first: expected 1, got 2");
  CHECK(violations.kept()[1].at == TimePoint{2s});
}

TEST_CASE("Violations asks for a text only when a requirement does not hold") {
  const TimePoint now{};
  Violations violations{now};
  violations.require(true, "fine", []() -> std::string { throw 1; });
  CHECK(violations.is_empty());
  violations.require(false, "broken", [] { return std::string{"why"}; });
  REQUIRE(violations.count() == 1);
  CHECK(violations.kept()[0].invariant == "broken");
  CHECK(violations.kept()[0].message == "why");
}

}  // namespace violation_test
