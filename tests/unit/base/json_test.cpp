// SPDX-License-Identifier: MIT
//
// Json: nlohmann's type, so that a program's own conversions apply.

#include "punctual/base/json.hpp"

#include <string>
#include <type_traits>

#include "support/catch.hpp"

namespace json_test {

static_assert(std::is_same_v<punctual::Json, nlohmann::json>);

namespace program {

struct Report {
  std::string title;
  int page_count = 0;
};

void to_json(nlohmann::json& json, const Report& report) {
  json = {{"title", report.title}, {"pages", report.page_count}};
}

void from_json(const nlohmann::json& json, Report& report) {
  json.at("title").get_to(report.title);
  json.at("pages").get_to(report.page_count);
}

}  // namespace program

TEST_CASE("Json converts a program's types when they have nlohmann conversions") {
  const punctual::Json json = program::Report{"totals", 3};
  CHECK(json == punctual::Json::parse(R"({"title": "totals", "pages": 3})"));
  const auto report = json.get<program::Report>();
  CHECK(report.title == "totals");
  CHECK(report.page_count == 3);
}

}  // namespace json_test
