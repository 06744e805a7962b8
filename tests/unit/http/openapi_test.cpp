// SPDX-License-Identifier: MIT
//
// The OpenAPI document, held against what the facade does.

#include "punctual/http/openapi.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <vector>

#include <punctual/self_check/platform_self_check_job.hpp>

#include "support/catch.hpp"
#include "unit/http/facade_scene.hpp"
#include "unit/http/schema_check.hpp"

namespace http_openapi_test {

using namespace punctual;
using namespace punctual::http;
using namespace std::chrono_literals;
using punctual::tests::FacadeScene;
using punctual::tests::json_of;
using punctual::tests::read_token;
using punctual::tests::SchemaCheck;
using punctual::tests::write_token;

namespace {

/// A facade whose every answer is held against the document that it serves.
struct DocumentedScene {
  DocumentedScene() {
    document = json_of(scene.get("/admin/jobs/openapi.json", read_token));
    check = std::make_unique<SchemaCheck>(document);
  }

  Response ask(const std::string& method, const std::string& target, const std::string& body = {},
               Headers more = {}, const std::string& token = write_token) {
    const Request request = FacadeScene::request(method, target, token, body, std::move(more));
    const Response response = scene.controller.handle(request);
    INFO(method << " " << target << " " << response.status << "\n" << response.body);
    const Json* const operation = operation_of(request);
    REQUIRE(operation != nullptr);
    const Json& responses = (*operation)["responses"];
    REQUIRE(responses.contains(std::to_string(response.status)));
    Json answer = responses[std::to_string(response.status)];
    if (answer.contains("$ref")) {
      answer = document.at(Json::json_pointer{answer["$ref"].get<std::string>().substr(1)});
    }
    const std::string type{response.value_of("Content-Type")};
    const auto& content = answer["content"];
    REQUIRE(content.contains(type.substr(0, type.find(';'))));
    const Json& form = content[type.substr(0, type.find(';'))];
    if (form.contains("schema")) {
      CHECK(check->findings(form["schema"], Json::parse(response.body)) ==
            std::vector<std::string>{});
    }
    statuses.insert(operation->at("operationId").get<std::string>() + " " +
                    std::to_string(response.status));
    return response;
  }
  Response get(const std::string& path) { return ask("GET", "/admin/jobs" + path); }
  Response post(const std::string& path, const std::string& body = "{}", Headers more = {}) {
    return ask("POST", "/admin/jobs" + path, body, std::move(more));
  }

  /// The operation whose path fits; that without a placeholder first.
  [[nodiscard]] const Json* operation_of(const Request& request) const {
    const Json* found = nullptr;
    std::size_t fewest = 99;
    for (const auto& [path, operations] : document["paths"].items()) {
      const std::string method = request.method == "POST" ? "post" : "get";
      if (!operations.contains(method)) continue;
      std::string pattern = path;
      std::replace(pattern.begin(), pattern.end(), '{', ':');
      pattern.erase(std::remove(pattern.begin(), pattern.end(), '}'), pattern.end());
      const auto names = match_path(pattern, path_segments(request.path));
      if (!names || names->size() >= fewest) continue;
      fewest = names->size();
      found = &operations[method];
    }
    return found;
  }

