// SPDX-License-Identifier: MIT

#include "punctual/http/jobs_controller.hpp"

#include <chrono>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "unit/http/facade_scene.hpp"

namespace http_jobs_controller_test {

using namespace punctual;
using namespace punctual::http;
using namespace std::chrono_literals;
using punctual::tests::FacadeScene;
using punctual::tests::json_of;
using punctual::tests::outcome_of;
using punctual::tests::read_token;
using punctual::tests::write_token;

namespace {

/// Returns a path that the route has, with names that are there.
std::string path_of(const Route& route, const std::string& run_id) {
  std::string path{route.path};
  const auto put = [&](const std::string& placeholder, const std::string& name) {
    const std::size_t found = path.find(placeholder);
    if (found != std::string::npos) path.replace(found, placeholder.size(), name);
  };
  put(":jobName", "quick");
  put(":id", run_id);
  std::string query;
  if (route.answer == explain_instant) query = "?at=2024-01-15T01:00:00Z";
  return "/admin/jobs/" + path + query;
}

}  // namespace

TEST_CASE("http: JobsController answers each route by method and credentials") {
  struct Credential {
    const char* name;
    std::string token;
    bool may_read;
    bool may_write;
  };
  const Credential credentials[] = {
      {"none", "", false, false},
      {"unknown", "unknown-0123456789abcdef0123456789abcdef01234567", false, false},
      {"read", read_token, true, false},
      {"write", write_token, true, true},
  };
  for (const auto& route : routes) {
    for (const char* method :
         {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", ""}) {
      for (const auto& credential : credentials) {
        INFO(route.path << " " << method << " " << credential.name);
        FacadeScene scene;
        const auto run_id = scene.scheduler.trigger("quick").job_id.to_string();
        const std::string target = path_of(route, run_id);
        const Response response =
            scene.controller.handle(FacadeScene::request(method, target, credential.token));
        const bool is_read = route.method == "GET";
        const bool fits = method == route.method || (is_read && std::string{method} == "HEAD");
        if (!fits) {
          CHECK(response.status == 405);
          CHECK(response.value_of("Allow") == (is_read ? "GET, HEAD" : "POST"));
        } else if (!credential.may_read) {
          CHECK(response.status == 401);
          CHECK(response.value_of("WWW-Authenticate") == "Bearer realm=\"jobs\"");
        } else if (!is_read && !credential.may_write) {
          CHECK(outcome_of(response) == "403 FORBIDDEN");
        } else {
          CHECK((response.status == 200 || response.status == 201));
        }
        if (std::string{method} == "HEAD") CHECK(response.body.empty());
      }
    }
  }
}

TEST_CASE("http: every answer has the headers that keep it where it belongs") {
  FacadeScene scene;
  for (const char* target : {"/admin/jobs/status", "/admin/jobs/nothing", "/", "/admin/jobs/..",
                             "/admin/jobs/runs/x", "/admin/jobs/runs?limit=0"}) {
    for (const auto& token : {write_token, std::string{}}) {
      INFO(target);
      const Response response = scene.get(target, token);
      CHECK(response.value_of("Content-Type") == "application/json; charset=utf-8");
      CHECK(response.value_of("X-Content-Type-Options") == "nosniff");
      CHECK(response.value_of("Cache-Control") == "no-store");
      CHECK(response.value_of("Referrer-Policy") == "no-referrer");
      CHECK(response.value_of("Content-Security-Policy").find("default-src 'none'") == 0);
      CHECK(response.value_of("Cross-Origin-Opener-Policy") == "same-origin");
      CHECK(response.value_of("Cross-Origin-Resource-Policy") == "same-origin");
      CHECK_FALSE(response.value_of("Permissions-Policy").empty());
      CHECK_FALSE(response.value_of("X-Request-Id").empty());
      CHECK(response.value_of("Access-Control-Allow-Origin").empty());
      CHECK(response.value_of("Server").empty());
    }
  }
}

TEST_CASE("http: an unknown and a wrong token are answered alike") {
  FacadeScene scene;
  const auto answer = [&](const std::string& value) {
    Request request = FacadeScene::request("GET", "/admin/jobs/status", "");
    request.headers.push_back({"X-Request-Id", "same"});
    if (!value.empty()) request.headers.push_back({"Authorization", value});
    return scene.controller.handle(request).body;
  };
  CHECK(answer("") == answer("Bearer " + write_token.substr(1)));
  CHECK(answer("") == answer("Basic abc"));
}

TEST_CASE("http: who lacks a permission does not learn what there is") {
  FacadeScene scene;
  const auto answer = [&](const char* job) {
    return outcome_of(scene.controller.handle(
        FacadeScene::request("POST", std::string{"/admin/jobs/trigger/"} + job, read_token)));
  };
  CHECK(answer("quick") == "403 FORBIDDEN");
  CHECK(answer("nothing") == "403 FORBIDDEN");
}

TEST_CASE("http: what is sent wrongly is refused with its own code") {
  struct Row {
    const char* name;
    const char* method;
    std::string target;
    std::string body;
    Headers headers;
    const char* outcome;
  };
  const std::string kib(1024, ' ');
  std::string body_16 = "{}";
  for (int i = 0; i < 16; ++i) body_16 += kib;
  std::string body_64 = "{}";
  for (int i = 0; i < 64; ++i) body_64 += kib;
  const Row rows[] = {
      {"unknown route", "GET", "/admin/jobs/nothing", "", {}, "404 NOT_FOUND"},
      {"outside the prefix", "GET", "/admin", "", {}, "404 NOT_FOUND"},
      {"another prefix", "GET", "/other/jobs/status", "", {}, "404 NOT_FOUND"},
      {"unknown job", "POST", "/admin/jobs/trigger/nothing", "", {}, "404 JOB_NOT_FOUND"},
      {"unknown job to pause", "POST", "/admin/jobs/nothing/pause", "", {}, "404 JOB_NOT_FOUND"},
      {"unknown job to see", "GET", "/admin/jobs/by-name/nothing", "", {}, "404 JOB_NOT_FOUND"},
      {"no job's name", "POST", "/admin/jobs/trigger/Quick", "", {}, "400 INVALID_PATH"},
      {"a name too long",
       "POST",
       "/admin/jobs/trigger/" + std::string(101, 'a'),
       "",
       {},
       "400 INVALID_PATH"},
      {"dots", "POST", "/admin/jobs/trigger/..", "", {}, "400 INVALID_PATH"},
      {"an encoded slash", "POST", "/admin/jobs/trigger/a%2Fb", "", {}, "400 INVALID_PATH"},
      {"an encoded zero byte", "GET", "/admin/jobs/runs/%00", "", {}, "400 INVALID_PATH"},
      {"no id", "GET", "/admin/jobs/runs/1", "", {}, "404 RUN_NOT_FOUND"},
      {"an unknown id",
       "GET",
       "/admin/jobs/runs/018cc251-f400-76bf-953c-4963c3008e90",
       "",
       {},
       "404 RUN_NOT_FOUND"},
      {"an unknown id to cancel",
       "POST",
       "/admin/jobs/runs/018cc251-f400-76bf-953c-4963c3008e90/cancel",
       "",
       {},
       "404 RUN_NOT_FOUND"},
      {"an unknown id to retry",
       "POST",
       "/admin/jobs/runs/018cc251-f400-76bf-953c-4963c3008e90/retry",
       "",
       {},
       "404 RUN_NOT_FOUND"},
      {"a long URI",
       "GET",
       "/admin/jobs/runs?jobName=" + std::string(2048, 'a'),
       "",
       {},
       "414 URI_TOO_LONG"},
      {"a body for a GET", "GET", "/admin/jobs/status", "{}", {}, "400 UNEXPECTED_BODY"},
      {"a query for a POST",
       "POST",
       "/admin/jobs/trigger/quick?force=1",
       "",
       {},
       "400 INVALID_QUERY"},
      {"a large body to trigger",
       "POST",
       "/admin/jobs/trigger/quick",
       body_16,
       {},
       "413 BODY_TOO_LARGE"},
      {"that body to pause", "POST", "/admin/jobs/quick/pause", body_16, {}, "200"},
      {"a larger one to pause",
       "POST",
       "/admin/jobs/quick/pause",
       body_64,
       {},
       "413 BODY_TOO_LARGE"},
      {"broken JSON", "POST", "/admin/jobs/trigger/quick", "{", {}, "400 INVALID_JSON"},
      {"a member twice",
       "POST",
       "/admin/jobs/trigger/quick",
       R"({"reason":"a","reason":"b"})",
       {},
       "400 INVALID_JSON"},
      {"an unknown member",
       "POST",
       "/admin/jobs/trigger/quick",
       R"({"force":true})",
       {},
       "400 INVALID_BODY"},
      {"a long reason",
       "POST",
       "/admin/jobs/trigger/quick",
       R"({"reason":")" + std::string(513, 'a') + R"("})",
       {},
       "400 INVALID_BODY"},
      {"a limit of 0", "GET", "/admin/jobs/runs?limit=0", "", {}, "400 INVALID_LIMIT"},
      {"a limit of 201", "GET", "/admin/jobs/runs?limit=201", "", {}, "400 INVALID_LIMIT"},
      {"a limit of -1", "GET", "/admin/jobs/runs?limit=-1", "", {}, "400 INVALID_LIMIT"},
      {"a limit beyond numbers",
       "GET",
       "/admin/jobs/runs?limit=99999999999999999999",
       "",
       {},
       "400 INVALID_LIMIT"},
      {"a limit in words", "GET", "/admin/jobs/runs?limit=ten", "", {}, "400 INVALID_LIMIT"},
      {"a cursor of one's own", "GET", "/admin/jobs/runs?cursor=abc", "", {}, "400 INVALID_CURSOR"},
      {"an unknown status", "GET", "/admin/jobs/runs?status=done", "", {}, "400 INVALID_QUERY"},
      {"an unknown trigger", "GET", "/admin/jobs/runs?trigger=x", "", {}, "400 INVALID_QUERY"},
      {"no instant", "GET", "/admin/jobs/runs?dueFrom=yesterday", "", {}, "400 INVALID_QUERY"},
      {"no id of a workflow", "GET", "/admin/jobs/runs?workflowId=1", "", {}, "400 INVALID_QUERY"},
      {"an unknown parameter", "GET", "/admin/jobs/runs?order=asc", "", {}, "400 INVALID_QUERY"},
      {"no instant to explain",
       "GET",
       "/admin/jobs/by-name/quick/explain",
       "",
       {},
       "400 INVALID_QUERY"},
      {"an empty key",
       "POST",
       "/admin/jobs/trigger/quick",
       "",
       {{"Idempotency-Key", ""}},
       "400 INVALID_IDEMPOTENCY_KEY"},
      {"two keys",
       "POST",
       "/admin/jobs/trigger/quick",
       "",
       {{"Idempotency-Key", "a"}, {"Idempotency-Key", "a"}},
       "400 INVALID_IDEMPOTENCY_KEY"},
      {"a long key",
       "POST",
       "/admin/jobs/trigger/quick",
       "",
       {{"Idempotency-Key", std::string(201, 'k')}},
       "400 INVALID_IDEMPOTENCY_KEY"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    FacadeScene scene;
    const Response response = scene.controller.handle(
        FacadeScene::request(row.method, row.target, write_token, row.body, row.headers));
    CHECK(outcome_of(response) == row.outcome);
  }
}

TEST_CASE("http: a change without JSON's type is refused") {
  FacadeScene scene;
  for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded",
                           "multipart/form-data", "application/jsonp", "application/json2"}) {
    INFO(type);
    Request request = FacadeScene::request("POST", "/admin/jobs/trigger/quick", write_token);
    request.headers.back().value = type;
    CHECK(outcome_of(scene.controller.handle(request)) == "415 UNSUPPORTED_MEDIA_TYPE");
  }
  Request request = FacadeScene::request("POST", "/admin/jobs/trigger/quick", write_token);
  request.headers.back().value = "Application/JSON; charset=utf-8";
  CHECK(scene.controller.handle(request).status == 200);
}

TEST_CASE("http: with a session, changes come from the page itself, and reading does not matter") {
  FacadeScene scene{
      {.origins = {"https://admin.example.com"}}, sessions([](const Request&) {
        return std::optional{Principal{.name = "ada", .permission = Permission::write}};
      })};
  const auto outcome = [&](const char* method, const char* target, Headers headers) {
    return outcome_of(
        scene.controller.handle(FacadeScene::request(method, target, "", "", std::move(headers))));
  };
  const char* pause = "/admin/jobs/quick/pause";
  CHECK(outcome("POST", pause, {}) == "403 CROSS_ORIGIN");
  CHECK(outcome("POST", pause, {{"Sec-Fetch-Site", "cross-site"}}) == "403 CROSS_ORIGIN");
  CHECK(outcome("POST", pause, {{"Origin", "https://evil.example"}}) == "403 CROSS_ORIGIN");
  CHECK(outcome("POST", pause, {{"Sec-Fetch-Site", "same-origin"}}) == "200");
  CHECK(outcome("POST", pause, {{"Origin", "https://admin.example.com"}}) == "200");
  CHECK(outcome("GET", "/admin/jobs/status", {{"Sec-Fetch-Site", "cross-site"}}) == "200");
}

TEST_CASE("http: status has the seed's shape") {
  FacadeScene scene;
  scene.clock.advance(1h);
  scene.scheduler.run_due();
  const Json body = json_of(scene.get("/admin/jobs/status"));
  CHECK(body["success"] == true);
  const Json& data = body["data"];
  CHECK(data["totalJobs"] == 3);
  CHECK(data["enabledJobs"] == 2);
  CHECK(data["degraded"] == false);
  CHECK(data["recentRuns"].size() == 1);
  const Json& job = data["registeredJobs"][2];
  CHECK(job["name"] == "quick");
  CHECK(job["scheduleIntervalMs"] == 3'600'000);
  CHECK(job["scheduleInWords"] == every(1h).describe());
  CHECK(job["nextRunAt"] == "2024-01-15T02:00:00.000Z");
  CHECK(job["runCount"] == 1);
  CHECK(job["lastRun"]["status"] == "success");
}

TEST_CASE("http: status is answered while the storage is away, and says so") {
  FacadeScene scene;
  CHECK(json_of(scene.get("/admin/jobs/status"))["data"]["totalJobs"] == 3);
  scene.storage.is_away = true;
  const Json data = json_of(scene.get("/admin/jobs/status"))["data"];
  CHECK(data["degraded"] == true);
  CHECK(data["totalJobs"] == 3);
  CHECK(json_of(scene.get("/admin/jobs/health"))["data"]["degraded"] == true);
  const Response runs = scene.get("/admin/jobs/runs");
  CHECK(outcome_of(runs) == "503 STORAGE_UNAVAILABLE");
  CHECK(runs.value_of("Retry-After") == "5");
  const Response trigger = scene.post("/admin/jobs/trigger/quick");
  CHECK(outcome_of(trigger) == "503 STORAGE_UNAVAILABLE");
  CHECK(trigger.body.find("hunter2") == std::string::npos);
}

TEST_CASE("http: an error inside is told to the log, and not to the client") {
  std::vector<RequestRecord> records;
  FacadeScene scene{{.on_request = [&](const RequestRecord& record) {
    records.push_back(record);
    throw std::runtime_error{"the log is full"};
  }}};
  scene.storage.is_odd = true;
  const Response response = scene.get("/admin/jobs/runs");
  CHECK(outcome_of(response) == "500 INTERNAL_ERROR");
  CHECK(response.body.find("hunter2") == std::string::npos);
  REQUIRE(records.size() == 1);
  CHECK(records[0].fault.find("hunter2") != std::string::npos);
  CHECK(records[0].principal == "walt");
  CHECK(records[0].route == "/admin/jobs/runs");
  CHECK(records[0].status == 500);
  CHECK(records[0].request_id == json_of(response)["requestId"]);
}

TEST_CASE("http: a trigger runs the job and answers its result") {
  FacadeScene scene;
  const Response response = scene.controller.handle(
      FacadeScene::request("POST", "/admin/jobs/trigger/quick", write_token,
                           R"({"reason":"because","payload":{"x":1}})", {{"X-Request-Id", "r-1"}}));
  CHECK(response.status == 200);
  CHECK(response.value_of("X-Request-Id") == "r-1");
  const Json data = json_of(response)["data"];
  CHECK(data["status"] == "success");
  CHECK(data["messageCode"] == "QUICK_DONE");
  CHECK(data["details"]["rows"] == 3);
  const Json run =
      json_of(scene.get("/admin/jobs/runs/" + data["jobId"].get<std::string>()))["data"];
  CHECK(run["actor"] == "walt");
  CHECK(run["reason"] == "because [request r-1]");
  CHECK(run["payload"]["x"] == 1);
  CHECK(run["trigger"] == "manual");
}

TEST_CASE("http: a trigger of a disabled job is answered and recorded as skipped") {
  FacadeScene scene;
  const Response response = scene.post("/admin/jobs/trigger/off");
  CHECK(response.status == 200);
  CHECK(json_of(response)["data"]["status"] == "skipped");
  CHECK(json_of(response)["data"]["messageCode"] == "JOB_DISABLED");
  CHECK(scene.scheduler.runs({.job_name = "off"}).size() == 1);
}

TEST_CASE("http: a trigger that was sent again with its key starts nothing") {
  FacadeScene scene;
  const Headers key{{"Idempotency-Key", "k-1"}};
  const Json first = json_of(scene.post("/admin/jobs/trigger/quick", "", key))["data"];
  const Json second = json_of(scene.post("/admin/jobs/trigger/quick", "", key))["data"];
  CHECK(first["jobId"] == second["jobId"]);
  CHECK(scene.scheduler.runs({.job_name = "quick"}).size() == 1);
  CHECK(outcome_of(scene.post("/admin/jobs/trigger/failing", "", key)) ==
        "422 IDEMPOTENCY_KEY_REUSED");
  // A facade that knows nothing of it, as after a restart, finds the run by its key.
  JobsController other{scene.scheduler, punctual::tests::scene_tokens()};
  const Json third = json_of(other.handle(
      FacadeScene::request("POST", "/admin/jobs/trigger/quick", write_token, "", key)))["data"];
  CHECK(first["jobId"] == third["jobId"]);
  scene.clock.advance(25h);
  const Json later = json_of(scene.post("/admin/jobs/trigger/quick", "", key))["data"];
  CHECK(first["jobId"] != later["jobId"]);
}

TEST_CASE("http: triggers come ten a minute from one principal, one a second of one job") {
  FacadeScene scene;
  CHECK(scene.post("/admin/jobs/trigger/quick").status == 200);
  const Response soon = scene.post("/admin/jobs/trigger/quick");
  CHECK(outcome_of(soon) == "429 RATE_LIMITED");
  CHECK(soon.value_of("Retry-After") == "1");
  for (int i = 0; i < 9; ++i) {
    scene.clock.advance(1s);
    CHECK(scene.post("/admin/jobs/trigger/quick").status == 200);
  }
  scene.clock.advance(1s);
  scene.post("/admin/jobs/trigger/quick");
  scene.clock.advance(1s);
  const Response many = scene.post("/admin/jobs/trigger/quick");
  CHECK(outcome_of(many) == "429 RATE_LIMITED");
}

TEST_CASE("http: a page ends with a cursor to the next") {
  FacadeScene scene;
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    ids.insert(ids.begin(), scene.scheduler.trigger("quick").job_id.to_string());
    scene.clock.advance(1s);
  }
  scene.scheduler.trigger("failing");
  std::vector<std::string> seen;
  std::string cursor;
  int pages = 0;
  do {
    const Json body = json_of(scene.get("/admin/jobs/runs?jobName=quick&limit=2" +
                                        (cursor.empty() ? "" : "&cursor=" + cursor)));
    for (const auto& run : body["data"]) seen.push_back(run["id"]);
    cursor = body["nextCursor"].is_null() ? "" : body["nextCursor"].get<std::string>();
    ++pages;
  } while (!cursor.empty() && pages < 10);
  CHECK(pages == 3);
  CHECK(seen == ids);
  const Json first = json_of(scene.get("/admin/jobs/runs?limit=1"));
  CHECK(outcome_of(scene.get("/admin/jobs/runs?status=failed&cursor=" +
                             first["nextCursor"].get<std::string>())) == "400 INVALID_CURSOR");
}

