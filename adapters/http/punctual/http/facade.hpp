// SPDX-License-Identifier: MIT
//
// Facade: what the routes of the facade share, and the Call that each of them answers.
//
// Thread-safety: Facade, all members, from any thread.

#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/json.hpp"
#include "punctual/base/uuid.hpp"
#include "punctual/domain/limits.hpp"
#include "punctual/http/access.hpp"
#include "punctual/http/api_error.hpp"
#include "punctual/http/controller_options.hpp"
#include "punctual/http/idempotency_keys.hpp"
#include "punctual/http/jobs_backend.hpp"
#include "punctual/http/message.hpp"
#include "punctual/http/run_cursor.hpp"
#include "punctual/http/trigger_limits.hpp"

namespace punctual::http {

/// A request that may be answered: who it is from, and what it names.
struct Call {
  const Request& request;
  const Principal& principal;
  std::vector<std::string> names{};  ///< what stands for the placeholders of the route's path
  std::string request_id{};

  [[nodiscard]] const std::string& job_name() const { return names.at(0); }

  /// Errors: RUN_NOT_FOUND (404) -> it is no id.
  [[nodiscard]] RunId run_id() const {
    if (const auto id = Uuid::parse(names.at(0))) return *id;
    throw run_not_found();
  }

  /// Returns why, as it is kept with what is changed: the words of the one who asked, and by which
  /// the request is found again in the logs.
  [[nodiscard]] std::string reason(const std::string& words) const {
    return words + (words.empty() ? "" : " ") + "[request " + request_id + "]";
  }
};

struct Facade {
  Facade(std::unique_ptr<JobsBackend> jobs, ControllerOptions controller_options)
      : backend(std::move(jobs)),
        options(std::move(controller_options)),
        cursor(options.cursor_key ? *options.cursor_key : random_digest()),
        limits(options.triggers_per_principal, options.triggers_per_job) {}

  const std::unique_ptr<JobsBackend> backend;
  const ControllerOptions options;
  const RunCursor cursor;
  TriggerLimits limits;
  IdempotencyKeys keys;

  /// True if the storage answers; asks it for one row.
  [[nodiscard]] bool is_reachable() {
    try {
      RunQuery query;
      query.limit = 1;
      query.with_details = false;
      (void)backend->runs(query);
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  /// Reads the status; while the storage does not answer, returns the last one there was, and
  /// `is_degraded` true.
  [[nodiscard]] SchedulerStatus status(bool& is_degraded) {
    try {
      SchedulerStatus now = backend->status();
      is_degraded = false;
      const std::lock_guard lock{mutex_};
      last_status_ = now;
      return now;
    } catch (const Error&) {
      is_degraded = true;
      const std::lock_guard lock{mutex_};
      return last_status_;
    }
  }

 private:
  std::mutex mutex_;
  SchedulerStatus last_status_{};
};

/// How long the words of a reason may be, so that what is added fits too.
inline constexpr std::size_t words_bytes_max = 512;

}  // namespace punctual::http
