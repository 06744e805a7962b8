// SPDX-License-Identifier: MIT
//
// Request and Response: what the facade is asked and what it answers, of no server in particular.
//
// A server that hosts the facade fills in a Request, calls JobsController::handle, and sends the
// Response as it is: status, headers and body are final.
//
// Thread-safety: values.

#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace punctual::http {

struct Header {
  std::string name{};
  std::string value{};
};

using Headers = std::vector<Header>;

/// True if the texts differ at most in the case of ASCII letters. Source: RFC 9110, 5.1.
[[nodiscard]] inline bool is_same_name(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

struct Request {
  std::string method{};  ///< as sent, e.g. "GET"
  std::string path{};    ///< as sent: not decoded, without the query
  std::string query{};   ///< as sent: what follows the first '?'
  Headers headers{};     ///< as sent, in order
  std::string body{};
  std::string peer{};  ///< the client's address; only told to the authenticator

  /// Returns the values of a header, one for each time that it was sent.
  [[nodiscard]] std::vector<std::string_view> values_of(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const auto& header : headers) {
      if (is_same_name(header.name, name)) values.push_back(header.value);
    }
    return values;
  }

  /// Returns the value of a header; empty if it was not sent, or more than once.
  [[nodiscard]] std::string_view value_of(std::string_view name) const {
    const auto values = values_of(name);
    return values.size() == 1 ? values.front() : std::string_view{};
  }
};

/// Writes a piece of a body that has no end; returns false when the client is gone. An empty piece
/// only asks that.
using WritePiece = std::function<bool(std::string_view piece)>;

/// Writes what comes next of a body that has no end, after waiting for it a moment at most; returns
/// false when there is no more, or the client is gone.
using StreamStep = std::function<bool(const WritePiece& write)>;

struct Response {
  int status = 200;
  Headers headers{};
  std::string body{};
  /// If set, the body is what this writes: it is called until it returns false.
  StreamStep stream{};

  /// Sets a header, in place of one of that name.
  void set(std::string_view name, std::string value) {
    for (auto& header : headers) {
      if (!is_same_name(header.name, name)) continue;
      header.value = std::move(value);
      return;
    }
    headers.push_back({std::string{name}, std::move(value)});
  }

  /// Returns a header's value; empty if there is none.
  [[nodiscard]] std::string_view value_of(std::string_view name) const noexcept {
    for (const auto& header : headers) {
      if (is_same_name(header.name, name)) return header.value;
    }
    return {};
  }
};

}  // namespace punctual::http