TEST_CASE("http: what an error says is shown to those who may act on it") {
  FacadeScene scene;
  const auto id = scene.scheduler.trigger("failing").job_id.to_string();
  const auto message = [&](const std::string& token) {
    return json_of(scene.get("/admin/jobs/runs/" + id, token))["data"]["errorMessage"];
  };
  CHECK(message(write_token) == "no such host: db.internal");
  CHECK(message(read_token).is_null());
  CHECK(scene.get("/admin/jobs/runs", read_token).body.find("db.internal") == std::string::npos);
  CHECK(scene.get("/admin/jobs/status", read_token).body.find("db.internal") == std::string::npos);
}

TEST_CASE("http: a job is paused and resumed by name, with who and why") {
  FacadeScene scene;
  CHECK(scene.post("/admin/jobs/quick/pause", R"({"reason":"audit"})", {{"X-Request-Id", "r-2"}})
            .status == 200);
  const Json job = json_of(scene.get("/admin/jobs/by-name/quick"))["data"];
  CHECK(job["paused"] == true);
  CHECK(job["pausedBy"] == "walt");
  CHECK(job["pausedReason"] == "audit [request r-2]");
  CHECK(json_of(scene.post("/admin/jobs/quick/resume"))["data"]["paused"] == false);
  CHECK(json_of(scene.get("/admin/jobs/by-name/quick"))["data"]["paused"] == false);
}

