// SPDX-License-Identifier: MIT
//
// RequestReader: reads one HTTP/1.1 request from the bytes of a connection, strictly.
//
// Whatever two readers of the same bytes might take for different requests is refused, and the
// connection is to be closed then: a line that ends without CR, a folded header, a blank before a
// colon, two lengths, a length beside a transfer coding. Everything is bounded before it is kept.
// It does no I/O: who has a socket feeds it what came.
//
// Thread-safety: distinct objects.
// Source: RFC 9112, 2.2, 3, 5 and 6; RFC 9110, 5.5 and 10.1.1.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "punctual/http/api_error.hpp"
#include "punctual/http/message.hpp"
#include "punctual/http/target.hpp"

namespace punctual::http {

struct RequestLimits {
  std::size_t head_bytes_max = std::size_t{16} * 1024;
  std::size_t headers_max = 64;
  std::size_t body_bytes_max = std::size_t{64} * 1024;
};

class RequestReader {
 public:
  explicit RequestReader(RequestLimits limits = {}) : limits_(limits) {}

  enum class State : std::uint8_t { head, body, complete, refused };

  /// Takes bytes; returns how many belong to this request. The rest is the beginning of the next.
  std::size_t feed(std::string_view bytes) {
    std::size_t used = 0;
    try {
      while (state_ == State::head && used < bytes.size()) {
        take_head(bytes[used++]);
      }
      if (state_ == State::body) used += take_body(bytes.substr(used));
    } catch (const ApiError& error) {
      state_ = State::refused;
      error_ = error;
    }
    return used;
  }

  [[nodiscard]] State state() const noexcept { return state_; }

  /// True if bytes of a request have come, and it is neither complete nor refused.
  [[nodiscard]] bool has_begun() const noexcept {
    return state_ == State::body || (state_ == State::head && !head_.empty());
  }

  /// How long the body is that the head announced.
  [[nodiscard]] std::size_t body_size() const noexcept { return body_size_; }

  /// Why it is refused. Requires: it is.
  [[nodiscard]] const ApiError& error() const { return *error_; }

  /// The request. Requires: it is complete.
  [[nodiscard]] Request& request() noexcept { return request_; }

  /// True if the client may send another request on this connection.
  [[nodiscard]] bool keeps_alive() const noexcept {
    return state_ == State::complete && keeps_alive_;
  }

 private:
  [[nodiscard]] static ApiError malformed(const char* expected) {
    return bad_request("MALFORMED_REQUEST", expected);
  }

  void take_head(char c) {
    if (c == '\0') throw malformed("a request's head has no zero byte");
    if (c == '\n' && (head_.empty() || head_.back() != '\r')) {
      throw malformed("lines of a request's head end with CR LF");
    }
    if (c != '\n' && !head_.empty() && head_.back() == '\r') {
      throw malformed("a CR is followed by LF");
    }
    if (head_.size() >= limits_.head_bytes_max) {
      throw ApiError{431, "HEADERS_TOO_LARGE", "a request's head is too long"};
    }
    head_ += c;
    if (c != '\n') return;
    const std::string_view line{head_.data() + line_begin_, head_.size() - line_begin_ - 2};
    line_begin_ = head_.size();
    if (request_.method.empty()) {
      read_request_line(line);
    } else if (!line.empty()) {
      read_header(line);
    } else {
      end_head();
    }
  }

  std::size_t take_body(std::string_view bytes) {
    const std::size_t count = std::min(bytes.size(), body_size_ - request_.body.size());
    request_.body += bytes.substr(0, count);
    if (request_.body.size() == body_size_) state_ = State::complete;
    return count;
  }

