// SPDX-License-Identifier: MIT
//
// Cached: something that costs to be read, read once for all who ask within a moment.
//
// So the number of those who ask does not become the load of the storage.
//
// Thread-safety: all members, from any thread.

#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "punctual/base/time.hpp"

namespace punctual::http {

template <class ValueT>
class Cached {
 public:
  using Shared = std::shared_ptr<const ValueT>;

  /// Returns the last reading if it is younger than `age_max`, else what `read()` returns: a
  /// Shared. If `age_max` is 0, each reads for itself.
  ///
  /// `now` is of a clock that is never set back.
  ///
  /// Blocks: as long as `read`. Who asks meanwhile waits for it, too, and gets what it returned,
  ///         however long it took: a slow storage is not asked once for each of them in turn.
  /// Errors: what `read` throws, to the one who read.
  template <class Read>
  [[nodiscard]] Shared get(Duration now, Duration age_max, Read&& read) {
    if (age_max <= Duration{0}) return read();
    const std::uint64_t count = read_count();
    if (Shared value = fresh(now, age_max)) return value;
    const std::lock_guard reading{reading_mutex_};
    if (Shared value = newer_than(count)) return value;
    return read_anew(now, read);
  }

  /// Reads whatever the age of the last reading is.
  template <class Read>
  Shared refresh(Duration now, Read&& read) {
    const std::lock_guard reading{reading_mutex_};
    return read_anew(now, read);
  }

  /// What is read from now on is not older than this call; so also what is being read just now.
  void forget() {
    const std::lock_guard lock{mutex_};
    value_ = nullptr;
    ++generation_;
  }

 private:
  [[nodiscard]] Shared fresh(Duration now, Duration age_max) const {
    const std::lock_guard lock{mutex_};
    return value_ && now - read_at_ < age_max ? value_ : nullptr;
  }

  /// Returns what has been read since there were `count` readings.
  [[nodiscard]] Shared newer_than(std::uint64_t count) const {
    const std::lock_guard lock{mutex_};
    return read_count_ != count ? value_ : nullptr;
  }

  [[nodiscard]] std::uint64_t read_count() const {
    const std::lock_guard lock{mutex_};
    return read_count_;
  }

  template <class Read>
  Shared read_anew(Duration now, Read&& read) {
    const std::uint64_t generation = generation_now();
    Shared value = read();
    const std::lock_guard lock{mutex_};
    if (generation == generation_) {
      value_ = value;
      read_at_ = now;
      ++read_count_;
    }
    return value;
  }

  [[nodiscard]] std::uint64_t generation_now() const {
    const std::lock_guard lock{mutex_};
    return generation_;
  }

  std::mutex reading_mutex_;  // held while one reads; the other is never held for long
  mutable std::mutex mutex_;
  Shared value_;
  Duration read_at_{};
  std::uint64_t read_count_ = 0;
  std::uint64_t generation_ = 0;  // rises with each forget()
};

}  // namespace punctual::http
