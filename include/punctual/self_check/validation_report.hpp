// SPDX-License-Identifier: MIT
//
// ValidationReport: the results of all checks of one self-check, as numbers, a sentence and JSON.
//
// The JSON is stored as the details of a run, which are cut at 64 KiB, depth 16 and 1,000 keys
// (domain/limits.hpp). A report stays below that by itself: were it cut there, it would lose its
// summary. What single checks say is left out first.
//
// Thread-safety: values and pure functions.

#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "punctual/base/iso8601.hpp"
#include "punctual/base/json.hpp"
#include "punctual/base/text.hpp"
#include "punctual/base/time.hpp"
#include "punctual/domain/limits.hpp"
#include "punctual/self_check/check_result.hpp"

namespace punctual {

/// Checks in one report. With their messages they fill at most two thirds of a run's details.
inline constexpr std::size_t validation_checks_max = 64;

struct ValidationReport {
  std::string environment{};
  TimePoint completed_at{};
  std::vector<CheckReport> checks{};
  /// Why the checks came to an end before the last one; empty if they did not.
  std::string stopped_by{};

  [[nodiscard]] std::size_t count(CheckStatus status) const {
    return static_cast<std::size_t>(
        std::count_if(checks.begin(), checks.end(),
                      [&](const CheckReport& check) { return check.result.status == status; }));
  }

  /// True if every check was carried out or had no need to be, and none found anything wrong.
  [[nodiscard]] bool success() const {
    return stopped_by.empty() && count(CheckStatus::failed) == 0 && count(CheckStatus::error) == 0;
  }
};

/// Returns the report in a sentence, e.g. "Platform validation passed: 3/3 checks passed".
[[nodiscard]] std::string validation_summary(const ValidationReport& report);

/// Wire: the seed's shape, `{success, timestamp, environment, summary{total, passed, failed,
/// skipped, totalDurationMs}, scripts[{name, status, durationMs}]}`. A script that did not pass has
/// a `message`, `details` if there are any, and `error: true` if it could not be carried out.
void to_json(Json& json, const ValidationReport& report);

namespace detail {

/// Returns "a: message; b: message", the checks of that status.
inline std::string messages_of(const ValidationReport& report, CheckStatus status) {
  std::string text;
  for (const auto& check : report.checks) {
    if (check.result.status != status) continue;
    if (!text.empty()) text += "; ";
    text += check.name + ": " + check.result.message;
  }
  return text;
}

/// Returns the levels of objects and arrays in `json`, at most `depth_max`.
inline std::size_t depth_of(const Json& json, std::size_t depth_max) {
  if (!json.is_structured() || depth_max == 0) return 0;
  std::size_t below = 0;
  for (const auto& value : json) below = std::max(below, depth_of(value, depth_max - 1));
  return below + 1;
}

/// Deals out what a run's details have room for beside names, counts and messages.
class DetailsBudget {
 public:
  /// Returns `details`, or a mark in their place if they would not fit.
  [[nodiscard]] Json take(const Json& details) {
    // 16 less the levels around the details of a check, and some to spare.
    static constexpr std::size_t depth_max = 10;
    const std::string text = details.dump(-1, ' ', false, Json::error_handler_t::replace);
    // Every key is followed by a colon, so their number is not above that of the colons.
    const auto keys = static_cast<std::size_t>(std::count(text.begin(), text.end(), ':'));
    if (text.size() > bytes_ || keys > keys_ || depth_of(details, depth_max + 1) > depth_max) {
      return Json{{"_truncated", true}};
    }
    bytes_ -= text.size();
    keys_ -= keys;
    return details;
  }

 private:
  std::size_t bytes_ = details_bytes_max / 4;
  std::size_t keys_ = details_keys_max / 4;
};

inline Json script_json(const CheckReport& check, DetailsBudget& budget) {
  Json json{{"name", check.name},
            {"status", wire_name(check.result.status)},
            {"durationMs", check.duration.count()}};
  if (check.result.status == CheckStatus::passed) return json;
  json["message"] = check.result.message;
  if (check.result.status == CheckStatus::error) json["error"] = true;
  if (!check.result.details.is_null()) json["details"] = budget.take(check.result.details);
  return json;
}

}  // namespace detail

inline std::string validation_summary(const ValidationReport& report) {
  const std::string total = "/" + std::to_string(report.checks.size()) + " checks ";
  const std::size_t passed = report.count(CheckStatus::passed);
  const std::size_t failed = report.count(CheckStatus::failed);
  const std::size_t errors = report.count(CheckStatus::error);
  const std::size_t skipped = report.count(CheckStatus::skipped);
  std::string text = "Platform validation ";
  if (errors > 0) {
    text += "error: " + std::to_string(errors) + total + "could not be carried out (" +
            detail::messages_of(report, CheckStatus::error) + ")";
    if (failed > 0) text += ", ";
  }
  if (failed > 0) {
    if (errors == 0) text += "failed: ";
    text += std::to_string(failed) + total + "failed (" +
            detail::messages_of(report, CheckStatus::failed) + ")";
  }
  if (errors == 0 && failed == 0) {
    text += (report.stopped_by.empty() ? "passed: " : "error: ") + std::to_string(passed) + total +
            "passed";
    if (skipped > 0) text += ", " + std::to_string(skipped) + " skipped";
  }
  if (!report.stopped_by.empty()) text += ", stopped by " + report.stopped_by;
  return clamp_text(text, summary_bytes_max);
}

inline void to_json(Json& json, const ValidationReport& report) {
  Duration total{0};
  detail::DetailsBudget budget;
  Json scripts = Json::array();
  for (const auto& check : report.checks) {
    total += check.duration;
    scripts.push_back(detail::script_json(check, budget));
  }
  json = Json{{"success", report.success()},
              {"timestamp", format_iso8601(report.completed_at)},
              {"environment", report.environment},
              {"summary",
               {{"total", report.checks.size()},
                {"passed", report.count(CheckStatus::passed)},
                {"failed", report.count(CheckStatus::failed) + report.count(CheckStatus::error)},
                {"skipped", report.count(CheckStatus::skipped)},
                {"totalDurationMs", total.count()}}},
              {"scripts", std::move(scripts)}};
}

}  // namespace punctual
