// SPDX-License-Identifier: MIT
//
// The route that runs a job by hand: within its limits, once for each Idempotency-Key, and waited
// for as long as the client wants and the facade allows.
//
// Thread-safety: functions of a Facade; from any thread.
// Source: RFC 7240, 4.3, for `Prefer: wait`.

#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "punctual/base/json.hpp"
#include "punctual/domain/job_result.hpp"
#include "punctual/domain/message_code.hpp"
#include "punctual/http/answers.hpp"
#include "punctual/http/api_error.hpp"
#include "punctual/http/facade.hpp"
#include "punctual/http/job_views.hpp"
#include "punctual/http/strict_json.hpp"

namespace punctual::http {

/// Returns how long the client wants to wait: `Prefer: wait=SECONDS`, at most `wait_max`.
[[nodiscard]] inline Duration wanted_wait(const Request& request, Duration wait_max) {
  static constexpr std::string_view name = "wait=";
  const std::string_view prefer = request.value_of("Prefer");
  if (prefer.substr(0, name.size()) != name) return wait_max;
  std::int64_t seconds = 0;
  const std::string_view digits = prefer.substr(name.size());
  if (digits.empty() || digits.size() > 5) return wait_max;
  for (const char c : digits) {
    if (c < '0' || c > '9') return wait_max;
    seconds = seconds * 10 + (c - '0');
  }
  return std::min(Duration{std::chrono::seconds{seconds}}, wait_max);
}

/// Returns the Idempotency-Key; nullopt if there is none.
///
/// Errors: INVALID_IDEMPOTENCY_KEY (400) -> it is empty, longer than 200 characters, or not of
///         visible ASCII; there are two.
[[nodiscard]] inline std::optional<std::string> idempotency_key_of(const Request& request) {
  const auto values = request.values_of("Idempotency-Key");
  if (values.empty()) return std::nullopt;
  const std::string_view key = values.front();
  const bool is_visible =
      std::all_of(key.begin(), key.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (values.size() == 1 && !key.empty() && key.size() <= 200 && is_visible) {
    return std::string{key};
  }
  throw bad_request("INVALID_IDEMPOTENCY_KEY",
                    "an Idempotency-Key is 1 to 200 visible ASCII characters, sent once");
}

/// Answers with a run: 200 if it has ended, 202 and where to look if it goes on.
[[nodiscard]] inline Response result_answer(const Facade& facade, const Call& call,
                                            const JobResult& result) {
  Response response =
      data_answer(result_view(result, call.principal), is_terminal(result.status) ? 200 : 202);
  if (!is_terminal(result.status)) {
    response.set("Location", facade.options.prefix + "/runs/" + result.job_id.to_string());
  }
  return response;
}

/// Returns the run that a request with this unique key has started within the last day, on any
/// node.
[[nodiscard]] inline std::optional<JobRun> earlier_run(Facade& facade, const std::string& job,
                                                       const std::string& unique_key) {
  RunQuery query;
  query.job_name = job;
  query.trigger = RunTrigger::manual;
  query.created_from = facade.backend->now() - IdempotencyKeys::kept_period;
  query.limit = 1000;
  for (auto& run : facade.backend->runs(query)) {
    if (run.unique_key == unique_key) return std::move(run);
  }
  return std::nullopt;
}

/// Refuses a trigger that comes too soon.
///
/// Errors: RATE_LIMITED (429) -> with the seconds to wait.
inline void take_trigger(Facade& facade, const Call& call) {
  const Duration wait =
      facade.limits.take(call.principal.name, call.job_name(), facade.backend->steady_now());
  if (wait == Duration{0}) return;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  throw ApiError{429,
                 "RATE_LIMITED",
                 "runs were started by hand too often; wait a moment",
                 {{"Retry-After", std::to_string(seconds)}}};
}

[[nodiscard]] inline Response run_now(Facade& facade, const Call& call, const Json& body,
                                      const std::string& unique_key, std::optional<RunId>& made) {
  take_trigger(facade, call);
  TriggerOptions options;
  options.payload = body.contains("payload") ? body.at("payload") : Json(nullptr);
  options.actor = call.principal.name;
  options.reason = call.reason(text_of(body, "reason", words_bytes_max));
  options.unique_key = unique_key;
  options.wait = wanted_wait(call.request, facade.options.trigger_wait_max);
  const JobResult result = facade.backend->trigger(call.job_name(), std::move(options));
  made = result.job_id;
  if (result.status != JobStatus::skipped || result.message_code != message_code::job_overlapped) {
    return result_answer(facade, call, result);
  }
  RunQuery open;
  open.job_name = call.job_name();
  open.status = JobStatus::running;
  open.limit = 1;
  open.with_details = false;
  const auto runs = facade.backend->runs(open);
  return error_answer(ApiError{409, "JOB_ALREADY_RUNNING", "another run of the job is still open"},
                      call.request_id,
                      {{"runId", runs.empty() ? Json(nullptr) : Json(runs.front().id)}});
}

[[nodiscard]] inline Response trigger_job(Facade& facade, const Call& call) {
  const Json body = parse_body(call.request.body, {"payload", "reason"});
  const auto key = idempotency_key_of(call.request);
  std::optional<RunId> made;
  if (!key) return run_now(facade, call, body, {}, made);

  const std::string owned = call.principal.name + "\n" + *key;
  const Digest request = sha256(call.job_name() + "\n" + body.dump());
  const auto answer = facade.keys.take(owned, request, facade.backend->steady_now());
  switch (answer.state) {
    case IdempotencyKeys::State::busy:
      throw ApiError{409,
                     "REQUEST_IN_PROGRESS",
                     "a request with this Idempotency-Key is under way",
                     {{"Retry-After", "1"}}};
    case IdempotencyKeys::State::misused:
      throw ApiError{422, "IDEMPOTENCY_KEY_REUSED",
                     "this Idempotency-Key has come with a different request"};
    case IdempotencyKeys::State::known: {
      const auto run = facade.backend->run(*answer.run_id);
      if (!run) throw ApiError{404, "RUN_NOT_FOUND", "the run has been pruned since"};
      return result_answer(facade, call, to_result(*run));
    }
    case IdempotencyKeys::State::taken:
      break;
  }
  try {
    const std::string unique_key = "request:" + to_hex(sha256(owned), 16);
    if (const auto run = earlier_run(facade, call.job_name(), unique_key)) {
      facade.keys.put(owned, run->id);
      return result_answer(facade, call, to_result(*run));
    }
    Response response = run_now(facade, call, body, unique_key, made);
    facade.keys.put(owned, *made);
    return response;
  } catch (...) {
    facade.keys.drop(owned);
    throw;
  }
}

}  // namespace punctual::http
