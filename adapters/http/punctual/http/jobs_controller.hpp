// SPDX-License-Identifier: MIT
//
// JobsController: the admin facade as a function from requests to responses.
//
// It belongs to no server: whoever has one hands it requests and sends what it answers. It cannot
// be made without an authenticator, and no route is reached without a decision of its own kind:
// path, route, method, who, may they, from where, what they sent, in this order.
//
// Thread-safety: all members, from any thread.
// Lifetime: the scheduler is borrowed and must outlive the controller.

#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/random.hpp"
#include "punctual/base/uuid.hpp"
#include "punctual/domain/job_name.hpp"
#include "punctual/http/access.hpp"
#include "punctual/http/answers.hpp"
#include "punctual/http/api_error.hpp"
#include "punctual/http/controller_options.hpp"
#include "punctual/http/facade.hpp"
#include "punctual/http/jobs_backend.hpp"
#include "punctual/http/message.hpp"
#include "punctual/http/openapi.hpp"
#include "punctual/http/page_routes.hpp"
#include "punctual/http/routes.hpp"
#include "punctual/http/target.hpp"

namespace punctual::http {

class JobsController {
 public:
  /// A facade of a scheduler.
  ///
  /// Errors: INVALID_CONFIG -> there is no authenticator, or an option is out of its range.
  template <class SchedulerT>
  JobsController(SchedulerT& scheduler, Authenticator authenticator, ControllerOptions options = {})
      : JobsController(
            std::unique_ptr<JobsBackend>{std::make_unique<SchedulerBackend<SchedulerT>>(scheduler)},
            std::move(authenticator), std::move(options)) {}

  JobsController(std::unique_ptr<JobsBackend> backend, Authenticator authenticator,
                 ControllerOptions options = {})
      : authenticator_(std::move(authenticator)),
        facade_(std::move(backend), checked(std::move(options))),
        prefix_(path_segments(facade_.options.prefix)) {
    if (!authenticator_) {
      throw Error{"INVALID_CONFIG",
                  "the facade needs an authenticator: BearerTokens, or sessions() of the host's"};
    }
    facade_.document = dump_body(openapi_document(facade_.options));
  }

  /// Answers a request. Throws nothing.
  ///
  /// Blocks: a trigger, until its run has ended, at most `trigger_wait_max`; others, as long as the
  ///         storage does.
  [[nodiscard]] Response handle(const Request& request) noexcept {
    RequestRecord record;
    try {
      record.request_id = request_id_of(request);
      Response response = answer(request, record);
      finish(response, record);
      if (request.method == "HEAD") {
        response.body.clear();
        response.stream = nullptr;
      }
      return response;
    } catch (...) {  // out of memory, above all: no word more than needed
      Response response;
      response.status = 500;
      return response;
    }
  }

  /// Lowers the number of streams of events that there may be at a time.
  void limit_streams(std::size_t streams_max) { facade_.events.limit_streams(streams_max); }

  [[nodiscard]] const ControllerOptions& options() const noexcept { return facade_.options; }

 private:
  [[nodiscard]] static ControllerOptions checked(ControllerOptions options) {
    require_valid(options);
    return options;
  }

  Response answer(const Request& request, RequestRecord& record) {
    try {
      return dispatch(request, record);
    } catch (const ApiError& error) {
      return refuse(error, record);
    } catch (const Error& error) {
      return refuse(api_error_of(error, record), record);
    } catch (const std::exception& error) {
      record.fault = what_of(error);
    } catch (...) {
      record.fault = "something that is no exception was thrown";
    }
    return refuse(internal_error(), record);
  }

  Response dispatch(const Request& request, RequestRecord& record) {
    if (request.path.size() + request.query.size() + 1 > target_bytes_max) {
      throw uri_too_long();
    }
    std::vector<std::string> segments = path_segments(request.path);
    if (segments == std::vector<std::string>{"healthz"}) return answer_healthz(request, record);
    if (segments.size() < prefix_.size() ||
        !std::equal(prefix_.begin(), prefix_.end(), segments.begin())) {
      throw unknown_route();
    }
    segments.erase(segments.begin(),
                   segments.begin() + static_cast<std::ptrdiff_t>(prefix_.size()));
    if (auto page = page_answer(request.method, facade_.options.prefix, segments)) {
      record.route = "the page";
      return *std::move(page);
    }
    const auto [route, names] = find_route(request, segments);
    record.method = route->method;
    record.route = facade_.options.prefix + "/" + std::string{route->path};

    const Authentication who = authenticator_(request);
    if (!who.principal) {
      throw ApiError{401,
                     "UNAUTHORIZED",
                     "sign in: send a bearer token",
                     {{"WWW-Authenticate", "Bearer realm=\"jobs\""}}};
    }
    record.principal = who.principal->name;
    // Before anything is looked up, so that a refusal does not tell what there is.
    if (!who.principal->may(route->action)) {
      throw ApiError{403, "FORBIDDEN",
                     "this needs the permission " +
                         std::string{to_string(route->action == Action::view ? Permission::read
                                                                             : Permission::write)}};
    }
    require_well_sent(request, *route, who);
    const Call call{request, *who.principal, names, record.request_id};
    if (route->action == Action::view) return route->answer(facade_, call);
    const Changing changing{facade_};
    return route->answer(facade_, call);
  }

  /// For probes that cannot sign in: whether the storage answers, and nothing else.
  Response answer_healthz(const Request& request, RequestRecord& record) {
    record.route = "/healthz";
    require_get(request.method);
    const bool is_degraded = !facade_.is_reachable();
    return json_answer(is_degraded ? 503 : 200, {{"status", is_degraded ? "degraded" : "ok"}});
  }

