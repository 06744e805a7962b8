// SPDX-License-Identifier: MIT

#include "punctual/testing/expectations.hpp"

#include <optional>
#include <string>

#include "support/catch.hpp"

namespace expectations_test {

using namespace punctual;
using namespace punctual::testing;

TEST_CASE("Expectations note nothing when all are met") {
  Expectations expectations;
  expectations.expect(true, "something");
  expectations.expect_equal("number", 3U, std::size_t{3});
  expectations.expect_equal("text", "a", std::string{"a"});
  expectations.expect_equal("optional", std::nullopt, std::optional<int>{});
  expectations.expect_between("instant", TimePoint{}, TimePoint{}, TimePoint{});
  expectations.expect_same("row", "");
  expectations.require(true, "something");
  expectations.require_equal("number", 3U, std::size_t{3});
  CHECK(expectations.all_met());
  CHECK(expectations.message().empty());
}

TEST_CASE("Expectations note what was expected and what came, one finding a line") {
  Expectations expectations;
  expectations.expect(false, "a lease");
  expectations.expect_equal("fence", 2U, std::size_t{1});
  expectations.expect_equal("node", "a", std::string{"b"});
  expectations.expect_same("row", "fence: expected 2, got 1");
  CHECK_FALSE(expectations.all_met());
  CHECK(expectations.message() ==
        "expected a lease\n"
        "fence: expected 2, got 1\n"
        "node: expected \"a\", got \"b\"\n"
        "row: fence: expected 2, got 1");
}

TEST_CASE("Expectations hold an instant between the first and the last, both included") {
  const TimePoint first{Duration{10}};
  const TimePoint last{Duration{12}};
  struct Row {
    const char* what;
    std::optional<TimePoint> got;
    bool is_met;
  };
  const Row rows[] = {{"before", TimePoint{Duration{9}}, false}, {"first", first, true},
                      {"inside", TimePoint{Duration{11}}, true}, {"last", last, true},
                      {"after", TimePoint{Duration{13}}, false}, {"absent", std::nullopt, false}};
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Expectations expectations;
    expectations.expect_between("instant", first, row.got, last);
    CHECK(expectations.all_met() == row.is_met);
  }
}

TEST_CASE("Expectations end the check when a required one is not met") {
  Expectations expectations;
  const auto stops = [](auto&& require) {
    try {
      require();
    } catch (const CheckStopped&) {
      return true;
    }
    return false;
  };
  CHECK(stops([&] { expectations.require(false, "a row"); }));
  CHECK(stops([&] { expectations.require_equal("rows", 1U, std::size_t{0}); }));
  CHECK(expectations.message() == "expected a row\nrows: expected 1, got 0");
}

}  // namespace expectations_test
