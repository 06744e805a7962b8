// SPDX-License-Identifier: MIT
//
// ControllerOptions: settings of the facade, and what it tells the host of each request.
//
// Thread-safety: values.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/time.hpp"
#include "punctual/http/digest.hpp"
#include "punctual/http/target.hpp"
#include "punctual/http/trigger_limits.hpp"
#include "punctual/schedule/time_zone.hpp"

namespace punctual::http {

/// One request, for the host's log. Holds nothing that the client sent but what has been checked.
struct RequestRecord {
  std::string request_id{};
  std::string principal{};  ///< empty: nobody
  std::string method{};     ///< empty if it is none that the facade knows
  std::string route{};      ///< with its placeholders; empty if there is none
  int status = 0;
  std::string error_code{};  ///< empty if all went well
  std::string fault{};       ///< of an internal error: what the client is not told
};

struct ControllerOptions {
  /// Where the facade lies in the host's address space: segments of letters, digits, '.', '_', '-'.
  std::string prefix = "/admin/jobs";
  /// Origins whose pages may change something with a session, for browsers that do not say where a
  /// request comes from otherwise.
  std::vector<std::string> origins{};
  /// True: no route that changes anything is there.
  bool read_only = false;
  /// How long a trigger waits for the end of its run; the client may ask for less.
  Duration trigger_wait_max = std::chrono::seconds{25};
  /// How old the status and the health may be that are shown; all who ask within that time are
  /// answered by one reading. What has been changed here is seen at once. 0: each asks the storage.
  Duration reading_age_max = std::chrono::milliseconds{100};
  /// How many streams of events there are at a time; beyond that, 503.
  std::size_t streams_max = 32;
  TriggerLimits::Rate triggers_per_principal{10, std::chrono::minutes{1}};
  TriggerLimits::Rate triggers_per_job{1, std::chrono::seconds{1}};
  /// The job whose last result `platform-validation` shows.
  std::string self_check_job = "platform-self-check";
  /// Signs cursors. Default: random, so cursors end with the process; processes behind one address
  /// should share one.
  std::optional<Digest> cursor_key{};
  /// The TimeZone of a name, for schedules in words; default: those of UTC only.
  std::function<TimeZone(std::string_view name)> zones{};
  /// Called after each request, from its thread. What it throws is dropped.
  std::function<void(const RequestRecord&)> on_request{};
};

/// Errors: INVALID_CONFIG -> a value out of its range, which the message names.
inline void require_valid(const ControllerOptions& options) {
  const auto refuse = [](const std::string& what) { throw Error{"INVALID_CONFIG", what}; };
  const std::string& prefix = options.prefix;
  const auto is_allowed = [](char c) { return is_name_character(c) || c == '/'; };
  if (prefix.size() < 2 || prefix.front() != '/' || prefix.back() == '/' ||
      prefix.find("//") != std::string::npos || prefix.find("/.") != std::string::npos ||
      !std::all_of(prefix.begin(), prefix.end(), is_allowed)) {
    refuse(
        "ControllerOptions.prefix must be like \"/admin/jobs\": segments of letters, digits, "
        "'.', '_' and '-', got \"" +
        prefix + "\"");
  }
  if (options.trigger_wait_max < Duration{0}) {
    refuse("ControllerOptions.trigger_wait_max must not be negative, got " +
           std::to_string(options.trigger_wait_max.count()) + " ms");
  }
  if (options.reading_age_max < Duration{0}) {
    refuse("ControllerOptions.reading_age_max must not be negative, got " +
           std::to_string(options.reading_age_max.count()) + " ms");
  }
  for (const auto& rate : {options.triggers_per_principal, options.triggers_per_job}) {
    if (rate.count_max >= 1 && rate.period > Duration{0}) continue;
    refuse("the limits of triggers must be at least 1 in a positive period, got " +
           std::to_string(rate.count_max) + " in " + std::to_string(rate.period.count()) + " ms");
  }
  for (const auto& origin : options.origins) {
    const std::size_t scheme = origin.find("://");
    if (scheme != std::string::npos && origin.find('/', scheme + 3) == std::string::npos &&
        origin.size() > scheme + 3) {
      continue;
    }
    refuse("ControllerOptions.origins are like \"https://admin.example.com\", got \"" + origin +
           "\"");
  }
}

}  // namespace punctual::http
