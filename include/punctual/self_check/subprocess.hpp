// SPDX-License-Identifier: MIT
//
// run_process: runs a program without a shell, and ends all of it when its time is up.
//
//   running ──limit or stop──> SIGTERM to the group ──kill_grace──> SIGKILL to the group
//      │                             │                                   │
//      └─────────── the program has ended ───────────────────────────────┘
//                          │
//             drain_timeout for output of its children, SIGKILL to the group, reap
//
// A child of the program can neither outlive it in the group nor hold the caller up by keeping the
// output open. One that leaves the group (setsid) is out of reach; that takes a control group.
//
// Thread-safety: any number of threads may run processes at once. POSIX only; elsewhere an error.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/time.hpp"
#include "punctual/self_check/check_context.hpp"
#include "punctual/self_check/process_options.hpp"

#if PUNCTUAL_HAS_PROCESSES
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "punctual/self_check/child_process.hpp"
#include "punctual/self_check/child_program.hpp"
#include "punctual/self_check/descriptor.hpp"
#include "punctual/self_check/output_tail.hpp"
#include "punctual/self_check/program_file.hpp"
#endif

namespace punctual {

/// How a process ended. Neither code nor signal: that could not be found out, because this process
/// ignores SIGCHLD or reaps its children elsewhere, or because the kernel would not end it.
struct ProcessResult {
  std::optional<int> exit_code{};
  std::optional<int> signal{};
  bool timed_out = false;  ///< ended because the limit had come
  bool stopped = false;    ///< ended because a stop was requested
  std::string output{};    ///< the last bytes of standard output and error, as they came
  std::uint64_t output_total_bytes = 0;
  Duration duration{};
};

/// Runs `argv[0]` with the arguments that follow, and returns when all of it has ended.
///
/// The limit is the time that `context` has left. Input is empty; output and errors go into one
/// stream, of which the end is kept. Descriptors, signal handlers and the environment of this
/// process are not handed on, but for the variables that `options` let through.
///
/// Errors: INVALID_CONFIG -> `argv` or `options`, see `require_valid`; PROCESS_REFUSED -> the file
///         is not one to trust, see `checked_program`; PROCESS_NOT_STARTED -> the system refused;
///         UNSUPPORTED_PLATFORM -> this is not a POSIX system.
/// Blocks: at most the time left, `kill_grace`, `drain_timeout`, and 10 s for a kernel that
///         does not end what it was told to kill.
[[nodiscard]] ProcessResult run_process(const std::vector<std::string>& argv,
                                        const ProcessOptions& options, const CheckContext& context);

#if PUNCTUAL_HAS_PROCESSES

namespace detail {

/// Watches over one process until it has ended.
class ProcessSupervisor {
 public:
  ProcessSupervisor(ChildProcess& child, Descriptor output, const ProcessOptions& options,
                    const CheckContext& context)
      : child_(child),
        output_(std::move(output)),
        options_(options),
        context_(context),
        tail_(options.output_bytes_max) {}

  [[nodiscard]] ProcessResult run() {
    const Duration started = context_.steady_now();
    next_step_at_ = started + context_.time_left();
    while (!child_.has_ended() && phase_ != Phase::given_up) {
      step(context_.steady_now());
      read_output(next_step_at_, child_.watch());
    }
    drain();
    child_.signal_group(SIGKILL);  // children of the program that are still in its group
    if (const auto status = child_.reap()) {
      result_.exit_code = status->exit_code;
      result_.signal = status->signal;
    }
    result_.output = std::string{tail_.bytes()};
    result_.output_total_bytes = tail_.total();
    result_.duration = context_.steady_now() - started;
    return std::move(result_);
  }

 private:
  enum class Phase : std::uint8_t { running, terminating, killing, given_up };

