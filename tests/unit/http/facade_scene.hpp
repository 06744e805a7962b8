// SPDX-License-Identifier: MIT
//
// FacadeScene: a scheduler on a fake clock behind a facade, and requests in few words.

#pragma once

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <date/date.h>

#include <punctual/punctual.hpp>

#include "punctual/http/bearer_tokens.hpp"
#include "punctual/http/jobs_controller.hpp"

namespace punctual::tests {

inline const std::string read_token = "read-0123456789abcdef0123456789abcdef0123456789";
inline const std::string write_token = "write-0123456789abcdef0123456789abcdef0123456789";

inline http::BearerTokens scene_tokens() {
  http::BearerTokens tokens;
  tokens.add(read_token, {.name = "rita"});
  tokens.add(write_token, {.name = "walt", .permission = http::Permission::write});
  return tokens;
}

/// A storage in memory that can be told not to answer.
class MoodyStorage : public InMemoryStorage {
 public:
  std::vector<JobRun> runs(const RunQuery& query) {
    require_there();
    return InMemoryStorage::runs(query);
  }
  std::optional<JobRun> run(RunId run_id) {
    require_there();
    return InMemoryStorage::run(run_id);
  }
  std::vector<JobSummary> summaries() {
    require_there();
    return InMemoryStorage::summaries();
  }
  std::vector<EnqueueAnswer> enqueue(const std::vector<NewRun>& rows, TimePoint now) {
    require_there();
    return InMemoryStorage::enqueue(rows, now);
  }

  bool is_away = false;
  bool is_odd = false;  ///< throws what a storage should not

 private:
  void require_there() const {
    if (is_odd) throw std::runtime_error{"secret: host=db password=hunter2"};
    if (is_away) {
      throw Error{"STORAGE_UNAVAILABLE", "secret: host=db password=hunter2", ErrorKind::retryable};
    }
  }
};

struct FacadeScene {
  explicit FacadeScene(http::ControllerOptions controller_options = {},
                       std::optional<http::Authenticator> authenticator = {})
      : controller(scheduler, authenticator ? *authenticator : http::Authenticator{scene_tokens()},
                   reading_each_time(std::move(controller_options))) {
    using namespace std::chrono_literals;
    scheduler.register_job({.name = "quick", .description = "Does little", .schedule = every(1h)},
                           [](JobContext& job) {
                             return job.success("QUICK_DONE", "done", {{"rows", 3}});
                           });
    scheduler.register_job({.name = "failing"}, [](JobContext&) -> JobOutcome {
      throw std::runtime_error{"no such host: db.internal"};
    });
    scheduler.register_job({.name = "off", .enabled = false},
                           [](JobContext& job) { return job.success(); });
  }

  /// On a clock that stands still, no reading would ever become too old.
  [[nodiscard]] static http::ControllerOptions reading_each_time(http::ControllerOptions options) {
    options.reading_age_max = Duration{0};
    return options;
  }

  /// A request with a token and what a change needs.
  [[nodiscard]] static http::Request request(std::string method, std::string target,
                                             const std::string& token = write_token,
                                             std::string body = {}, http::Headers more = {}) {
    http::Request made;
    made.method = std::move(method);
    const std::size_t mark = target.find('?');
    made.path = target.substr(0, mark);
    if (mark != std::string::npos) made.query = target.substr(mark + 1);
    if (!token.empty()) made.headers.push_back({"Authorization", "Bearer " + token});
    if (made.method == "POST") made.headers.push_back({"Content-Type", "application/json"});
    made.body = std::move(body);
    for (auto& header : more) made.headers.push_back(std::move(header));
    return made;
  }

  http::Response get(std::string target, const std::string& token = write_token) {
    return controller.handle(request("GET", std::move(target), token));
  }
  http::Response post(std::string target, std::string body = {}, http::Headers more = {}) {
    return controller.handle(
        request("POST", std::move(target), write_token, std::move(body), std::move(more)));
  }

  FakeClock clock{date::sys_days{date::year{2024} / 1 / 15}};
  MoodyStorage storage;
  Scheduler<FakeClock&, MoodyStorage&, InlineExecutor> scheduler{clock, storage, InlineExecutor{}};
  http::JobsController controller;
};

[[nodiscard]] inline Json json_of(const http::Response& response) {
  return Json::parse(response.body);
}

/// Returns the status and the error's code, e.g. "404 JOB_NOT_FOUND"; "200" if there is none.
[[nodiscard]] inline std::string outcome_of(const http::Response& response) {
  std::string text = std::to_string(response.status);
  const Json body = Json::parse(response.body, nullptr, false);
  if (body.is_object() && body.contains("error") && body["error"].contains("code")) {
    text += " " + body["error"]["code"].get<std::string>();
  }
  return text;
}

}  // namespace punctual::tests
