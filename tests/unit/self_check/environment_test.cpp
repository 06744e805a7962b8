// SPDX-License-Identifier: MIT

#include "punctual/self_check/environment.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace environment_test {

namespace {

punctual::EnvironmentReader reader_of(std::map<std::string, std::string> variables) {
  return [variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

using Variables = std::vector<std::string>;

}  // namespace

TEST_CASE("child_environment lets through what is on the list and nothing else") {
  struct Row {
    std::string name;
    std::map<std::string, std::string> variables;
    Variables names;
    Variables expected;
  };
  const Row rows[] = {
      {"nothing is set", {}, {}, {}},
      {"what programs need",
       {{"PATH", "/bin"}, {"HOME", "/root"}},
       {},
       {"PATH=/bin", "HOME=/root"}},
      {"language and zone",
       {{"LANG", "C"}, {"LC_ALL", "C.UTF-8"}, {"LC_TIME", "C"}, {"TZ", "UTC"}},
       {},
       {"TZ=UTC", "LANG=C", "LC_ALL=C.UTF-8", "LC_TIME=C"}},
      {"a configured one", {{"API_URL", "x=y"}}, {"API_URL"}, {"API_URL=x=y"}},
      {"an empty one", {{"API_URL", ""}}, {"API_URL"}, {"API_URL="}},
      {"one of both, configured twice", {{"PATH", "/bin"}}, {"PATH", "PATH"}, {"PATH=/bin"}},
      {"a secret", {{"DB_PASSWORD", "s"}}, {}, {}},
      {"a loader's variable", {{"LD_PRELOAD", "/x.so"}}, {}, {}},
      {"a configured one that is not set", {}, {"API_URL"}, {}},
      {"a name that only begins alike", {{"PATHS", "1"}, {"LC_SECRET", "1"}}, {}, {}},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK(punctual::child_environment(row.names, reader_of(row.variables)) == row.expected);
  }
}

TEST_CASE("is_variable_name tells names from assignments") {
  CHECK(punctual::is_variable_name("PATH"));
  CHECK(punctual::is_variable_name("_x1"));
  CHECK_FALSE(punctual::is_variable_name(""));
  CHECK_FALSE(punctual::is_variable_name("PATH=/bin"));
  CHECK_FALSE(punctual::is_variable_name(std::string{"A\0B", 3}));
}

TEST_CASE("read_environment answers nothing for a variable that is not set") {
  CHECK_FALSE(punctual::read_environment("PUNCTUAL_TEST_NEVER_SET").has_value());
}

}  // namespace environment_test
