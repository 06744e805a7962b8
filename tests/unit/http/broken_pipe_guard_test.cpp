// SPDX-License-Identifier: MIT

#include "punctual/http/broken_pipe_guard.hpp"

#include "support/catch.hpp"

#if !defined(_WIN32)

#include <signal.h>
#include <unistd.h>

#include <cerrno>

namespace broken_pipe_guard_test {

using punctual::http::BrokenPipeGuard;

namespace {

/// Writes to a pipe that nobody reads, which raises SIGPIPE; returns the error.
int write_to_nobody() {
  int ends[2] = {-1, -1};
  REQUIRE(::pipe(ends) == 0);
  ::close(ends[0]);
  const auto written = ::write(ends[1], "x", 1);
  const int error_number = errno;
  ::close(ends[1]);
  return written < 0 ? error_number : 0;
}

bool is_blocked() {
  sigset_t mask;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  return ::sigismember(&mask, SIGPIPE) == 1;
}

bool is_pending() {
  sigset_t pending;
  ::sigpending(&pending);
  return ::sigismember(&pending, SIGPIPE) == 1;
}

/// Lets SIGPIPE do what it does by default, whatever another test has set, and puts that back.
class DefaultAction {
 public:
  DefaultAction() : before_(::signal(SIGPIPE, SIG_DFL)) {}
  DefaultAction(const DefaultAction&) = delete;
  DefaultAction& operator=(const DefaultAction&) = delete;
  ~DefaultAction() { ::signal(SIGPIPE, before_); }

 private:
  void (*before_)(int);
};

}  // namespace

TEST_CASE("BrokenPipeGuard lets a write fail that would have ended the process") {
  const DefaultAction action;
  {
    const BrokenPipeGuard guard;
    CHECK(write_to_nobody() == EPIPE);
    CHECK(write_to_nobody() == EPIPE);
  }
  CHECK_FALSE(is_pending());
  CHECK_FALSE(is_blocked());
}

TEST_CASE("BrokenPipeGuard nests") {
  const DefaultAction action;
  const BrokenPipeGuard outer;
  {
    const BrokenPipeGuard inner;
    CHECK(write_to_nobody() == EPIPE);
  }
  CHECK(is_blocked());
  CHECK_FALSE(is_pending());
}

TEST_CASE("BrokenPipeGuard leaves a signal that was pending before") {
  const DefaultAction action;
  sigset_t pipe;
  ::sigemptyset(&pipe);
  ::sigaddset(&pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  ::raise(SIGPIPE);
  {
    const BrokenPipeGuard guard;
    CHECK(write_to_nobody() == EPIPE);
  }
  CHECK(is_pending());
  int number = 0;
  ::sigwait(&pipe, &number);
  ::pthread_sigmask(SIG_UNBLOCK, &pipe, nullptr);
}

}  // namespace broken_pipe_guard_test

#endif
