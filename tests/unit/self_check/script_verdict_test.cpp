// SPDX-License-Identifier: MIT

#include "punctual/self_check/script_verdict.hpp"

#include <string>

#include "support/catch.hpp"

namespace script_verdict_test {

using punctual::read_verdict;
using Kind = punctual::ScriptVerdict::Kind;

TEST_CASE("read_verdict finds the object that is the output or its last line") {
  struct Row {
    std::string name;
    std::string output;
    Kind kind;
  };
  const Row rows[] = {
      {"the whole output", R"({"success": true})", Kind::success},
      {"over several lines", "{\n  \"success\": false\n}\n", Kind::failure},
      {"the last line", "checking …\nstill …\n{\"success\":true}", Kind::success},
      {"blank lines after it", "x\n{\"success\":true}\n\n  \n", Kind::success},
      {"a carriage return", "x\r\n{\"success\":false}\r\n", Kind::failure},
      {"not a boolean", R"({"success": "yes"})", Kind::unclear},
      {"null", R"({"success": null})", Kind::unclear},
      {"no output", "", Kind::none},
      {"blanks", " \n\t\n", Kind::none},
      {"plain text", "all well", Kind::none},
      {"not the last line", "{\"success\":false}\nbye", Kind::none},
      {"no such member", R"({"ok": false})", Kind::none},
      {"deeper inside", R"({"result": {"success": false}})", Kind::none},
      {"an array", R"([{"success": false}])", Kind::none},
      {"cut off", R"({"success": false)", Kind::none},
      {"two objects on a line", R"({"success":false} {"success":false})", Kind::none},
      {"a comment", "{\"success\":false /* no */}", Kind::none},
      {"invalid UTF-8", "{\"success\":false,\"m\":\"\xFF\"}", Kind::none},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK(read_verdict(row.output).kind == row.kind);
  }
}

TEST_CASE("read_verdict keeps the object and its message") {
  const auto verdict =
      read_verdict("x\n{\"success\":false,\"message\":\"2 tables missing\",\"n\":2}");
  CHECK(verdict.message == "2 tables missing");
  CHECK(verdict.json.at("n") == 2);
  CHECK(read_verdict(R"({"message": 5})").message.empty());
  CHECK(read_verdict("text").json.is_null());
}

TEST_CASE("read_verdict survives nesting of any depth") {
  const auto nested = [](std::size_t depth) {
    return R"({"success":true,"x":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  CHECK(read_verdict(nested(20)).kind == Kind::success);
  CHECK(read_verdict(nested(100)).kind == Kind::none);
  CHECK(read_verdict(nested(500'000)).kind == Kind::none);
}

}  // namespace script_verdict_test