  [[nodiscard]] static bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
             std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
    });
  }

  void read_request_line(std::string_view line) {
    static constexpr std::size_t method_bytes_max = 16;
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) {
      throw malformed("a request line is METHOD TARGET HTTP/1.1");
    }
    const std::string_view method = line.substr(0, first);
    const std::string_view target = line.substr(first + 1, last - first - 1);
    const std::string_view version = line.substr(last + 1);
    if (!is_token(method) || method.size() > method_bytes_max) {
      throw malformed("a method is a word of at most 16 characters");
    }
    if (version != "HTTP/1.1" && version != "HTTP/1.0") {
      if (version.substr(0, 5) != "HTTP/") throw malformed("a request line ends with HTTP/1.1");
      throw ApiError{505, "VERSION_NOT_SUPPORTED", "the versions here are HTTP/1.1 and HTTP/1.0"};
    }
    if (target.size() > target_bytes_max) {
      throw uri_too_long();
    }
    const bool is_visible = std::all_of(target.begin(), target.end(),
                                        [](char c) { return c > ' ' && c <= '~' && c != '#'; });
    if (target.empty() || target.front() != '/' || !is_visible) {
      throw malformed("a target is a path, and perhaps a query, of visible ASCII characters");
    }
    const std::size_t mark = std::min(target.find('?'), target.size());
    request_.path = std::string{target.substr(0, mark)};
    request_.query = std::string{target.substr(std::min(target.size(), mark + 1))};
    is_1_1_ = version == "HTTP/1.1";
    request_.method = std::string{method};
  }

  void read_header(std::string_view line) {
    if (line.front() == ' ' || line.front() == '\t') throw malformed("headers are not folded");
    if (request_.headers.size() >= limits_.headers_max) {
      throw ApiError{431, "HEADERS_TOO_LARGE", "a request has too many headers"};
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
      throw malformed("a header is NAME: VALUE");
    }
    std::string_view value = line.substr(colon + 1);
    const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!value.empty() && is_blank(value.front())) value.remove_prefix(1);
    while (!value.empty() && is_blank(value.back())) value.remove_suffix(1);
    const bool is_clean = std::all_of(value.begin(), value.end(), [](char c) {
      return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != '\x7f');
    });
    if (!is_clean) throw malformed("a header's value has no control characters");
    request_.headers.push_back({std::string{line.substr(0, colon)}, std::string{value}});
  }

  void end_head() {
    const std::size_t host_count = request_.values_of("Host").size();
    if (host_count > 1 || (is_1_1_ && host_count == 0)) throw malformed("a request names one Host");
    const auto lengths = request_.values_of("Content-Length");
    if (!request_.values_of("Transfer-Encoding").empty()) {
      if (!lengths.empty() || !is_1_1_) {
        throw malformed("a body has a length or a transfer coding, not both");
      }
      throw ApiError{411, "LENGTH_REQUIRED", "send a body with its Content-Length"};
    }
    if (!request_.values_of("Expect").empty()) {
      throw ApiError{417, "EXPECTATION_FAILED", "send the body without waiting for a word"};
    }
    if (lengths.size() > 1) throw malformed("a body has one length");
    body_size_ = lengths.empty() ? 0 : length_of(lengths.front());
    keeps_alive_ = is_1_1_;
    for (const auto value : request_.values_of("Connection")) {
      if (is_same_name(value, "close")) keeps_alive_ = false;
    }
    head_.clear();
    head_.shrink_to_fit();
    state_ = body_size_ == 0 ? State::complete : State::body;
  }

  [[nodiscard]] std::size_t length_of(std::string_view text) const {
    static constexpr std::size_t digits_max = 18;
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) {
      throw malformed("a Content-Length is a number");
    }
    std::size_t length = 0;
    for (const char c : text.substr(0, digits_max)) {
      length = length * 10 + static_cast<std::size_t>(c - '0');
    }
    if (text.size() > digits_max || length > limits_.body_bytes_max) {
      throw ApiError{413, "BODY_TOO_LARGE",
                     "a body is at most " + std::to_string(limits_.body_bytes_max) + " bytes"};
    }
    return length;
  }

  RequestLimits limits_;
  State state_ = State::head;
  std::string head_{};
  std::size_t line_begin_ = 0;
  bool is_1_1_ = true;
  bool keeps_alive_ = false;
  std::size_t body_size_ = 0;
  Request request_{};
  std::optional<ApiError> error_{};
};

}  // namespace punctual::http
