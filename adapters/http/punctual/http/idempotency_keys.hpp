// SPDX-License-Identifier: MIT
//
// IdempotencyKeys: which run a principal's key has led to, so that a repeated request starts none.
//
// A key is taken before the run is made, so of two requests at once one is told to wait. What is
// known here is known to this process; the run itself carries the key as its unique key, by which
// others find it.
//
// Thread-safety: all members, from any thread.
// Source: The Idempotency-Key HTTP Header Field (IETF draft-ietf-httpapi-idempotency-key-header).

#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "punctual/base/time.hpp"
#include "punctual/base/uuid.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/http/digest.hpp"

namespace punctual::http {

class IdempotencyKeys {
 public:
  static constexpr Duration kept_period = std::chrono::hours{24};
  /// The oldest are forgotten beyond so many.
  static constexpr std::size_t keys_max = 10'000;

  enum class State {
    taken,   ///< it is new; put() or drop() has to follow
    known,   ///< it has led to a run
    busy,    ///< another request with it is under way
    misused  ///< it came with a different request
  };
  struct Answer {
    State state = State::taken;
    std::optional<RunId> run_id{};
  };

  /// Takes a key. `request` is a digest of what is asked for; `now` is never set back.
  [[nodiscard]] Answer take(const std::string& key, const Digest& request, Duration now) {
    const std::lock_guard lock{mutex_};
    while (!order_.empty() && (order_.front().second <= now || order_.size() >= keys_max)) {
      entries_.erase(order_.front().first);
      order_.pop_front();
    }
    const auto found = entries_.find(key);
    if (found != entries_.end()) {
      if (found->second.request != request) return {State::misused, {}};
      if (!found->second.run_id) return {State::busy, {}};
      return {State::known, found->second.run_id};
    }
    entries_.emplace(key, Entry{request, {}});
    order_.emplace_back(key, now + kept_period);
    return {State::taken, {}};
  }

  /// Says which run the key has led to.
  void put(const std::string& key, RunId run_id) {
    const std::lock_guard lock{mutex_};
    const auto found = entries_.find(key);
    if (found != entries_.end()) found->second.run_id = run_id;
  }

  /// Gives a key back that has led to nothing.
  void drop(const std::string& key) {
    const std::lock_guard lock{mutex_};
    if (entries_.erase(key) == 0) return;
    for (auto it = order_.begin(); it != order_.end(); ++it) {
      if (it->first != key) continue;
      order_.erase(it);
      return;
    }
  }

 private:
  struct Entry {
    Digest request{};
    std::optional<RunId> run_id{};
  };

  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
  std::deque<std::pair<std::string, Duration>> order_;  // by when they are forgotten
};

}  // namespace punctual::http
