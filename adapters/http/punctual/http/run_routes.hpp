// SPDX-License-Identifier: MIT
//
// Routes about runs: lists by filter and page, one run in full, cancelling and retrying.
//
// Thread-safety: functions of a Facade; from any thread.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/json.hpp"
#include "punctual/base/text.hpp"
#include "punctual/domain/job_name.hpp"
#include "punctual/domain/limits.hpp"
#include "punctual/domain/run_query.hpp"
#include "punctual/http/answers.hpp"
#include "punctual/http/api_error.hpp"
#include "punctual/http/facade.hpp"
#include "punctual/http/job_routes.hpp"
#include "punctual/http/job_views.hpp"
#include "punctual/http/strict_json.hpp"
#include "punctual/http/target.hpp"

namespace punctual::http {

inline constexpr std::string_view run_list_parameters =
    "jobName status trigger messageCode createdFrom createdBefore dueFrom dueBefore workflowId "
    "dead "
    "limit cursor";

inline constexpr std::size_t page_runs_max = 200;
inline constexpr std::size_t page_runs_default = 50;

/// Returns the page's length that a text says.
///
/// Errors: INVALID_LIMIT (400) -> it is no number from 1 to 200.
[[nodiscard]] inline std::size_t page_limit_of(std::string_view text) {
  std::size_t limit = 0;
  for (const char c : text.substr(0, 4)) {
    limit = c >= '0' && c <= '9' && limit <= page_runs_max
                ? limit * 10 + static_cast<std::size_t>(c - '0')
                : page_runs_max + 1;
  }
  if (text.size() <= 3 && limit >= 1 && limit <= page_runs_max) return limit;
  throw bad_request("INVALID_LIMIT", "\"limit\" must be a number from 1 to 200");
}

/// Returns the query that the parameters say, without its cursor.
///
/// Errors: INVALID_QUERY, INVALID_LIMIT (400).
[[nodiscard]] inline RunQuery run_query_of(const QueryParameters& parameters) {
  RunQuery query;
  query.limit = page_runs_default;
  query.with_details = false;
  const auto refuse = [](const char* name, const char* expected) {
    return bad_request("INVALID_QUERY",
                       "the parameter \"" + std::string{name} + "\" must be " + expected);
  };
  if (const auto* text = parameters.find("jobName")) {
    if (!is_job_name(*text)) throw refuse("jobName", "the name of a job");
    query.job_name = *text;
  }
  if (const auto* text = parameters.find("status")) {
    query.status = parse_job_status(*text);
    if (!query.status) throw refuse("status", "pending, running, success, failed or skipped");
  }
  if (const auto* text = parameters.find("trigger")) {
    query.trigger = parse_run_trigger(*text);
    if (!query.trigger) {
      throw refuse("trigger", "schedule, manual, startup, retry, dependency or backfill");
    }
  }
  if (const auto* text = parameters.find("messageCode")) {
    if (text->size() > key_bytes_max) throw refuse("messageCode", "at most 200 bytes long");
    query.message_code = *text;
  }
  const auto read_instant = [&](const char* name, std::optional<TimePoint>& target) {
    if (const auto* text = parameters.find(name)) target = instant_of(*text, name);
  };
  read_instant("createdFrom", query.created_from);
  read_instant("createdBefore", query.created_before);
  read_instant("dueFrom", query.due_from);
  read_instant("dueBefore", query.due_before);
  if (const auto* text = parameters.find("workflowId")) {
    query.workflow_id = Uuid::parse(*text);
    if (!query.workflow_id) throw refuse("workflowId", "an id");
  }
  if (const auto* text = parameters.find("dead")) {
    if (*text != "true" && *text != "false") throw refuse("dead", "true or false");
    query.dead = *text == "true";
  }
  if (const auto* text = parameters.find("limit")) query.limit = page_limit_of(*text);
  return query;
}

/// Returns what a cursor is bound to: every filter, but not the page's length.
[[nodiscard]] inline std::string filters_of(const QueryParameters& parameters) {
  std::string filters;
  for (const auto name : words_of(run_list_parameters)) {
    if (name == "limit" || name == "cursor") continue;
    if (const auto* value = parameters.find(name)) {
      filters += std::string{name} + "=" + *value + "\n";
    }
  }
  return filters;
}

[[nodiscard]] inline Response list_runs(Facade& facade, const Call& call) {
  const QueryParameters parameters{call.request.query, words_of(run_list_parameters)};
  RunQuery query = run_query_of(parameters);
  const std::string filters = filters_of(parameters);
  if (const auto* cursor = parameters.find("cursor")) {
    query.before = facade.cursor.read(*cursor, filters);
    if (!query.before) {
      throw bad_request("INVALID_CURSOR",
                        "\"cursor\" must be the nextCursor of a page with the same filters");
    }
  }
  const std::size_t limit = query.limit;
  ++query.limit;  // one more tells whether there is a next page
  auto runs = facade.backend->runs(query);
  const bool has_next = runs.size() > limit;
  if (has_next) runs.resize(limit);
  Json body = Json::object();
  body["success"] = true;
  body["data"] = runs_view(runs, call.principal);
  body["nextCursor"] = has_next ? Json(facade.cursor.make(runs.back().id, filters)) : Json(nullptr);
  return json_answer(200, body);
}

[[nodiscard]] inline Response show_run(Facade& facade, const Call& call) {
  const auto run = facade.backend->run(call.run_id());
  if (!run) throw run_not_found();
  return data_answer(run_view(*run, call.principal));
}

[[nodiscard]] inline Response cancel_run(Facade& facade, const Call& call) {
  const Json body = parse_body(call.request.body, {"reason"});
  const RunId id = call.run_id();
  // A run has room for who cancelled it, and none for why: it stands behind the name.
  const std::string words = text_of(body, "reason", words_bytes_max);
  const std::string note = " [request " + call.request_id + "]";
  std::string actor = call.principal.name;
  if (!words.empty()) actor += ": " + words;
  actor = clamp_text(actor, key_bytes_max - note.size()) + note;
  for (char& c : actor) {
    if (c == '\t' || c == '\n') c = ' ';
  }
  switch (facade.backend->cancel(id, actor)) {
    case CancelAnswer::cancelled:
      return data_answer({{"answer", "cancelled"}});
    case CancelAnswer::requested:
      return data_answer({{"answer", "requested"}});
    case CancelAnswer::ended:
      return data_answer({{"answer", "already_ended"}});
    case CancelAnswer::not_found:
      break;
  }
  throw run_not_found();
}

[[nodiscard]] inline Response retry_run(Facade& facade, const Call& call) {
  const Json body = parse_body(call.request.body, {"reason"});
  RetryOptions options;
  options.actor = call.principal.name;
  options.reason = call.reason(text_of(body, "reason", words_bytes_max));
  const RunId id = facade.backend->retry(call.run_id(), std::move(options));
  Response response = data_answer({{"runId", id}}, 201);
  response.set("Location", facade.options.prefix + "/runs/" + id.to_string());
  return response;
}

}  // namespace punctual::http
