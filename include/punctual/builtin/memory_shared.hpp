// SPDX-License-Identifier: MIT
//
// MemoryShared: equal values stored once, however many rows have them.
//
// Thread-safety: none; InMemoryStorage guards it.

#pragma once

#include <cstddef>
#include <map>

namespace punctual::detail {

template <class T>
class MemoryShared {
 public:
  /// Returns the one copy of `value`, which stays until it is given back as often as it was taken.
  [[nodiscard]] const T* take(const T& value) {
    const auto place = counts_.try_emplace(value, 0).first;
    ++place->second;
    return &place->first;
  }

  void give_back(const T* value) {
    const auto found = counts_.find(*value);
    if (--found->second == 0) counts_.erase(found);
  }

  [[nodiscard]] std::size_t size() const noexcept { return counts_.size(); }

 private:
  std::map<T, std::size_t> counts_;
};

}  // namespace punctual::detail
