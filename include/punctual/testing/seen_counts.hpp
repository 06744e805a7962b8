// SPDX-License-Identifier: MIT
//
// SeenCounts: how often each kind of thing reached the storage of a simulation: one that injects
// nothing proves nothing.
//
// Thread-safety: a value.

#pragma once

#include <cstddef>

namespace punctual::testing {

/// What was seen, so that one can tell that it was seen at all.
struct SeenCounts {
  std::size_t rows = 0;
  std::size_t claims = 0;
  std::size_t finishes = 0;
  std::size_t retries = 0;
  std::size_t rescues = 0;
  std::size_t releases = 0;
  std::size_t stale_fences = 0;    ///< writes under a fence of the past, refused
  std::size_t stale_versions = 0;  ///< steps of a schedule that another node had made
  std::size_t duplicate_keys = 0;
  std::size_t overlaps = 0;
  std::size_t missed = 0;  ///< rows that answer instants nobody ran
  std::size_t cancels = 0;
  std::size_t pauses = 0;
  std::size_t pruned = 0;
};

}  // namespace punctual::testing
