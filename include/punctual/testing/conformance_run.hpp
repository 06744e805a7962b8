// SPDX-License-Identifier: MIT
//
// run_storage_check: tries one check on one fresh storage, and says what came of it.
//
// Thread-safety: one check at a time per harness.

#pragma once

#include <exception>
#include <memory>
#include <string>

#include "punctual/base/error.hpp"
#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/storage_handle.hpp"
#include "punctual/testing/storage_harness.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

template <class Harness>
[[nodiscard]] TrialHost host_of(Harness& harness, OwnedStorage<HarnessHandle<Harness>>& owned) {
  TrialHost host;
  host.now = [&harness] { return harness.now(); };
  host.advance = [&harness](Duration span) { harness.advance(span); };
  if constexpr (TurnsTimeBack<Harness>) {
    host.turn_back = [&harness](Duration span) { harness.turn_back(span); };
  }
  if constexpr (OpensSecondHandle<Harness>) {
    host.second_handle = [&harness, &owned]() -> std::unique_ptr<StorageHandle> {
      return std::make_unique<OwnedStorage<HarnessHandle<Harness>>>(
          harness.second_handle(owned.handle()));
    };
  }
  return host;
}

/// Runs the check and returns what it noted, with whatever was thrown as the last line.
[[nodiscard]] inline std::string findings_of(const StorageCheck& check, StorageTrial& trial) {
  try {
    check.run(trial);
  } catch (const CheckStopped&) {
    // What stopped it is noted already.
  } catch (const Error& error) {
    trial.note(std::string{"expected no error, got "} + error.what());
  } catch (const std::exception& error) {
    trial.note(std::string{"expected nothing but punctual::Error to be thrown, got "} +
               error.what());
  } catch (...) {
    trial.note("expected nothing but punctual::Error to be thrown, got something else");
  }
  return trial.message();
}

}  // namespace detail

/// Tries one check on a fresh storage of `harness`.
///
/// Whatever is thrown meanwhile, by the storage or the harness, is reported as the check's failure.
template <class Harness>
[[nodiscard]] CheckResult run_storage_check(Harness& harness, const StorageCheck& check) {
  static_assert(StorageHarness<Harness>,
                "Harness must model StorageHarness, see punctual/testing/storage_harness.hpp");
  CheckResult result{.name = std::string{check.name}};
  try {
    OwnedStorage<HarnessHandle<Harness>> owned{harness.make()};
    StorageTrial trial{owned, detail::host_of(harness, owned)};
    result.message = detail::findings_of(check, trial);
    result.passed = trial.all_met();
  } catch (const std::exception& error) {
    result.message = std::string{"expected a fresh storage, got "} + error.what();
  } catch (...) {
    result.message = "expected a fresh storage, got something thrown that is no std::exception";
  }
  return result;
}

}  // namespace punctual::testing
