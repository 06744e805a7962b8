// SPDX-License-Identifier: MIT
//
// ReconnectPause: how long nobody tries to connect after a try that failed.
//
// 20 ms at first, twice as long after each failure, one second at most; from each, up to a half is
// left out at random, so that the nodes of a server that comes back do not all come at once.
//
// Thread-safety: one thread at a time; Connections guards it.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "punctual/base/random.hpp"
#include "punctual/base/time.hpp"
#include "punctual/postgres/native_error.hpp"

namespace punctual::postgres::detail {

class ReconnectPause {
 public:
  explicit ReconnectPause(Random random) noexcept : random_(random) {}

  /// Errors: the last try's, while its pause lasts.
  void require_over(Duration steady) const {
    if (last_error_ && steady < over_at_) throw NativeError{*last_error_};
  }

  void failed(const NativeError& error, Duration steady) {
    pause_ = pause_ == Duration{0} ? pause_min : std::min(pause_ * 2, pause_max);
    const auto cut =
        static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(pause_.count() / 2 + 1));
    over_at_ = steady + pause_ - Duration{cut};
    last_error_ = error;
  }

  void succeeded() noexcept {
    pause_ = Duration{0};
    last_error_.reset();
  }

 private:
  static constexpr Duration pause_min = std::chrono::milliseconds{20};
  static constexpr Duration pause_max = std::chrono::seconds{1};

  Random random_;
  Duration pause_{0};
  Duration over_at_{0};
  std::optional<NativeError> last_error_{};
};

}  // namespace punctual::postgres::detail
