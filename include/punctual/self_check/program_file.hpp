// SPDX-License-Identifier: MIT
//
// checked_program: makes sure that nobody but root and this user decides what a program file does.
//
// A scheduler that runs a file which somebody else may write runs that somebody's commands. The
// file is opened once and looked at through its descriptor. What is run later is its real path,
// which nobody else can put another file at, because the folders above it are looked at too.
//
// Thread-safety: pure but for the file system. POSIX only.

#pragma once

#include "punctual/self_check/process_options.hpp"

#if PUNCTUAL_HAS_PROCESSES

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>
#include <system_error>

#include "punctual/base/error.hpp"
#include "punctual/base/text.hpp"
#include "punctual/self_check/descriptor.hpp"

namespace punctual {

/// Returns the real path of the program, all symbolic links resolved.
///
/// Errors: PROCESS_REFUSED -> `path` is not absolute, names no regular file that is executable, or
///         the file or a folder above it belongs to, or may be written by, somebody other than root
///         and the current user. A folder with the sticky bit, such as /tmp, may be written by all.
[[nodiscard]] std::string checked_program(const std::string& path);

namespace detail {

[[noreturn]] inline void refuse_program(const std::string& path, const std::string& what) {
  throw Error{"PROCESS_REFUSED", "\"" + clamp_text(path, 200) + "\" " + what};
}

inline void require_trusted_owner(const struct stat& status, const std::string& path) {
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    refuse_program(path, "belongs to user " + std::to_string(status.st_uid) +
                             "; expected root or the current user");
  }
}

/// Looks at every folder above `path`, from the root down.
inline void require_trusted_folders(const std::string& path) {
  for (auto slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
    const std::string folder = slash == 0 ? "/" : path.substr(0, slash);
    struct stat status = {};
    if (::stat(folder.c_str(), &status) != 0) {
      refuse_program(folder, "cannot be looked at: " + std::generic_category().message(errno));
    }
    require_trusted_owner(status, folder);
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (status.st_mode & S_ISVTX) == 0) {
      refuse_program(folder, "may be written by others, so a program below it may be replaced");
    }
  }
}

inline std::string real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real{::realpath(path.c_str(), nullptr),
                                                         &std::free};
  if (!real) refuse_program(path, "cannot be found: " + std::generic_category().message(errno));
  return real.get();
}

/// Opens the file itself, not what a link points to, without reading or waiting for anything.
inline Descriptor open_program(const std::string& path) {
#ifdef O_PATH
  const int flags = O_PATH | O_CLOEXEC | O_NOFOLLOW;
#else
  const int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW;
#endif
  Descriptor file{::open(path.c_str(), flags)};  // NOLINT(cppcoreguidelines-pro-type-vararg)
  if (!file) refuse_program(path, "cannot be opened: " + std::generic_category().message(errno));
  return file;
}

}  // namespace detail

inline std::string checked_program(const std::string& path) {
  if (path.empty() || path.front() != '/') detail::refuse_program(path, "is not an absolute path");
  std::string real = detail::real_path(path);
  const detail::Descriptor file = detail::open_program(real);
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) {
    detail::refuse_program(path, "cannot be looked at: " + std::generic_category().message(errno));
  }
  if (!S_ISREG(status.st_mode)) detail::refuse_program(path, "is not a regular file");
  if ((status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0) {
    detail::refuse_program(path, "is not executable");
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    detail::refuse_program(path, "may be written by its group or by everybody");
  }
  detail::require_trusted_owner(status, path);
  detail::require_trusted_folders(real);
  if (real != path) detail::require_trusted_folders(path);
  return real;
}

}  // namespace punctual

#endif  // PUNCTUAL_HAS_PROCESSES
