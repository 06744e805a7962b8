// SPDX-License-Identifier: MIT
//
// BrokenPipeGuard: lets a write to a connection that the other side has closed fail, instead of
// ending this process.
//
// Such a write raises SIGPIPE in the thread that writes, and its default action is to end the
// process. A library cannot ignore the signal for its host, but it can block it in its own thread,
// and take away the one that its own write has raised.
//
// Thread-safety: one guard for one thread; nests.
// Source: POSIX.1-2017, XSH 2.4.1: SIGPIPE is directed at the thread that wrote.

#pragma once

#if !defined(_WIN32)
#include <signal.h>
#endif

namespace punctual::http {

#if !defined(_WIN32)

class BrokenPipeGuard {
 public:
  BrokenPipeGuard() {
    ::sigemptyset(&pipe_);
    ::sigaddset(&pipe_, SIGPIPE);
    was_pending_ = is_pending();
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }

  BrokenPipeGuard(const BrokenPipeGuard&) = delete;
  BrokenPipeGuard& operator=(const BrokenPipeGuard&) = delete;

  ~BrokenPipeGuard() {
    // One that was there before belongs to somebody else, and merges with ours.
    if (!was_pending_ && is_pending()) {
      int number = 0;
      ::sigwait(&pipe_, &number);  // returns at once: it is pending
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  static bool is_pending() {
    sigset_t pending;
    ::sigemptyset(&pending);
    ::sigpending(&pending);
    return ::sigismember(&pending, SIGPIPE) == 1;
  }

  sigset_t pipe_{};
  sigset_t before_{};
  bool was_pending_ = false;
};

#else

/// Windows has no such signal.
class BrokenPipeGuard {};

#endif

}  // namespace punctual::http
