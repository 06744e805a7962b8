// SPDX-License-Identifier: MIT

#include "punctual/http/openapi_schemas.hpp"

#include <set>
#include <string>

#include "punctual/http/routes.hpp"
#include "support/catch.hpp"

namespace http_openapi_schemas_test {

using namespace punctual::http;

TEST_CASE("http: every shape has a name of its own, and so has every field of it") {
  std::set<std::string_view> names;
  for (const auto& schema : schemas()) {
    INFO(schema.name);
    CHECK(names.insert(schema.name).second);
    std::set<std::string_view> fields;
    for (const auto& field : schema.fields) {
      INFO(field.name);
      CHECK(fields.insert(field.name).second);
      CHECK_FALSE(field.type.empty());
    }
  }
}

TEST_CASE("http: every parameter is that of a route, and every route's is described") {
  std::set<std::string_view> described;
  for (const auto& doc : parameter_docs()) CHECK(described.insert(doc.name).second);
  std::set<std::string_view> used;
  for (const auto& route : routes) {
    for (auto name : words_of(route.parameters)) {
      if (name.back() == '!') name.remove_suffix(1);
      used.insert(name);
    }
  }
  CHECK(used == described);
}

}  // namespace http_openapi_schemas_test
