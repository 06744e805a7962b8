// SPDX-License-Identifier: MIT
//
// Descriptor and Pipe: open files that close themselves and that no child is handed by accident.
//
// Every one is made with close-on-exec set in the same system call, so that no program which
// another thread starts meanwhile inherits it. They are numbered from 4 up: the numbers below are
// those that a child's own descriptors are given, and must be free then.
//
// Thread-safety: distinct objects only. POSIX only.

#pragma once

#include "punctual/self_check/process_options.hpp"

#if PUNCTUAL_HAS_PROCESSES

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "punctual/base/error.hpp"

namespace punctual::detail {

/// Reports what the operating system refused.
[[noreturn]] inline void throw_not_started(const std::string& what, int error_number) {
  throw Error{"PROCESS_NOT_STARTED", what + ": " + std::generic_category().message(error_number)};
}

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      close();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }

  [[nodiscard]] int get() const noexcept { return number_; }
  explicit operator bool() const noexcept { return number_ >= 0; }

  void close() noexcept {
    // Not repeated when interrupted: Linux has closed it then, and the number may be another's.
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

 private:
  int number_ = -1;
};

/// The lowest number of a descriptor in this process that a child's 0 to 3 cannot meet.
inline constexpr int descriptor_min = 4;

/// Returns the descriptor under a number of at least `descriptor_min`.
[[nodiscard]] inline Descriptor lifted(Descriptor descriptor) {
  if (descriptor.get() >= descriptor_min) return descriptor;
  Descriptor copy{::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, descriptor_min)};
  if (!copy) throw_not_started("no descriptor left", errno);
  return copy;
}

struct Pipe {
  Descriptor reader{};
  Descriptor writer{};
};

/// Errors: PROCESS_NOT_STARTED -> no descriptors are left.
[[nodiscard]] inline Pipe open_pipe() {
  int ends[2] = {-1, -1};
#if defined(__APPLE__)
  const int failed = ::pipe(ends);
#else
  const int failed = ::pipe2(ends, O_CLOEXEC);
#endif
  if (failed != 0) throw_not_started("no pipe could be opened", errno);
  Descriptor reader{ends[0]};
  Descriptor writer{ends[1]};
#if defined(__APPLE__)
  ::fcntl(reader.get(), F_SETFD, FD_CLOEXEC);
  ::fcntl(writer.get(), F_SETFD, FD_CLOEXEC);
#endif
  return {lifted(std::move(reader)), lifted(std::move(writer))};
}

/// Returns /dev/null, open for reading.
///
/// Errors: PROCESS_NOT_STARTED -> it cannot be opened.
[[nodiscard]] inline Descriptor open_null() {
  Descriptor null{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  if (!null) throw_not_started("/dev/null could not be opened", errno);
  return lifted(std::move(null));
}

/// Makes reads return at once.
inline void set_nonblocking(const Descriptor& descriptor) {
  const int flags = ::fcntl(descriptor.get(), F_GETFL);
  if (flags < 0 || ::fcntl(descriptor.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
    throw_not_started("a pipe could not be set up", errno);
  }
}

}  // namespace punctual::detail

#endif  // PUNCTUAL_HAS_PROCESSES