  FacadeScene scene;
  Json document;
  std::unique_ptr<SchemaCheck> check;
  std::set<std::string> statuses;
};

Check named(const char* name, CheckResult result) {
  return {name, [result](CheckContext&) { return result; }};
}

/// Brings about something of everything.
void live_through(DocumentedScene& api) {
  auto& scheduler = api.scene.scheduler;
  scheduler.register_job(
      PlatformSelfCheckJob{{.checks = {named("well", CheckResult::passed()),
                                       named("ill", CheckResult::failed("no", {{"why", "so"}})),
                                       named("odd", CheckResult::error("none"))},
                            .steady_now = [&api] { return api.scene.clock.steady_now(); }}});
  api.get("/platform-validation");
  const Json report = json_of(api.post("/trigger/platform-self-check"));
  api.get("/runs/" + report["data"]["jobId"].get<std::string>());
  api.get("/platform-validation");

  scheduler.register_job(
      {.name = "watched", .concurrency = {.max = 1, .key = "one"}, .depends_on = {"quick"}},
      [&](JobContext& job) {
        job.log("begun");
        api.get("/health");
        const std::string id = job.run().id.to_string();
        Renewal renewal;
        renewal.lease = {job.run().id, job.run().fence};
        renewal.progress = 0.5;
        renewal.progress_note = "half";
        (void)api.scene.storage.renew({renewal}, 30s, api.scene.clock.now());
        api.get("/runs/" + id);
        api.post("/runs/" + id + "/cancel", R"({"reason":"enough"})");
        api.get("/runs/" + id);
        return job.success("SEEN", "seen");
      });
  const RunId watched =
      scheduler.enqueue("watched", Json{{"rows", 7}}, {.unique_key = "only", .payload_version = 2});
  scheduler.run_due();
  api.get("/runs/" + watched.to_string());

  scheduler.enqueue_workflow(
      {.steps = {{.name = "a", .job = "quick"}, {.name = "b", .job = "quick", .after = {"a"}}},
       .run_at = api.scene.clock.now() + 30s});
  api.get("/runs");
  scheduler.run_due();
  api.scene.clock.advance(2h);
  api.get("/health");  // something is overdue
  scheduler.run_due();
  api.post("/quick/pause", R"({"reason":"audit"})");
  api.get("/status");
  api.post("/quick/resume");
  api.get("/by-name/quick");
  api.get("/by-name/quick/explain?at=2024-01-15T01:00:00.000Z");
  api.get("/runs?limit=1");

  const Json failed = json_of(api.post("/trigger/failing", R"({"reason":"why not"})"));
  api.post("/runs/" + failed["data"]["jobId"].get<std::string>() + "/retry");
  scheduler.run_due();
  api.get("/runs?jobName=failing");
  api.get("/me");
  api.get("/events");
  api.get("/openapi.json");
  api.ask("GET", "/healthz");
}

}  // namespace

TEST_CASE("http: the document has every route, and no other") {
  for (const bool is_read_only : {false, true}) {
    ControllerOptions options;
    options.prefix = "/ops";
    options.read_only = is_read_only;
    const Json document = openapi_document(options);
    std::set<std::string> described;
    for (const auto& [path, operations] : document["paths"].items()) {
      for (const auto& [method, unused] : operations.items()) described.insert(method + " " + path);
    }
    std::set<std::string> there{"get /healthz"};
    for (const auto& route : routes) {
      if (is_read_only && route.action != Action::view) continue;
      std::string path = "/ops/" + std::string{route.path};
      for (const auto& [name, placeholder] :
           {std::pair{":jobName", "{jobName}"}, std::pair{":id", "{id}"}}) {
        const std::size_t at = path.find(name);
        if (at != std::string::npos) path.replace(at, std::string_view{name}.size(), placeholder);
      }
      there.insert((route.method == "GET" ? "get " : "post ") + path);
    }
    CHECK(described == there);
  }
}

TEST_CASE("http: the document refers only to what is in it, and to all of that") {
  const Json document = openapi_document({});
  const std::string text = document.dump();
  std::set<std::string> ids;
  for (const auto& [path, operations] : document["paths"].items()) {
    for (const auto& [method, operation] : operations.items()) {
      CHECK(ids.insert(operation["operationId"].get<std::string>()).second);
    }
  }
  CHECK(ids.count("getRunsById") == 1);
  CHECK(ids.count("postTriggerByJobName") == 1);
  for (std::size_t at = text.find("\"#/"); at != std::string::npos;
       at = text.find("\"#/", at + 1)) {
    const std::string ref = text.substr(at + 2, text.find('"', at + 1) - at - 2);
    INFO(ref);
    CHECK(document.contains(Json::json_pointer{ref}));
  }
  for (const auto& schema : schemas()) {
    INFO(schema.name);
    CHECK(text.find("schemas/" + std::string{schema.name} + "\"") != std::string::npos);
  }
}

TEST_CASE("http: every answer is as the document says, and every field of it comes") {
  DocumentedScene api;
  live_through(api);
  auto missing = api.check->fields();
  for (const auto& field : api.check->seen()) missing.erase(field);
  // Sent, not answered; and what needs a loop, other nodes, or a zone with summer time.
  for (const char* field :
       {"TriggerBody.payload", "TriggerBody.reason", "ReasonBody.reason", "Error.success",
        "Error.error", "Error.requestId", "ErrorDetail.code", "ErrorDetail.message",
        "ErrorDetail.runId", "Health.loopLagMs", "NextRun.dst"}) {
    CHECK(missing.erase(field) == 1);
  }
  CHECK(missing == std::set<std::string>{});
  for (const char* status : {"postTriggerByJobName 200", "postRunsByIdRetry 201", "getRuns 200"}) {
    CHECK(api.statuses.count(status) == 1);
  }
}

TEST_CASE("http: every refusal is as the document says") {
  DocumentedScene api;
  const std::string run = "/runs/018cc251-f400-76bf-953c-4963c3008e90";
  api.get(run);
  api.get("/runs?limit=0");
  api.get("/by-name/nobody");
  api.get("/by-name/quick/explain");
  api.post(run + "/cancel");
  api.post(run + "/retry");
  api.post("/nobody/pause");
  api.post("/quick/pause", "{");
  api.post("/quick/pause", std::string(70'000, ' '));
  api.post("/trigger/nobody");
  api.ask("POST", "/admin/jobs/trigger/quick", "{}", {}, read_token);
  api.ask("GET", "/admin/jobs/status", "", {}, "");
  api.post("/trigger/quick", "{}", {{"Idempotency-Key", "k"}});
  api.post("/trigger/off", "{}", {{"Idempotency-Key", "k"}});
  api.post("/trigger/quick");
  const std::string id = api.scene.scheduler.trigger("failing").job_id.to_string();
  api.post("/runs/" + id + "/retry");
  api.scene.scheduler.run_due();
  api.post("/runs/" + id + "/retry");  // it has a later attempt
  api.scene.storage.is_away = true;
  api.ask("GET", "/healthz");
  api.get("/runs");
  api.get("/by-name/quick");
  api.post("/trigger/failing");
  api.scene.storage.is_away = false;
  api.scene.storage.is_odd = true;
  api.get("/runs");
  for (const char* status :
       {"getRunsById 404", "getRuns 400", "getRuns 503", "getRuns 500", "getByNameByJobName 404",
        "postTriggerByJobName 403", "postTriggerByJobName 404", "postTriggerByJobName 422",
        "postTriggerByJobName 429", "postRunsByIdRetry 409", "getStatus 401", "getHealthz 503",
        "postByJobNamePause 413", "postByJobNamePause 400", "postTriggerByJobName 503"}) {
    INFO(status);
    CHECK(api.statuses.count(status) == 1);
  }
}

}  // namespace http_openapi_test
