// SPDX-License-Identifier: MIT
//
// mount in a server of cpp-httplib over real sockets.

#include "punctual/http/mount.hpp"

#include <httplib.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "unit/http/facade_scene.hpp"
#include "unit/http/raw_client.hpp"
#include "unit/http/test_servers.hpp"

namespace http_mount_test {

using namespace punctual;
using namespace std::chrono_literals;
using punctual::tests::FacadeScene;
using punctual::tests::write_token;

namespace {

/// A host with a page of its own and the facade below a prefix.
struct Host {
  explicit Host(http::ControllerOptions options = {}) : scene(std::move(options)) {
    server.Get("/own", [](const httplib::Request&, httplib::Response& response) {
      response.set_content("the host's", "text/plain");
    });
    http::mount(server, scene.controller);
    running = std::make_unique<punctual::tests::RunningServer>(server);
    client = std::make_unique<httplib::Client>("127.0.0.1", running->port());
    client->set_keep_alive(true);
    client->set_url_encode(false);
  }

  [[nodiscard]] static httplib::Headers signed_in() {
    return {{"Authorization", "Bearer " + write_token}};
  }
  int post(const std::string& path, const std::string& body, httplib::Headers more = {}) {
    httplib::Headers headers = signed_in();
    headers.insert(more.begin(), more.end());
    const auto result = client->Post(path.c_str(), headers, body, "application/json");
    return result ? result->status : 0;
  }
  int get(const std::string& path, httplib::Headers more = {}) {
    httplib::Headers headers = signed_in();
    headers.insert(more.begin(), more.end());
    const auto result = client->Get(path.c_str(), headers);
    return result ? result->status : 0;
  }

