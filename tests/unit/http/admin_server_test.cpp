// SPDX-License-Identifier: MIT
//
// AdminServer over real sockets and with time limits that are over soon.

#include "punctual/http/admin_server.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "unit/http/certificate.hpp"
#include "unit/http/facade_scene.hpp"
#include "unit/http/raw_client.hpp"

namespace http_admin_server_test {

using namespace punctual;
using namespace punctual::http;
using namespace std::chrono_literals;
using punctual::tests::FacadeScene;
using punctual::tests::status_of;
using Client = punctual::tests::RawClient;
using punctual::tests::write_token;

namespace {

std::string get(const std::string& path, const std::string& more = {}) {
  return "GET " + path + " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + write_token + "\r\n" +
         more + "\r\n";
}

struct Service {
  explicit Service(ServerOptions options = {}) : server(scene.controller, std::move(options)) {
    server.start();
  }
  [[nodiscard]] int port() const { return server.port(); }

  FacadeScene scene;
  AdminServer server;
};

ServerOptions quick_options() {
  ServerOptions options;
  options.connection.head_timeout = 200ms;
  options.connection.idle_timeout = 300ms;
  return options;
}

}  // namespace

TEST_CASE("http: AdminServer answers requests one after the other on one connection") {
  Service service;
  Client client{service.port()};
  for (const char* path :
       {"/admin/jobs/status", "/admin/jobs/nothing", "/healthz", "/admin/jobs"}) {
    client.send(get(path));
    const std::string response = client.read_one();
    INFO(response.substr(0, 200));
    CHECK(status_of(response) == (std::string{path} == "/admin/jobs/nothing" ? 404 : 200));
    CHECK(response.find("Connection: close") == std::string::npos);
    CHECK(response.find("\r\nServer:") == std::string::npos);
    CHECK(response.find("Strict-Transport-Security") == std::string::npos);
  }
  client.send(get("/healthz") + get("/healthz", "Connection: close\r\n"));  // both at once
  const std::string both = client.read_all();
  CHECK(both.find("{\"status\":\"ok\"}") != both.rfind("{\"status\":\"ok\"}"));
}

TEST_CASE("http: AdminServer runs a job that is triggered") {
  Service service;
  Client client{service.port()};
  const std::string body = R"({"reason":"because"})";
  client.send("POST /admin/jobs/trigger/quick HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " +
              write_token + "\r\nContent-Type: application/json\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n\r\n" + body);
  const std::string response = client.read_one();
  CHECK(status_of(response) == 200);
  CHECK(response.find("QUICK_DONE") != std::string::npos);
}

TEST_CASE("http: AdminServer streams events to those who listen") {
  Service service;
  Client listener{service.port()};
  listener.send(get("/admin/jobs/events"));
  const std::string head = listener.read_until(": events follow\n");
  CHECK(status_of(head) == 200);
  CHECK(head.find("Content-Type: text/event-stream; charset=utf-8\r\n") != std::string::npos);
  CHECK(head.find("Content-Length") == std::string::npos);
  CHECK(head.find("Connection: close\r\n") != std::string::npos);
  CHECK(service.scene.post("/admin/jobs/trigger/quick").status == 200);
  const std::string event = listener.read_until("event: run\n");
  CHECK(event.find("event: run\n") != std::string::npos);
  service.server.stop();
  (void)listener.read_all();  // it ends
}

TEST_CASE("http: AdminServer gives the place of a listener who is gone to the next") {
  http::ControllerOptions controller_options;
  controller_options.streams_max = 1;
  FacadeScene scene{controller_options};
  AdminServer server{scene.controller, {}};
  server.start();
  {
    Client listener{server.port()};
    listener.send(get("/admin/jobs/events"));
    CHECK(status_of(listener.read_until("\n\n")) == 200);
    Client other{server.port()};
    other.send(get("/admin/jobs/events"));
    CHECK(status_of(other.read_one()) == 503);
  }
  const SystemClock clock;
  const Duration begun_at = clock.steady_now();
  int status = 503;
  while (status == 503 && clock.steady_now() - begun_at < 5s) {
    Client next{server.port()};
    next.send(get("/admin/jobs/events"));
    status = status_of(next.read_until("\n"));
  }
  CHECK(status == 200);
}

TEST_CASE("http: AdminServer sends no body for a HEAD") {
  Service service;
  Client client{service.port()};
  client.send("HEAD /admin/jobs HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string response = client.read_all();
  CHECK(status_of(response) == 200);
  CHECK(response.substr(response.size() - 4) == "\r\n\r\n");
  CHECK(response.find("\r\n\r\n") == response.size() - 4);
}

TEST_CASE("http: AdminServer says what is wrong with a request and ends the connection") {
  Service service;
  for (const auto& [bytes, status] : std::vector<std::pair<std::string, int>>{
           {"GET / HTTP/1.1\nHost: a\n\n", 400},
           {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            400},
           {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" +
                std::string(50'000, 'a'),
            413},
           {"GET /" + std::string(3000, 'a') + " HTTP/1.1\r\n\r\n", 414},
           {"GET / HTTP/1.1\r\nX: " + std::string(20'000, 'a'), 431},
           {"GET / HTTP/3.0\r\n\r\n", 505},
       }) {
    Client client{service.port()};
    client.send(bytes);
    const std::string response = client.read_all();
    INFO(bytes.substr(0, 60));
    CHECK(status_of(response) == status);
    CHECK(response.find("Connection: close") != std::string::npos);
    CHECK(response.find("X-Content-Type-Options: nosniff") != std::string::npos);
  }
}

TEST_CASE("http: AdminServer gives a request a time to come in, and an idle connection one") {
  Service service{quick_options()};
  Client idle{service.port()};
  Client slow_head{service.port()};
  slow_head.send("GET /healthz HTTP/1.1\r\nHost");
  CHECK(idle.read_all().empty());
  CHECK(status_of(slow_head.read_all()) == 408);
  ServerOptions options = quick_options();
  options.connection.body_rate_min = 1024 * 1024;
  Service strict{options};
  Client slow_body{strict.port()};
  slow_body.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  CHECK(status_of(slow_body.read_all()) == 408);
}

TEST_CASE("http: AdminServer ends a connection after so many requests") {
  ServerOptions options;
  options.connection.requests_max = 3;
  Service service{options};
  Client client{service.port()};
  for (int i = 1; i <= 3; ++i) {
    client.send(get("/healthz"));
    const std::string response = client.read_one();
    CHECK((response.find("Connection: close") != std::string::npos) == (i == 3));
  }
  client.send(get("/healthz"));
  CHECK(client.read_all().empty());
}

TEST_CASE("http: AdminServer refuses connections beyond those of one address, and of all") {
  for (const bool is_per_address : {true, false}) {
    INFO(is_per_address);
    ServerOptions options;
    options.connections_max = is_per_address ? 64 : 2;
    options.connections_per_address_max = is_per_address ? 2 : 64;
    Service service{options};
    std::vector<std::unique_ptr<Client>> held;
    for (int i = 0; i < 2; ++i) {
      held.push_back(std::make_unique<Client>(service.port()));
      held.back()->send(get("/healthz"));
      CHECK(status_of(held.back()->read_one()) == 200);
    }
    Client refused{service.port()};
    const std::string response = refused.read_all();
    CHECK(status_of(response) == 503);
    CHECK(response.find("Retry-After: 5") != std::string::npos);
    held.front()->send(get("/healthz"));
    CHECK(status_of(held.front()->read_one()) == 200);
  }
}

TEST_CASE("http: AdminServer outlives five hundred slow clients") {
  ServerOptions options = quick_options();
  options.connections_per_address_max = 64;
  Service service{options};
  std::vector<std::unique_ptr<Client>> slow;
  for (int i = 0; i < 500; ++i) {
    slow.push_back(std::make_unique<Client>(service.port()));
    slow.back()->send("GET /healthz HTT");
  }
  int told = 0;
  for (const auto& client : slow) {
    const int status = status_of(client->read_all());
    CHECK((status == 408 || status == 503 || status == 0));
    if (status != 0) ++told;
  }
  CHECK(told >= 64);
  slow.clear();
  Client client{service.port()};
  client.send(get("/healthz"));
  CHECK(status_of(client.read_one()) == 200);
}

TEST_CASE("http: AdminServer stops at once when connections are idle or half-way") {
  auto service = std::make_unique<Service>();
  Client idle{service->port()};
  Client half{service->port()};
  half.send("GET /healthz HTTP/1.1\r\n");
  const SystemClock clock;
  const Duration begun_at = clock.steady_now();
  service->server.stop();
  service->server.stop();
  CHECK(clock.steady_now() - begun_at < 4s);
  CHECK(idle.read_all().empty());
  service.reset();
}

TEST_CASE("http: AdminServer refuses what it cannot listen with") {
  FacadeScene scene;
  const auto code_of = [&](auto change) {
    ServerOptions options;
    change(options);
    return punctual::tests::code_of([&] { const AdminServer server(scene.controller, options); });
  };
  CHECK(code_of([](ServerOptions&) {}).empty());
  CHECK(code_of([](ServerOptions& o) { o.port = 70000; }) == "INVALID_CONFIG");
  CHECK(code_of([](ServerOptions& o) { o.key_file = "/x"; }) == "INVALID_CONFIG");
  CHECK(code_of([](ServerOptions& o) { o.key_file = o.certificate_file = "/nowhere"; }) ==
        "INVALID_CONFIG");
  CHECK(code_of([](ServerOptions& o) { o.connections_max = 0; }) == "INVALID_CONFIG");
  CHECK(code_of([](ServerOptions& o) { o.connection.head_timeout = 0ms; }) == "INVALID_CONFIG");
  CHECK(code_of([](ServerOptions& o) { o.host = "192.0.2.1"; }) == "LISTEN_FAILED");
}

TEST_CASE("http: AdminServer speaks TLS, and tells browsers to insist on it") {
  const punctual::tests::Key key{EVP_EC_gen("P-256")};
  const auto certificate = punctual::tests::certificate_of(key.get(), "IP:127.0.0.1");
  const auto write_file = [](auto&& write) {
    std::string path = "/tmp/punctual-pem-XXXXXX";
    std::FILE* const stream = ::fdopen(::mkstemp(path.data()), "w");
    if (stream == nullptr) throw std::runtime_error{"no temporary file"};
    write(stream);
    std::fclose(stream);
    return path;
  };
  ServerOptions options = quick_options();
  options.connection.head_timeout = 2s;
  options.certificate_file =
      write_file([&](std::FILE* file) { PEM_write_X509(file, certificate.get()); });
  options.key_file = write_file([&](std::FILE* file) {
    PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  {
    Service service{options};
    httplib::SSLClient client{"127.0.0.1", service.port()};
    client.set_ca_cert_path(options.certificate_file.c_str());
    client.enable_server_certificate_verification(true);
    const auto result = client.Get("/healthz");
    REQUIRE(result);
    CHECK(result->status == 200);
    CHECK(result->get_header_value("Strict-Transport-Security") == "max-age=31536000");
    Client plain{service.port()};
    plain.send(get("/healthz"));
    CHECK(status_of(plain.read_all()) == 0);
  }
  std::remove(options.certificate_file.c_str());
  std::remove(options.key_file.c_str());
}

}  // namespace http_admin_server_test
