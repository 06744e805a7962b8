// SPDX-License-Identifier: MIT
//
// Outbox: ends of runs on their way to the storage.
//
// Whoever ends a run puts it in; one thread at a time carries out. While it waits for the storage,
// more ends gather, and the next trip takes them all: the slower a commit, the more runs share it.
// What the storage refused for now goes back to the front and is tried again.
//
// Thread-safety: all members, from any thread.

#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <iterator>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "punctual/core/in_flight.hpp"
#include "punctual/domain/lease.hpp"

namespace punctual::detail {

struct OutboxItem {
  Completion completion{};
  std::shared_ptr<FlightRecord> flight{};
};

/// `ItemT` is OutboxItem; as a template, it costs those who only include it little.
template <class ItemT>
class BasicOutbox {
 public:
  void put(ItemT item) {
    const std::lock_guard lock{mutex_};
    items_.push_back(std::move(item));
  }

  /// True if nothing waits, and nothing that may come back is being carried.
  [[nodiscard]] bool is_empty() const {
    const std::lock_guard lock{mutex_};
    return items_.empty() && !is_carried_;
  }

  /// Calls `visit(item)` for each one that waits. It is called under the lock and must not come
  /// back here.
  template <class Visit>
  void for_each(Visit&& visit) const {
    const std::lock_guard lock{mutex_};
    for (const auto& item : items_) visit(item);
  }

  /// Carries items to `store`, up to `batch_max` at a time, until there are none or it hands some
  /// back. Does nothing if another thread is at it: that one takes these along.
  ///
  /// `store(std::vector<ItemT>&)` leaves the items to be tried again, and throws nothing.
  template <class Store>
  void carry(std::size_t batch_max, Store&& store) {
    std::unique_lock lock{mutex_};
    if (is_carried_) return;
    is_carried_ = true;
    while (!items_.empty()) {
      std::vector<ItemT> batch;
      const auto end =
          items_.begin() + static_cast<std::ptrdiff_t>(std::min(batch_max, items_.size()));
      std::move(items_.begin(), end, std::back_inserter(batch));
      items_.erase(items_.begin(), end);
      lock.unlock();
      store(batch);
      lock.lock();
      if (batch.empty()) continue;
      std::move(batch.rbegin(), batch.rend(), std::front_inserter(items_));
      break;
    }
    is_carried_ = false;
  }

 private:
  mutable std::mutex mutex_;
  std::deque<ItemT> items_;
  bool is_carried_ = false;
};

using Outbox = BasicOutbox<OutboxItem>;

}  // namespace punctual::detail
