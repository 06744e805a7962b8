// SPDX-License-Identifier: MIT
//
// The storage conformance suite: every promise of policy/storage.hpp, tried on any storage.
//
// It uses no test framework. A program's own main() may call `run_storage_conformance`; a framework
// makes one case or section of each of `storage_conformance_checks`:
//
//   for (const auto& check : storage_conformance_checks<Harness>()) {
//     DYNAMIC_SECTION(check.name) {
//       Harness harness;
//       const auto result = run_storage_check(harness, check);
//       INFO(result.message);
//       CHECK(result.passed);
//     }
//   }
//
// What a harness is says testing/storage_harness.hpp; storages that go by the caller's instant have
// one ready in testing/embedded_harness.hpp. Each check gets a fresh storage and never sleeps.
//
// Thread-safety: one check at a time per harness.

#pragma once

#include <iterator>
#include <vector>

#include "punctual/testing/conformance_advance.hpp"
#include "punctual/testing/conformance_after.hpp"
#include "punctual/testing/conformance_after_finish.hpp"
#include "punctual/testing/conformance_cancel.hpp"
#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/conformance_claim.hpp"
#include "punctual/testing/conformance_concurrency.hpp"
#include "punctual/testing/conformance_depends_on.hpp"
#include "punctual/testing/conformance_due.hpp"
#include "punctual/testing/conformance_enqueue.hpp"
#include "punctual/testing/conformance_epoch.hpp"
#include "punctual/testing/conformance_expiry.hpp"
#include "punctual/testing/conformance_final_rows.hpp"
#include "punctual/testing/conformance_finish.hpp"
#include "punctual/testing/conformance_handles.hpp"
#include "punctual/testing/conformance_history.hpp"
#include "punctual/testing/conformance_lease.hpp"
#include "punctual/testing/conformance_limits.hpp"
#include "punctual/testing/conformance_pace.hpp"
#include "punctual/testing/conformance_pause.hpp"
#include "punctual/testing/conformance_policy_races.hpp"
#include "punctual/testing/conformance_prune.hpp"
#include "punctual/testing/conformance_query.hpp"
#include "punctual/testing/conformance_rate.hpp"
#include "punctual/testing/conformance_replaces_running.hpp"
#include "punctual/testing/conformance_rescue.hpp"
#include "punctual/testing/conformance_run.hpp"
#include "punctual/testing/conformance_run_fields.hpp"
#include "punctual/testing/conformance_summary.hpp"
#include "punctual/testing/conformance_sync.hpp"
#include "punctual/testing/conformance_unique_key.hpp"
#include "punctual/testing/conformance_values.hpp"
#include "punctual/testing/conformance_wake.hpp"
#include "punctual/testing/conformance_work_end.hpp"
#include "punctual/testing/storage_harness.hpp"

namespace punctual::testing {

/// Returns the checks that `Harness` can take, in the order of the contract.
///
/// Those that need a second handle or a clock that goes back are left out where it offers none.
template <class Harness>
[[nodiscard]] std::vector<StorageCheck> storage_conformance_checks();

/// Tries them all, each on a storage of its own.
template <class Harness>
[[nodiscard]] std::vector<CheckResult> run_storage_conformance(Harness& harness) {
  std::vector<CheckResult> results;
  for (const auto& check : storage_conformance_checks<Harness>()) {
    results.push_back(run_storage_check(harness, check));
  }
  return results;
}

namespace detail {

/// The checks that every storage takes.
[[nodiscard]] inline std::vector<StorageCheck> common_storage_checks() {
  std::vector<StorageCheck> checks;
  const auto add = [&](const auto& group) {
    checks.insert(checks.end(), std::begin(group), std::end(group));
  };
  add(sync_checks);
  add(epoch_checks);
  add(due_checks);
  add(advance_checks);
  add(after_finish_checks);
  add(pause_checks);
  add(depends_on_checks);
  add(enqueue_checks);
  add(unique_key_checks);
  add(after_checks);
  add(replaces_running_checks);
  add(pace_checks);
  add(value_checks);
  add(run_field_checks);
  add(claim_checks);
  add(claim_only_checks);
  add(room_checks);
  add(exclusive_checks);
  add(concurrency_key_checks);
  add(rate_checks);
  add(renew_checks);
  add(release_checks);
  add(rescue_checks);
  add(finish_checks);
  add(work_end_checks);
  add(cancel_checks);
  add(expiry_checks);
  add(wake_checks);
  add(history_checks);
  add(query_checks);
  add(summary_checks);
  add(prune_checks);
  add(final_row_checks);
  add(self_report_checks);
  add(concurrency_checks);
  add(policy_race_checks);
  return checks;
}

}  // namespace detail

template <class Harness>
std::vector<StorageCheck> storage_conformance_checks() {
  static_assert(StorageHarness<Harness>,
                "Harness must model StorageHarness, see punctual/testing/storage_harness.hpp");
  auto checks = detail::common_storage_checks();
  if constexpr (OpensSecondHandle<Harness>) {
    checks.insert(checks.end(), std::begin(second_handle_checks), std::end(second_handle_checks));
  }
  if constexpr (TurnsTimeBack<Harness>) {
    checks.insert(checks.end(), std::begin(clock_step_checks), std::end(clock_step_checks));
  }
  return checks;
}

}  // namespace punctual::testing
