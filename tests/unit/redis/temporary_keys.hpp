// SPDX-License-Identifier: MIT
//
// TemporaryKeys: a prefix of keys that no other test has, on the server whose socket
// PUNCTUAL_TEST_REDIS names; the keys are removed at the end. Its clock can be shifted.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "punctual/base/error.hpp"
#include "punctual/base/random.hpp"
#include "punctual/redis/connection.hpp"
#include "punctual/redis/options.hpp"
#include "punctual/redis/reply.hpp"

namespace punctual::redis::test {

/// Returns the path of the server's socket; throws if there is none.
[[nodiscard]] inline std::string server_socket() {
  const char* socket = std::getenv("PUNCTUAL_TEST_REDIS");
  if (socket != nullptr) return socket;
  throw Error{
      "STORAGE_UNAVAILABLE",
      "PUNCTUAL_TEST_REDIS names no server; run the tests through tests/support/with_redis"};
}

class TemporaryKeys {
 public:
  TemporaryKeys()
      : prefix_("{punctual-" + std::to_string(Random::from_entropy()() % 1'000'000'000) + "}:") {}

  ~TemporaryKeys() {
    try {
      detail::Connection connection{options()};
      const auto keys = connection.command({"KEYS", prefix_ + '*'});
      for (std::size_t i = 0; i < detail::Reply{keys}.size(); ++i) {
        connection.command({"UNLINK", detail::Reply{keys}[i].view()});
      }
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): they go with the server
    }
  }

  TemporaryKeys(const TemporaryKeys&) = delete;
  TemporaryKeys& operator=(const TemporaryKeys&) = delete;

  [[nodiscard]] Options options() const {
    Options options;
    options.unix_socket = server_socket();
    options.key_prefix = prefix_;
    options.clock_shift_ms = shift_ms_;
    return options;
  }

  [[nodiscard]] const std::string& prefix() const noexcept { return prefix_; }

  void shift_clock(Duration span) noexcept { shift_ms_->fetch_add(span.count()); }
  [[nodiscard]] Duration clock_shift() const noexcept { return Duration{shift_ms_->load()}; }

 private:
  std::string prefix_;
  std::shared_ptr<std::atomic<std::int64_t>> shift_ms_ =
      std::make_shared<std::atomic<std::int64_t>>(0);
};

}  // namespace punctual::redis::test
