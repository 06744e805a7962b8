// SPDX-License-Identifier: MIT
//
// SchemaCheck: holds JSON against the schemas of an OpenAPI document, more strictly than those who
// read it would: a field that the schema does not name is a finding, too.
//
// Knows what the facade's document uses: $ref, allOf, anyOf, type, enum, const, format, properties,
// required, items.

#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/iso8601.hpp"
#include "punctual/base/json.hpp"
#include "punctual/base/uuid.hpp"

namespace punctual::tests {

class SchemaCheck {
 public:
  explicit SchemaCheck(Json document) : document_(std::move(document)) {}

  /// Returns what does not agree, with its place; empty if all does.
  std::vector<std::string> findings(const Json& schema, const Json& value) {
    found_.clear();
    check(schema, value, "$");
    return found_;
  }

  /// Every field of a shape that has been seen with a value other than null, as "Run.status".
  [[nodiscard]] const std::set<std::string>& seen() const { return seen_; }

  /// Every field of every shape.
  [[nodiscard]] std::set<std::string> fields() const {
    std::set<std::string> all;
    for (const auto& [name, schema] : document_["components"]["schemas"].items()) {
      const Json own = own_properties(schema);
      for (const auto& [field, unused] : own.items()) all.insert(name + "." + field);
    }
    return all;
  }

 private:
  void find(const std::string& place, const std::string& what) {
    found_.push_back(place + ": " + what);
  }

  static Json own_properties(const Json& schema) {
    const Json& own = schema.contains("allOf") ? schema["allOf"].back() : schema;
    return own.value("properties", Json::object());
  }

  /// Follows $ref; `name` becomes that of the shape.
  const Json& resolved(const Json& schema, std::string& name) const {
    if (!schema.contains("$ref")) return schema;
    const std::string ref = schema["$ref"];
    name = ref.substr(ref.rfind('/') + 1);
    return document_.at(Json::json_pointer{ref.substr(1)});
  }

  void check(const Json& written, const Json& value, const std::string& place) {
    std::string name;
    const Json& schema = resolved(written, name);
    if (schema.contains("anyOf")) return check_any(schema["anyOf"], value, place);
    if (schema.contains("const") && schema["const"] != value) find(place, "is not the constant");
    if (schema.contains("enum")) {
      const Json& words = schema["enum"];
      if (std::find(words.begin(), words.end(), value) == words.end()) {
        find(place, value.dump() + " is none of " + words.dump());
      }
    }
    if (schema.contains("allOf") || schema.contains("properties")) {
      check_object(schema, name, value, place);
    } else if (schema.contains("type")) {
      check_type(schema, value, place);
    }
  }

  void check_any(const Json& choices, const Json& value, const std::string& place) {
    std::vector<std::string> first;
    for (const auto& choice : choices) {
      const auto before = std::exchange(found_, {});
      check(choice, value, place);
      const auto found = std::exchange(found_, before);
      if (found.empty()) return;
      if (first.empty()) first = found;
    }
    found_.insert(found_.end(), first.begin(), first.end());
  }

  void check_object(const Json& schema, const std::string& name, const Json& value,
                    const std::string& place) {
    if (!value.is_object()) return find(place, "is no object");
    Json properties = schema.value("properties", Json::object());
    Json required = schema.value("required", Json::array());
    if (schema.contains("allOf")) {
      for (const auto& part : schema["allOf"]) {
        std::string part_name = name;
        const Json& resolved_part = resolved(part, part_name);
        properties.update(resolved_part["properties"]);
        for (const auto& field : resolved_part.value("required", Json::array())) {
          required.push_back(field);
        }
      }
    }
    for (const auto& field : required) {
      if (!value.contains(field.get<std::string>())) find(place, "lacks " + field.dump());
    }
    for (const auto& [field, member] : value.items()) {
      if (!properties.contains(field)) {
        find(place, "has \"" + field + "\", which the document does not know");
        continue;
      }
      check(properties[field], member, place + "." + field);
      if (!member.is_null()) seen_.insert(name + "." + field);
    }
  }

  void check_type(const Json& schema, const Json& value, const std::string& place) {
    const std::string type = schema["type"];
    const bool fits =
        (type == "string" && value.is_string()) ||
        (type == "integer" && value.is_number_integer()) ||
        (type == "number" && value.is_number()) || (type == "boolean" && value.is_boolean()) ||
        (type == "null" && value.is_null()) || (type == "array" && value.is_array()) ||
        (type == "object" && value.is_object());
    if (!fits) return find(place, value.dump() + " is no " + type);
    const std::string format = schema.value("format", "");
    if (format == "uuid" && !Uuid::parse(value.get<std::string>())) find(place, "is no id");
    if (format == "date-time" && !parse_iso8601(value.get<std::string>())) {
      find(place, "is no instant");
    }
    if (type != "array") return;
    std::size_t index = 0;
    for (const auto& item : value) {
      check(schema["items"], item, place + "[" + std::to_string(index++) + "]");
    }
  }

  Json document_;
  std::vector<std::string> found_;
  std::set<std::string> seen_;
};

}  // namespace punctual::tests
