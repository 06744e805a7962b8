// SPDX-License-Identifier: MIT

#include "punctual/http/routes.hpp"

#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace http_routes_test {

using namespace punctual::http;

TEST_CASE("http: match_path takes any segment for a placeholder") {
  struct Row {
    const char* name;
    const char* path;
    std::vector<std::string> segments;
    bool fits;
    std::vector<std::string> names;
  };
  const Row rows[] = {
      {"plain", "status", {"status"}, true, {}},
      {"another", "status", {"runs"}, false, {}},
      {"longer", "status", {"status", "x"}, false, {}},
      {"shorter", "runs/:id", {"runs"}, false, {}},
      {"a placeholder", "runs/:id", {"runs", "7"}, true, {"7"}},
      {"a placeholder before", ":jobName/pause", {"nightly", "pause"}, true, {"nightly"}},
      {"nothing", "status", {}, false, {}},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const auto names = match_path(row.path, row.segments);
    CHECK(names.has_value() == row.fits);
    if (names) CHECK(*names == row.names);
  }
}

TEST_CASE("http: every route that changes something is a POST, and no two are the same") {
  std::set<std::string> seen;
  for (const auto& route : routes) {
    INFO(route.path);
    CHECK((route.action == Action::view) == (route.method == "GET"));
    CHECK(route.answer != nullptr);
    CHECK_FALSE(route.summary.empty());
    CHECK(seen.insert(std::string{route.method} + " " + std::string{route.path}).second);
  }
}

}  // namespace http_routes_test
