// SPDX-License-Identifier: MIT
//
// failed_checks: which checks of a group a storage fails. unfailed_checks: which ones none of
// several storages fails.

#pragma once

#include <algorithm>
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

/// Returns the names of those checks that each of the storages passes. None, if each check has one
/// among them that breaks its promise.
template <class... StorageT, std::size_t N>
[[nodiscard]] CheckNames unfailed_checks(const StorageCheck (&checks)[N]) {
  CheckNames failed;
  const auto gather = [&](const CheckNames& names) {
    failed.insert(failed.end(), names.begin(), names.end());
  };
  (gather(failed_checks<StorageT>(checks)), ...);
  CheckNames names;
  for (const auto& check : checks) {
    const bool has_failed = std::find(failed.begin(), failed.end(), check.name) != failed.end();
    if (!has_failed) names.emplace_back(check.name);
  }
  return names;
}

}  // namespace punctual::testing
