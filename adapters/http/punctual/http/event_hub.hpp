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
#include "punctual/http/event_log.hpp"
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
        log_(std::move(name)),
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
    bool is_early_ = false;       // it was there before the first look
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
    seat->is_early_ = !has_seen_;
    seat->position_ = last_id.empty() ? log_.newest() : log_.position_of(last_id);
    return seat;
  }

  /// Lowers the number of streams that there may be at a time.
  void limit_streams(std::size_t streams_max) {
    const std::lock_guard lock{mutex_};
    streams_max_ = std::min(streams_max_, streams_max);
  }

  /// Writes what a listener has not had, after waiting for it a moment; returns false when the
  /// listener is gone or `stream_max` is over. See StreamStep.
  template <class Look>
  [[nodiscard]] bool step(Seat& seat, bool hides_errors, const WritePiece& write,
                          const Look& look) {
    std::string text;
    if (!seat.written_at_) {
      seat.begun_at_ = clock_.steady_now();
      text = greeting(seat);
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

  /// Where it begins, so that a listener who is cut off at once knows what it has missed.
  [[nodiscard]] std::string greeting(const Seat& seat) {
    const std::lock_guard lock{mutex_};
    const bool is_known = !seat.is_early_ && seat.position_ != EventLog::unknown;
    return ": events follow\n" + (is_known ? log_.id_text(seat.position_) : "\n");
  }

  [[nodiscard]] std::string take(Seat& seat, bool hides_errors) {
    const std::lock_guard lock{mutex_};
    if (seat.is_early_ && has_seen_) {  // what it read meanwhile may be older than the first look
      seat.is_early_ = false;
      seat.position_ = EventLog::unknown;
    }
    if (seat.position_ == log_.newest()) return {};
    EventLog::Page page = log_.after(seat.position_, hides_errors);
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
    std::vector<ChangeEvent> events;
    bool has_seen = false;
    try {
      const Glance glance = look(std::as_const(feed_));
      const Duration now = clock_.steady_now();
      has_seen = glance.seen.has_value();
      if (has_seen) events = feed_.changes(*glance.seen, now);
      if (glance.health.is_object()) {
        for (auto& event : feed_.health_changes(glance.health, now)) events.push_back(event);
      }
    } catch (...) {  // NOLINT(bugprone-empty-catch): nothing was seen; tried again in a moment
    }
    const std::lock_guard lock{mutex_};
    is_looking_ = false;
    const bool is_news = !events.empty() || (has_seen && !has_seen_);
    has_seen_ = has_seen_ || has_seen;
    for (auto& event : events) log_.add(std::move(event));
    if (is_news) {
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

  const SystemClock clock_{};
  ChangeFeed feed_;  // of the one who looks, without the lock: it calls what is the host's
  std::mutex mutex_;
  EventLog log_;
  std::size_t streams_max_;
  std::vector<Seat*> seats_;
  std::optional<Duration> looked_at_;
  bool has_seen_ = false;
  bool is_looking_ = false;
  bool is_hurried_ = false;
};

}  // namespace punctual::http
