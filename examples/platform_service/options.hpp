// SPDX-License-Identifier: MIT
//
// The command line of the platform service.

#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace platform_service {

inline constexpr const char* usage = R"(Usage: platform_service [option]...

Runs the job "platform-self-check" once a day, until SIGINT or SIGTERM.

  --storage memory|sqlite:FILE   where runs are kept (default: sqlite:platform.db)
  --environment NAME             shown in the result (default: development)
  --require-env NAME             a variable that must be set; repeatable
  --check-http URL               an address that must answer 200 to 299; repeatable
  --check-script PATH [ARG]...   a program that must exit with 0; its arguments end at the next
                                 option, or at "--"; repeatable
  --once                         run the check now, print its result, exit 0 if it passed, else 1
  --status                       print the status of the jobs and exit
  --help                         print this and exit
)";

struct Options {
  std::string sqlite_file = "platform.db";  // empty: keep runs in memory
  std::string environment = "development";
  std::vector<std::string> required_variables;
  std::vector<std::string> urls;
  std::vector<std::vector<std::string>> scripts;
  bool once = false;
  bool status = false;
  bool help = false;
};

/// What is wrong with the command line, in a sentence.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The arguments, taken one after the other.
class Arguments {
 public:
  explicit Arguments(std::vector<std::string> all) : all_(std::move(all)) {}

  [[nodiscard]] bool is_empty() const { return next_ == all_.size(); }

  std::string take() { return all_[next_++]; }

  std::string take_value(const std::string& option) {
    if (is_empty()) throw UsageError{option + " needs a value"};
    return take();
  }

  /// Takes what comes before the next option; a "--" at the end is taken too.
  std::vector<std::string> take_command(const std::string& option) {
    std::vector<std::string> command{take_value(option)};
    while (!is_empty() && all_[next_].rfind("--", 0) != 0) command.push_back(take());
    if (!is_empty() && all_[next_] == "--") take();
    return command;
  }

 private:
  std::vector<std::string> all_;
  std::size_t next_ = 0;
};

inline std::string sqlite_file_of(const std::string& storage) {
  if (storage == "memory") return "";
  if (storage.rfind("sqlite:", 0) == 0 && storage.size() > 7) return storage.substr(7);
  throw UsageError{"--storage is memory or sqlite:FILE, got " + storage};
}

/// Errors: UsageError -> an unknown option, or one without its value.
inline Options parse(std::vector<std::string> all) {
  Arguments arguments{std::move(all)};
  Options options;
  while (!arguments.is_empty()) {
    const std::string option = arguments.take();
    if (option == "--storage") {
      options.sqlite_file = sqlite_file_of(arguments.take_value(option));
    } else if (option == "--environment") {
      options.environment = arguments.take_value(option);
    } else if (option == "--require-env") {
      options.required_variables.push_back(arguments.take_value(option));
    } else if (option == "--check-http") {
      options.urls.push_back(arguments.take_value(option));
    } else if (option == "--check-script") {
      options.scripts.push_back(arguments.take_command(option));
    } else if (option == "--once") {
      options.once = true;
    } else if (option == "--status") {
      options.status = true;
    } else if (option == "--help") {
      options.help = true;
    } else {
      throw UsageError{"unknown option " + option};
    }
  }
  return options;
}

}  // namespace platform_service
