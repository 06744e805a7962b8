// SPDX-License-Identifier: MIT
//
// database_check: does the storage answer, and does it take writes?
//
// The storage tries itself; this check reads what it says.

#pragma once

#include <concepts>
#include <string>
#include <type_traits>

#include "punctual/base/json.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/self_check/check.hpp"

namespace punctual {

/// Semantics:
/// - `health()` tries the storage and says how it is; it does not throw, and may be called from any
///   thread. As in policy/storage.hpp.
template <class T>
concept ReportsHealth = requires(T& storage) {
  { storage.health() } -> std::same_as<StorageHealth>;
};

/// Returns the check "validate-db": fails if the storage reports a problem or refuses writes.
///
/// Requires: `storage` outlives the check and its copies; it is borrowed.
/// Wire:     details `{"kind": …, "writable": …}`.
/// Blocks:   as long as `health()` does; the limit is looked at afterwards.
template <ReportsHealth StorageT>
[[nodiscard]] Check database_check(StorageT& storage) {
  return {"validate-db", [&storage](CheckContext&) {
            const StorageHealth health = storage.health();
            const Json details{{"kind", health.kind}, {"writable", health.writable}};
            if (!health.problem.empty()) {
              return CheckResult::failed(health.kind + " storage: " + health.problem, details);
            }
            if (!health.writable) {
              return CheckResult::failed(health.kind + " storage is not writable", details);
            }
            return CheckResult::passed(health.kind + " storage answers", details);
          }};
}

/// A temporary would be gone before the check runs.
template <ReportsHealth StorageT>
Check database_check(const StorageT&&) = delete;

}  // namespace punctual