TEST_CASE("http: a run is cancelled, with who and why, and retried") {
  FacadeScene scene;
  const auto pending =
      scene.scheduler.enqueue("quick", nullptr, {.run_at = scene.clock.now() + 1h});
  const std::string target = "/admin/jobs/runs/" + pending.to_string();
  CHECK(json_of(scene.post(target + "/cancel", R"({"reason":"a mistake"})",
                           {{"X-Request-Id", "r-3"}}))["data"]["answer"] == "cancelled");
  const Json run = json_of(scene.get(target))["data"];
  CHECK(run["status"] == "skipped");
  CHECK(run["cancelActor"] == "walt: a mistake [request r-3]");
  CHECK(json_of(scene.post(target + "/cancel"))["data"]["answer"] == "already_ended");
  CHECK(outcome_of(scene.post(target + "/retry")) == "409 RUN_NOT_RETRYABLE");

  const auto failed = scene.scheduler.trigger("failing").job_id.to_string();
  const Response retried = scene.post("/admin/jobs/runs/" + failed + "/retry");
  CHECK(retried.status == 201);
  const std::string id = json_of(retried)["data"]["runId"];
  CHECK(retried.value_of("Location") == "/admin/jobs/runs/" + id);
  CHECK(json_of(scene.get("/admin/jobs/runs/" + id))["data"]["retryOf"] == failed);
}

