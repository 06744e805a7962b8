// SPDX-License-Identifier: MIT
//
// AdminServer: the facade on an address of its own, by HTTP or HTTPS.
//
// cpp-httplib listens, accepts and holds the certificate; what comes over a connection is read by
// RequestReader, within limits on its size, its time and the number of connections. A client over
// these limits is told 503, without a thread being spent on it.
//
// Thread-safety: all members, from any thread; start() once.
// Lifetime: the controller is borrowed and must outlive the server.

#pragma once

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <httplib.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

#include "punctual/base/error.hpp"
#include "punctual/http/connection_loop.hpp"
#include "punctual/http/jobs_controller.hpp"
#include "punctual/http/transport.hpp"

namespace punctual::http {

struct ServerOptions {
  std::string host = "127.0.0.1";
  int port = 0;  ///< 0: any free one; see AdminServer::port()
  /// Files in PEM form; both or none. With them, the server speaks HTTPS only.
  std::string certificate_file{};
  std::string key_file{};
  std::size_t connections_max = 64;
  std::size_t connections_per_address_max = 8;
  ConnectionLimits connection{};
};

namespace detail {

/// True in the thread that accepts, while it handles a connection that is one too many.
inline thread_local bool is_one_too_many = false;

/// Runs each connection on a thread of its own, up to a number of them; those beyond it at once,
/// where they were accepted: that is to say so, and takes no time.
class ThreadPerConnection final : public httplib::TaskQueue {
 public:
  explicit ThreadPerConnection(std::size_t threads_max) : threads_max_(threads_max) {}

  void enqueue(std::function<void()> work) override {
    if (enter()) {
      try {
        std::thread{[this, work] {
          work();
          leave();
        }}.detach();
        return;
      } catch (...) {  // the system has no thread left
        leave();
      }
    }
    is_one_too_many = true;
    work();
    is_one_too_many = false;
  }

  /// Blocks: until all connections have ended.
  void shutdown() override {
    std::unique_lock lock{mutex_};
    none_left_.wait(lock, [this] { return count_ == 0; });
  }

 private:
  bool enter() {
    const std::lock_guard lock{mutex_};
    if (count_ >= threads_max_) return false;
    ++count_;
    return true;
  }

  void leave() {
    const std::lock_guard lock{mutex_};
    if (--count_ == 0) none_left_.notify_all();
  }

  const std::size_t threads_max_;
  std::mutex mutex_;
  std::condition_variable none_left_;
  std::size_t count_ = 0;
};

/// Counts the connections of each address.
class AddressCounts {
 public:
  explicit AddressCounts(std::size_t count_max) : count_max_(count_max) {}

  /// Returns false if the address has as many as it may have.
  [[nodiscard]] bool enter(const std::string& address) {
    const std::lock_guard lock{mutex_};
    std::size_t& count = counts_[address];
    if (count >= count_max_) return false;
    ++count;
    return true;
  }

  void leave(const std::string& address) {
    const std::lock_guard lock{mutex_};
    const auto found = counts_.find(address);
    if (--found->second == 0) counts_.erase(found);
  }

 private:
  const std::size_t count_max_;
  std::mutex mutex_;
  std::map<std::string, std::size_t> counts_;
};

/// Returns the other side's address, without its port; empty if it is gone.
[[nodiscard]] inline std::string peer_address(int socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  char text[NI_MAXHOST] = "";
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0 ||
      ::getnameinfo(reinterpret_cast<sockaddr*>(&address), length, text, sizeof text, nullptr, 0,
                    NI_NUMERICHOST) != 0) {
    return {};
  }
  return text;
}

/// Ends a connection so that what was sent last arrives: a socket that is closed with bytes unread
/// takes it back.
inline void close_gently(int socket, const std::atomic<bool>& is_stopping) {
  static constexpr Duration linger_max = std::chrono::milliseconds{500};
  static constexpr int reads_max = 32;
  ::shutdown(socket, SHUT_WR);
  const Duration deadline = SystemClock{}.steady_now() + linger_max;
  char bytes[4096];
  for (int i = 0; i < reads_max; ++i) {
    if (wait_for(socket, POLLIN, deadline, is_stopping) != Waited::ready) break;
    if (::recv(socket, bytes, sizeof bytes, MSG_DONTWAIT) <= 0) break;
  }
  ::close(socket);
}

/// A server of cpp-httplib that leaves what is said over a connection to ConnectionLoop.
template <class BaseT>
class Listener final : public BaseT {
 public:
  template <class... Arguments>
  Listener(JobsController& controller, const ServerOptions& options, Arguments... arguments)
      : BaseT(arguments...),
        controller_(controller),
        options_(options),
        addresses_(options.connections_per_address_max) {
    const std::size_t threads_max = options.connections_max;
    this->new_task_queue = [threads_max] { return new ThreadPerConnection{threads_max}; };
  }

  /// Connections end with what they are at, streams at once.
  void end_connections() { is_stopping_ = true; }

  /// Lets more clients wait to be accepted than the five of cpp-httplib: the sixth of a burst would
  /// try again a second later.
  void lengthen_queue() {
    static constexpr int queue_max = 256;
    ::listen(this->svr_sock_, queue_max);
  }