  /// After a change, whatever came of it, readings from before are no longer shown.
  struct Changing {
    explicit Changing(Facade& changed) : facade(changed) {}
    Changing(const Changing&) = delete;
    Changing& operator=(const Changing&) = delete;
    ~Changing() { facade.changed(); }
    Facade& facade;
  };

  struct Found {
    const Route* route = nullptr;
    std::vector<std::string> names{};
  };

  /// Errors: 404 -> no route has the path; 405 -> none has the path and the method.
  [[nodiscard]] Found find_route(const Request& request,
                                 const std::vector<std::string>& segments) const {
    std::string_view method = request.method;
    if (method == "HEAD") method = "GET";
    std::string allowed;
    for (const auto& route : routes) {
      if (facade_.options.read_only && route.action != Action::view) continue;
      auto names = match_path(route.path, segments);
      if (!names) continue;
      if (route.method == method) {
        require_names(route, *names);
        return {&route, *std::move(names)};
      }
      const std::string methods = route.method == "GET" ? "GET, HEAD" : std::string{route.method};
      if (allowed.find(methods) == std::string::npos) {
        allowed += (allowed.empty() ? "" : ", ") + methods;
      }
    }
    if (allowed.empty()) throw unknown_route();
    throw ApiError{
        405, "METHOD_NOT_ALLOWED", "the methods here are: " + allowed, {{"Allow", allowed}}};
  }

  /// Errors: INVALID_PATH (400) -> a name that no job can have.
  static void require_names(const Route& route, const std::vector<std::string>& names) {
    if (route.path.find(":jobName") == std::string_view::npos || is_job_name(names.front())) return;
    throw bad_request("INVALID_PATH",
                      "a job's name is 1 to 100 characters of a-z, 0-9, '.', '_', '-'");
  }

  /// Errors: 400, 403, 413, 415 -> what came with the request is not as it has to be.
  void require_well_sent(const Request& request, const Route& route,
                         const Authentication& who) const {
    if (request.body.size() > route.body_bytes_max) {
      throw ApiError{413, "BODY_TOO_LARGE",
                     "the body is at most " + std::to_string(route.body_bytes_max) + " bytes"};
    }
    if (route.action == Action::view) {
      if (!request.body.empty()) throw bad_request("UNEXPECTED_BODY", "no body is expected here");
      return;
    }
    if (who.is_ambient && !is_same_origin(request, facade_.options.origins)) {
      throw ApiError{403, "CROSS_ORIGIN", "changes are made from the facade's own page"};
    }
    if (!is_json_type(request.value_of("Content-Type"))) {
      throw ApiError{415, "UNSUPPORTED_MEDIA_TYPE", "send Content-Type: application/json"};
    }
    if (!request.query.empty()) {
      throw bad_request("INVALID_QUERY", "no parameters are expected here");
    }
  }

  [[nodiscard]] static bool is_json_type(std::string_view type) {
    static constexpr std::string_view wanted = "application/json";
    const std::string_view name = type.substr(0, type.find(';'));
    return is_same_name(name.substr(0, name.find_last_not_of(' ') + 1), wanted);
  }

  [[nodiscard]] static ApiError unknown_route() {
    return ApiError{404, "NOT_FOUND", "there is nothing here"};
  }
  [[nodiscard]] static ApiError internal_error() {
    return ApiError{500, "INTERNAL_ERROR", "something went wrong; the log knows the request's id"};
  }

  /// Says what the scheduler refused, in words of our own: its words may repeat what came.
  [[nodiscard]] static ApiError api_error_of(const Error& error, RequestRecord& record) {
    const std::string& code = error.code();
    if (code == "JOB_NOT_FOUND") return job_not_found();
    if (code == "RUN_NOT_FOUND") return run_not_found();
    if (code == "RUN_NOT_RETRYABLE") {
      return {409, code,
              "a run is done once more when it has ended, was not skipped, has no later "
              "attempt, and its job is enabled"};
    }
    if (code == "INVALID_PAYLOAD") return {400, code, "the payload is too large or too deep"};
    if (code == "INVALID_KEY") return {400, code, "a text is too long or not printable"};
    record.fault = error.what();
    if (code == "SCHEDULER_STOPPED") {
      return {503, code, "the scheduler is stopping", {{"Retry-After", "5"}}};
    }
    if (error.retryable() || error.in_doubt()) {
      return storage_unavailable();
    }
    return internal_error();
  }

  static Response refuse(const ApiError& error, RequestRecord& record) {
    record.error_code = error.code();
    return error_answer(error, record.request_id);
  }

  void finish(Response& response, RequestRecord& record) {
    set_safety_headers(response);
    response.set("X-Request-Id", record.request_id);
    record.status = response.status;
    if (!facade_.options.on_request) return;
    try {
      facade_.options.on_request(record);
    } catch (...) {  // NOLINT(bugprone-empty-catch): what a host's log does is not the client's
    }
  }

  /// The client's id if it looks like one, else one of our own.
  [[nodiscard]] std::string request_id_of(const Request& request) {
    static constexpr std::size_t id_bytes_max = 64;
    const std::string_view id = request.value_of("X-Request-Id");
    if (!id.empty() && id.size() <= id_bytes_max &&
        std::all_of(id.begin(), id.end(), is_name_character)) {
      return std::string{id};
    }
    const std::lock_guard lock{ids_mutex_};
    return ids_.next(facade_.backend->now()).to_string();
  }

  Authenticator authenticator_;
  Facade facade_;
  const std::vector<std::string> prefix_;
  std::mutex ids_mutex_;
  UuidGenerator ids_{Random::from_entropy()};
};

}  // namespace punctual::http