TEST_CASE("http: a job is shown with its next instants and newest runs") {
  FacadeScene scene;
  for (int i = 0; i < 3; ++i) {
    scene.clock.advance(1h);
    scene.scheduler.run_due();
  }
  const Json job = json_of(scene.get("/admin/jobs/by-name/quick"))["data"];
  CHECK(job["nextRuns"].size() == 10);
  CHECK(job["nextRuns"][0]["at"] == "2024-01-15T04:00:00.000Z");
  CHECK(job["nextRuns"][0]["dst"].is_null());
  CHECK(job["recent"].size() == 3);
  CHECK(job["recent"][0]["dueAt"] == "2024-01-15T03:00:00.000Z");
  CHECK(job["recent"][0]["latenessMs"] == 0);
  CHECK(job["durationP50Ms"] == 0);
  const Json why =
      json_of(scene.get("/admin/jobs/by-name/quick/explain?at=2024-01-15T01:00:00.000Z"))["data"];
  CHECK(why["kind"] == "answered");
  CHECK(why["runId"] == job["recent"][2]["id"]);
}

TEST_CASE("http: the last result of the self-check is shown, whatever came after") {
  FacadeScene scene{{.self_check_job = "check"}};
  CHECK(json_of(scene.get("/admin/jobs/platform-validation"))["data"] ==
        Json{{"hasResult", false}, {"result", nullptr}});
  bool is_broken = false;
  scene.scheduler.register_job({.name = "check"}, [&](JobContext& job) {
    if (is_broken) throw std::runtime_error{"no"};
    return job.success("PLATFORM_VALIDATION_PASSED", "fine",
                       {{"success", true}, {"scripts", Json::array()}});
  });
  scene.scheduler.trigger("check");
  is_broken = true;
  scene.clock.advance(1s);
  scene.scheduler.trigger("check");
  const Json data = json_of(scene.get("/admin/jobs/platform-validation"))["data"];
  CHECK(data["hasResult"] == true);
  CHECK(data["result"]["success"] == true);
}

