// SPDX-License-Identifier: MIT
//
// TemporaryFile: a path for a database that no other test has, removed at the end with what SQLite
// put beside it.

#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

#include "punctual/base/random.hpp"
#include "punctual/sqlite/options.hpp"

namespace punctual::sqlite::test {

class TemporaryFile {
 public:
  TemporaryFile()
      : path_(std::filesystem::temp_directory_path() /
              ("punctual-sqlite-" + std::to_string(Random::from_entropy()()) + ".db")) {}

  ~TemporaryFile() {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
      std::error_code ignored;
      std::filesystem::remove(path_.string() + suffix, ignored);
    }
  }

  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  [[nodiscard]] std::string path() const { return path_.string(); }

  /// Options that do not wait for the disk, for no test cuts the power, but long for a lock: the
  /// machine may be busy.
  [[nodiscard]] Options options() const {
    return {.file = path(),
            .synchronous = Synchronous::normal,
            .busy_timeout = std::chrono::minutes{2}};
  }

  void write(std::string_view content) const { std::ofstream{path_, std::ios::binary} << content; }

 private:
  std::filesystem::path path_;
};

}  // namespace punctual::sqlite::test
