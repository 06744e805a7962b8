// SPDX-License-Identifier: MIT
//
// PlainTransport and TlsTransport: the bytes of one accepted connection, with a deadline on each
// wait.
//
// Waits are cut into slices, so that a server that stops need not wait for its clients.
//
// Thread-safety: distinct objects only. POSIX only.

#pragma once

#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <string_view>

#include "punctual/base/time.hpp"
#include "punctual/builtin/system_clock.hpp"

namespace punctual::http::detail {

/// What a wait for the other side came to.
enum class Waited { ready, too_late, stopping, broken };

/// Waits until the socket can be read or written (`events` of poll), at most until `deadline` by
/// the monotonic clock.
[[nodiscard]] inline Waited wait_for(int socket, short events, Duration deadline,
                                     const std::atomic<bool>& is_stopping) {
  static constexpr Duration slice_max{200};
  const SystemClock clock;
  while (!is_stopping) {
    const Duration left = deadline - clock.steady_now();
    if (left <= Duration{0}) return Waited::too_late;
    pollfd entry{socket, events, 0};
    const int count = ::poll(&entry, 1, static_cast<int>(std::min(left, slice_max).count()));
    if (count > 0) return Waited::ready;
    if (count < 0 && errno != EINTR) return Waited::broken;
  }
  return Waited::stopping;
}

/// True while the other side has not ended the connection, and the server does not stop.
[[nodiscard]] inline bool is_connected(int socket, const std::atomic<bool>& is_stopping) {
  char byte = 0;
  const ssize_t count = ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  const bool is_quiet = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
  return !is_stopping && (count > 0 || is_quiet);
}

/// Count of bytes, or what went wrong.
struct Transferred {
  std::size_t count = 0;
  Waited waited = Waited::ready;  ///< if not ready, nothing came
};

class PlainTransport {
 public:
  static constexpr bool is_secure = false;

  PlainTransport(int socket, const std::atomic<bool>& is_stopping)
      : socket_(socket),
        is_stopping_(is_stopping) {}

  [[nodiscard]] bool open(Duration) { return true; }
  void close() {}
  [[nodiscard]] bool is_there() const { return is_connected(socket_, is_stopping_); }

  /// Reads what there is; 0 bytes and `broken`: the other side is gone.
  [[nodiscard]] Transferred read(char* bytes, std::size_t size, Duration deadline) {
    const Waited waited = wait_for(socket_, POLLIN, deadline, is_stopping_);
    if (waited != Waited::ready) return {0, waited};
    const ssize_t count = ::recv(socket_, bytes, size, MSG_DONTWAIT);
    if (count > 0) return {static_cast<std::size_t>(count), Waited::ready};
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return {};
    return {0, Waited::broken};
  }

  [[nodiscard]] Transferred write(std::string_view bytes, Duration deadline) {
    const Waited waited = wait_for(socket_, POLLOUT, deadline, is_stopping_);
    if (waited != Waited::ready) return {0, waited};
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count > 0) return {static_cast<std::size_t>(count), Waited::ready};
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return {};
    return {0, Waited::broken};
  }

 private:
  int socket_;
  const std::atomic<bool>& is_stopping_;
};

/// Requires: the socket does not block.
class TlsTransport {
 public:
  static constexpr bool is_secure = true;

  TlsTransport(int socket, const std::atomic<bool>& is_stopping, SSL_CTX* context)
      : socket_(socket),
        is_stopping_(is_stopping),
        session_(SSL_new(context)) {}

  /// Shakes hands.
  [[nodiscard]] bool open(Duration deadline) {
    if (!session_ || SSL_set_fd(session_.get(), socket_) != 1) return false;
    return attempt([&] { return SSL_accept(session_.get()); }, deadline).waited == Waited::ready;
  }

  void close() {
    if (session_) SSL_shutdown(session_.get());
  }
  [[nodiscard]] bool is_there() const { return is_connected(socket_, is_stopping_); }

  [[nodiscard]] Transferred read(char* bytes, std::size_t size, Duration deadline) {
    const int length = static_cast<int>(std::min<std::size_t>(size, 16'384));
    return attempt([&] { return SSL_read(session_.get(), bytes, length); }, deadline);
  }

  [[nodiscard]] Transferred write(std::string_view bytes, Duration deadline) {
    // The same bytes until they are through, as the library wants it.
    const int length = static_cast<int>(std::min<std::size_t>(bytes.size(), 16'384));
    return attempt([&] { return SSL_write(session_.get(), bytes.data(), length); }, deadline);
  }

 private:
  struct Free {
    void operator()(SSL* session) const noexcept { SSL_free(session); }
  };

  template <class Step>
  [[nodiscard]] Transferred attempt(Step&& step, Duration deadline) {
    while (true) {
      const int result = step();
      if (result > 0) return {static_cast<std::size_t>(result), Waited::ready};
      const int reason = SSL_get_error(session_.get(), result);
      if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) {
        return {0, Waited::broken};
      }
      const short events = reason == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
      const Waited waited = wait_for(socket_, events, deadline, is_stopping_);
      if (waited != Waited::ready) return {0, waited};
    }
  }

  int socket_;
  const std::atomic<bool>& is_stopping_;
  std::unique_ptr<SSL, Free> session_;
};

}  // namespace punctual::http::detail
