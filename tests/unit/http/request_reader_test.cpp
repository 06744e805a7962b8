// SPDX-License-Identifier: MIT

#include "punctual/http/request_reader.hpp"

#include <cstddef>
#include <string>
#include <string_view>

#include "punctual/base/random.hpp"
#include "support/catch.hpp"

namespace http_request_reader_test {

using namespace punctual;
using namespace punctual::http;
using namespace std::string_literals;
using State = RequestReader::State;

namespace {

/// Returns "complete", "more", or the status and code of the refusal.
std::string outcome_of(RequestReader& reader) {
  if (reader.state() == State::complete) return "complete";
  if (reader.state() != State::refused) return "more";
  return std::to_string(reader.error().status()) + " " + reader.error().code();
}

std::string outcome_of(std::string_view bytes) {
  RequestReader reader;
  reader.feed(bytes);
  return outcome_of(reader);
}

const std::string host = "Host: a\r\n";

std::string many_headers(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "X-" + std::to_string(i) + ": 1\r\n";
  return text;
}

}  // namespace

TEST_CASE("http: RequestReader reads a request as it was sent") {
  RequestReader reader;
  const std::string bytes =
      "POST /a/b?c=d?e HTTP/1.1\r\nHost: a\r\nX-Y:  two words \t\r\nContent-Length: "
      "3\r\n\r\nabcGET";
  CHECK(reader.feed(bytes) == bytes.size() - 3);
  REQUIRE(outcome_of(reader) == "complete");
  const Request& request = reader.request();
  CHECK(request.method == "POST");
  CHECK(request.path == "/a/b");
  CHECK(request.query == "c=d?e");
  CHECK(request.value_of("x-y") == "two words");
  CHECK(request.body == "abc");
  CHECK(reader.keeps_alive());
}

TEST_CASE("http: RequestReader refuses what two readers might read differently") {
  struct Row {
    const char* name;
    std::string bytes;
    const char* outcome;
  };
  const Row rows[] = {
      {"plain", "GET / HTTP/1.1\r\n" + host + "\r\n", "complete"},
      {"version 1.0 without a host", "GET / HTTP/1.0\r\n\r\n", "complete"},
      {"a value of no length", "GET / HTTP/1.1\r\n" + host + "X:\r\n\r\n", "complete"},
      {"a value beyond ASCII", "GET / HTTP/1.1\r\n" + host + "X: \xC3\xA4\r\n\r\n", "complete"},
      {"not all there", "GET / HTTP/1.1\r\n" + host, "more"},
      {"not all of the body", "PUT / HTTP/1.1\r\n" + host + "Content-Length: 2\r\n\r\na", "more"},
      {"lines that end with LF", "GET / HTTP/1.1\nHost: a\n\n", "400 MALFORMED_REQUEST"},
      {"one line that ends with LF", "GET / HTTP/1.1\r\n" + host + "X: 1\n\r\n",
       "400 MALFORMED_REQUEST"},
      {"a CR in a line", "GET / HTTP/1.1\r\n" + host + "X: a\rb\r\n\r\n", "400 MALFORMED_REQUEST"},
      {"an empty line before", "\r\nGET / HTTP/1.1\r\n" + host + "\r\n", "400 MALFORMED_REQUEST"},
      {"a zero byte in the path", "GET /\0 HTTP/1.1\r\n"s + host + "\r\n", "400 MALFORMED_REQUEST"},
      {"a zero byte in a header", "GET / HTTP/1.1\r\n" + host + "X: \0\r\n\r\n"s,
       "400 MALFORMED_REQUEST"},
      {"a folded header", "GET / HTTP/1.1\r\n" + host + "X: a\r\n b\r\n\r\n",
       "400 MALFORMED_REQUEST"},
      {"a header that begins folded", "GET / HTTP/1.1\r\n X: a\r\n" + host + "\r\n",
       "400 MALFORMED_REQUEST"},
      {"a blank before the colon", "GET / HTTP/1.1\r\n" + host + "Content-Length : 0\r\n\r\n",
       "400 MALFORMED_REQUEST"},
      {"no colon", "GET / HTTP/1.1\r\n" + host + "X\r\n\r\n", "400 MALFORMED_REQUEST"},
      {"no name", "GET / HTTP/1.1\r\n" + host + ": a\r\n\r\n", "400 MALFORMED_REQUEST"},
      {"a length and a coding",
       "POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
       "400 MALFORMED_REQUEST"},
      {"a coding and a length",
       "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
       "400 MALFORMED_REQUEST"},
      {"a coding alone", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n",
       "411 LENGTH_REQUIRED"},
      {"a coding of 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
       "400 MALFORMED_REQUEST"},
      {"an odd coding", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n",
       "411 LENGTH_REQUIRED"},
      {"two lengths",
       "POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n",
       "400 MALFORMED_REQUEST"},
      {"a length twice",
       "POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 3\r\n\r\n",
       "400 MALFORMED_REQUEST"},
      {"two lengths in one", "POST / HTTP/1.1\r\n" + host + "Content-Length: 3, 3\r\n\r\n",
       "400 MALFORMED_REQUEST"},
      {"a sign", "POST / HTTP/1.1\r\n" + host + "Content-Length: +3\r\n\r\n",
       "400 MALFORMED_REQUEST"},
      {"a negative length", "POST / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n",
       "400 MALFORMED_REQUEST"},
      {"hexadecimal", "POST / HTTP/1.1\r\n" + host + "Content-Length: 0x3\r\n\r\n",
       "400 MALFORMED_REQUEST"},
      {"an empty length", "POST / HTTP/1.1\r\n" + host + "Content-Length:\r\n\r\n",
       "400 MALFORMED_REQUEST"},
      {"a length beyond numbers",
       "POST / HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999\r\n\r\n",
       "413 BODY_TOO_LARGE"},
      {"a length over the limit", "POST / HTTP/1.1\r\n" + host + "Content-Length: 65537\r\n\r\n",
       "413 BODY_TOO_LARGE"},
      {"an expectation",
       "POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n",
       "417 EXPECTATION_FAILED"},
      {"no host", "GET / HTTP/1.1\r\n\r\n", "400 MALFORMED_REQUEST"},
      {"two hosts", "GET / HTTP/1.1\r\n" + host + "Host: b\r\n\r\n", "400 MALFORMED_REQUEST"},
      {"a whole address", "GET http://a/ HTTP/1.1\r\n" + host + "\r\n", "400 MALFORMED_REQUEST"},
      {"an asterisk", "OPTIONS * HTTP/1.1\r\n" + host + "\r\n", "400 MALFORMED_REQUEST"},
      {"a proxy's word", "CONNECT a:443 HTTP/1.1\r\n" + host + "\r\n", "400 MALFORMED_REQUEST"},
      {"a fragment", "GET /#a HTTP/1.1\r\n" + host + "\r\n", "400 MALFORMED_REQUEST"},
      {"a blank in the path", "GET /a b HTTP/1.1\r\n" + host + "\r\n", "400 MALFORMED_REQUEST"},
      {"two blanks", "GET  / HTTP/1.1\r\n" + host + "\r\n", "400 MALFORMED_REQUEST"},
      {"a path beyond ASCII", "GET /\xC3\xA4 HTTP/1.1\r\n" + host + "\r\n",
       "400 MALFORMED_REQUEST"},
      {"no version", "GET /\r\n\r\n", "400 MALFORMED_REQUEST"},
      {"another protocol", "GET / ICY/1.1\r\n\r\n", "400 MALFORMED_REQUEST"},
      {"version 2", "PRI * HTTP/2.0\r\n\r\n", "505 VERSION_NOT_SUPPORTED"},
      {"version 1.2", "GET / HTTP/1.2\r\n\r\n", "505 VERSION_NOT_SUPPORTED"},
      {"TLS", "\x16\x03\x01\x02\x00\x01"s, "400 MALFORMED_REQUEST"},
      {"a long method", std::string(17, 'A') + " / HTTP/1.1\r\n" + host + "\r\n",
       "400 MALFORMED_REQUEST"},
      {"a long target", "GET /" + std::string(2048, 'a') + " HTTP/1.1\r\n" + host + "\r\n",
       "414 URI_TOO_LONG"},
      {"64 headers", "GET / HTTP/1.1\r\n" + host + many_headers(63) + "\r\n", "complete"},
      {"65 headers", "GET / HTTP/1.1\r\n" + host + many_headers(64) + "\r\n",
       "431 HEADERS_TOO_LARGE"},
      {"a head of 16 KiB", "GET / HTTP/1.1\r\nX: " + std::string(16 * 1024, 'a'),
       "431 HEADERS_TOO_LARGE"},
      {"a line without end", std::string(1'000'000, 'a'), "431 HEADERS_TOO_LARGE"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK(outcome_of(row.bytes) == row.outcome);
    RequestReader slow;  // the same, a byte at a time
    std::size_t used = 0;
    for (const char c : row.bytes) used += slow.feed({&c, 1});
    CHECK(outcome_of(slow) == row.outcome);
    CHECK(used <= row.bytes.size());
  }
}

TEST_CASE("http: RequestReader keeps a connection only when the client does") {
  struct Row {
    const char* name;
    std::string bytes;
    bool keeps_alive;
  };
  const Row rows[] = {
      {"1.1", "GET / HTTP/1.1\r\n" + host + "\r\n", true},
      {"1.1, close", "GET / HTTP/1.1\r\n" + host + "Connection: Close\r\n\r\n", false},
      {"1.0", "GET / HTTP/1.0\r\n\r\n", false},
      {"refused", "GET / HTTP/1.1\r\n\r\n", false},
      {"not all there", "GET / HTTP/1.1\r\n", false},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    RequestReader reader;
    reader.feed(row.bytes);
    CHECK(reader.keeps_alive() == row.keeps_alive);
  }
}

TEST_CASE("http: RequestReader takes nothing after its request") {
  const std::string one = "GET /1 HTTP/1.1\r\n" + host + "\r\n";
  const std::string two = "POST /2 HTTP/1.1\r\n" + host + "Content-Length: 2\r\n\r\nab";
  const std::string bytes = one + two + one;
  std::string_view rest = bytes;
  for (const auto& sent : {one, two, one}) {
    RequestReader reader;
    CHECK(reader.feed(rest) == sent.size());
    CHECK(outcome_of(reader) == "complete");
    rest.remove_prefix(sent.size());
  }
  RequestReader reader;
  reader.feed(one);
  CHECK(reader.feed(two) == 0);
  CHECK(reader.request().path == "/1");
}

TEST_CASE("http: RequestReader answers any bytes, and the same however they are cut") {
  Random random{7};
  const std::string pieces[] = {"GET ",
                                "POST ",
                                "/",
                                "a",
                                "%",
                                "?",
                                " HTTP/1.1",
                                "\r\n",
                                "\r",
                                "\n",
                                "Host: a",
                                "Content-Length: ",
                                "3",
                                ":",
                                " ",
                                "\t",
                                "Transfer-Encoding: chunked",
                                "\0"s,
                                "\xFF",
                                "abc"};
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes;
    const std::size_t count = random() % 24;
    for (std::size_t i = 0; i < count; ++i) bytes += pieces[random() % std::size(pieces)];
    RequestReader whole;
    const std::size_t used = whole.feed(bytes);
    RequestReader cut;
    std::size_t used_cut = 0;
    while (used_cut < bytes.size()) {
      const std::size_t length = 1 + random() % 5;
      const std::size_t taken = cut.feed(std::string_view{bytes}.substr(used_cut, length));
      if (taken == 0) break;
      used_cut += taken;
    }
    INFO(bytes);
    CHECK(outcome_of(whole) == outcome_of(cut));
    CHECK(used == used_cut);
  }
}

}  // namespace http_request_reader_test
