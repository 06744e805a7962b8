// SPDX-License-Identifier: MIT
//
// The OpenAPI document of the facade, made of the table of its routes and that of its shapes.
//
// Thread-safety: pure functions.
// Source: OpenAPI Specification 3.1.0; JSON Schema 2020-12.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/json.hpp"
#include "punctual/http/controller_options.hpp"
#include "punctual/http/openapi_schemas.hpp"
#include "punctual/http/routes.hpp"
#include "punctual/http/target.hpp"
#include "punctual/version.hpp"

namespace punctual::http {

namespace detail {

/// Returns the schema of a type; see openapi_schemas.hpp.
[[nodiscard]] inline Json schema_of(std::string_view type) {
  if (type.back() == '?') {
    return {{"anyOf", {schema_of(type.substr(0, type.size() - 1)), {{"type", "null"}}}}};
  }
  if (type.front() == '[') {
    return {{"type", "array"}, {"items", schema_of(type.substr(1, type.size() - 2))}};
  }
  if (type.find('|') != std::string_view::npos) {
    return {{"type", "string"}, {"enum", words_of(type, '|')}};
  }
  if (type.front() >= 'A' && type.front() <= 'Z') {
    return {{"$ref", "#/components/schemas/" + std::string{type}}};
  }
  if (type == "any") return Json::object();
  if (type == "time") return {{"type", "string"}, {"format", "date-time"}};
  if (type == "uuid") return {{"type", "string"}, {"format", "uuid"}};
  return {{"type", type}};
}

[[nodiscard]] inline Json schema_of(const Schema& schema) {
  Json properties = Json::object();
  Json required = Json::array();
  Json base;
  for (const auto& field : schema.fields) {
    if (field.name == "...") {
      base = schema_of(field.type);
      continue;
    }
    const bool is_optional = field.name.back() == '?';
    const std::string name{field.name.substr(0, field.name.size() - (is_optional ? 1 : 0))};
    properties[name] = schema_of(field.type);
    if (!field.description.empty()) properties[name]["description"] = field.description;
    if (!is_optional) required.push_back(name);
  }
  Json made = {{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) made["required"] = std::move(required);
  if (!base.is_null()) return {{"allOf", {std::move(base), std::move(made)}}};
  return made;
}

[[nodiscard]] inline Json json_content(Json schema) {
  return {{"application/json", {{"schema", std::move(schema)}}}};
}

/// `{"success": true, "data": …}`, with `nextCursor` for lists in pages.
[[nodiscard]] inline Json envelope_of(std::string_view data, bool is_page) {
  Json schema = {{"type", "object"},
                 {"properties", {{"success", {{"const", true}}}, {"data", schema_of(data)}}},
                 {"required", {"success", "data"}}};
  if (is_page) {
    schema["properties"]["nextCursor"] = schema_of("string?");
    schema["required"].push_back("nextCursor");
  }
  return schema;
}

[[nodiscard]] inline Json parameters_of(const Route& route) {
  Json parameters = Json::array();
  for (const auto part : words_of(route.path, '/')) {
    if (part.front() != ':') continue;
    const std::string_view name = part.substr(1);
    parameters.push_back({{"name", name},
                          {"in", "path"},
                          {"required", true},
                          {"schema", schema_of(name == "id" ? "uuid" : "string")}});
  }
  for (const auto name : words_of(route.parameters)) {
    const bool is_required = name.back() == '!';
    const std::string_view plain = is_required ? name.substr(0, name.size() - 1) : name;
    for (const auto& doc : parameter_docs()) {
      if (doc.name != plain) continue;
      parameters.push_back({{"name", plain},
                            {"in", doc.in},
                            {"required", is_required},
                            {"description", doc.description},
                            {"schema", schema_of(doc.type)}});
    }
  }
  return parameters;
}

[[nodiscard]] inline Json responses_of(const Route& route) {
  Json responses = Json::object();
  for (const auto status : words_of(route.successes)) {
    Json& response = responses[std::string{status}];
    response["description"] =
        status == "202" ? "It goes on; Location says where to look" : std::string{route.summary};
    if (route.data.find('/') != std::string_view::npos) {  // a media type
      response["content"][std::string{route.data}] = Json::object();
    } else {
      response["content"] = json_content(envelope_of(route.data, route.data == "[Run]"));
    }
  }
  std::string refusals = "400 401 403 500 503 " + std::string{route.refusals};
  const bool has_name = route.path.find(':') != std::string_view::npos;
  refusals += has_name ? " 404" : "";
  refusals += route.method == "GET" ? "" : " 413 415";
  for (const auto status : words_of(refusals)) {
    responses[std::string{status}] = {{"$ref", "#/components/responses/Refused"}};
  }
  return responses;
}

/// "GET runs/:id" is "getRunsById".
[[nodiscard]] inline std::string operation_id_of(const Route& route) {
  std::string id = route.method == "GET" ? "get" : "post";
  bool is_start = true;
  for (const char c : route.path) {
    if (c == ':') id += "By";
    const bool is_upper = is_start || c == ':';
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (is_letter) id += is_upper && c >= 'a' ? static_cast<char>(c - 32) : c;
    is_start = !is_letter;
  }
  return id;
}

[[nodiscard]] inline Json operation_of(const Route& route) {
  Json operation = {{"operationId", operation_id_of(route)},
                    {"summary", route.summary},
                    {"responses", responses_of(route)}};
  const Json parameters = parameters_of(route);
  if (!parameters.empty()) operation["parameters"] = parameters;
  if (!route.body.empty()) {
    operation["requestBody"] = {{"content", json_content(schema_of(route.body))}};
    operation["description"] =
        "At most " + std::to_string(route.body_bytes_max / 1024) +
        " KiB; needs ADMIN_SETTINGS_WRITE. Who, why and the request's id are kept.";
  }
  return operation;
}

/// "runs/:id" is "/admin/jobs/runs/{id}".
[[nodiscard]] inline std::string path_of(const std::string& prefix, std::string_view path) {
  std::string made = prefix;
  for (const auto part : words_of(path, '/')) {
    const bool is_placeholder = part.front() == ':';
    made += is_placeholder ? "/{" : "/";
    made += part.substr(is_placeholder ? 1 : 0);
    made += is_placeholder ? "}" : "";
  }
  return made;
}

[[nodiscard]] inline Json alive_operation() {
  Json responses = Json::object();
  for (const char* const status : {"200", "503"}) {
    responses[status] = {{"description", "Whether the storage answers"},
                         {"content", json_content(schema_of("Alive"))}};
  }
  return {{"operationId", "getHealthz"},
          {"summary",
           "Whether the storage answers, for probes that cannot sign in; unless the host's own "
           "answers"},
          {"security", Json::array()},
          {"responses", std::move(responses)}};
}

}  // namespace detail

/// Returns the document; routes that a read-only facade does not have are not in it.
[[nodiscard]] inline Json openapi_document(const ControllerOptions& options) {
  Json paths = Json::object();
  for (const auto& route : routes) {
    if (options.read_only && route.action != Action::view) continue;
    const char* const method = route.method == "GET" ? "get" : "post";
    paths[detail::path_of(options.prefix, route.path)][method] = detail::operation_of(route);
  }
  paths["/healthz"]["get"] = detail::alive_operation();
  Json components = Json::object();
  for (const auto& schema : schemas()) {
    components["schemas"][std::string{schema.name}] = detail::schema_of(schema);
  }
  components["responses"]["Refused"] = {
      {"description", "It was refused; the code says why"},
      {"content", detail::json_content(detail::schema_of("Error"))}};
  components["securitySchemes"]["bearer"] = {{"type", "http"}, {"scheme", "bearer"}};
  return {{"openapi", "3.1.0"},
          {"info",
           {{"title", "punctual: jobs and their runs"},
            {"version", version},
            {"description",
             "Times are UTC, spans milliseconds. GET needs ADMIN_SETTINGS_READ; a session of the "
             "host's may stand in place of the token."}}},
          {"security", Json::array({{{"bearer", Json::array()}}})},
          {"paths", std::move(paths)},
          {"components", std::move(components)}};
}

}  // namespace punctual::http
