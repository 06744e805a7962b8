// SPDX-License-Identifier: MIT
//
// OwnServer: a Redis server of one test, with settings of its own, that can be ended and started
// again on what it has on disk. It listens on a Unix socket in a temporary directory.

#pragma once

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/redis/connection.hpp"
#include "punctual/redis/options.hpp"

namespace punctual::redis::test {

class OwnServer {
 public:
  explicit OwnServer(std::vector<std::string> settings) : settings_(std::move(settings)) {
    std::string name = (std::filesystem::temp_directory_path() / "punctual-redis.XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw Error{"NO_DIRECTORY", "mkdtemp failed"};
    directory_ = name;
    start();
  }

  ~OwnServer() {
    end(SIGKILL);
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  OwnServer(const OwnServer&) = delete;
  OwnServer& operator=(const OwnServer&) = delete;

  [[nodiscard]] Options options() const {
    Options options;
    options.unix_socket = directory_ + "/socket";
    return options;
  }

  /// Starts the server; returns when it answers.
  void start() {
    std::vector<std::string> words{"redis-server", "--port", "0", "--unixsocket", "socket", "--dir",
                                   directory_,     "--save", "",  "--logfile",    "log"};
    words[4] = directory_ + "/socket";
    words.insert(words.end(), settings_.begin(), settings_.end());
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    process_ = ::fork();
    if (process_ == 0) {
      ::execvp(arguments[0], arguments.data());
      ::_exit(127);
    }
    for (int i = 0; i < 500 && !answers(); ++i) ::poll(nullptr, 0, 20);
  }

  /// Ends the server with a signal; SIGKILL leaves it no time to tidy up.
  void end(int signal) {
    if (process_ <= 0) return;
    ::kill(process_, signal);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
  }

 private:
  /// True once the server has loaded what it has.
  [[nodiscard]] bool answers() const {
    try {
      detail::Connection{options()}.command({"PING"});
      return true;
    } catch (const detail::NativeError& error) {
      return error.reply() == "NOAUTH" || error.reply() == "NOPERM";
    }
  }

  std::vector<std::string> settings_;
  std::string directory_;
  pid_t process_ = 0;
};

}  // namespace punctual::redis::test