  /// Goes on to the next phase when its time has come, or at once if a stop is requested.
  void step(Duration now) {
    if (phase_ == Phase::running && context_.stop_requested()) {
      result_.stopped = true;
    } else if (now < next_step_at_) {
      return;
    } else if (phase_ == Phase::running) {
      result_.timed_out = true;
    }
    switch (phase_) {
      case Phase::running:
        child_.signal_group(SIGTERM);
        next_step_at_ = now + options_.kill_grace;
        phase_ = Phase::terminating;
        break;
      case Phase::terminating:
        child_.signal_group(SIGKILL);
        next_step_at_ = now + kernel_timeout;
        phase_ = Phase::killing;
        break;
      case Phase::killing:
        phase_ = Phase::given_up;
        break;
      case Phase::given_up:
        break;
    }
  }

  /// Waits for output, for the end of the process (`watch`), or until `until`, and reads once; but
  /// not long, because a stop request has no descriptor that could be waited on.
  void read_output(Duration until, int watch) {
    const Duration slice_max{watch >= 0 ? 50 : 10};
    const Duration slice = std::clamp(until - context_.steady_now(), Duration{0}, slice_max);
    // Negative numbers are skipped by poll, so what is closed needs no case of its own.
    std::array<::pollfd, 2> watched{{{output_.get(), POLLIN, 0}, {watch, POLLIN, 0}}};
    const int ready = ::poll(watched.data(), watched.size(), static_cast<int>(slice.count()));
    if (ready > 0 && watched[0].revents != 0) read_once();
  }

  /// Returns whether there was anything; closes the output at its end.
  bool read_once() {
    std::array<char, 16'384> buffer;
    const auto length = ::read(output_.get(), buffer.data(), buffer.size());
    if (length > 0) tail_.append({buffer.data(), static_cast<std::size_t>(length)});
    const bool is_at_end = length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR);
    if (is_at_end) output_.close();
    return length > 0;
  }

  /// Takes what the program left in the pipe, and waits a little for what its children still write.
  void drain() {
    const Duration drained_at = context_.steady_now() + options_.drain_timeout;
    while (output_ && context_.steady_now() < drained_at) read_output(drained_at, -1);
    // A writer that never stops must not keep the reader: as much as a pipe can hold, and no more.
    for (int reads = 0; reads < 64 && output_ && read_once(); ++reads) continue;
  }

  /// How long a process may take to end that the kernel was told to kill.
  static constexpr Duration kernel_timeout = std::chrono::seconds{5};

  ChildProcess& child_;
  Descriptor output_;
  const ProcessOptions& options_;
  const CheckContext& context_;
  OutputTail tail_;
  ProcessResult result_{};
  Phase phase_ = Phase::running;
  Duration next_step_at_{};
};

/// Returns pointers to the texts, and a null at the end, as execve wants them.
[[nodiscard]] inline std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace detail

inline ProcessResult run_process(const std::vector<std::string>& argv,
                                 const ProcessOptions& options, const CheckContext& context) {
  require_valid(argv, options);
  const std::string program = checked_program(argv.front());
  std::vector<std::string> arguments = argv;
  std::vector<std::string> environment = child_environment(options.environment_names);
  const std::vector<char*> argument_pointers = detail::pointers_to(arguments);
  const std::vector<char*> environment_pointers = detail::pointers_to(environment);
  const detail::Descriptor input = detail::open_null();
  detail::Pipe output = detail::open_pipe();
  detail::set_nonblocking(output.reader);

  detail::ChildPlan plan;
  plan.program = program.c_str();
  plan.argv = argument_pointers.data();
  plan.environment = environment_pointers.data();
  plan.directory = options.directory.c_str();
  plan.input = input.get();
  plan.output = output.writer.get();
  plan.limits = options.limits;
  detail::ChildProcess child{plan};
  output.writer.close();  // or the pipe would never end
  return detail::ProcessSupervisor{child, std::move(output.reader), options, context}.run();
}

#else

inline ProcessResult run_process(const std::vector<std::string>&, const ProcessOptions&,
                                 const CheckContext&) {
  throw Error{"UNSUPPORTED_PLATFORM", "programs can be run on POSIX systems only"};
}

#endif

}  // namespace punctual
