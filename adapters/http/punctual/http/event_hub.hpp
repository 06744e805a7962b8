// SPDX-License-Identifier: MIT
//
// EventHub: the streams of events that are open, and the looks at the scheduler that feed them.
//
// It has no thread: of the streams' own threads, one at a time looks, about once a second, and
// wakes the others if there is something to tell. Nobody listens, nobody looks.
//
// Thread-safety: all members, from any thread.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/json.hpp"
#include "punctual/base/time.hpp"
#include "punctual/base/wake_signal.hpp"
#include "punctual/builtin/system_clock.hpp"
#include "punctual/http/change_feed.hpp"
#include "punctual/http/message.hpp"

namespace punctual::http {

/// What one look found.
struct Glance {
  std::optional<Observation> seen{};  ///< nullopt: the storage did not answer
  Json health{};                      ///< as of `health`
};

class EventHub {
 public:
  /// How often a scheduler is looked at that somebody listens to.
  static constexpr Duration look_period = std::chrono::seconds{1};
  /// A stream that has nothing to tell says so this often, so that nobody takes it for dead.
  static constexpr Duration comment_period = std::chrono::seconds{15};
  /// A stream ends after this, and who comes again is asked anew who they are.
  static constexpr Duration stream_max = std::chrono::minutes{10};

  /// `name` tells this hub's event ids from those of another process; letters and digits.
  EventHub(ChangeFeed feed, std::string name, std::size_t streams_max)
      : feed_(std::move(feed)),
        name_(std::move(name)),
        streams_max_(streams_max) {}

  /// The place of one stream.
  class Seat {
   public:
    explicit Seat(EventHub& hub) : hub_(hub) {}
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;
    ~Seat() { hub_.leave(*this); }

   private:
    friend class EventHub;
    EventHub& hub_;
    WakeSignal wake_;
    std::uint64_t position_ = 0;  // all events up to this one have been sent
    Duration begun_at_{};
    std::optional<Duration> written_at_;
  };

  /// Returns a place for a listener who has had the events up to the one with the id `last_id`;
  /// empty: who has read everything by asking. nullptr: there are as many as there may be.
  ///
  /// `look(feed)` returns a Glance.
  template <class Look>
  [[nodiscard]] std::shared_ptr<Seat> enter(std::string_view last_id, const Look& look) {
    auto seat = std::make_shared<Seat>(*this);
    {
      const std::lock_guard lock{mutex_};
      if (seats_.size() >= streams_max_) return nullptr;
      seats_.push_back(seat.get());
    }
    // What changes from here on is told; so the listener may read everything after this.
    (void)look_if_due(look);
    const std::lock_guard lock{mutex_};
    seat->position_ = last_id.empty() ? feed_.newest() : position_of(last_id);
    return seat;
  }

  /// Writes what a listener has not had, after waiting for it a moment; returns false when the
  /// listener is gone or `stream_max` is over. See StreamStep.
  template <class Look>
  [[nodiscard]] bool step(Seat& seat, bool hides_errors, const WritePiece& write,
                          const Look& look) {
    std::string text;
    if (!seat.written_at_) {
      seat.begun_at_ = clock_.steady_now();
      text = ": events follow\n\n";
    } else {
      text = next(seat, hides_errors, look);
    }
    const Duration now = clock_.steady_now();
    if (text.empty() && now - *seat.written_at_ >= comment_period) text = ": nothing new\n\n";
    if (!text.empty()) seat.written_at_ = now;
    return write(text) && now - seat.begun_at_ < stream_max;
  }

  /// Something was changed by somebody who may want to see it: the next look is soon.
  void hurry() {
    const std::lock_guard lock{mutex_};
    is_hurried_ = true;
    for (Seat* seat : seats_) seat->wake_.raise();
  }

 private:
  /// How soon a listener is found to be gone.
  static constexpr Duration check_period = std::chrono::milliseconds{250};
  static constexpr Duration hurried_period = std::chrono::milliseconds{100};

  void leave(Seat& seat) {
    const std::lock_guard lock{mutex_};
    seats_.erase(std::remove(seats_.begin(), seats_.end(), &seat), seats_.end());
  }

  /// Returns what the listener has not had; empty if nothing has come for a moment.
  template <class Look>
  [[nodiscard]] std::string next(Seat& seat, bool hides_errors, const Look& look) {
    std::string text = take(seat, hides_errors);
    if (!text.empty()) return text;
    const Duration until_look = look_if_due(look);
    text = take(seat, hides_errors);
    if (!text.empty()) return text;
    clock_.wait_until(clock_.now() + std::min(until_look, check_period), seat.wake_);
    return take(seat, hides_errors);
  }

  [[nodiscard]] std::string take(Seat& seat, bool hides_errors) {
    const std::lock_guard lock{mutex_};
    if (seat.position_ == feed_.newest()) return {};
    ChangeFeed::Page page = feed_.after(seat.position_, name_, hides_errors);
    seat.position_ = page.position;
    return std::move(page.text);
  }

  /// Looks, if it is time and nobody else does; returns how long it is to the next look.
  template <class Look>
  Duration look_if_due(const Look& look) {
    {
      const std::lock_guard lock{mutex_};
      const Duration left = until_look();
      if (left > Duration{0}) return left;
      looked_at_ = clock_.steady_now();
      is_looking_ = true;
      is_hurried_ = false;
    }
    Glance glance;
    try {
      glance = look(std::as_const(feed_));  // changed by the one who looks only: that is us
    } catch (...) {  // NOLINT(bugprone-empty-catch): nothing was seen; tried again in a moment
    }
    const std::lock_guard lock{mutex_};
    is_looking_ = false;
    const std::uint64_t newest = feed_.newest();
    const Duration now = clock_.steady_now();
    if (glance.seen) feed_.take(*glance.seen, now);
    if (glance.health.is_object()) feed_.take_health(glance.health, now);
    if (feed_.newest() != newest) {
      for (Seat* seat : seats_) seat->wake_.raise();
    }
    return look_period;
  }

  /// Requires: the lock is held.
  [[nodiscard]] Duration until_look() const {
    if (is_looking_) return check_period;
    if (!looked_at_) return Duration{0};
    const Duration period = is_hurried_ ? hurried_period : look_period;
    return std::max(*looked_at_ + period - clock_.steady_now(), Duration{0});
  }

  /// Returns the number in an event's id; of another hub's, one that there never was.
  [[nodiscard]] std::uint64_t position_of(std::string_view id) const {
    static constexpr std::size_t digits_max = 18;
    static constexpr std::uint64_t unknown = UINT64_MAX;
    const std::string begin = name_ + "-";
    if (id.substr(0, begin.size()) != begin) return unknown;
    const std::string_view digits = id.substr(begin.size());
    if (digits.empty() || digits.size() > digits_max) return unknown;
    std::uint64_t number = 0;
    for (const char c : digits) {
      if (c < '0' || c > '9') return unknown;
      number = number * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return number;
  }

  const SystemClock clock_{};
  std::mutex mutex_;
  ChangeFeed feed_;  // written under the lock by the one who looks, who may so read it without
  const std::string name_;
  const std::size_t streams_max_;
  std::vector<Seat*> seats_;
  std::optional<Duration> looked_at_;
  bool is_looking_ = false;
  bool is_hurried_ = false;
};

}  // namespace punctual::http
