// SPDX-License-Identifier: MIT

#include "punctual/http/message.hpp"

#include "support/catch.hpp"

namespace http_message_test {

using namespace punctual::http;

TEST_CASE("http: is_same_name ignores the case of letters and nothing else") {
  struct Row {
    const char* name;
    const char* a;
    const char* b;
    bool is_same;
  };
  const Row rows[] = {
      {"same", "Content-Type", "Content-Type", true},
      {"another case", "content-TYPE", "Content-Type", true},
      {"a blank behind", "Content-Type ", "Content-Type", false},
      {"shorter", "Content", "Content-Type", false},
      {"only letters have a case", "a[", "a{", false},
      {"empty", "", "", true},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK(is_same_name(row.a, row.b) == row.is_same);
  }
}

TEST_CASE("http: Request has no value for a header when it was sent twice") {
  Request request;
  request.headers = {{"Accept", "a"}, {"accept", "b"}, {"Prefer", "wait=0"}};
  CHECK(request.values_of("ACCEPT").size() == 2);
  CHECK(request.value_of("Accept").empty());
  CHECK(request.value_of("prefer") == "wait=0");
  CHECK(request.value_of("Host").empty());
}

TEST_CASE("http: Response keeps one value of a header when it is set again") {
  Response response;
  response.set("Content-Type", "a");
  response.set("content-type", "b");
  CHECK(response.headers.size() == 1);
  CHECK(response.value_of("Content-Type") == "b");
  CHECK(response.value_of("Allow").empty());
}

}  // namespace http_message_test
