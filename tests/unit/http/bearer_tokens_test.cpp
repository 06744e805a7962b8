// SPDX-License-Identifier: MIT

#include "punctual/http/bearer_tokens.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace http_bearer_tokens_test {

using namespace punctual;
using namespace punctual::http;

namespace {

const std::string right = "0123456789abcdef0123456789abcdef0123456789a";  // 43 characters

std::string name_of(const BearerTokens& tokens, std::vector<Header> headers) {
  Request request;
  request.headers = std::move(headers);
  const Authentication found = tokens(request);
  CHECK_FALSE(found.is_ambient);
  return found.principal ? found.principal->name : "";
}

}  // namespace

TEST_CASE("http: BearerTokens knows a token when it is sent exactly") {
  BearerTokens tokens;
  tokens.add(right, {.name = "ada"});
  tokens.add(right + "b", {.name = "bob"});
  struct Row {
    const char* name;
    std::vector<Header> headers;
    const char* principal;
  };
  const Row rows[] = {
      {"right", {{"Authorization", "Bearer " + right}}, "ada"},
      {"the scheme has no case", {{"authorization", "bearer " + right}}, "ada"},
      {"another's", {{"Authorization", "Bearer " + right + "b"}}, "bob"},
      {"none", {}, ""},
      {"empty", {{"Authorization", ""}}, ""},
      {"no token", {{"Authorization", "Bearer "}}, ""},
      {"no scheme", {{"Authorization", right}}, ""},
      {"another scheme", {{"Authorization", "Basic " + right}}, ""},
      {"a beginning of it", {{"Authorization", "Bearer " + right.substr(0, 42)}}, ""},
      {"longer", {{"Authorization", "Bearer " + right + "c"}}, ""},
      {"a blank before", {{"Authorization", "Bearer  " + right}}, ""},
      {"a blank behind", {{"Authorization", "Bearer " + right + " "}}, ""},
      {"another case", {{"Authorization", "Bearer 0123456789ABCDEF" + right.substr(16)}}, ""},
      {"twice", {{"Authorization", "Bearer " + right}, {"Authorization", "Bearer " + right}}, ""},
      {"very long", {{"Authorization", "Bearer " + std::string(100'000, 'a')}}, ""},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK(name_of(tokens, row.headers) == row.principal);
  }
}

TEST_CASE("http: BearerTokens without tokens knows nobody") {
  const BearerTokens tokens;
  CHECK(tokens.empty());
  CHECK(name_of(tokens, {}).empty());
  CHECK(name_of(tokens, {{"Authorization", "Bearer "}}).empty());
}

TEST_CASE("http: BearerTokens refuses a token that could be guessed") {
  struct Row {
    const char* name;
    std::string token;
  };
  const Row rows[] = {
      {"empty", ""},
      {"short", right.substr(0, 42)},
      {"too long", std::string(256, 'a') + std::string(257, 'b')},
      {"one character", std::string(64, 'x')},
      {"with a blank", right.substr(0, 42) + " b"},
      {"with a line's end", right + "\n"},
      {"not ASCII", right + "\xC3\xA4"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    BearerTokens tokens;
    CHECK(punctual::tests::code_of([&] { tokens.add(row.token, {.name = "ada"}); }) ==
          "INVALID_CONFIG");
    CHECK(tokens.empty());
  }
}

TEST_CASE("http: BearerTokens does not tell a refused token") {
  BearerTokens tokens;
  const auto error = punctual::tests::error_of([&] { tokens.add("hunter2", {.name = "ada"}); });
  REQUIRE(error.has_value());
  const std::string text = error->what();
  CHECK(text.find("hunter2") == std::string::npos);
  CHECK(text.find("got 7 characters") != std::string::npos);
}

TEST_CASE(
    "http: BearerTokens refuses a token that is another's too, and a principal without name") {
  BearerTokens tokens;
  tokens.add(right, {.name = "ada"});
  CHECK(punctual::tests::code_of([&] { tokens.add(right, {.name = "bob"}); }) == "INVALID_CONFIG");
  CHECK(punctual::tests::code_of([&] { tokens.add(right + "b", {}); }) == "INVALID_CONFIG");
  CHECK(punctual::tests::code_of(
            [&] { tokens.add(right + "b", {.name = std::string(201, 'n')}); }) == "INVALID_KEY");
  CHECK(name_of(tokens, {{"Authorization", "Bearer " + right}}) == "ada");
}

TEST_CASE("http: BearerTokens takes the digest in place of a token") {
  BearerTokens tokens;
  tokens.add_sha256(sha256(right), {.name = "ada"});
  CHECK(name_of(tokens, {{"Authorization", "Bearer " + right}}) == "ada");
}

}  // namespace http_bearer_tokens_test
