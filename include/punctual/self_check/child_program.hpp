// SPDX-License-Identifier: MIT
//
// What a child process does between its birth and the program it becomes.
//
// Here the child may still share its memory with this process, whose other threads may hold any
// lock, the allocator's among them. So there is nothing in this file but system calls on values
// that were prepared before: no allocation, no locks, no exceptions, no destructors.
//
// Thread-safety: only to be called in a child. POSIX only.
// Source: POSIX.1-2017, XSH 2.4.3 (async-signal-safe functions); Linux man-pages, vfork(2).

#pragma once

#include "punctual/self_check/process_options.hpp"

#if PUNCTUAL_HAS_PROCESSES

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#include <cerrno>
#include <cstdint>
#include <optional>

namespace punctual::detail {

/// Where the way to the program ended; sent to the parent.
struct StartFailure {
  const char* step = "";  ///< a literal, at the same address in both processes
  int error_number = 0;
};

/// Everything the child needs, prepared by the parent. Descriptors are numbered from 4 up.
struct ChildPlan {
  const char* program = nullptr;
  char* const* argv = nullptr;
  char* const* environment = nullptr;
  const char* directory = nullptr;
  int input = -1;
  int output = -1;
  int failures = -1;  ///< a StartFailure is written here; closed by the program's start
  ProcessLimits limits{};
  pid_t parent = 0;
};

/// The number under which the child keeps `failures` while it closes all others.
inline constexpr int failures_number = 3;

[[noreturn]] inline void give_up(const char* step) noexcept {
  const StartFailure failure{step, errno};
  const auto written = ::write(failures_number, &failure, sizeof failure);
  ::_exit(written == sizeof failure ? 127 : 126);
}

/// Handlers of this process must not run in the child, and a program expects to be able to die.
inline void reset_signals() noexcept {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) {
    ::sigaction(number, &action, nullptr);  // refused for SIGKILL and SIGSTOP
  }
}

/// Closes every number up to the limit of open files, or to a million.
inline void close_one_by_one(int lowest) noexcept {
  ::rlimit limit{};
  int end = 1'048'576;
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 1'048'576) {
    end = static_cast<int>(limit.rlim_cur);
  }
  for (int number = lowest; number < end; ++number) ::close(number);
}

inline void close_from(int lowest) noexcept {
#if defined(__linux__) && defined(SYS_close_range)
  if (::syscall(SYS_close_range, static_cast<unsigned>(lowest), ~0U, 0U) == 0) return;
#endif
  close_one_by_one(lowest);  // a kernel or a container that does not know the call
}

/// Lowers a limit to `value`; where it is lower already, it stays.
template <class Resource>
void set_limit(Resource which, std::optional<std::uint64_t> value, const char* step) noexcept {
  if (!value) return;
  ::rlimit limit{};
  if (::getrlimit(which, &limit) != 0) give_up(step);
  if (*value < limit.rlim_max) limit.rlim_max = static_cast<rlim_t>(*value);
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(which, &limit) != 0) give_up(step);
}

/// Becomes the program, or reports why not and ends.
[[noreturn]] inline void become_program(const ChildPlan& plan) noexcept {
  reset_signals();
  if (::dup2(plan.failures, failures_number) < 0) ::_exit(127);
  ::fcntl(failures_number, F_SETFD, FD_CLOEXEC);
  ::setsid();  // a session and a group of its own, so that all of it can be signalled at once
#if defined(__linux__)
  // Death with the parent: a host that is killed leaves no scripts behind. Asked for before looking
  // whether the parent is still there, so that no moment is left in which it could die unnoticed.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (::getppid() != plan.parent) ::_exit(127);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) give_up("no-new-privileges could not be set");
#endif
  if (::dup2(plan.input, STDIN_FILENO) < 0 || ::dup2(plan.output, STDOUT_FILENO) < 0 ||
      ::dup2(plan.output, STDERR_FILENO) < 0) {
    give_up("its input and output could not be set up");
  }
  close_from(failures_number + 1);
  if (::chdir(plan.directory) != 0) give_up("the working directory could not be entered");
  set_limit(RLIMIT_CORE, 0, "core files could not be turned off");
  set_limit(RLIMIT_CPU, plan.limits.cpu_seconds, "limits.cpu_seconds could not be set");
  set_limit(RLIMIT_AS, plan.limits.memory_bytes, "limits.memory_bytes could not be set");
  set_limit(RLIMIT_NOFILE, plan.limits.open_files_max, "limits.open_files_max could not be set");
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(plan.program, plan.argv, plan.environment);
  give_up("it could not be executed");
}

}  // namespace punctual::detail

#endif  // PUNCTUAL_HAS_PROCESSES
