// SPDX-License-Identifier: MIT
//
// Answers: the envelopes and headers that every answer of the facade has.
//
// Thread-safety: pure functions.

#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "punctual/base/json.hpp"
#include "punctual/http/api_error.hpp"
#include "punctual/http/message.hpp"

namespace punctual::http {

inline constexpr const char* json_type = "application/json; charset=utf-8";

/// What the page may load and where it may be shown: its own files, and nowhere.
inline constexpr const char* content_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'";

/// Returns JSON as it is sent: what is no UTF-8 is replaced.
[[nodiscard]] inline std::string dump_body(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

[[nodiscard]] inline Response json_answer(int status, const Json& body) {
  Response response;
  response.status = status;
  response.set("Content-Type", json_type);
  response.body = dump_body(body);
  return response;
}

/// `{"success": true, "data": …}`
[[nodiscard]] inline Response data_answer(Json data, int status = 200) {
  Json body = Json::object();
  body["success"] = true;
  body["data"] = std::move(data);
  return json_answer(status, body);
}

/// `{"success": false, "error": {"code", "message", …more}, "requestId"}`
[[nodiscard]] inline Response error_answer(const ApiError& error, const std::string& request_id,
                                           const Json& more = Json::object()) {
  Json body = Json::object();
  body["success"] = false;
  body["error"] = {{"code", error.code()}, {"message", error.what()}};
  body["error"].update(more);
  body["requestId"] = request_id;
  Response response = json_answer(error.status(), body);
  for (const auto& header : error.headers()) response.set(header.name, header.value);
  return response;
}

/// Sets the headers that keep what is sent from being cached, framed, guessed at, or told on.
inline void set_safety_headers(Response& response) {
  response.set("X-Content-Type-Options", "nosniff");
  response.set("Cache-Control", "no-store");
  response.set("Referrer-Policy", "no-referrer");
  response.set("Content-Security-Policy", content_security_policy);
  response.set("Cross-Origin-Opener-Policy", "same-origin");
  response.set("Cross-Origin-Resource-Policy", "same-origin");
  response.set("Permissions-Policy",
               "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
}

}  // namespace punctual::http
