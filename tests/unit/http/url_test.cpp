// SPDX-License-Identifier: MIT

#include "punctual/http/url.hpp"

#include <string>

#include "support/catch.hpp"

namespace url_test {

using punctual::Error;
using punctual::http::Url;

TEST_CASE("Url takes an address apart") {
  struct Row {
    std::string text;
    bool is_tls;
    std::string host;
    int port;
    std::string target;
    std::string shown;
  };
  const Row rows[] = {
      {"http://localhost", false, "localhost", 80, "/", "http://localhost:80/"},
      {"http://localhost/", false, "localhost", 80, "/", "http://localhost:80/"},
      {"https://api.example.com", true, "api.example.com", 443, "/",
       "https://api.example.com:443/"},
      {"http://10.0.0.7:8080/healthz", false, "10.0.0.7", 8080, "/healthz",
       "http://10.0.0.7:8080/healthz"},
      {"http://a:1", false, "a", 1, "/", "http://a:1/"},
      {"http://a:65535/", false, "a", 65'535, "/", "http://a:65535/"},
      {"https://A-b_c.d:8443/x/y?token=s3cret&z=/:@", true, "A-b_c.d", 8443,
       "/x/y?token=s3cret&z=/:@", "https://A-b_c.d:8443/x/y"},
      {"http://a?x=1", false, "a", 80, "/?x=1", "http://a:80/"},
      {"http://a:81?x", false, "a", 81, "/?x", "http://a:81/"},
      {"http://[::1]:8080/h", false, "::1", 8080, "/h", "http://[::1]:8080/h"},
      {"http://[fe80::1]/", false, "fe80::1", 80, "/", "http://[fe80::1]:80/"},
      {"http://a/%20%2F@:8", false, "a", 80, "/%20%2F@:8", "http://a:80/%20%2F@:8"},
      {"http://" + std::string(253, 'h'), false, std::string(253, 'h'), 80, "/",
       "http://" + std::string(253, 'h') + ":80/"},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    const Url url = Url::parse(row.text);
    CHECK(url.is_tls == row.is_tls);
    CHECK(url.host == row.host);
    CHECK(url.port == row.port);
    CHECK(url.target == row.target);
    CHECK(url.to_string() == row.shown);
  }
}

TEST_CASE("Url refuses what is not an address, and says why") {
  struct Row {
    std::string name;
    std::string text;
    std::string reason;
  };
  const Row rows[] = {
      {"empty", "", "scheme"},
      {"no scheme", "localhost:8080", "scheme"},
      {"another scheme", "ftp://a/", "scheme"},
      {"upper-case scheme", "HTTP://a/", "scheme"},
      {"one slash", "http:/a", "scheme"},
      {"no host", "http://", "host"},
      {"no host but a path", "http:///x", "host"},
      {"no host but a port", "http://:80/", "host"},
      {"an escaped host", "http://a%2Fb/", "host"},
      {"a host that begins with a hyphen", "http://-a/", "host"},
      {"a host that begins with a dot", "http://.a/", "host"},
      {"a host of 254 bytes", "http://" + std::string(254, 'h'), "host"},
      {"an open bracket", "http://[::1/", "host"},
      {"a name in brackets", "http://[localhost]/", "host"},
      {"empty brackets", "http://[]/", "host"},
      {"a zone", "http://[fe80::1%25eth0]/", "host"},
      {"no port after the colon", "http://a:/", "port"},
      {"port 0", "http://a:0/", "port"},
      {"a port too high", "http://a:65536/", "port"},
      {"a port of six digits", "http://a:000080/", "port"},
      {"a port of letters", "http://a:http/", "port"},
      {"a signed port", "http://a:+80/", "port"},
      {"text behind the brackets", "http://[::1]x/", "follows its host"},
      {"a backslash", "http://a\\b/", "host"},
      {"a user name", "http://user@a/", "user name"},
      {"a password", "https://user:s3cret@a/", "user name"},
      {"an empty user name", "http://@a/", "user name"},
      {"a fragment", "http://a/#top", "fragment"},
      {"a fragment for a path", "http://a#top", "fragment"},
      {"a blank", "http://a/b c", "blank"},
      {"a line break", "http://a/\r\nHost: b", "blank"},
      {"a NUL byte", std::string{"http://a/\0", 10}, "blank"},
      {"a letter beyond ASCII", "http://a/\xC3\xA4", "blank"},
      {"too long", "http://a/" + std::string(2048, 'x'), "2048"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    try {
      static_cast<void>(Url::parse(row.text));
      FAIL("accepted");
    } catch (const Error& error) {
      const std::string message = error.what();
      CHECK(error.code() == "INVALID_CONFIG");
      CAPTURE(message);
      CHECK(message.find(row.reason) != std::string::npos);
      CHECK(message.find("s3cret") == std::string::npos);
    }
  }
}

}  // namespace url_test
