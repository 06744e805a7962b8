// SPDX-License-Identifier: MIT
//
// RequestGuard: ends a request when the time of its check is up, or when a stop is requested.
//
// The client's own timeouts begin anew with every byte, so a server that sends its answer a byte at
// a time would never meet them. The guard's thread shuts the connection down instead, which the
// client takes for a broken one.
//
// Thread-safety: to be made and destroyed by the thread that makes the request.

#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "punctual/base/time.hpp"
#include "punctual/base/wake_signal.hpp"
#include "punctual/builtin/system_clock.hpp"
#include "punctual/self_check/check_context.hpp"

namespace punctual::http {

template <class Client>
class RequestGuard {
 public:
  /// Requires: `client` and `context` outlive the guard.
  RequestGuard(Client& client, const CheckContext& context)
      : client_(client),
        context_(context),
        thread_([this] { watch(); }) {}

  RequestGuard(const RequestGuard&) = delete;
  RequestGuard& operator=(const RequestGuard&) = delete;

  /// True if the request was ended here; what came of it is not the server's word then.
  [[nodiscard]] bool has_intervened() const noexcept { return has_intervened_; }

  ~RequestGuard() {
    done_ = true;
    signal_.raise();
    thread_.join();
  }

 private:
  void watch() {
    const SystemClock clock;
    while (!done_) {
      // Goes on after the first time: the client may be about to try the host's next address.
      const Duration left = context_.time_left();
      if (left == Duration{0} || context_.stop_requested()) {
        has_intervened_ = true;
        client_.stop();
      }
      const Duration slice = left == Duration{0} ? slice_max : std::min(left, slice_max);
      clock.wait_until(clock.now() + slice, signal_);
    }
  }

  /// How long a stop request may go unseen.
  static constexpr Duration slice_max{50};

  Client& client_;
  const CheckContext& context_;
  std::atomic<bool> done_{false};
  std::atomic<bool> has_intervened_{false};
  WakeSignal signal_;
  std::thread thread_;  // last, so that it finds the others made
};

}  // namespace punctual::http
