// SPDX-License-Identifier: MIT
//
// ChangeWatch: hears when another process stores something that a scheduler may have to do.
//
// Scripts publish on the channel `<key_prefix>wake`, with the name of who ran them. A message is a
// hint: one that is lost with its connection is made up for by polling, and after each new
// connection everybody looks once. Of many messages that come together one call is made, and one in
// 5 ms at most.
//
// It has a thread and a connection of its own, from the first listener on. A connection on which
// nothing came for ten seconds is tried, and replaced if it does not answer.
//
// Thread-safety: all members, from any thread.

#pragma once

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/random.hpp"
#include "punctual/base/time.hpp"
#include "punctual/redis/connection.hpp"
#include "punctual/redis/options.hpp"
#include "punctual/redis/reply.hpp"
#include "punctual/schedule/backoff.hpp"

namespace punctual::redis::detail {

/// A wait that another thread can end.
class WakePipe {
 public:
  /// Errors: STORAGE_UNAVAILABLE -> the process has no file descriptors left.
  WakePipe() {
    if (::pipe(ends_) != 0) {
      throw Error{"STORAGE_UNAVAILABLE", "a pipe could not be made", ErrorKind::retryable};
    }
    for (const int end : ends_) {
      ::fcntl(end, F_SETFD, FD_CLOEXEC);
      ::fcntl(end, F_SETFL, O_NONBLOCK);
    }
  }
  ~WakePipe() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }

  WakePipe(const WakePipe&) = delete;
  WakePipe& operator=(const WakePipe&) = delete;

  /// Ends every wait from now on.
  void end_waits() noexcept { [[maybe_unused]] const auto count = ::write(ends_[1], "!", 1); }

  /// Waits for `span`, or until there is something to read at `descriptor` (-1: nowhere); returns
  /// whether there is.
  bool wait(int descriptor, Duration span) const noexcept {
    pollfd ends[2] = {{ends_[0], POLLIN, 0}, {descriptor, POLLIN, 0}};
    ::poll(ends, 2, static_cast<int>(span.count()));
    return ends[1].revents != 0;
  }

 private:
  int ends_[2] = {-1, -1};
};

class ChangeWatch {
 public:
  using OnChange = std::function<void()>;

  /// `name` is the one under which this process publishes.
  ChangeWatch(const Options& options, std::string name)
      : options_(options),
        name_(std::move(name)) {}

  ~ChangeWatch() {
    is_over_ = true;
    pipe_.end_waits();
    if (thread_.joinable()) thread_.join();
  }

  ChangeWatch(const ChangeWatch&) = delete;
  ChangeWatch& operator=(const ChangeWatch&) = delete;

  /// Calls `on_change` on another thread and under no lock, as long as what is returned lives. What
  /// it throws is dropped.
  [[nodiscard]] std::shared_ptr<void> listen(OnChange on_change) {
    auto listener = std::make_shared<OnChange>(std::move(on_change));
    const std::lock_guard lock{mutex_};
    listeners_.push_back(listener);
    if (!thread_.joinable()) thread_ = std::thread{[this] { run(); }};
    return listener;
  }

 private:
  static constexpr Duration quiet_max = std::chrono::seconds{10};
  static constexpr Duration answer_max = std::chrono::seconds{3};
  static constexpr Duration call_period = std::chrono::milliseconds{5};

  void run() noexcept {
    Random random{std::hash<std::string>{}(name_)};
    for (std::uint32_t failed_count = 1; !is_over_; ++failed_count) {
      try {
        Connection connection{options_};
        connection.command({"SUBSCRIBE", options_.key_prefix + "wake"});
        failed_count = 0;
        call_listeners();
        while (!is_over_ && hear(connection)) continue;
      } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): polling goes on meanwhile
      }
      pause(failed_count, random);
    }
  }

  void pause(std::uint32_t failed_count, Random& random) const {
    static const Backoff backoff =
        Backoff::exponential(std::chrono::milliseconds{100}, std::chrono::seconds{30}, false);
    const Duration half = backoff.ceiling(failed_count) / 2;
    const auto more = random.up_to(static_cast<std::uint64_t>(half.count()));
    pipe_.wait(-1, half + Duration{static_cast<std::int64_t>(more)});
  }

  /// Waits for what comes next; returns false if the connection is of no use any more.
  bool hear(Connection& connection) {
    if (!connection.has_unread() && !pipe_.wait(connection.descriptor(), quiet_max)) {
      if (is_over_) return false;
      connection.send({"PING"});
      if (!pipe_.wait(connection.descriptor(), answer_max)) return false;
    }
    bool is_news = false;
    do {
      const OwnedReply message = connection.receive();
      is_news = is_news_of(Reply{message}) || is_news;
    } while (connection.has_unread() || pipe_.wait(connection.descriptor(), Duration{0}));
    if (is_news) {
      call_listeners();
      pipe_.wait(-1, call_period);
    }
    return true;
  }

  /// What this process did itself is news only if several schedulers share the storage.
  [[nodiscard]] bool is_news_of(const Reply& message) {
    if (message[0].view() != "message") return false;
    if (message[2].view() != name_) return true;
    const std::lock_guard lock{mutex_};
    return listeners_.size() > 1;
  }

  void call_listeners() {
    std::vector<std::shared_ptr<OnChange>> living;
    {
      const std::lock_guard lock{mutex_};
      std::erase_if(listeners_, [](const auto& listener) { return listener.expired(); });
      for (const auto& listener : listeners_) {
        if (auto alive = listener.lock()) living.push_back(std::move(alive));
      }
    }
    for (const auto& on_change : living) {
      try {
        (*on_change)();
      } catch (...) {  // NOLINT(bugprone-empty-catch): the others are told all the same
      }
    }
  }

  Options options_;
  std::string name_;
  WakePipe pipe_;
  std::atomic<bool> is_over_{false};
  std::mutex mutex_;
  std::vector<std::weak_ptr<OnChange>> listeners_;
  std::thread thread_;
};

}  // namespace punctual::redis::detail
