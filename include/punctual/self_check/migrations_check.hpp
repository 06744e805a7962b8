// SPDX-License-Identifier: MIT
//
// migrations_check: is the schema in the storage the one this program was built for?
//
// A newer schema is as wrong as an older one: it means that another version of the program has been
// at work, and this one does not know what it changed.

#pragma once

#include <string>

#include "punctual/base/json.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/self_check/check.hpp"
#include "punctual/self_check/database_check.hpp"

namespace punctual {

/// Returns the check "validate-migrations": fails unless the schema has the expected version.
///
/// Requires: `storage` outlives the check and its copies; it is borrowed.
/// Wire:     details `{"schemaVersion": …, "schemaExpected": …}`.
/// Blocks:   as long as `health()` does; the limit is looked at afterwards.
template <ReportsHealth StorageT>
[[nodiscard]] Check migrations_check(StorageT& storage);

/// A temporary would be gone before the check runs.
template <ReportsHealth StorageT>
Check migrations_check(const StorageT&&) = delete;

namespace detail {

inline CheckResult judge_schema(const StorageHealth& health) {
  if (health.schema_expected == 0) return CheckResult::passed("no migrations needed");
  const std::string found = std::to_string(health.schema_version);
  const std::string expected = std::to_string(health.schema_expected);
  if (health.schema_version == health.schema_expected) {
    return CheckResult::passed("schema version " + found + " is current");
  }
  const bool older = health.schema_version < health.schema_expected;
  std::string message = "schema version " + found + " is " + (older ? "older" : "newer") +
                        " than the expected " + expected +
                        (older ? "; run the migrations" : "; deploy the newer program");
  // An unreachable storage has no version to show; then its problem is what to read.
  if (!health.problem.empty()) message += " (" + health.problem + ")";
  return CheckResult::failed(message, {{"schemaVersion", health.schema_version},
                                       {"schemaExpected", health.schema_expected}});
}

}  // namespace detail

template <ReportsHealth StorageT>
Check migrations_check(StorageT& storage) {
  return {"validate-migrations",
          [&storage](CheckContext&) { return detail::judge_schema(storage.health()); }};
}

}  // namespace punctual
