// SPDX-License-Identifier: MIT
//
// ConnectionLoop: one connection, from its first request to its end.
//
// Time limits count from when something begins, not from the last byte, so a client that sends a
// byte now and then gains nothing by it.
//
// Thread-safety: distinct objects; the controller is shared.

#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "punctual/base/time.hpp"
#include "punctual/builtin/system_clock.hpp"
#include "punctual/http/answers.hpp"
#include "punctual/http/api_error.hpp"
#include "punctual/http/jobs_controller.hpp"
#include "punctual/http/message.hpp"
#include "punctual/http/request_reader.hpp"
#include "punctual/http/response_text.hpp"
#include "punctual/http/transport.hpp"

namespace punctual::http {

/// How much time and how many requests a connection has.
struct ConnectionLimits {
  Duration head_timeout =
      std::chrono::seconds{5};  ///< from a request's first byte to its head's end
  Duration idle_timeout = std::chrono::seconds{15};  ///< until the next request begins
  Duration write_timeout =
      std::chrono::seconds{30};      ///< until a response, or a stream's piece, is sent
  std::size_t body_rate_min = 1024;  ///< bytes a second, after `head_timeout` for the body too
  std::size_t requests_max = 100;
  RequestLimits request{};
};

namespace detail {

template <class TransportT>
class ConnectionLoop {
 public:
  ConnectionLoop(TransportT& transport, JobsController& controller, const ConnectionLimits& limits,
                 std::string peer)
      : transport_(transport),
        controller_(controller),
        limits_(limits),
        peer_(std::move(peer)) {}

  void run() {
    if (!transport_.open(clock_.steady_now() + limits_.head_timeout)) return;
    for (std::size_t count = 1; count <= limits_.requests_max; ++count) {
      if (!answer_one(count == limits_.requests_max)) break;
    }
    transport_.close();
  }

 private:
  /// Reads and answers a request; returns whether another may follow.
  bool answer_one(bool is_last) {
    RequestReader reader{limits_.request};
    if (!read(reader)) return false;
    if (reader.state() == RequestReader::State::refused) return send_refusal(reader.error());
    Request& request = reader.request();
    request.peer = peer_;
    const bool is_head = request.method == "HEAD";
    Response response = controller_.handle(request);
    add_transport_headers(response);
    const bool keeps_alive = reader.keeps_alive() && !is_last && !response.stream;
    if (!send(response_text(response, is_head, keeps_alive))) return false;
    if (response.stream && !is_head) {
      const WritePiece write = [this](std::string_view piece) {
        return piece.empty() ? transport_.is_there() : send(piece);
      };
      while (response.stream(write)) {
      }
    }
    return keeps_alive;
  }

  /// Returns false if the connection is to be closed without a word.
  bool read(RequestReader& reader) {
    Duration deadline = clock_.steady_now() + limits_.idle_timeout;
    bool has_begun = false;
    bool has_body = false;
    while (reader.state() == RequestReader::State::head ||
           reader.state() == RequestReader::State::body) {
      if (!rest_.empty()) {
        const std::size_t used = reader.feed(rest_);
        rest_.erase(0, used);
      } else {
        std::array<char, 4096> bytes;
        const Transferred got = transport_.read(bytes.data(), bytes.size(), deadline);
        if (got.waited == Waited::too_late && has_begun) {
          send_refusal(ApiError{408, "REQUEST_TIMEOUT", "the request took too long to come"});
        }
        if (got.waited != Waited::ready) return false;
        rest_.assign(bytes.data(), got.count);
        continue;
      }
      if (!has_begun && reader.has_begun()) {
        has_begun = true;
        deadline = clock_.steady_now() + limits_.head_timeout;
      }
      if (!has_body && reader.state() == RequestReader::State::body) {
        has_body = true;
        const auto seconds = reader.body_size() / limits_.body_rate_min;
        deadline = clock_.steady_now() + limits_.head_timeout +
                   std::chrono::seconds{static_cast<std::int64_t>(seconds)};
      }
    }
    return true;
  }

  /// Answers what is no request; the connection ends with it.
  bool send_refusal(const ApiError& error) {
    Response response = error_answer(error, "");
    set_safety_headers(response);
    add_transport_headers(response);
    (void)send(response_text(response, false, false));
    return false;
  }

  /// Browsers are told to insist on TLS where it ends here.
  static void add_transport_headers(Response& response) {
    if (TransportT::is_secure) response.set("Strict-Transport-Security", "max-age=31536000");
  }

  bool send(std::string_view bytes) {
    const Duration deadline = clock_.steady_now() + limits_.write_timeout;
    while (!bytes.empty()) {
      const Transferred sent = transport_.write(bytes, deadline);
      if (sent.waited != Waited::ready) return false;
      bytes.remove_prefix(sent.count);
    }
    return true;
  }

  TransportT& transport_;
  JobsController& controller_;
  const ConnectionLimits& limits_;
  const std::string peer_;
  const SystemClock clock_{};
  std::string rest_{};  // read, and not yet part of a request
};

}  // namespace detail

}  // namespace punctual::http
