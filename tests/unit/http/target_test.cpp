// SPDX-License-Identifier: MIT

#include "punctual/http/target.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "unit/http/api_error_of.hpp"

namespace http_target_test {

using namespace punctual;
using namespace punctual::http;
using punctual::tests::api_code_of;

TEST_CASE("http: path_segments decodes once and refuses what is no name") {
  struct Row {
    const char* name;
    std::string path;
    const char* joined;  // nullptr: refused
  };
  const Row rows[] = {
      {"plain", "/admin/jobs/status", "admin|jobs|status"},
      {"a slash at the end", "/admin/jobs/", "admin|jobs"},
      {"root", "/", ""},
      {"all that a name may hold", "/a.b_c-9", "a.b_c-9"},
      {"an encoded letter", "/%61dmin", "admin"},
      {"nothing", "", nullptr},
      {"no slash", "admin", nullptr},
      {"two slashes", "/admin//jobs", nullptr},
      {"dot", "/admin/./jobs", nullptr},
      {"dots", "/admin/../jobs", nullptr},
      {"encoded dots", "/admin/%2e%2E/jobs", nullptr},
      {"an encoded slash", "/admin%2Fjobs", nullptr},
      {"an encoded backslash", "/admin%5Cjobs", nullptr},
      {"a backslash", "/admin\\jobs", nullptr},
      {"an encoded zero byte", "/admin/jobs%00", nullptr},
      {"encoded twice", "/admin/%252e%252e", nullptr},
      {"a percent sign", "/admin/%25", nullptr},
      {"half an encoding", "/admin/%2", nullptr},
      {"no hexadecimal", "/admin/%zz", nullptr},
      {"a semicolon", "/admin;x=1", nullptr},
      {"a blank", "/a b", nullptr},
      {"not ASCII", "/\xC3\xA4", nullptr},
      {"overlong UTF-8 of a slash", "/admin/%c0%af", nullptr},
      {"a line's end", "/admin%0d%0aX: y", nullptr},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    std::string joined;
    const auto code = api_code_of([&] {
      for (const auto& segment : path_segments(row.path)) {
        joined += (joined.empty() ? "" : "|") + segment;
      }
    });
    CHECK(code == (row.joined == nullptr ? "INVALID_PATH" : ""));
    if (row.joined != nullptr) CHECK(joined == row.joined);
  }
}

TEST_CASE("http: QueryParameters reads known parameters, each once") {
  const QueryParameters parameters{"jobName=a%20b&limit=5&status=&x",
                                   {"jobName", "limit", "status", "x"}};
  REQUIRE(parameters.find("jobName") != nullptr);
  CHECK(*parameters.find("jobName") == "a b");
  CHECK(*parameters.find("limit") == "5");
  CHECK(parameters.find("status") == nullptr);
  CHECK(parameters.find("x") == nullptr);
  CHECK(parameters.find("other") == nullptr);
  const QueryParameters blanks{"x=a+b%2Bc", {"x"}};
  CHECK(*blanks.find("x") == "a b+c");
}

TEST_CASE("http: QueryParameters refuses what it does not know") {
  struct Row {
    const char* name;
    const char* query;
  };
  const Row rows[] = {
      {"unknown", "force=1"},
      {"twice", "x=1&x=2"},
      {"twice, once empty", "x=&x=2"},
      {"half an encoding", "x=%2"},
      {"an encoded zero byte", "x=%00"},
      {"a line's end", "x=a%0Ab"},
      {"invalid UTF-8", "x=%C3%28"},
      {"a name in another case", "X=1"},
      {"no name", "=1"},
      {"a part without a name", "x=1&&"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK(api_code_of([&] {
            const QueryParameters parameters{row.query, {"x"}};
          }) == "INVALID_QUERY");
  }
  CHECK(api_code_of([] { const QueryParameters parameters{"x=1", {}}; }) == "INVALID_QUERY");
}

TEST_CASE("http: a refusal never repeats what came") {
  for (const char* query : {"<script>=1", "x=<script>%00"}) {
    try {
      const QueryParameters parameters{query, {"x"}};
      FAIL("it was not refused");
    } catch (const ApiError& error) {
      CHECK(std::string{error.what()}.find("script") == std::string::npos);
    }
  }
}

}  // namespace http_target_test