  FacadeScene scene;
  httplib::Server server;
  std::unique_ptr<punctual::tests::RunningServer> running;
  std::unique_ptr<httplib::Client> client;
};

}  // namespace

TEST_CASE("http: mount answers below the prefix, and leaves the rest to the host") {
  for (const char* prefix : {"/admin/jobs", "/ops", "/a.b/c-d/e_f"}) {
    INFO(prefix);
    http::ControllerOptions options;
    options.prefix = prefix;
    Host host{options};
    const std::string base = prefix;
    CHECK(host.get(base) == 200);
    CHECK(host.get(base + "/status") == 200);
    CHECK(host.get(base + "/nothing") == 404);
    CHECK(host.get("/own") == 200);
    CHECK(host.get(base + "x") == 404);
    CHECK(host.get("/healthz") == 404);
    CHECK(host.post(base + "/trigger/quick", "{}") == 200);
  }
  http::ControllerOptions dotted;
  dotted.prefix = "/a.b";
  Host host{dotted};
  const auto result = host.client->Get("/axb/status");
  REQUIRE(result);
  CHECK(result->body.find("NOT_FOUND") == std::string::npos);  // the host's 404, not the facade's
}

TEST_CASE("http: mount sends the facade's headers and takes its methods") {
  Host host;
  const auto page = host.client->Get("/admin/jobs");
  REQUIRE(page);
  CHECK(page->get_header_value("Content-Type") == "text/html; charset=utf-8");
  CHECK(page->get_header_value("X-Content-Type-Options") == "nosniff");
  CHECK(page->get_header_value("Content-Security-Policy") == http::content_security_policy);
  CHECK(page->get_header_value_count("Content-Type") == 1);
  const auto head = host.client->Head("/admin/jobs/status", Host::signed_in());
  REQUIRE(head);
  CHECK(head->status == 200);
  CHECK(head->body.empty());
  for (const auto& result :
       {host.client->Put("/admin/jobs/status", Host::signed_in(), "{}", "application/json"),
        host.client->Patch("/admin/jobs/status", Host::signed_in(), "{}", "application/json"),
        host.client->Delete("/admin/jobs/status", Host::signed_in()),
        host.client->Options("/admin/jobs/status", Host::signed_in())}) {
    REQUIRE(result);
    CHECK(result->status == 405);
    CHECK(result->get_header_value("Allow") == "GET, HEAD");
  }
  const auto nobody = host.client->Get("/admin/jobs/status");
  REQUIRE(nobody);
  CHECK(nobody->status == 401);
}

TEST_CASE("http: mount applies the facade's limits to what the server has read") {
  Host host;
  const std::string long_body = "{\"reason\":\"" + std::string(100'000, 'a') + "\"}";
  CHECK(host.post("/admin/jobs/quick/pause", long_body) == 413);
  CHECK(host.get("/admin/jobs/status") == 200);  // the rest of the body was not taken for a request
  CHECK(host.post("/admin/jobs/trigger/quick", std::string(20'000, ' ')) == 413);
  httplib::Headers many;
  for (int i = 0; i < 80; ++i) many.insert({"X-" + std::to_string(i), "v"});
  CHECK(host.get("/admin/jobs/status", many) == 431);
  httplib::Headers large;
  for (int i = 0; i < 5; ++i) large.insert({"X-" + std::to_string(i), std::string(4000, 'v')});
  CHECK(host.get("/admin/jobs/status", large) == 431);
  CHECK(host.get("/admin/jobs/runs?messageCode=" + std::string(3000, 'a')) == 414);
}

TEST_CASE("http: mount takes the path as it was sent, not as the server decoded it") {
  Host host;
  for (const char* path :
       {"/admin/jobs/runs%2f..%2fstatus", "/admin/jobs/%2e%2e/status", "/admin/jobs/a%00b/pause",
        "/admin/jobs/%25%32%66", "/admin%2fjobs/status"}) {
    INFO(path);
    CHECK(host.get(path) == 400);
  }
}

TEST_CASE("http: mount refuses requests whose length is in doubt") {
  Host host;
  const std::string post = "POST /admin/jobs/trigger/quick HTTP/1.1\r\nHost: a\r\n";
  const std::string get = "GET /admin/jobs/status HTTP/1.1\r\nHost: a\r\n";
  const std::string next = "GET /own HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const std::string& bytes :
       {post + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        get + "Host: b\r\n\r\n", get + "Content-Length: 57\r\n\r\n" + next,
        "OPTIONS /admin/jobs/status HTTP/1.1\r\nHost: a\r\nContent-Length: 57\r\n\r\n" + next}) {
    INFO(bytes);
    punctual::tests::RawClient client{host.running->port()};
    client.send(bytes);
    const std::string all = client.read_all();
    CHECK(punctual::tests::status_of(all) == 400);
    CHECK(all.find("HTTP/1.1", 1) == std::string::npos);  // nothing after it was taken for another
    CHECK(all.substr(all.find("\r\n\r\n")).find("\"success\":false") != std::string::npos);
  }
  CHECK(host.scene.scheduler.runs().empty());
}

TEST_CASE("http: mount streams events, which end when the server stops") {
  Host host;
  std::string text;
  bool has_triggered = false;
  const auto take = [&](const char* bytes, std::size_t count) {
    text.append(bytes, count);
    if (!has_triggered) {
      has_triggered = true;
      CHECK(host.scene.post("/admin/jobs/trigger/quick").status == 200);
    }
    return text.find("event: run\n") == std::string::npos;
  };
  (void)host.client->Get("/admin/jobs/events", Host::signed_in(), take);
  CHECK(text.find("event: run\n") != std::string::npos);

  Host other;
  std::string greeting;
  const SystemClock clock;
  const Duration begun_at = clock.steady_now();
  const auto stop_then = [&](const char* bytes, std::size_t count) {
    greeting.append(bytes, count);
    other.server.stop();
    return true;  // would listen on
  };
  (void)other.client->Get("/admin/jobs/events", Host::signed_in(), stop_then);
  CHECK(greeting.substr(0, 15) == ": events follow");
  CHECK(clock.steady_now() - begun_at < 60s);
}

TEST_CASE("http: mount leaves the host's server threads for others than those who listen") {
  Host host;
  std::vector<std::unique_ptr<punctual::tests::RawClient>> listeners;
  const std::string ask = "GET /admin/jobs/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " +
                          write_token + "\r\n\r\n";
  const std::size_t streams_max = http::MountOptions{}.streams_max;
  for (std::size_t i = 0; i <= streams_max; ++i) {
    listeners.push_back(std::make_unique<punctual::tests::RawClient>(host.running->port()));
    listeners.back()->send(ask);
    const int status = punctual::tests::status_of(listeners.back()->read_until("\r\n\r\n"));
    CHECK(status == (i < streams_max ? 200 : 503));
  }
  CHECK(host.get("/own") == 200);
}

}  // namespace http_mount_test
