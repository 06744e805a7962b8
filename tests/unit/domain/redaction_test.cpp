// SPDX-License-Identifier: MIT
//
// Redaction: what is taken out, and what is left alone.

#include "punctual/domain/redaction.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace redaction_test {

using punctual::Json;
using punctual::redact;
using punctual::redact_text;
using punctual::RedactedPart;
using punctual::RedactionHook;
using punctual::RedactionPolicy;

namespace {

std::string cleaned(std::string text, const RedactionPolicy& policy = {}) {
  redact_text(policy, {}, RedactedPart::log, text);
  return text;
}

Json cleaned(Json value, const RedactionPolicy& policy = {}) {
  redact(policy, {}, RedactedPart::details, value);
  return value;
}

}  // namespace

TEST_CASE("redact_text takes out the values that stand under a secret's name") {
  struct Row {
    const char* subject;
    const char* text;
    const char* expected;
  };
  const std::vector<Row> table = {
      {"name=value", "password=hunter2", "password=[redacted]"},
      {"in a sentence", "login with password=hunter2 failed",
       "login with password=[redacted] failed"},
      {"name: value", "Password: hunter2", "Password: [redacted]"},
      {"with spaces", "secret = s3cret now", "secret = [redacted] now"},
      {"in capitals", "DB_PASSWORD=hunter2", "DB_PASSWORD=[redacted]"},
      {"a part of the name", "myApiKey2=abc", "myApiKey2=[redacted]"},
      {"with a dash in it", "api-key: abc", "api-key: [redacted]"},
      {"two of them", "token=a&secret=b&x=1", "token=[redacted]&secret=[redacted]&x=1"},
      {"one in each line", "token=a\nsecret=b\n", "token=[redacted]\nsecret=[redacted]\n"},
      {"in single quotes", "password='a b, c'; x=1", "password='[redacted]'; x=1"},
      {"in quotes that do not end", "password='a b", "password='[redacted]"},
      {"in quotes with a quote", R"({"password":"a\"b c","x":"y"})",
       R"({"password":"[redacted]","x":"y"})"},
      {"as JSON", R"({"password": "my long one", "user": "eve"})",
       R"({"password": "[redacted]", "user": "eve"})"},
      {"as JSON within JSON", R"({\"password\":\"a b\",\"x\":1})",
       R"({\"password\":\"[redacted]\",\"x\":1})"},
      {"as a map", "password => hunter2", "password => [redacted]"},
      {"assigned", "password := hunter2", "password := [redacted]"},
      {"a bearer's token", "token: Bearer abc.def tail", "token: [redacted] tail"},
      {"a header of two words", "Authorization: Basic dXNlcjpwdw==\r\nHost: a",
       "Authorization: [redacted]\r\nHost: a"},
      {"a header of several values", "Cookie: a=b; c=d", "Cookie: [redacted]"},
      {"a number, in a text", "pin_passphrase=1234", "pin_passphrase=[redacted]"},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    CHECK(cleaned(std::string{row.text}) == row.expected);
  }
}

TEST_CASE("redact_text takes out what has the form of a secret") {
  struct Row {
    const char* subject;
    const char* text;
    const char* expected;
  };
  const std::vector<Row> table = {
      {"a web token", "got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjf-t_k ok", "got [redacted] ok"},
      {"the password in a URL", "postgres://app:pw@db:5432/x", "postgres://[redacted]@db:5432/x"},
      {"an at sign in it", "https://a:p@w@host/p", "https://[redacted]@host/p"},
      {"the user in a URL", "ssh://git@host:22/r.git", "ssh://[redacted]@host:22/r.git"},
      {"two URLs", "http://a@b and http://c@d", "http://[redacted]@b and http://[redacted]@d"},
      {"a private key",
       "x\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\ny",
       "x\n[redacted]\ny"},
      {"a private key that is cut", "-----BEGIN PRIVATE KEY-----\nMIIE", "[redacted]"},
      {"a private key behind another",
       "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n-----BEGIN EC PRIVATE "
       "KEY-----\nB\n-----END EC PRIVATE KEY-----",
       "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n[redacted]"},
  };
  const RedactionPolicy by_name_only{.by_form = false};
  for (const auto& row : table) {
    CAPTURE(row.subject);
    CHECK(cleaned(std::string{row.text}) == row.expected);
    CHECK(cleaned(std::string{row.text}, by_name_only) == row.text);
  }
}

