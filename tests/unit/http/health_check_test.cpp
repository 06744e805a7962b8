// SPDX-License-Identifier: MIT

#include "punctual/http/health_check.hpp"

#include <poll.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "support/catch.hpp"
#include "test_servers.hpp"

namespace health_check_test {

using namespace std::chrono_literals;
using punctual::CheckHost;
using punctual::CheckReport;
using punctual::CheckStatus;
using punctual::Error;
using punctual::http::health_check;
using punctual::http::HealthCheckOptions;
using punctual::tests::RawServer;
using punctual::tests::RunningServer;

namespace {

/// A service that answers /status/<n> with that status, and a few other ways.
class Service {
 public:
  Service() {
    server_.Get(R"(/status/(\d+))",
                [](const httplib::Request& request, httplib::Response& response) {
                  response.status = std::stoi(request.matches[1]);
                  response.set_content("status " + std::string{request.matches[1]}, "text/plain");
                });
    server_.Get("/moved", [](const httplib::Request&, httplib::Response& response) {
      response.set_redirect("/status/200");
    });
    server_.Get("/large", [](const httplib::Request&, httplib::Response& response) {
      response.status = 503;
      response.set_content(std::string(1'000'000, 'x'), "text/plain");
    });
    server_.Get("/echo", [](const httplib::Request& request, httplib::Response& response) {
      response.status = 500;
      response.set_content(request.get_header_value("User-Agent") + " " + request.target,
                           "text/plain");
    });
    server_.Get("/binary", [](const httplib::Request&, httplib::Response& response) {
      response.status = 500;
      response.set_content("a\x1B[31m\xFF", "application/octet-stream");
    });
    running_.emplace(server_);
  }

  [[nodiscard]] std::string url(const std::string& target) const { return running_->url(target); }

