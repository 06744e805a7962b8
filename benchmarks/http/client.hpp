// SPDX-License-Identifier: MIT
//
// Client: HTTP over one connection that is kept, to this host. No more than the measurements need,
// so that what is measured is the server.

#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace benchmarks {

struct Answer {
  int status = 0;
  std::string body{};
};

class Client {
 public:
  Client(int port, std::string token) : port_(port), token_(std::move(token)) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { close(); }

  /// Connects, unless it is connected. The server ends a connection after some requests.
  void connect() {
    if (socket_ >= 0) return;
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port_));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      fail("connect");
    }
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }

  Answer get(const std::string& target) { return ask("GET", target, "", ""); }

  /// `headers` are whole lines.
  Answer post(const std::string& target, const std::string& body, const std::string& headers = {}) {
    return ask("POST", target, "Content-Type: application/json\r\n" + headers, body);
  }

 private:
  Answer ask(const char* method, const std::string& target, const std::string& headers,
             const std::string& body) {
    connect();
    send(std::string{method} + " " + target +
         " HTTP/1.1\r\nHost: localhost\r\nAuthorization: " + "Bearer " + token_ + "\r\n" + headers +
         (body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n") + "\r\n" +
         body);
    return receive();
  }

  void send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t count = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (count <= 0) fail("send");
      text.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  Answer receive() {
    std::string text;
    std::size_t head_end = std::string::npos;
    while ((head_end = text.find("\r\n\r\n")) == std::string::npos) receive_more(text);
    const std::string_view head = std::string_view{text}.substr(0, head_end + 2);
    Answer answer;
    answer.status = std::atoi(text.c_str() + text.find(' '));
    const std::string length = value_of(head, "\r\nContent-Length: ");
    if (length.empty()) throw std::runtime_error{"an answer has no Content-Length"};
    const bool is_last = value_of(head, "\r\nConnection: ") == "close";
    const std::size_t size = head_end + 4 + std::stoul(length);
    while (text.size() < size) receive_more(text);
    answer.body = text.substr(head_end + 4);
    if (is_last) close();
    return answer;
  }

  void receive_more(std::string& text) {
    char bytes[32 * 1024];
    const ssize_t count = ::recv(socket_, bytes, sizeof bytes, 0);
    if (count <= 0) fail("receive");
    text.append(bytes, static_cast<std::size_t>(count));
  }

  static std::string value_of(std::string_view head, std::string_view name) {
    const std::size_t found = head.find(name);
    if (found == std::string_view::npos) return {};
    const std::string_view value = head.substr(found + name.size());
    return std::string{value.substr(0, value.find("\r\n"))};
  }

  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

  [[noreturn]] void fail(const char* what) {
    const int code = errno;
    close();
    throw std::system_error{code, std::generic_category(), what};
  }

  int port_;
  std::string token_;
  int socket_ = -1;
};

}  // namespace benchmarks
