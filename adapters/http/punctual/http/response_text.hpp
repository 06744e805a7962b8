// SPDX-License-Identifier: MIT
//
// Responses as the bytes that are sent.
//
// Thread-safety: pure functions.
// Source: RFC 9112, 4 and 6.

#pragma once

#include <string>
#include <string_view>

#include "punctual/http/message.hpp"

namespace punctual::http {

[[nodiscard]] inline std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

/// Returns the head and body of a response. A HEAD has no body, and no word of its length; a stream
/// has no length: it ends with the connection.
///
/// Header values hold no line's end: what the facade sets is its own, or has been checked.
[[nodiscard]] inline std::string response_text(const Response& response, bool is_head,
                                               bool keeps_alive) {
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + " ";
  text += reason_phrase(response.status);
  text += "\r\n";
  for (const auto& header : response.headers) {
    text += header.name + ": " + header.value + "\r\n";
  }
  if (!response.stream && !is_head) {
    text += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  }
  if (!keeps_alive) text += "Connection: close\r\n";
  text += "\r\n";
  if (!is_head && !response.stream) text += response.body;
  return text;
}

}  // namespace punctual::http
