// SPDX-License-Identifier: MIT
//
// How long each request to the facade takes beside a history, through a socket, one at a time.
//
// Measured from the first byte that is sent to the last that comes back, on a connection that is
// there already.

#pragma once

#include <punctual/http/admin_server.hpp>
#include <punctual/http/bearer_tokens.hpp>
#include <punctual/punctual.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "../report.hpp"
#include "client.hpp"
#include "history.hpp"

namespace benchmarks {

/// Of the right form; it opens nothing else.
inline std::string bearer_token() {
  return punctual::http::to_hex(punctual::http::sha256("of the benchmark"), 32);
}

inline const punctual::http::Digest cursor_key = punctual::http::sha256("of the benchmark");

/// The facade of a scheduler, listening.
template <class SchedulerT>
class Served {
 public:
  explicit Served(SchedulerT& scheduler) : controller_(scheduler, authenticator(), options()) {
    server_.start();
  }

  [[nodiscard]] int port() const { return server_.port(); }

 private:
  static punctual::http::Authenticator authenticator() {
    punctual::http::BearerTokens tokens;
    tokens.add(bearer_token(), {.name = "ada", .permission = punctual::http::Permission::write});
    return tokens;
  }

  static punctual::http::ControllerOptions options() {
    punctual::http::ControllerOptions options;
    options.cursor_key = cursor_key;
    options.triggers_per_principal = {100'000, 1min};
    options.triggers_per_job = {100'000, 1min};
    return options;
  }

  punctual::http::JobsController controller_;
  punctual::http::AdminServer server_{controller_, {}};
};

/// Makes the i-th request of its kind, and returns the answer.
using Ask = std::function<Answer(Client&, std::size_t i)>;

class EndpointReport {
 public:
  EndpointReport(std::string storage, int port)
      : storage_(std::move(storage)),
        client_(port, bearer_token()) {}

  /// Makes the request many times, and prints how long that took.
  void measure(const std::string& name, const Ask& ask) {
    static constexpr std::size_t count_max = 200;
    static constexpr std::size_t count_min = 20;
    static constexpr double seconds_max = 5;
    std::vector<double> milliseconds;
    std::size_t refused = 0;
    const auto start = Stopwatch::now();
    for (std::size_t i = 0; i < count_max; ++i) {
      if (i >= count_min && seconds_since(start) > seconds_max) break;
      client_.connect();
      const auto asked_at = Stopwatch::now();
      const Answer answer = ask(client_, i);
      milliseconds.push_back(seconds_since(asked_at) * 1000);
      bytes_ = answer.body.size();
      if (answer.status >= 300 && ++refused == 1) std::cerr << answer.body << std::endl;
    }
    print(name, milliseconds, refused);
  }

  void get(const std::string& target, const std::string& prefix = "/admin/jobs/") {
    measure("GET " + target,
            [&](Client& client, std::size_t) { return client.get(prefix + target); });
  }

  [[nodiscard]] Client& client() noexcept { return client_; }
  [[nodiscard]] bool is_well() const noexcept { return is_well_; }

 private:
  static constexpr double p95_max = 50;

  void print(const std::string& name, const std::vector<double>& milliseconds,
             std::size_t refused) {
    nlohmann::ordered_json line;
    line["benchmark"] = "http.latency";
    line["storage"] = storage_;
    line["request"] = name;
    line["n"] = milliseconds.size();
    line["p50"] = quantile(milliseconds, 0.5);
    line["p95"] = quantile(milliseconds, 0.95);
    line["max"] = quantile(milliseconds, 1.0);
    line["unit"] = "ms";
    line["bytes"] = bytes_;
    line["refused"] = refused;
    line["target"] = "p95 < 50";
    const bool is_met = quantile(milliseconds, 0.95) < p95_max && refused == 0;
    line["result"] = is_met ? "ok" : "missed";
    std::cout << line.dump() << std::endl;
    is_well_ = is_well_ && is_met;
  }

  std::string storage_;
  Client client_;
  std::size_t bytes_ = 0;
  bool is_well_ = true;
};

}  // namespace benchmarks
