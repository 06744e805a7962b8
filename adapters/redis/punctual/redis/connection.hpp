// SPDX-License-Identifier: MIT
//
// Connection: one connection to the server; Script: what the server runs as one step.
//
// Commands are written here and not by hiredis: only so is it known whether all of one was sent
// when a connection breaks, and whether a broken one raises SIGPIPE.
//
// Thread-safety: one thread at a time; Connections guards it.

#pragma once

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/time.hpp"
#include "punctual/redis/native_error.hpp"
#include "punctual/redis/options.hpp"
#include "punctual/redis/reply.hpp"

namespace punctual::redis::detail {

/// What the server runs as one step.
///
/// It is told the text once; from then on the digest that it answered names the script, on every
/// server and connection.
///
/// Thread-safety: all members, from any thread.
class Script {
 public:
  explicit Script(std::string text) : text_(std::move(text)) {}

  [[nodiscard]] const std::string& text() const noexcept { return text_; }

  /// Returns the digest, which `ask(text)` returns if it is not known yet.
  template <class Ask>
  [[nodiscard]] std::string digest(Ask&& ask) const {
    const std::lock_guard lock{mutex_};
    if (digest_.empty()) digest_ = ask(text_);
    return digest_;
  }

 private:
  std::string text_;
  mutable std::mutex mutex_;
  mutable std::string digest_{};
};

class Connection {
 public:
  /// Connects and authenticates.
  ///
  /// Errors: STORAGE_UNAVAILABLE -> no connection, or the server does not let us in.
  /// Blocks: until the server answers, each time at most `connect_timeout`.
  explicit Connection(const Options& options) : prefix_(options.key_prefix) {
    const timeval timeout = to_timeval(options.connect_timeout);
    context_.reset(options.unix_socket.empty()
                       ? redisConnectWithTimeout(options.host.c_str(), options.port, timeout)
                       : redisConnectUnixWithTimeout(options.unix_socket.c_str(), timeout));
    if (!context_ || context_->err != 0) {
      throw make_connect_error(context_ ? context_->errstr : "");
    }
    ::fcntl(context_->fd, F_SETFD, FD_CLOEXEC);  // NOLINT(cppcoreguidelines-pro-type-vararg)
    set_timeout(options.connect_timeout);
    try {
      let_in(options);
    } catch (const NativeError& error) {
      if (!error.in_doubt()) throw;
      throw make_connect_error("");  // none of it does anything
    }
  }

  /// Sets how long a command may take from now on.
  void set_timeout(Duration timeout) { redisSetTimeout(context_.get(), to_timeval(timeout)); }

  /// Sends a command and returns the answer.
  ///
  /// Errors: what `make_error` makes of an error that the server answers; STORAGE_UNAVAILABLE ->
  ///         the connection broke, in doubt if all of the command had been sent.
  OwnedReply command(const std::vector<std::string_view>& words) {
    send(words);
    return receive();
  }

  /// Runs a script on the keys with the prefix; `terms` is what lua_base.hpp calls ARGV[1].
  OwnedReply run(const Script& script, std::string_view terms,
                 const std::vector<std::string>& arguments) {
    const std::string digest = script.digest([&](const auto& text) { return load(text); });
    std::vector<std::string_view> words{"EVALSHA", digest, "1", prefix_, terms};
    words.insert(words.end(), arguments.begin(), arguments.end());
    try {
      return command(words);
    } catch (const NativeError& error) {
      if (error.reply() != "NOSCRIPT") throw;
    }
    words[0] = "EVAL";  // the server has forgotten it; this way it learns it again
    words[1] = script.text();
    return command(words);
  }

  /// Sends a command whose answer is read later.
  void send(const std::vector<std::string_view>& words) {
    const std::string bytes = encoded(words);
    std::string_view rest = bytes;
    while (!rest.empty()) {
      const auto count = ::send(context_->fd, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) {
        is_broken_ = true;
        throw make_lost_error(false, errno == EAGAIN);
      }
      rest.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  /// Returns the next answer.
  OwnedReply receive() {
    void* native = nullptr;
    if (redisGetReply(context_.get(), &native) != REDIS_OK || native == nullptr) {
      is_broken_ = true;
      throw make_lost_error(true, context_->err == REDIS_ERR_IO && errno == EAGAIN);
    }
    OwnedReply reply{static_cast<redisReply*>(native)};
    if (reply->type == REDIS_REPLY_ERROR) {
      NativeError error = make_error({reply->str, static_cast<std::size_t>(reply->len)});
      is_broken_ = error.is_wrong_server();
      throw error;
    }
    return reply;
  }

  /// True if more of the answers has been read than was returned.
  [[nodiscard]] bool has_unread() const noexcept {
    return context_->reader->pos < context_->reader->len;
  }

  [[nodiscard]] int descriptor() const noexcept { return context_->fd; }

  [[nodiscard]] bool is_broken() const noexcept { return is_broken_; }

  /// True if the server has not closed the connection while nobody used it.
  [[nodiscard]] bool is_alive() const noexcept {
    char byte = 0;
    const auto count = ::recv(context_->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return !is_broken_ && count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }

 private:
  struct ContextDeleter {
    void operator()(redisContext* context) const noexcept { redisFree(context); }
  };

  [[nodiscard]] static timeval to_timeval(Duration span) {
    timeval value{};
    value.tv_sec = static_cast<time_t>(span.count() / 1000);
    value.tv_usec = static_cast<suseconds_t>(span.count() % 1000 * 1000);
    return value;
  }

  [[nodiscard]] static std::string encoded(const std::vector<std::string_view>& words) {
    std::size_t size = 16;
    for (const auto word : words) size += word.size() + 16;
    std::string bytes;
    bytes.reserve(size);
    bytes.append("*").append(std::to_string(words.size())).append("\r\n");
    for (const auto word : words) {
      bytes.append("$").append(std::to_string(word.size())).append("\r\n");
      bytes.append(word).append("\r\n");
    }
    return bytes;
  }

  void let_in(const Options& options) {
    if (!options.username.empty()) {
      command({"AUTH", options.username, options.password});
    } else if (!options.password.empty()) {
      command({"AUTH", options.password});
    }
    if (options.database != 0) command({"SELECT", std::to_string(options.database)});
  }

  /// Returns the name that the server gives a script.
  [[nodiscard]] std::string load(const std::string& text) {
    try {
      const OwnedReply reply = command({"SCRIPT", "LOAD", text});
      return Reply{reply}.text();
    } catch (const NativeError& error) {
      if (!error.in_doubt()) throw;
      throw make_lost_error(false, error.is_timeout());  // to load a script changes nothing
    }
  }

  std::string prefix_;
  std::unique_ptr<redisContext, ContextDeleter> context_;
  bool is_broken_ = false;
};

}  // namespace punctual::redis::detail
