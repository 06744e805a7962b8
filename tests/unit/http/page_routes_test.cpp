// SPDX-License-Identifier: MIT

#include "punctual/http/page_routes.hpp"

#include <cstddef>
#include <string>

#include "support/catch.hpp"
#include "unit/http/facade_scene.hpp"

namespace http_page_routes_test {

using namespace punctual::http;
using punctual::tests::FacadeScene;
using punctual::tests::outcome_of;

TEST_CASE("http: the page is there without signing in, and names its files below the prefix") {
  FacadeScene scene{{.prefix = "/ops/jobs"}};
  for (const char* target : {"/ops/jobs", "/ops/jobs/", "/ops/jobs?status=failed"}) {
    INFO(target);
    const Response page = scene.get(target, "");
    CHECK(page.status == 200);
    CHECK(page.value_of("Content-Type") == "text/html; charset=utf-8");
    CHECK(page.value_of("Content-Security-Policy").find("script-src 'self'") != std::string::npos);
    CHECK(page.body.find("%BASE%") == std::string::npos);
    CHECK(page.body.find("/ops/jobs/assets/page.js") != std::string::npos);
  }
  CHECK(outcome_of(scene.post("/ops/jobs")) == "405 METHOD_NOT_ALLOWED");
}

TEST_CASE("http: every file of the page is served with its type, and nothing else") {
  FacadeScene scene;
  std::size_t bytes = 0;
  for (const auto& file : page_files) {
    INFO(file.name);
    bytes += file.content.size();
    const Response response = scene.get("/admin/jobs/assets/" + std::string{file.name}, "");
    if (file.name == "page.html") {
      CHECK(response.status == 404);
      continue;
    }
    CHECK(response.status == 200);
    CHECK(response.body == file.content);
    CHECK(response.value_of("Content-Type") == file.type);
    CHECK(response.value_of("X-Content-Type-Options") == "nosniff");
    CHECK_FALSE(file.type.empty());
  }
  CHECK(bytes < 100 * 1024);
  for (const char* name : {"nothing.js", "..", "%2e%2e", "page", "PAGE.CSS"}) {
    INFO(name);
    CHECK(scene.get(std::string{"/admin/jobs/assets/"} + name, "").status >= 400);
  }
}

TEST_CASE("http: the page's files do nothing that its policy forbids") {
  for (const auto& file : page_files) {
    INFO(file.name);
    for (const char* word :
         {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function",
          "javascript:", " style=\"", "onclick=\"", "http://", "<script>"}) {
      INFO(word);
      const std::size_t found = file.content.find(word);
      const bool is_namespace = std::string{word} == "http://" && found != std::string::npos &&
                                file.content.substr(found, 18) == "http://www.w3.org/";
      CHECK((found == std::string::npos || is_namespace));
    }
  }
}

TEST_CASE("http: with_base replaces every mark") {
  CHECK(with_base("a%BASE%b%BASE%", "/x") == "a/xb/x");
  CHECK(with_base("", "/x").empty());
  CHECK(with_base("%BASE", "/x") == "%BASE");
}

TEST_CASE("http: healthz tells anybody whether the storage answers, and no more") {
  FacadeScene scene;
  Response response = scene.get("/healthz", "");
  CHECK(response.status == 200);
  CHECK(response.body == R"({"status":"ok"})");
  scene.storage.is_away = true;
  response = scene.get("/healthz", "");
  CHECK(response.status == 503);
  CHECK(response.body == R"({"status":"degraded"})");
  CHECK(outcome_of(scene.post("/healthz")) == "405 METHOD_NOT_ALLOWED");
}

}  // namespace http_page_routes_test