TEST_CASE("http: a read-only facade has no route that changes anything") {
  FacadeScene scene{{.read_only = true}};
  for (const auto& route : routes) {
    INFO(route.path);
    const std::string target = path_of(route, "018cc251-f400-76bf-953c-4963c3008e90");
    if (route.method == "GET") continue;
    CHECK(outcome_of(scene.post(target)) == "404 NOT_FOUND");
  }
  const Json me = json_of(scene.get("/admin/jobs/me"))["data"];
  CHECK(me["readOnly"] == true);
  CHECK(me["actions"] == Json::array({"view"}));
}

TEST_CASE("http: me says who asks and what they may do") {
  FacadeScene scene;
  const Json writer = json_of(scene.get("/admin/jobs/me"))["data"];
  CHECK(writer["principal"] == "walt");
  CHECK(writer["permissions"] == Json::array({"ADMIN_SETTINGS_READ", "ADMIN_SETTINGS_WRITE"}));
  CHECK(writer["actions"].size() == all_actions.size());
  const Json reader = json_of(scene.get("/admin/jobs/me", read_token))["data"];
  CHECK(reader["permissions"] == Json::array({"ADMIN_SETTINGS_READ"}));
  CHECK(reader["actions"] == Json::array({"view"}));
}

TEST_CASE("http: health names what is overdue when it is read") {
  FacadeScene scene;
  scene.clock.advance(1h + 6s);
  const Json data = json_of(scene.get("/admin/jobs/health"))["data"];
  REQUIRE(data["overdueJobs"].size() == 1);
  CHECK(data["overdueJobs"][0]["jobName"] == "quick");
  CHECK(data["overdueJobs"][0]["lateMs"] == 6000);
  CHECK(data["storage"]["kind"] == "memory");
  CHECK(data["degraded"] == false);
  scene.scheduler.run_due();
  CHECK(json_of(scene.get("/admin/jobs/health"))["data"]["overdueJobs"].empty());
}

TEST_CASE("http: JobsController cannot be made without who decides, or with a bad prefix") {
  FacadeScene scene;
  CHECK(punctual::tests::code_of([&] {
          JobsController controller(scene.scheduler, Authenticator{});
        }) == "INVALID_CONFIG");
  for (const char* prefix : {"", "/", "admin", "/admin/", "//admin", "/../x", "/a b", "/a%20"}) {
    INFO(prefix);
    CHECK(punctual::tests::code_of([&] {
            JobsController controller(scene.scheduler, punctual::tests::scene_tokens(),
                                      {.prefix = prefix});
          }) == "INVALID_CONFIG");
  }
}

TEST_CASE("http: JobsController lies under any prefix") {
  FacadeScene scene{{.prefix = "/ops/v1/background"}};
  CHECK(scene.get("/ops/v1/background/status").status == 200);
  CHECK(scene.get("/admin/jobs/status").status == 404);
}

}  // namespace http_jobs_controller_test