TEST_CASE("redact_text leaves alone what only resembles a secret") {
  const std::vector<const char*> table = {
      "",
      "3 files removed",
      "at 12:30:15, took 3.5 s",
      "path=/var/lib/x; mode=fast",
      "the password was wrong",
      "password=",
      "password:   ",
      "no token",
      ":=:=",
      "=token",
      "https://example.com/@user?a=b",
      "mail to eve@example.com",
      "std::chrono::seconds",
      "eyJ is how they begin",
      "eyJhbGciOi.only-two",
      "keyJ.a.b is a word",
      "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
      "-----BEGIN",
      "keys=1, monkey: banana",
      "\xE2\x82\xAC=5",
  };
  for (const auto& text : table) {
    CAPTURE(text);
    CHECK(cleaned(std::string{text}) == text);
  }
}

TEST_CASE("redact takes out texts, lists and objects under a secret's name, and no numbers") {
  struct Row {
    const char* subject;
    const char* value;
    const char* expected;
  };
  const std::vector<Row> table = {
      {"a text", R"({"password":"x","user":"eve"})", R"({"password":"[redacted]","user":"eve"})"},
      {"case, dashes and spaces aside", R"({"X-Api Key":"x"})", R"({"X-Api Key":"[redacted]"})"},
      {"a list", R"({"tokens":["a","b"]})", R"({"tokens":"[redacted]"})"},
      {"an object", R"({"credentials":{"user":"eve"}})", R"({"credentials":"[redacted]"})"},
      {"deep down", R"({"a":[{"b":{"secret":"x"}}]})", R"({"a":[{"b":{"secret":"[redacted]"}}]})"},
      {"a text in a list", R"(["token=abc","ok"])", R"(["token=[redacted]","ok"])"},
      {"a text alone", R"("token=abc")", R"("token=[redacted]")"},
      {"an empty text", R"({"token":""})", R"({"token":"[redacted]"})"},
      {"numbers", R"({"tokens":12,"secret":1.5})", R"({"tokens":12,"secret":1.5})"},
      {"what is true or nothing", R"({"hasToken":true,"secret":null})",
       R"({"hasToken":true,"secret":null})"},
      {"other names", R"({"author":"eve","key":"k","pass":3})",
       R"({"author":"eve","key":"k","pass":3})"},
      {"nothing", "null", "null"},
      {"a number alone", "7", "7"},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    CHECK(cleaned(Json::parse(row.value)) == Json::parse(row.expected));
  }
}

TEST_CASE("redact takes out whole what is nested too deep to be looked through") {
  Json deep = "password=x";
  for (int i = 0; i < 100'000; ++i) deep = Json::array({std::move(deep)});
  redact(RedactionPolicy{}, {}, RedactedPart::details, deep);
  const Json* inner = &deep;
  std::size_t depth = 0;
  for (; inner->is_array(); inner = &inner->front()) ++depth;
  CHECK(depth == 100);
  CHECK(*inner == "[redacted]");
}

TEST_CASE("redact goes by the names that it is given") {
  const std::string text = "iban=DE1 password=x";
  const RedactionPolicy more{.keys = {"IBAN", ""}};
  CHECK(cleaned(text, more) == "iban=[redacted] password=[redacted]");
  const RedactionPolicy alone{.by_name = false, .keys = {"IBAN", ""}};
  CHECK(cleaned(text, alone) == "iban=[redacted] password=x");
  const RedactionPolicy none{.by_name = false, .by_form = false};
  CHECK(cleaned(std::string{"password=x https://a:b@c"}, none) == "password=x https://a:b@c");
}

TEST_CASE("redact calls the hook last, and takes all out when that throws") {
  const RedactionHook hook = [](RedactedPart part, Json& value) {
    if (part == RedactedPart::error) throw std::runtime_error{"no"};
    if (part == RedactedPart::summary) value = 7;
    if (value.is_object()) value["seen"] = value.value("token", "");
  };
  Json details = {{"token", "abc"}};
  redact(RedactionPolicy{}, hook, RedactedPart::details, details);
  CHECK(details == Json{{"token", "[redacted]"}, {"seen", "[redacted]"}});
  Json refused = {{"a", 1}};
  redact(RedactionPolicy{}, hook, RedactedPart::error, refused);
  CHECK(refused == "[redacted]");
  std::string text = "no text any more";
  redact_text(RedactionPolicy{}, hook, RedactedPart::summary, text);
  CHECK(text == "[redacted]");
  Json nothing = nullptr;
  redact(RedactionPolicy{}, hook, RedactedPart::error, nothing);
  CHECK(nothing == nullptr);
  std::string empty;
  redact_text(RedactionPolicy{}, hook, RedactedPart::error, empty);
  CHECK(empty.empty());
}

}  // namespace redaction_test
