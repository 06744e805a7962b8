// SPDX-License-Identifier: MIT
//
// FakeServer: listens on a Unix socket and answers each command with the next of its lines, however
// many connections they come by; where a line is empty it closes the connection instead.

#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/random.hpp"
#include "punctual/redis/options.hpp"

namespace punctual::redis::test {

/// What a fit server answers to a new connection.
inline const std::vector<std::string> welcome{
    "$22\r\nredis_version:7.0.15\r\n\r\n",
    "*2\r\n$16\r\nmaxmemory-policy\r\n$10\r\nnoeviction\r\n"};

inline const std::string loaded = "$40\r\n0123456789012345678901234567890123456789\r\n";

class FakeServer {
 public:
  explicit FakeServer(std::vector<std::string> answers)
      : answers_(std::move(answers)),
        path_((std::filesystem::temp_directory_path() /
               ("punctual-fake-" + std::to_string(Random::from_entropy()() % 1'000'000'000)))
                  .string()) {
    listener_ = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (::bind(listener_, generic, sizeof address) != 0 || ::listen(listener_, 8) != 0) {
      throw Error{"NO_SOCKET", "a socket of the test could not be bound"};
    }
    thread_ = std::thread{[this] { serve(); }};
  }

  ~FakeServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    ::unlink(path_.c_str());
  }

  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  [[nodiscard]] Options options() const {
    Options options;
    options.unix_socket = path_;
    options.connect_timeout = std::chrono::milliseconds{200};
    options.command_timeout = std::chrono::milliseconds{200};
    return options;
  }

  [[nodiscard]] std::size_t command_count() const noexcept { return next_; }

 private:
  void serve() {
    while (true) {
      const int connection = ::accept(listener_, nullptr, nullptr);
      if (connection < 0) return;
      while (next_ < answers_.size() && read_command(connection)) {
        const std::string& answer = answers_[next_++];
        if (answer.empty()) break;
        if (::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) break;
      }
      ::close(connection);
      buffer_.clear();
    }
  }

  /// Reads one command; commands of these tests come one at a time.
  bool read_command(int connection) {
    while (!has_command()) {
      char part[4096];
      const auto count = ::recv(connection, part, sizeof part, 0);
      if (count <= 0) return false;
      buffer_.append(part, static_cast<std::size_t>(count));
    }
    buffer_.clear();
    return true;
  }

  [[nodiscard]] bool has_command() const {
    if (buffer_.find("\r\n") == std::string::npos) return false;
    std::size_t at = buffer_.find("\r\n") + 2;
    for (int left = std::atoi(buffer_.c_str() + 1); left > 0; --left) {
      const std::size_t end = buffer_.find("\r\n", at);
      if (end == std::string::npos) return false;
      at = end + 2 + static_cast<std::size_t>(std::atoi(buffer_.c_str() + at + 1)) + 2;
    }
    return buffer_.size() >= at;
  }

  std::vector<std::string> answers_;
  std::string path_;
  int listener_ = -1;
  std::string buffer_;
  std::atomic<std::size_t> next_{0};
  std::thread thread_;
};

}  // namespace punctual::redis::test
