// SPDX-License-Identifier: MIT
//
// ProcessOptions: how a child process is kept within bounds.
//
// The defaults are those of a script that looks at something and says what it saw: no secrets in
// its environment, no core file, a fixed folder, and its whole group ended when its time is up.
//
// Thread-safety: values and pure functions.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/text.hpp"
#include "punctual/base/time.hpp"
#include "punctual/self_check/environment.hpp"

/// 1 where child processes can be run: on POSIX systems.
#if defined(__unix__) || defined(__APPLE__)
#define PUNCTUAL_HAS_PROCESSES 1
#else
#define PUNCTUAL_HAS_PROCESSES 0
#endif

namespace punctual {

/// What the kernel lets each process of the group have; nullopt: as this process. Core files are
/// always off, because they would hold what the process held.
struct ProcessLimits {
  std::optional<std::uint64_t> cpu_seconds{};   ///< then it is ended by SIGXCPU
  std::optional<std::uint64_t> memory_bytes{};  ///< of address space; then allocations fail
  std::optional<std::uint64_t> open_files_max{};
};

struct ProcessOptions {
  std::string directory = "/";  ///< the working directory; absolute
  /// Variables it gets beside PATH, HOME, TZ, LANG and LC_*, where they are set.
  std::vector<std::string> environment_names{};
  Duration kill_grace = std::chrono::seconds{5};  ///< from SIGTERM to SIGKILL; 0 ms to 1 min
  /// How long output is waited for that a child of the program may still write after it has ended.
  Duration drain_timeout = std::chrono::seconds{1};  ///< 0 ms to 1 min
  std::size_t output_bytes_max = 65'536;             ///< the last so many are kept; 1 to 1 MiB
  ProcessLimits limits{};
};

inline constexpr std::size_t process_output_bytes_max = 1'048'576;

/// Refuses a command line or options that can never work.
///
/// Errors: INVALID_CONFIG -> no program, a program or directory that is not an absolute path, a NUL
///         byte in an argument, the name of a variable that cannot be one, or a value out of range.
inline void require_valid(const std::vector<std::string>& argv, const ProcessOptions& options) {
  const auto refuse = [](const std::string& what) { throw Error{"INVALID_CONFIG", what}; };
  const auto quoted = [](const std::string& text) { return "\"" + clamp_text(text, 200) + "\""; };
  const auto require_span = [&](Duration span, const char* what) {
    if (span >= Duration{0} && span <= std::chrono::minutes{1}) return;
    refuse(std::string{"ProcessOptions."} + what + " must be 0 ms to 1 min, got " +
           std::to_string(span.count()) + " ms");
  };
  if (argv.empty() || argv.front().empty() || argv.front().front() != '/') {
    refuse("a program is named by its absolute path, got " +
           (argv.empty() ? std::string{"nothing"} : quoted(argv.front())));
  }
  for (const auto& argument : argv) {
    if (argument.find('\0') != argument.npos) refuse("a NUL byte in argument " + quoted(argument));
  }
  if (options.directory.empty() || options.directory.front() != '/' ||
      options.directory.find('\0') != options.directory.npos) {
    refuse("ProcessOptions.directory must be an absolute path, got " + quoted(options.directory));
  }
  for (const auto& name : options.environment_names) {
    if (!is_variable_name(name)) refuse("expected the name of a variable, got " + quoted(name));
  }
  require_span(options.kill_grace, "kill_grace");
  require_span(options.drain_timeout, "drain_timeout");
  if (options.output_bytes_max < 1 || options.output_bytes_max > process_output_bytes_max) {
    refuse("ProcessOptions.output_bytes_max must be 1 to 1048576, got " +
           std::to_string(options.output_bytes_max));
  }
}

}  // namespace punctual
