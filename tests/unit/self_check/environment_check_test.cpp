// SPDX-License-Identifier: MIT

#include "punctual/self_check/environment_check.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace environment_check_test {

using punctual::CheckStatus;
using punctual::Error;

namespace {

punctual::CheckReport run_with(const std::map<std::string, std::string>& variables,
                               std::vector<std::string> names) {
  const auto read = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  return punctual::environment_check(std::move(names), read).run();
}

}  // namespace

TEST_CASE("environment_check names the variables that are missing or empty") {
  struct Row {
    std::string name;
    std::map<std::string, std::string> variables;
    std::vector<std::string> names;
    CheckStatus status;
    std::string message;
  };
  const Row rows[] = {
      {"none asked for", {}, {}, CheckStatus::passed, "0 variables are set"},
      {"all set", {{"A", "1"}, {"B", "2"}}, {"A", "B"}, CheckStatus::passed, "2 variables are set"},
      {"asked for twice", {{"A", "1"}}, {"A", "A"}, CheckStatus::passed, "1 variable is set"},
      {"one missing", {{"A", "1"}}, {"A", "B"}, CheckStatus::failed, "missing: B"},
      {"one empty", {{"A", ""}}, {"A"}, CheckStatus::failed, "empty: A"},
      {"both", {{"E", ""}}, {"M", "E", "L"}, CheckStatus::failed, "missing: L, M; empty: E"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const auto report = run_with(row.variables, row.names);
    CHECK(report.name == "validate-env");
    CHECK(report.result.status == row.status);
    CHECK(report.result.message == row.message);
  }
}

TEST_CASE("environment_check never shows a value") {
  const auto report = run_with({{"TOKEN", "s3cret"}, {"EMPTY", ""}}, {"TOKEN", "EMPTY", "GONE"});
  CHECK(report.result.details == punctual::Json{{"missing", {"GONE"}}, {"empty", {"EMPTY"}}});
  CHECK(report.result.message.find("s3cret") == std::string::npos);
  CHECK(report.result.details.dump().find("s3cret") == std::string::npos);
}

TEST_CASE("environment_check refuses what cannot be a name") {
  const std::string names[] = {"", "A=B", "=", std::string{"A\0B", 3}};
  for (const auto& name : names) {
    CAPTURE(name);
    CHECK_THROWS_AS(punctual::environment_check({"A", name}), Error);
  }
}

TEST_CASE("environment_check reads the environment of this process by default") {
  const auto report = punctual::environment_check({"PUNCTUAL_TEST_NEVER_SET"}).run();
  CHECK(report.result.message == "missing: PUNCTUAL_TEST_NEVER_SET");
}

}  // namespace environment_check_test