 private:
  httplib::Server server_;
  std::optional<RunningServer> running_;
};

CheckReport run(const std::string& url, HealthCheckOptions options = {},
                punctual::Duration limit = 20s, const CheckHost& host = {}) {
  return health_check("api", url, std::move(options)).limited_to(limit).run(host);
}

}  // namespace

TEST_CASE("health_check passes on the expected status and fails on others") {
  const Service service;
  struct Row {
    std::string name;
    std::string target;
    std::optional<int> expected;
    CheckStatus status;
    std::string message;  // after the address
  };
  const Row rows[] = {
      {"200", "/status/200", std::nullopt, CheckStatus::passed, " answered 200"},
      {"204, without a body", "/status/204", std::nullopt, CheckStatus::passed, " answered 204"},
      {"299", "/status/299", std::nullopt, CheckStatus::passed, " answered 299"},
      {"401, as expected", "/status/401", 401, CheckStatus::passed, " answered 401"},
      {"a redirect, as expected", "/moved", 302, CheckStatus::passed, " answered 302"},
      {"300", "/status/300", std::nullopt, CheckStatus::failed,
       " answered 300, expected 200 to 299"},
      {"a redirect", "/moved", std::nullopt, CheckStatus::failed,
       " answered 302, expected 200 to 299"},
      {"404", "/missing", std::nullopt, CheckStatus::failed, " answered 404, expected 200 to 299"},
      {"503", "/status/503", std::nullopt, CheckStatus::failed,
       " answered 503, expected 200 to 299"},
      {"200 where 204 is expected", "/status/200", 204, CheckStatus::failed,
       " answered 200, expected 204"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const std::string url = service.url(row.target);
    const CheckReport report = run(url, {.expected_status = row.expected});
    CHECK(report.name == "api");
    CHECK(report.result.status == row.status);
    CHECK(report.result.message == url + row.message);
  }
}

TEST_CASE("health_check keeps status and the beginning of the body where it fails") {
  const Service service;
  CHECK(
      run(service.url("/status/503")).result.details ==
      punctual::Json{{"url", service.url("/status/503")}, {"status", 503}, {"body", "status 503"}});
  CHECK(run(service.url("/binary")).result.details.at("body") == "a [31m\xEF\xBF\xBD");

  const auto large = run(service.url("/large"));
  CHECK(large.result.status == CheckStatus::failed);
  CHECK(large.result.details.at("status") == 503);
  CHECK(large.result.details.at("body").get<std::string>().size() <= 1024);
}

TEST_CASE("health_check sends the query and does not show it") {
  const Service service;
  const auto report = run(service.url("/echo?token=s3cret&x=%20"));
  CHECK(report.result.details.at("body") == "punctual /echo?token=s3cret&x=%20");
  CHECK(report.result.details.at("url") == service.url("/echo"));
  CHECK(report.result.message.find("s3cret") == std::string::npos);
}

TEST_CASE("health_check fails when there is no proper answer") {
  struct Row {
    std::string name;
    std::string bytes;
    std::string message;
  };
  const Row rows[] = {
      {"closed at once", "", " sent no valid answer"},
      {"not HTTP", "SSH-2.0-OpenSSH_9.2\r\n", " sent no valid answer"},
      {"headers that break off", "HTTP/1.1 200 OK\r\nServer: x", " sent no valid answer"},
      {"a status that is no number", "HTTP/1.1 abc OK\r\n\r\n", " sent no valid answer"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const RawServer server{[&](int client) {
      RawServer::read_request(client);
      RawServer::send_to(client, row.bytes);
      ::shutdown(client, SHUT_WR);
      RawServer::read_until_gone(client);
    }};
    const CheckReport report = run(server.url());
    CHECK(report.result.status == CheckStatus::failed);
    CHECK(report.result.message == server.url() + row.message);
  }
}

TEST_CASE("health_check fails when nobody listens") {
  std::string url;
  {
    const RawServer server{[](int) {}};
    url = server.url();
  }
  const CheckReport report = run(url);
  CHECK(report.result.status == CheckStatus::failed);
  CHECK(report.result.message == url + " cannot be connected to");
  CHECK(report.result.details == punctual::Json{{"url", url}});
}

TEST_CASE("health_check judges by the status where the body breaks off") {
  const RawServer server{[](int client) {
    RawServer::read_request(client);
    RawServer::send_to(client, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    ::shutdown(client, SHUT_WR);
    RawServer::read_until_gone(client);
  }};
  CHECK(run(server.url()).result.status == CheckStatus::passed);
}

TEST_CASE("health_check comes back at its limit, whatever the server does") {
  struct Row {
    std::string name;
    std::string head;  // sent at once
    std::string drip;  // sent again and again, until the client is gone
  };
  const Row rows[] = {
      {"it says nothing", "", ""},
      {"it sends headers without end", "HTTP/1.1 200 OK\r\n", "X-A: b\r\n"},
      {"it sends a line without end", "HTTP/1.1 200 OK\r\nX-A: ", "x"},
      {"it sends a body without end", "HTTP/1.1 200 OK\r\n\r\n", "x"},
      {"it keeps the body back", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", ""},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const RawServer server{[&](int client) {
      RawServer::read_request(client);
      RawServer::send_to(client, row.head);
      ::pollfd gone{client, POLLRDHUP, 0};
      // A byte every 20 ms, so that no single read ever waits long.
      while (::poll(&gone, 1, 20) == 0) {
        if (!row.drip.empty() && !RawServer::send_to(client, row.drip)) break;
      }
    }};
    const CheckReport report = run(server.url(), {}, 200ms);
    CHECK(report.result.status == CheckStatus::failed);
    CHECK(report.result.message == server.url() + " did not answer within 200 ms");
    CHECK(report.duration < 10s);
  }
}

TEST_CASE("health_check that is stopped is skipped, at once") {
  std::atomic<bool> stop{false};
  const RawServer server{[&](int client) {
    stop = true;
    RawServer::read_until_gone(client);
  }};
  CheckHost host;
  host.stop_requested = [&] { return stop.load(); };
  const CheckReport report = run(server.url(), {}, 1h, host);
  CHECK(report.result.status == CheckStatus::skipped);
  CHECK(report.result.message == "ended because a stop was requested");
}

TEST_CASE("health_check refuses what can never work when it is made") {
  struct Row {
    std::string name;
    std::string check_name;
    std::string url;
    std::optional<int> expected;
    bool is_valid;
  };
  const Row rows[] = {
      {"http", "api", "http://a/", std::nullopt, true},
      {"the lowest status", "api", "http://a/", 100, true},
      {"the highest status", "api", "http://a/", 599, true},
      {"a bad name", "API", "http://a/", std::nullopt, false},
      {"a bad address", "api", "localhost", std::nullopt, false},
      {"a user name", "api", "http://u:p@a/", std::nullopt, false},
      {"status 99", "api", "http://a/", 99, false},
      {"status 600", "api", "http://a/", 600, false},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    if (row.is_valid) {
      CHECK(health_check(row.check_name, row.url, {.expected_status = row.expected}).name() ==
            row.check_name);
    } else {
      CHECK_THROWS_AS(health_check(row.check_name, row.url, {.expected_status = row.expected}),
                      Error);
    }
  }
}

}  // namespace health_check_test
