// SPDX-License-Identifier: MIT

#include "punctual/http/strict_json.hpp"

#include <string>

#include "support/catch.hpp"
#include "unit/http/api_error_of.hpp"

namespace http_strict_json_test {

using namespace punctual;
using namespace punctual::http;
using punctual::tests::api_code_of;

TEST_CASE("http: parse_strict refuses what two readers might read differently") {
  struct Row {
    const char* name;
    std::string text;
    const char* code;
  };
  const Row rows[] = {
      {"an object", R"({"a": [1, {"b": null}]})", ""},
      {"the same name in two objects", R"([{"a": 1}, {"a": 2}])", ""},
      {"the same name inside and outside", R"({"a": {"a": 1}})", ""},
      {"a number", "1", ""},
      {"32 deep", std::string(32, '[') + std::string(32, ']'), ""},
      {"33 deep", std::string(33, '[') + std::string(33, ']'), "INVALID_JSON"},
      {"100,000 deep", std::string(100'000, '['), "INVALID_JSON"},
      {"33 deep in objects",
       [] {
         std::string text = "1";
         for (int i = 0; i < 33; ++i) text = R"({"a":)" + text + "}";
         return text;
       }(),
       "INVALID_JSON"},
      {"a name twice", R"({"a": 1, "a": 1})", "INVALID_JSON"},
      {"a name twice, once escaped", "{\"a\": 1, \"\\u0061\": 1}", "INVALID_JSON"},
      {"a name twice, inside", R"([{"a": {"b": 1, "b": 2}}])", "INVALID_JSON"},
      {"nothing", "", "INVALID_JSON"},
      {"cut short", R"({"a": )", "INVALID_JSON"},
      {"something behind", "{} {}", "INVALID_JSON"},
      {"a comment", "{} // no", "INVALID_JSON"},
      {"a comma at the end", "[1,]", "INVALID_JSON"},
      {"invalid UTF-8", "\"\xC3\x28\"", "INVALID_JSON"},
      {"a lone surrogate", R"("\ud800")", "INVALID_JSON"},
      {"NaN", "NaN", "INVALID_JSON"},
      {"single quotes", "{'a': 1}", "INVALID_JSON"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK(api_code_of([&] { (void)parse_strict(row.text); }) == row.code);
  }
}

TEST_CASE("http: parse_body takes an object of known members, or nothing") {
  struct Row {
    const char* name;
    const char* text;
    const char* code;
  };
  const Row rows[] = {
      {"nothing", "", ""},
      {"an empty object", "{}", ""},
      {"known", R"({"reason": "x"})", ""},
      {"unknown", R"({"reason": "x", "force": true})", "INVALID_BODY"},
      {"a list", "[]", "INVALID_BODY"},
      {"null", "null", "INVALID_BODY"},
      {"broken", "{", "INVALID_JSON"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK(api_code_of([&] { (void)parse_body(row.text, {"reason", "payload"}); }) == row.code);
  }
  CHECK(parse_body("", {"reason"}) == Json::object());
}

TEST_CASE("http: text_of reads a text that is short enough") {
  const Json body = {{"reason", "four"}, {"none", nullptr}, {"number", 1}};
  CHECK(text_of(body, "reason", 4) == "four");
  CHECK(text_of(body, "none", 4).empty());
  CHECK(text_of(body, "missing", 4).empty());
  CHECK(api_code_of([&] { (void)text_of(body, "reason", 3); }) == "INVALID_BODY");
  CHECK(api_code_of([&] { (void)text_of(body, "number", 9); }) == "INVALID_BODY");
}

}  // namespace http_strict_json_test
