// SPDX-License-Identifier: MIT
//
// MemoryPart: values of a row that few rows have; they take memory only where they were written.
//
// Thread-safety: as that of what it holds.

#pragma once

#include <memory>

namespace punctual::detail {

/// Reads as a `T` that is as made by default until it is written.
template <class T>
class MemoryPart {
 public:
  [[nodiscard]] const T& operator*() const {
    static const T unwritten{};
    return part_ ? *part_ : unwritten;
  }
  [[nodiscard]] const T* operator->() const { return &**this; }

  [[nodiscard]] T& write() {
    if (!part_) part_ = std::make_unique<T>();
    return *part_;
  }

  void reset() noexcept { part_.reset(); }

  [[nodiscard]] bool is_written() const noexcept { return part_ != nullptr; }

 private:
  std::unique_ptr<T> part_;
};

}  // namespace punctual::detail
