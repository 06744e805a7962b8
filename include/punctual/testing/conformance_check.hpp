// SPDX-License-Identifier: MIT
//
// StorageCheck: one promise of the storage contract, with the code that tries it. CheckResult: what
// came of it.
//
// Thread-safety: values.

#pragma once

#include <string>
#include <string_view>

namespace punctual::testing {

class StorageTrial;

struct StorageCheck {
  std::string_view name;       ///< "<operation> <does what> <when>", unique within the suite
  void (*run)(StorageTrial&);  ///< notes in the trial whatever is not as promised
};

struct CheckResult {
  std::string name{};
  bool passed = false;
  std::string message{};  ///< one finding a line; empty if it passed
};

}  // namespace punctual::testing
