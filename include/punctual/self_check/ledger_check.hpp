// SPDX-License-Identifier: MIT
//
// ledger_check: is every due instant of every job answered by exactly one row of the history?
//
// It is what an auditor asks of a history: not only that what it says is true, but that nothing is
// left out.

#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "punctual/base/json.hpp"
#include "punctual/policy/ledger_audit.hpp"
#include "punctual/self_check/check.hpp"

namespace punctual {

namespace detail {

inline constexpr std::size_t ledger_faults_shown_max = 20;

[[nodiscard]] inline CheckResult judge_ledger(const LedgerReport& report) {
  Json details{{"jobs", report.job_count},
               {"rows", report.row_count},
               {"instants", report.instant_count},
               {"faultCount", report.faults.size()}};
  Json& faults = details["faults"] = Json::array();
  for (const auto& fault : report.faults) {
    if (faults.size() == ledger_faults_shown_max) break;
    faults.push_back(describe(fault));
  }
  if (!report.unread.empty()) details["unread"] = report.unread;
  if (!report.faults.empty()) {
    const std::string more =
        report.faults.size() == 1 ? "" : "; " + std::to_string(report.faults.size() - 1) + " more";
    return CheckResult::failed(describe(report.faults.front()) + more, std::move(details));
  }
  if (!report.unread.empty()) {
    return CheckResult::failed("schedules that cannot be read here: " + report.unread.front(),
                               std::move(details));
  }
  const auto number = [](auto count, const char* what) {
    return std::to_string(count) + what + (count == 1 ? "" : "s");
  };
  return CheckResult::passed("each once: " + number(report.instant_count, " due instant") + " of " +
                                 number(report.job_count, " job"),
                             std::move(details));
}

}  // namespace detail

/// Returns the check "validate-ledger": fails if a due instant is answered by no row, or by two.
///
/// `zones(name)` returns the TimeZone of a name, e.g. `punctual::tz::zone`; without it jobs in
/// zones other than UTC and offsets cannot be read, which fails the check.
///
/// Requires: `storage` outlives the check and its copies; it is borrowed.
/// Wire:     details `{"jobs", "rows", "instants", "faultCount", "faults": ["…"], "unread"}`.
/// Blocks:   while it reads the history; the limit is looked at afterwards.
template <class StorageT, class Zones = detail::NoZones>
[[nodiscard]] Check ledger_check(StorageT& storage, Zones zones = {}) {
  return {"validate-ledger", [&storage, zones](CheckContext&) {
            return detail::judge_ledger(LedgerAudit<StorageT>{storage}.run(zones));
          }};
}

/// A temporary would be gone before the check runs.
template <class StorageT>
Check ledger_check(const StorageT&&) = delete;

}  // namespace punctual
