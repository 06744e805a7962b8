// SPDX-License-Identifier: MIT
//
// Servers for tests, on a free port of 127.0.0.1: RunningServer listens for a httplib::Server,
// RawServer answers one connection with whatever bytes the test says.

#pragma once

#include <arpa/inet.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace punctual::tests {

class RunningServer {
 public:
  explicit RunningServer(httplib::Server& server)
      : server_(server),
        port_(server.bind_to_any_port("127.0.0.1")) {
    thread_ = std::thread{[this] { server_.listen_after_bind(); }};
    while (!server_.is_running()) std::this_thread::yield();
  }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;
  ~RunningServer() {
    server_.stop();
    thread_.join();
  }

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url(const std::string& target, const char* scheme = "http") const {
    return std::string{scheme} + "://127.0.0.1:" + std::to_string(port_) + target;
  }

 private:
  httplib::Server& server_;
  int port_;
  std::thread thread_;
};

class RawServer {
 public:
  /// Calls `answer` with the socket of the first connection, then closes it.
  explicit RawServer(std::function<void(int)> answer)
      : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<::sockaddr*>(&address);
    if (::bind(listener_, any, size) != 0 || ::listen(listener_, 8) != 0 ||
        ::getsockname(listener_, any, &size) != 0) {
      throw std::runtime_error{"no port to listen on"};
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread{[this, answer = std::move(answer)] {
      const int client = ::accept(listener_, nullptr, nullptr);
      if (client < 0) return;
      answer(client);
      ::close(client);
    }};
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;
  ~RawServer() {
    ::shutdown(listener_, SHUT_RDWR);  // ends an accept that still waits
    thread_.join();
    ::close(listener_);
  }

  [[nodiscard]] std::string url(const char* scheme = "http") const {
    return std::string{scheme} + "://127.0.0.1:" + std::to_string(port_) + "/";
  }

  /// Sends `text` to a client; returns false if it is gone.
  static bool send_to(int client, const std::string& text) {
    return ::send(client, text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
  }

  /// Reads the head of the client's request, so that the answer cannot come before it.
  static void read_request(int client) {
    std::string request;
    char byte = 0;
    while (request.find("\r\n\r\n") == request.npos && ::recv(client, &byte, 1, 0) == 1) {
      request.push_back(byte);
    }
  }

  /// Reads until the client closes its side.
  static void read_until_gone(int client) {
    char buffer[1024];
    while (::recv(client, buffer, sizeof buffer, 0) > 0) continue;
  }

 private:
  int listener_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace punctual::tests
