// SPDX-License-Identifier: MIT
//
// mount: the facade in a server of cpp-httplib that the host has already.
//
// The server reads the requests there, with its own limits on lines, time and connections; the
// facade's limits on headers and bodies are applied to what it has read. A body that is too long is
// read to its end and dropped, so that its rest is not taken for the next request: how much that
// may be is the server's `set_payload_max_length`. Where the server reads no body (GET, OPTIONS),
// one that is announced ends the connection; after a HEAD, it cannot be ended from here.
//
// Thread-safety: `mount` before the server listens; what is mounted, from the server's threads.
// Lifetime: the controller is borrowed and must outlive the server.

#pragma once

#include <httplib.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "punctual/http/answers.hpp"
#include "punctual/http/api_error.hpp"
#include "punctual/http/jobs_controller.hpp"
#include "punctual/http/message.hpp"
#include "punctual/http/request_reader.hpp"

namespace punctual::http {

namespace detail {

/// Returns a request as the server has read it. Its target is taken as it was sent: the path that
/// the server decoded has lost what was encoded in it.
[[nodiscard]] inline Request request_of(const httplib::Request& read) {
  Request request;
  request.method = read.method;
  const std::size_t mark = std::min(read.target.find('?'), read.target.size());
  request.path = read.target.substr(0, mark);
  request.query = read.target.substr(std::min(read.target.size(), mark + 1));
  for (const auto& [name, value] : read.headers) {
    // Added by the server; somebody who sends them gains nothing.
    if (name == "REMOTE_ADDR" || name == "REMOTE_PORT" || name == "LOCAL_ADDR" ||
        name == "LOCAL_PORT") {
      continue;
    }
    request.headers.push_back({name, value});
  }
  request.peer = read.remote_addr;
  return request;
}

/// Returns why the head of a request is refused that the server let pass; nullopt: it is not.
[[nodiscard]] inline std::optional<ApiError> refusal_of(const Request& request,
                                                        const RequestLimits& limits) {
  std::size_t bytes = request.path.size() + request.query.size();
  for (const auto& header : request.headers) bytes += header.name.size() + header.value.size();
  if (request.headers.size() > limits.headers_max || bytes > limits.head_bytes_max) {
    return ApiError{431, "HEADERS_TOO_LARGE", "a request has too many or too long headers"};
  }
  const std::size_t lengths = request.values_of("Content-Length").size();
  if (lengths > 1 || (lengths == 1 && !request.values_of("Transfer-Encoding").empty()) ||
      request.values_of("Host").size() > 1) {
    return bad_request("MALFORMED_REQUEST", "a request has one Host, and its body one length");
  }
  const bool has_body = request.value_of("Content-Length") != "0" &&
                        (lengths > 0 || !request.values_of("Transfer-Encoding").empty());
  const bool is_read =
      request.method != "GET" && request.method != "HEAD" && request.method != "OPTIONS";
  if (has_body && !is_read) return bad_request("UNEXPECTED_BODY", "no body is expected here");
  return std::nullopt;
}

/// Hands status and headers to the server; returns the content's type, which goes with the content.
[[nodiscard]] inline std::string put_head(Response& response, httplib::Response& answer) {
  std::string type;
  for (auto& header : response.headers) {
    if (is_same_name(header.name, "Content-Type")) {
      type = std::move(header.value);
    } else {
      answer.set_header(header.name.c_str(), header.value);
    }
  }
  answer.status = response.status;
  return type;
}

/// Hands a response to the server.
inline void put_answer(Response response, httplib::Response& answer) {
  const std::string type = put_head(response, answer);
  if (!response.stream) return answer.set_content(response.body, type.c_str());
  answer.set_chunked_content_provider(
      type.c_str(), [step = std::move(response.stream)](std::size_t, httplib::DataSink& sink) {
        try {
          const bool goes_on = step([&](std::string_view piece) {
            return piece.empty() ? sink.is_writable() : sink.write(piece.data(), piece.size());
          });
          if (!goes_on) sink.done();
          return true;
        } catch (...) {  // the server's threads catch nothing
          return false;
        }
      });
}

/// Hands a refusal to the server that is the last word on its connection: what follows may be the
/// rest of the request, or another.
inline void put_last_answer(Response response, httplib::Response& answer) {
  response.set("Connection", "close");
  const std::string type = put_head(response, answer);
  // A provider that fails ends the connection; this one does after its last byte.
  answer.set_content_provider(
      response.body.size(), type.c_str(),
      [body = response.body](std::size_t at, std::size_t, httplib::DataSink& sink) {
        (void)sink.write(body.data() + at, body.size() - at);
        return false;
      });
}

/// Returns the prefix as a pattern of the server's that fits it and all below it.
[[nodiscard]] inline std::string pattern_of(const std::string& prefix) {
  std::string pattern;
  for (const char c : prefix) {
    if (c == '.') pattern += '\\';
    pattern += c;
  }
  return pattern + "(/.*)?";
}

}  // namespace detail

struct MountOptions {
  std::size_t streams_max = CPPHTTPLIB_THREAD_POOL_COUNT / 2;
  RequestLimits request{};
};

/// Has `server` answer what lies below the controller's prefix. `/healthz` stays the server's own.
///
/// A stream of events takes one of the server's threads for as long as somebody listens, so there
/// are at most `options.streams_max` of them: half of those that the server has by default.
inline void mount(httplib::Server& server, JobsController& controller,
                  const MountOptions& options = {}) {
  controller.limit_streams(options.streams_max);
  const RequestLimits limits = options.request;
  const auto answer = [&controller, limits](const Request& request, bool is_too_long,
                                            httplib::Response& response) {
    auto refusal = detail::refusal_of(request, limits);
    if (!refusal && is_too_long) {
      refusal = ApiError{413, "BODY_TOO_LARGE",
                         "a body is at most " + std::to_string(limits.body_bytes_max) + " bytes"};
    }
    if (!refusal) return detail::put_answer(controller.handle(request), response);
    Response refused = error_answer(*refusal, "");
    set_safety_headers(refused);
    if (is_too_long) return detail::put_answer(std::move(refused), response);
    detail::put_last_answer(std::move(refused), response);
  };
  const auto without_body = [answer](const httplib::Request& read, httplib::Response& response) {
    answer(detail::request_of(read), false, response);
  };
  const auto with_body = [answer, limits](const httplib::Request& read, httplib::Response& response,
                                          const httplib::ContentReader& read_body) {
    Request request = detail::request_of(read);
    bool is_too_long = false;
    const bool is_whole = read_body([&](const char* bytes, std::size_t count) {
      is_too_long = is_too_long || count > limits.body_bytes_max - request.body.size();
      if (!is_too_long) request.body.append(bytes, count);
      return true;
    });
    if (!is_whole) return;  // the server has said why
    answer(request, is_too_long, response);
  };
  const std::string pattern = detail::pattern_of(controller.options().prefix);
  server.Get(pattern, without_body);
  server.Options(pattern, without_body);
  server.Post(pattern, with_body);
  server.Put(pattern, with_body);
  server.Patch(pattern, with_body);
  server.Delete(pattern, with_body);
}

}  // namespace punctual::http
