// SPDX-License-Identifier: MIT
//
// RawClient: one connection over which bytes are sent as a test wants them.

#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace punctual::tests {

/// One connection to a port of 127.0.0.1. What does not come within ten seconds does not come.
class RawClient {
 public:
  explicit RawClient(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const ::timeval limit{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<::sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error{"no connection"};
    }
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient() { ::close(socket_); }

  void send(const std::string& bytes) {
    (void)::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

  /// Reads until `wanted` has come, or the connection has ended.
  std::string read_until(const std::string& wanted) {
    std::string text;
    while (text.find(wanted) == std::string::npos && read_more(text)) {
    }
    return text;
  }

  /// Reads up to the end of the connection.
  std::string read_all() {
    std::string text;
    while (read_more(text)) {
    }
    return text;
  }

  /// Reads a response that says its length.
  std::string read_one() {
    std::string text;
    std::size_t head = std::string::npos;
    while ((head = text.find("\r\n\r\n")) == std::string::npos) {
      if (!read_more(text)) return text;
    }
    const std::size_t length = text.find("Content-Length: ");
    if (length == std::string::npos) return text;
    const std::size_t size = head + 4 + std::stoul(text.substr(length + 16));
    while (text.size() < size && read_more(text)) {
    }
    return text;
  }

 private:
  bool read_more(std::string& text) {
    char bytes[4096];
    const ssize_t count = ::recv(socket_, bytes, sizeof bytes, 0);
    if (count <= 0) return false;
    text.append(bytes, static_cast<std::size_t>(count));
    return true;
  }

  int socket_;
};

/// Returns a response's status; 0 if it is none.
inline int status_of(const std::string& response) {
  return response.substr(0, 9) == "HTTP/1.1 " ? std::stoi(response.substr(9, 3)) : 0;
}

}  // namespace punctual::tests
