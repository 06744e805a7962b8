// SPDX-License-Identifier: MIT

#include "punctual/http/access.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

namespace http_access_test {

using namespace punctual::http;

TEST_CASE("http: Principal may do what its permission and its actions allow") {
  const Principal reader{.name = "r"};
  const Principal writer{.name = "w", .permission = Permission::write};
  const Principal runner{.name = "t",
                         .permission = Permission::write,
                         .actions = std::vector{Action::view, Action::trigger}};
  const Principal named{.name = "n", .actions = std::vector{Action::view, Action::cancel}};
  const Principal blind{
      .name = "b", .permission = Permission::write, .actions = std::vector{Action::trigger}};
  for (const Action action : all_actions) {
    INFO(to_string(action));
    CHECK(reader.may(action) == (action == Action::view));
    CHECK(writer.may(action));
    CHECK(runner.may(action) == (action == Action::view || action == Action::trigger));
    CHECK(named.may(action) == (action == Action::view));
    CHECK(blind.may(action) == (action == Action::trigger));
  }
}

TEST_CASE("http: permissions are called as on the wire") {
  CHECK(to_string(Permission::read) == "ADMIN_SETTINGS_READ");
  CHECK(to_string(Permission::write) == "ADMIN_SETTINGS_WRITE");
}

TEST_CASE("http: is_same_origin is true when the browser says so") {
  struct Row {
    const char* name;
    Headers headers;
    bool is_same;
  };
  const std::vector<std::string> origins{"https://admin.example.com"};
  const Row rows[] = {
      {"same-origin", {{"Sec-Fetch-Site", "same-origin"}}, true},
      {"same-site", {{"Sec-Fetch-Site", "same-site"}}, false},
      {"cross-site", {{"Sec-Fetch-Site", "cross-site"}}, false},
      {"none, as typed", {{"Sec-Fetch-Site", "none"}}, false},
      {"nothing at all", {}, false},
      {"an origin of ours", {{"Origin", "https://admin.example.com"}}, true},
      {"another scheme", {{"Origin", "http://admin.example.com"}}, false},
      {"an origin that begins so", {{"Origin", "https://admin.example.com.evil.example"}}, false},
      {"null", {{"Origin", "null"}}, false},
      {"two origins",
       {{"Origin", "https://admin.example.com"}, {"Origin", "https://evil.example"}},
       false},
      {"the browser's word goes before the origin",
       {{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://admin.example.com"}},
       false},
      {"two words", {{"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "cross-site"}}, false},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    Request request;
    request.headers = row.headers;
    CHECK(is_same_origin(request, origins) == row.is_same);
  }
}

TEST_CASE("http: sessions are ambient, and say what the host says") {
  const Authenticator authenticator = sessions([](const Request& request) {
    return request.value_of("Cookie") == "session=1" ? std::optional{Principal{.name = "ada"}}
                                                     : std::nullopt;
  });
  Request request;
  CHECK_FALSE(authenticator(request).principal.has_value());
  request.headers = {{"Cookie", "session=1"}};
  const Authentication found = authenticator(request);
  REQUIRE(found.principal.has_value());
  CHECK(found.principal->name == "ada");
  CHECK(found.is_ambient);
}

TEST_CASE("http: either asks the second only when no Authorization was sent") {
  const Authenticator both = either(
      [](const Request& request) -> Authentication {
        if (request.value_of("Authorization") != "right") return {};
        return {Principal{.name = "token"}, false};
      },
      sessions([](const Request&) { return std::optional{Principal{.name = "session"}}; }));
  Request request;
  CHECK(both(request).principal->name == "session");
  request.headers = {{"Authorization", "right"}};
  CHECK(both(request).principal->name == "token");
  request.headers = {{"Authorization", "wrong"}};
  CHECK_FALSE(both(request).principal.has_value());
}

}  // namespace http_access_test
