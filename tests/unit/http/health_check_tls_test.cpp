// SPDX-License-Identifier: MIT
//
// health_check over TLS, against a server whose certificate is made on the spot.

#include "punctual/http/health_check.hpp"

#include "support/catch.hpp"

#if defined(CPPHTTPLIB_OPENSSL_SUPPORT)

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "test_servers.hpp"
#include "unit/http/certificate.hpp"

namespace health_check_tls_test {

using namespace std::chrono_literals;
using punctual::CheckStatus;
using punctual::http::health_check;
using punctual::tests::Certificate;
using punctual::tests::certificate_of;
using punctual::tests::Key;
using punctual::tests::RawServer;
using punctual::tests::RunningServer;

namespace {

/// A TLS server and a file with the certificate by which it is to be trusted.
class TlsService {
 public:
  explicit TlsService(const char* names)
      : key_(EVP_EC_gen("P-256")),
        certificate_(certificate_of(key_.get(), names)) {
    std::string path = "/tmp/punctual-ca-XXXXXX";
    const int file = ::mkstemp(path.data());
    std::FILE* const stream = ::fdopen(file, "w");
    if (stream == nullptr) throw std::runtime_error{"no temporary file"};
    PEM_write_X509(stream, certificate_.get());
    std::fclose(stream);
    ca_file_ = path;
    server_.Get("/", [](const httplib::Request&, httplib::Response& response) {
      response.set_content("well", "text/plain");
    });
  }
  TlsService(const TlsService&) = delete;
  TlsService& operator=(const TlsService&) = delete;
  ~TlsService() { std::remove(ca_file_.c_str()); }

  [[nodiscard]] std::string url() const { return running_.url("/", "https"); }
  [[nodiscard]] const std::string& ca_file() const { return ca_file_; }

 private:
  Key key_;
  Certificate certificate_;
  std::string ca_file_;
  httplib::SSLServer server_{certificate_.get(), key_.get()};
  RunningServer running_{server_};
};

}  // namespace

TEST_CASE("health_check verifies the server's certificate") {
  const TlsService service{"IP:127.0.0.1"};
  const TlsService stranger{"DNS:example.com"};
  struct Row {
    std::string name;
    std::string url;
    std::string ca_file;
    CheckStatus status;
    std::string message;  // after the address
  };
  const Row rows[] = {
      {"trusted", service.url(), service.ca_file(), CheckStatus::passed, " answered 200"},
      {"not trusted by the system", service.url(), "", CheckStatus::failed,
       " has a certificate that is not trusted"},
      {"trusted through another's file", service.url(), stranger.ca_file(), CheckStatus::failed,
       " has a certificate that is not trusted"},
      {"trusted, but for another name", stranger.url(), stranger.ca_file(), CheckStatus::failed,
       " has a certificate that is not trusted"},
      {"no such file", service.url(), "/nonexistent.pem", CheckStatus::failed,
       " cannot be verified: the trusted certificates are missing"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const auto report = health_check("api", row.url, {.ca_file = row.ca_file}).run();
    CHECK(report.result.status == row.status);
    CHECK(report.result.message == row.url + row.message);
  }
}

TEST_CASE("health_check over TLS fails where no TLS is spoken") {
  const RawServer server{[](int client) {
    RawServer::send_to(client, "HTTP/1.1 400 Bad Request\r\n\r\n");
    ::shutdown(client, SHUT_WR);
    RawServer::read_until_gone(client);
  }};
  const auto report = health_check("api", server.url("https")).run();
  CHECK(report.result.status == CheckStatus::failed);
  CHECK(report.result.message == server.url("https") + " failed the TLS handshake");
}

TEST_CASE("health_check over TLS comes back at its limit") {
  const RawServer server{[](int client) { RawServer::read_until_gone(client); }};
  const auto report = health_check("api", server.url("https")).limited_to(200ms).run();
  CHECK(report.result.status == CheckStatus::failed);
  CHECK(report.result.message == server.url("https") + " did not answer within 200 ms");
}

}  // namespace health_check_tls_test

#endif
