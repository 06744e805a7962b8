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
#include "punctual/http/cached.hpp"
#include "punctual/http/controller_options.hpp"
#include "punctual/http/digest.hpp"
#include "punctual/http/event_hub.hpp"
#include "punctual/http/idempotency_keys.hpp"
#include "punctual/http/jobs_backend.hpp"
#include "punctual/http/message.hpp"
#include "punctual/http/readings.hpp"
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
        limits(options.triggers_per_principal, options.triggers_per_job),
        events(ChangeFeed{options.zones}, to_hex(random_digest(), 4), options.streams_max) {}

  const std::unique_ptr<JobsBackend> backend;
  const ControllerOptions options;
  const RunCursor cursor;
  TriggerLimits limits;
  IdempotencyKeys keys;
  EventHub events;
  std::string document{};  ///< the OpenAPI document, as it is sent

  /// True if the storage answers, or did at most `reading_age_max` ago.
  [[nodiscard]] bool is_reachable() {
    return *alive_.get(backend->steady_now(), options.reading_age_max,
                       [this] { return std::make_shared<const bool>(gives_a_row()); });
  }

  /// Returns the status, at most `reading_age_max` old. Throws no Error: see StatusReading.
  [[nodiscard]] std::shared_ptr<const StatusReading> status() {
    return status_.get(backend->steady_now(), options.reading_age_max,
                       [this] { return read_status(); });
  }

  /// Reads the status whatever the age of the last reading is.
  std::shared_ptr<const StatusReading> fresh_status() {
    return status_.refresh(backend->steady_now(), [this] { return read_status(); });
  }

  /// Returns the health, at most `age_max` old.
  [[nodiscard]] std::shared_ptr<const HealthReading> health(Duration age_max) {
    return health_.get(backend->steady_now(), age_max, [this] {
      return std::make_shared<const HealthReading>(read_health(*backend, *status()));
    });
  }

  /// Something was changed: readings from before are no longer shown.
  void changed() {
    status_.forget();
    health_.forget();
    events.hurry();
  }

 private:
  [[nodiscard]] bool gives_a_row() {
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

  [[nodiscard]] std::shared_ptr<const StatusReading> read_status() {
    const TimePoint now = backend->now();
    try {
      auto reading = std::make_shared<const StatusReading>(backend->status(), now, false);
      const std::lock_guard lock{mutex_};
      last_status_ = reading;
      return reading;
    } catch (const Error&) {
      const std::lock_guard lock{mutex_};
      return std::make_shared<const StatusReading>(
          last_status_ ? last_status_->status : SchedulerStatus{}, now, true);
    }
  }

  Cached<StatusReading> status_;
  Cached<HealthReading> health_;
  Cached<bool> alive_;
  std::mutex mutex_;
  std::shared_ptr<const StatusReading> last_status_;
};

/// How long the words of a reason may be, so that what is added fits too.
inline constexpr std::size_t words_bytes_max = 512;

}  // namespace punctual::http
