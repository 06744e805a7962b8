// SPDX-License-Identifier: MIT
//
// ChildProcess: a process group of this process's own making, from its start until it is reaped.
//
// The process is reaped last of all. Until then its number cannot be given to another process, nor
// the number of its group, so a signal never reaches a stranger; after that none is sent.
//
// Thread-safety: distinct objects only. The kernel ends the process when the thread that started it
// ends (Linux), so that thread must stay until the process is reaped. POSIX only.
// Source: Linux man-pages, pidfd_open(2), waitid(2), prctl(2) on PR_SET_PDEATHSIG.

#pragma once

#include "punctual/self_check/process_options.hpp"

#if PUNCTUAL_HAS_PROCESSES

#include <poll.h>
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/syscall.h>
#endif

#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "punctual/self_check/child_program.hpp"
#include "punctual/self_check/descriptor.hpp"

namespace punctual::detail {

/// How a process ended: one of the two.
struct ExitStatus {
  std::optional<int> exit_code{};
  std::optional<int> signal{};
};

class ChildProcess {
 public:
  /// Starts the program of `plan`, whose `failures` and `parent` are filled in here.
  ///
  /// Errors: PROCESS_NOT_STARTED -> with the step that the operating system refused.
  explicit ChildProcess(ChildPlan plan);

  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Ends what is left of the group, and reaps the process.
  ///
  /// Blocks: until the kernel has ended it, at most 5 s.
  ~ChildProcess();

  /// A descriptor that becomes readable when the process has ended; -1 where there is none.
  [[nodiscard]] int watch() const noexcept { return watch_.get(); }

  /// True if the process has ended, or if somebody else in this process has reaped it.
  [[nodiscard]] bool has_ended();

  /// Sends a signal to every process of the group; does nothing once the process was reaped.
  void signal_group(int number);

  /// Returns how the process ended, and reaps it; nullopt if it has not ended or was taken.
  ///
  /// It fails only where this process ignores SIGCHLD or waits for any child elsewhere.
  [[nodiscard]] std::optional<ExitStatus> reap();

 private:
  void require_started(const Descriptor& failures, const char* program);
  [[nodiscard]] bool wait_for(siginfo_t& info, int flags);

  pid_t id_ = -1;
  Descriptor watch_{};
  bool is_reaped_ = false;
};

/// Makes the child; returns its id, or -1 with errno set.
///
/// By vfork where that is safe: the memory of a large host is not copied, and the call cannot fail
/// for want of it. All signals wait meanwhile, so that no handler runs in memory that is shared.
inline pid_t make_child(const ChildPlan& plan) noexcept {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
#if defined(__linux__)
  const pid_t child = ::vfork();
#else
  const pid_t child = ::fork();
#endif
  if (child == 0) become_program(plan);
  const int error_number = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error_number;
  return child;
}

inline ChildProcess::ChildProcess(ChildPlan plan) {
  Pipe failures = open_pipe();
  plan.failures = failures.writer.get();
  plan.parent = ::getpid();
  id_ = make_child(plan);
  if (id_ < 0) throw_not_started("no process could be made", errno);
  failures.writer.close();
  require_started(failures.reader, plan.program);
#if defined(__linux__) && defined(SYS_pidfd_open)
  watch_ = Descriptor{static_cast<int>(::syscall(SYS_pidfd_open, id_, 0))};
#endif
}

/// The pipe ends without a word when the program starts: its writing end is closed by that.
inline void ChildProcess::require_started(const Descriptor& failures, const char* program) {
  StartFailure failure;
  ssize_t length = 0;
  do {
    length = ::read(failures.get(), &failure, sizeof failure);
  } while (length < 0 && errno == EINTR);
  if (length != static_cast<ssize_t>(sizeof failure)) return;
  siginfo_t info{};
  is_reaped_ = wait_for(info, WEXITED);  // it is on its way out and does nothing else
  throw_not_started("\"" + std::string{program} + "\": " + failure.step, failure.error_number);
}

inline bool ChildProcess::wait_for(siginfo_t& info, int flags) {
  int failed = 0;
  do {
    failed = ::waitid(P_PID, static_cast<id_t>(id_), &info, flags);
  } while (failed != 0 && errno == EINTR);
  if (failed != 0) is_reaped_ = true;  // ECHILD: it is not ours any more
  return failed == 0 && info.si_pid == id_;
}

inline bool ChildProcess::has_ended() {
  if (is_reaped_) return true;
  siginfo_t info{};
  return wait_for(info, WEXITED | WNOHANG | WNOWAIT) || is_reaped_;
}

inline void ChildProcess::signal_group(int number) {
  static_cast<void>(has_ended());  // notices if somebody else has reaped it
  if (!is_reaped_) ::kill(-id_, number);
}

inline std::optional<ExitStatus> ChildProcess::reap() {
  siginfo_t info{};
  if (is_reaped_ || !wait_for(info, WEXITED | WNOHANG)) return std::nullopt;
  is_reaped_ = true;
  if (info.si_code == CLD_EXITED) return ExitStatus{.exit_code = info.si_status};
  return ExitStatus{.signal = info.si_status};
}

inline ChildProcess::~ChildProcess() {
  if (id_ < 0 || is_reaped_) return;
  signal_group(SIGKILL);
  ::pollfd end{watch_.get(), POLLIN, 0};
  siginfo_t info{};
  // Without a descriptor to watch there is nothing to wait on but the process itself.
  const bool has_watch = static_cast<bool>(watch_);
  if (has_watch) static_cast<void>(::poll(&end, 1, 5000));
  static_cast<void>(wait_for(info, has_watch ? WEXITED | WNOHANG : WEXITED));
}

}  // namespace punctual::detail

#endif  // PUNCTUAL_HAS_PROCESSES
