// SPDX-License-Identifier: MIT
//
// failed_checks: which checks of a group a storage fails.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "punctual/testing/conformance_run.hpp"
#include "punctual/testing/embedded_harness.hpp"

namespace punctual::testing {

using CheckNames = std::vector<std::string>;

/// Tries each check on a fresh `StorageT`; returns the names of those that fail, in their order.
template <class StorageT, std::size_t N>
[[nodiscard]] CheckNames failed_checks(const StorageCheck (&checks)[N]) {
  CheckNames names;
  for (const auto& check : checks) {
    EmbeddedHarness<StorageT> harness;
    if (!run_storage_check(harness, check).passed) names.emplace_back(check.name);
  }
  return names;
}

}  // namespace punctual::testing