 private:
  bool process_and_close_socket(socket_t socket) override {
    ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
    ::fcntl(socket, F_SETFD, FD_CLOEXEC);
    if (is_one_too_many) {
      refuse(socket);
      ::close(socket);
      return false;
    }
    const std::string peer = peer_address(socket);
    if (addresses_.enter(peer)) {
      serve(socket, peer);
      addresses_.leave(peer);
    } else {
      refuse(socket);
    }
    close_gently(socket, is_stopping_);
    return true;
  }

  void serve(int socket, const std::string& peer) noexcept {
    try {
      auto transport = make_transport(socket);
      ConnectionLoop{transport, controller_, options_.connection, peer}.run();
    } catch (...) {  // NOLINT(bugprone-empty-catch): out of memory; the connection ends
    }
  }

  [[nodiscard]] auto make_transport(int socket) {
    if constexpr (std::is_same_v<BaseT, httplib::SSLServer>) {
      return TlsTransport{socket, is_stopping_, this->ssl_context()};
    } else {
      return PlainTransport{socket, is_stopping_};
    }
  }

  /// Says 503 in one piece, as far as the socket takes it at once; nothing where TLS is spoken.
  static void refuse(int socket) {
    if constexpr (!std::is_same_v<BaseT, httplib::SSLServer>) {
      Response response = error_answer(
          ApiError{503, "TOO_MANY_CONNECTIONS", "too many connections", {{"Retry-After", "5"}}},
          "");
      set_safety_headers(response);
      const std::string text = response_text(response, false, false);
      (void)::send(socket, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
  }

  JobsController& controller_;
  const ServerOptions options_;
  AddressCounts addresses_;
  std::atomic<bool> is_stopping_{false};
};

}  // namespace detail

class AdminServer {
 public:
  /// Binds the address; nobody is answered before start().
  ///
  /// Errors: INVALID_CONFIG -> an option out of its range, or the certificate or its key cannot be
  ///         used; LISTEN_FAILED -> the address is taken, or not one of this host's.
  AdminServer(JobsController& controller, ServerOptions options)
      : options_(checked(std::move(options))) {
    std::function<void()> lengthen_queue;
    const auto adopt = [&](auto listener) {
      end_connections_ = [raw = listener.get()] { raw->end_connections(); };
      lengthen_queue = [raw = listener.get()] { raw->lengthen_queue(); };
      server_ = std::move(listener);
    };
    if (options_.certificate_file.empty()) {
      adopt(std::make_unique<detail::Listener<httplib::Server>>(controller, options_));
    } else {
      adopt(std::make_unique<detail::Listener<httplib::SSLServer>>(
          controller, options_, options_.certificate_file.c_str(), options_.key_file.c_str()));
    }
    if (!server_->is_valid()) {
      throw Error{"INVALID_CONFIG",
                  "the certificate and its key must be files in PEM form that belong together"};
    }
    port_ = options_.port;
    const bool is_bound = port_ == 0 ? (port_ = server_->bind_to_any_port(options_.host)) > 0
                                     : server_->bind_to_port(options_.host, port_);
    if (!is_bound) {
      throw Error{"LISTEN_FAILED", "nobody can listen on " + options_.host + ":" +
                                       std::to_string(options_.port) +
                                       "; is the address one of this host's, and the port free?"};
    }
    lengthen_queue();
  }

  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;
  ~AdminServer() { stop(); }

  /// The port that is listened on.
  [[nodiscard]] int port() const noexcept { return port_; }

  /// Answers from now on, in threads of its own.
  void start() {
    if (thread_.joinable()) return;
    thread_ = std::thread{[this] { server_->listen_after_bind(); }};
    // Before it runs, it could not be stopped.
    while (!server_->is_running()) std::this_thread::yield();
  }

  /// No more connections; those that there are end with the request they are at.
  ///
  /// Blocks: until they have; a trigger that waits, as long as it does.
  void stop() {
    const std::lock_guard lock{stop_mutex_};
    end_connections_();
    if (!thread_.joinable()) return;
    server_->stop();
    thread_.join();
  }

 private:
  [[nodiscard]] static ServerOptions checked(ServerOptions options) {
    const auto refuse = [](const std::string& what) { throw Error{"INVALID_CONFIG", what}; };
    if (options.port < 0 || options.port > 65535) {
      refuse("ServerOptions.port must be 0 to 65535, got " + std::to_string(options.port));
    }
    if (options.certificate_file.empty() != options.key_file.empty()) {
      refuse("ServerOptions: a certificate needs its key, and a key its certificate");
    }
    if (options.connections_max == 0 || options.connections_per_address_max == 0 ||
        options.connection.requests_max == 0 || options.connection.body_rate_min == 0) {
      refuse("ServerOptions: limits of connections, requests and rates must be at least 1");
    }
    for (const Duration timeout : {options.connection.head_timeout, options.connection.idle_timeout,
                                   options.connection.write_timeout}) {
      if (timeout <= Duration{0}) refuse("ServerOptions: time limits must be positive");
    }
    return options;
  }

  const ServerOptions options_;
  std::unique_ptr<httplib::Server> server_;
  std::function<void()> end_connections_;
  int port_ = 0;
  std::mutex stop_mutex_;
  std::thread thread_;
};

}  // namespace punctual::http
