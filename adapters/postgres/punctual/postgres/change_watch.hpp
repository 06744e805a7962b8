// SPDX-License-Identifier: MIT
//
// ChangeWatch: tells other processes that there is something to look at, and hears it from them.
//
// It has a thread and a connection of its own, on which it listens and notifies. So notifications
// are sent after what they tell of is committed, many as one, and never hold up who stores runs:
// the server lets notifying transactions commit one by one only. There is one in 5 ms at most. A
// notification is a hint. One that is lost is made up for by polling; after each new connection
// everybody looks once.
//
// Every ten seconds it notifies itself. If that does not come back, as behind a pooler of
// transactions, it connects again, later each time.
//
// Thread-safety: all members, from any thread.

#pragma once

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/random.hpp"
#include "punctual/base/time.hpp"
#include "punctual/builtin/system_clock.hpp"
#include "punctual/postgres/connection.hpp"
#include "punctual/postgres/options.hpp"

namespace punctual::postgres::detail {

/// Returns the name of the channel of a set of tables.
[[nodiscard]] inline std::string channel_name(const Connection& connection) {
  return "punctual_" + std::to_string(text_hash(connection.expanded("{}wake")));
}

/// Tells everybody who listens, when the transaction commits. `sender` is told as it is.
inline void notify(Connection& connection, const std::string& sender = "-") {
  connection.exec("NOTIFY " + channel_name(connection) + ", '" + sender + "'");
}

/// A pipe that wakes who polls.
class WakePipe {
 public:
  WakePipe() {
    int ends[2];
    if (pipe(ends) != 0) throw Error{"STORAGE_UNAVAILABLE", "no pipe", ErrorKind::retryable};
    for (const int end : ends) {
      fcntl(end, F_SETFD, FD_CLOEXEC);
      fcntl(end, F_SETFL, O_NONBLOCK);
    }
    read_end_ = ends[0];
    write_end_ = ends[1];
  }
  ~WakePipe() {
    close(read_end_);
    close(write_end_);
  }

  WakePipe(const WakePipe&) = delete;
  WakePipe& operator=(const WakePipe&) = delete;

  /// A full pipe wakes as well.
  void raise() const noexcept { [[maybe_unused]] const auto count = write(write_end_, "!", 1); }
  void clear() const noexcept {
    char bytes[256];
    while (read(read_end_, bytes, sizeof bytes) > 0) continue;
  }
  [[nodiscard]] int descriptor() const noexcept { return read_end_; }

 private:
  int read_end_ = -1;
  int write_end_ = -1;
};

class ChangeWatch {
 public:
  using OnChange = std::function<void()>;

  explicit ChangeWatch(const Options& options)
      : options_(options),
        name_(std::to_string(Random::from_entropy()())) {}

  ~ChangeWatch() {
    is_over_ = true;
    pipe_.raise();
    if (thread_.joinable()) thread_.join();
  }

  ChangeWatch(const ChangeWatch&) = delete;
  ChangeWatch& operator=(const ChangeWatch&) = delete;

  /// Calls `on_change` on another thread whenever somebody else told of a change, as long as what
  /// is returned lives. It is not called under a lock; what it throws is dropped.
  [[nodiscard]] std::shared_ptr<void> listen(OnChange on_change) {
    auto listener = std::make_shared<OnChange>(std::move(on_change));
    const std::lock_guard lock{mutex_};
    listeners_.push_back(listener);
    start();
    return listener;
  }

  /// Lets the others know soon.
  void tell() {
    if (has_news_.exchange(true)) return;
    {
      const std::lock_guard lock{mutex_};
      start();
    }
    pipe_.raise();
  }

 private:
  static constexpr Duration probe_period = std::chrono::seconds{10};
  static constexpr Duration probe_patience = std::chrono::seconds{3};
  static constexpr Duration news_period = std::chrono::milliseconds{5};
  static constexpr Duration pause_min = std::chrono::milliseconds{100};
  static constexpr Duration pause_max = std::chrono::minutes{1};

  void start() {
    if (!thread_.joinable()) thread_ = std::thread{[this] { run(); }};
  }

  void run() noexcept {
    Duration pause = pause_min;
    while (!is_over_) {
      bool was_heard = false;
      try {
        Connection connection{options_};
        // What is only told need not be on the server's disk before others hear it.
        connection.exec("SET synchronous_commit = off; LISTEN " + channel_name(connection));
        call_listeners();
        converse(connection, was_heard);
      } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): polling goes on meanwhile
      }
      pause = was_heard ? pause_min : std::min(pause * 2, pause_max);
      if (!is_over_) wait(-1, pause);  // what woke us to end may have been taken already
    }
  }

  /// Sends and hears until the connection is of no use.
  void converse(Connection& connection, bool& was_heard) {
    Duration probed_at = SystemClock{}.steady_now();
    bool is_probing = true;
    Duration next_news_at{0};
    notify(connection, name_);
    while (!is_over_) {
      const Duration now = SystemClock{}.steady_now();
      if (is_probing && now - probed_at >= probe_patience) return;
      if (!is_probing && now - probed_at >= probe_period) {
        notify(connection, name_);
        probed_at = now;
        is_probing = true;
      }
      if (now >= next_news_at && has_news_.exchange(false)) {
        notify(connection, name_ + "+");
        next_news_at = now + news_period;
      }
      if (hear(connection.native())) {
        is_probing = false;
        was_heard = true;
      }
      const Duration patience = is_probing ? probe_patience : probe_period;
      const Duration wake_at = has_news_ ? next_news_at : probed_at + patience;
      wait(PQsocket(connection.native()), wake_at - now);
      if (PQconsumeInput(connection.native()) == 0) return;
    }
  }

  /// Takes what was heard; returns whether our own probe was among it.
  bool hear(PGconn* connection) {
    bool heard_probe = false;
    bool heard_news = false;
    while (PGnotify* heard = PQnotifies(connection)) {
      const std::string sender = heard->extra;
      PQfreemem(heard);
      heard_probe = heard_probe || sender == name_;
      heard_news = heard_news || (sender == name_ + "+" ? has_several() : is_news(sender));
    }
    if (heard_news) call_listeners();
    return heard_probe;
  }

  /// True if it is no probe of another's.
  [[nodiscard]] static bool is_news(const std::string& sender) {
    return sender == "-" || sender.ends_with('+');
  }

  /// True if several schedulers share the storage, so that our own news are news to some of them.
  [[nodiscard]] bool has_several() {
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

  void wait(int socket, Duration span) const {
    pollfd ends[2] = {{pipe_.descriptor(), POLLIN, 0}, {socket, POLLIN, 0}};
    const auto ms = std::clamp<std::int64_t>(span.count(), 0, 60'000);
    poll(ends, socket < 0 ? 1 : 2, static_cast<int>(ms));
    pipe_.clear();
  }

  Options options_;
  std::string name_;
  WakePipe pipe_;
  std::atomic<bool> is_over_{false};
  std::atomic<bool> has_news_{false};
  std::mutex mutex_;
  std::vector<std::weak_ptr<OnChange>> listeners_;
  std::thread thread_;
};

}  // namespace punctual::postgres::detail
