// SPDX-License-Identifier: MIT
//
// StopSignals: waiting for SIGINT or SIGTERM.

#pragma once

#include <signal.h>

namespace platform_service {

/// SIGINT and SIGTERM, held back from all threads, so that one of them can wait for either.
class StopSignals {
 public:
  /// To be made before the first thread, which inherits what is held back.
  StopSignals() {
    ::sigemptyset(&signals_);
    ::sigaddset(&signals_, SIGINT);
    ::sigaddset(&signals_, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }

  void wait() const {
    int signal = 0;
    ::sigwait(&signals_, &signal);
  }

 private:
  sigset_t signals_{};
};

}  // namespace platform_service
