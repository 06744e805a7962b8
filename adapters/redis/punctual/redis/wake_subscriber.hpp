// SPDX-License-Identifier: MIT
//
// WakeSubscriber: hears when something is stored that a scheduler may have to do, sooner than it
// would look by itself.
//
// It is a hint: a message may be lost with its connection, so polling goes on beside it. Scripts
// publish on the channel `<key_prefix>wake`, with an empty message.
//
// Thread-safety: one thread at a time.

#pragma once

#include <optional>
#include <string>
#include <utility>

#include "punctual/base/time.hpp"
#include "punctual/redis/connection.hpp"
#include "punctual/redis/native_error.hpp"
#include "punctual/redis/options.hpp"

namespace punctual::redis {

class WakeSubscriber {
 public:
  /// Errors: INVALID_CONFIG -> an option. It connects when it waits first.
  explicit WakeSubscriber(Options options) : options_(std::move(options)) {
    require_valid(options_);
  }

  /// Returns true once something was stored since the last time, false if nothing was for
  /// `timeout`. True, too, whenever it has just connected: something may have been missed.
  ///
  /// Requires: `timeout` of at most a day.
  /// Errors: STORAGE_UNAVAILABLE -> no connection, or it broke; the next call connects again.
  /// Blocks: `timeout`, or while it connects.
  [[nodiscard]] bool wait(Duration timeout) {
    try {
      return wait_connected(timeout);
    } catch (const detail::NativeError& error) {
      connection_.reset();
      if (!error.in_doubt()) throw;
      throw detail::make_lost_error(false, false);  // listening changes nothing
    }
  }

 private:
  bool wait_connected(Duration timeout) {
    if (!connection_) {
      connection_.emplace(options_);
      connection_->command({"SUBSCRIBE", options_.key_prefix + "wake"});
      return true;
    }
    if (!connection_->wait_readable(timeout)) return false;
    do {  // one look at the storage answers all that came
      connection_->receive();
    } while (connection_->wait_readable(Duration{0}));
    return true;
  }

  Options options_;
  std::optional<detail::Connection> connection_{};
};

}  // namespace punctual::redis
