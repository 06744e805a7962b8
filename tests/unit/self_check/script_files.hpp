// SPDX-License-Identifier: MIT
//
// ScriptFolder: a temporary folder for the scripts of a test, removed with everything in it.

#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace punctual::tests {

class ScriptFolder {
 public:
  ScriptFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "punctual-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"no temporary folder"};
    path_ = std::filesystem::canonical(pattern).string();
  }
  ScriptFolder(const ScriptFolder&) = delete;
  ScriptFolder& operator=(const ScriptFolder&) = delete;
  ~ScriptFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }

  /// Writes a file and returns its path.
  std::string write(const std::string& name, const std::string& text, mode_t mode = 0700) const {
    const std::string file = path(name);
    std::ofstream{file} << text;
    ::chmod(file.c_str(), mode);
    return file;
  }

  /// Writes a script for /bin/sh and returns its path.
  std::string script(const std::string& text) const {
    return write("script.sh", "#!/bin/sh\n" + text + "\n");
  }

 private:
  std::string path_;
};

}  // namespace punctual::tests
