// SPDX-License-Identifier: MIT
//
// EmbeddedHarness: the harness of a storage that goes by the caller's instant and starts empty when
// it is made without arguments.
//
// Time stands still but for `advance` and `turn_back`, so every instant that a check reads back is
// the very one it expects.
//
// Thread-safety: `now()` from any thread while nobody moves the time.

#pragma once

#include <chrono>
#include <memory>

#include "punctual/base/time.hpp"

namespace punctual::testing {

template <class StorageT>
class EmbeddedHarness {
 public:
  [[nodiscard]] std::unique_ptr<StorageT> make() const { return std::make_unique<StorageT>(); }

  [[nodiscard]] TimePoint now() const noexcept { return now_; }
  void advance(Duration span) noexcept { now_ = add_clamped(now_, span); }
  void turn_back(Duration span) noexcept { now_ = add_clamped(now_, -span); }

 private:
  TimePoint now_{std::chrono::seconds{1'704'067'200}};  // 2024-01-01T00:00:00Z
};

}  // namespace punctual::testing
