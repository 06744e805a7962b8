// SPDX-License-Identifier: MIT
//
// health_check over TLS, against a server whose certificate is made on the spot.

#include "punctual/http/health_check.hpp"

#include "support/catch.hpp"

#if defined(CPPHTTPLIB_OPENSSL_SUPPORT)

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

#include "test_servers.hpp"

namespace health_check_tls_test {

using namespace std::chrono_literals;
using punctual::CheckStatus;
using punctual::http::health_check;
using punctual::tests::RawServer;
using punctual::tests::RunningServer;

namespace {

template <class T, void (*free_it)(T*)>
struct Free {
  void operator()(T* object) const { free_it(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY, &EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509, &X509_free>>;

/// Returns a certificate for `names` (in OpenSSL's words, e.g. "DNS:localhost"), signed by its own
/// key.
Certificate certificate_of(EVP_PKEY* key, const char* names) {
  Certificate certificate{X509_new()};
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  const auto* text = reinterpret_cast<const unsigned char*>("punctual test");
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  X509_EXTENSION* const extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names);
  X509_add_ext(certificate.get(), extension, -1);
  X509_EXTENSION_free(extension);
  if (X509_sign(certificate.get(), key, EVP_sha256()) == 0) throw std::runtime_error{"no signing"};
  return certificate;
}

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
