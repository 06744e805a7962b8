// SPDX-License-Identifier: MIT
//
// Error: the one exception type of the library.
//
// It is thrown for misuse (a bad name, an unknown job) and by storages and adapters for what their
// backend refused. A job that fails throws nothing at the caller: its failure is data, in its run.
// Callers branch on properties, not on a tree of types: `code()` is stable and listed in the
// README.
//
// Thread-safety: a value.

#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

namespace punctual {

/// What a caller may do about an error.
enum class ErrorKind {
  permanent,  ///< the same call will fail again
  retryable,  ///< nothing happened; the same call may succeed later
  in_doubt,   ///< it may have happened: read the state again before repeating anything
};

/// A refusal with a stable code, e.g. `JOB_NOT_FOUND`, and a sentence for people.
class Error : public std::runtime_error {
 public:
  Error(std::string code, const std::string& message, ErrorKind kind = ErrorKind::permanent)
      : std::runtime_error(code + ": " + message),
        code_(std::move(code)),
        kind_(kind) {}

  /// Stable, upper case with underscores; safe to compare and to show.
  [[nodiscard]] const std::string& code() const noexcept { return code_; }

  /// True if nothing happened and the same call may succeed later.
  ///
  /// Never true together with `in_doubt()`: a commit that may have happened must not be repeated.
  [[nodiscard]] bool retryable() const noexcept { return kind_ == ErrorKind::retryable; }

  /// True if the effect of the call is unknown, e.g. the answer to a commit was lost.
  [[nodiscard]] bool in_doubt() const noexcept { return kind_ == ErrorKind::in_doubt; }

 private:
  std::string code_;
  ErrorKind kind_;
};

/// Returns what an exception says of itself; empty if that is nothing.
[[nodiscard]] inline const char* what_of(const std::exception& error) noexcept {
  const char* what = error.what();
  return what == nullptr ? "" : what;
}

}  // namespace punctual
