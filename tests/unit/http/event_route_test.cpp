// SPDX-License-Identifier: MIT

#include "punctual/http/event_route.hpp"

#include <string>
#include <string_view>

#include "support/catch.hpp"
#include "unit/http/facade_scene.hpp"

namespace http_event_route_test {

using namespace punctual;
using punctual::tests::FacadeScene;
using punctual::tests::outcome_of;
using punctual::tests::read_token;

namespace {

/// Listens until something has come that has `wanted` in it; returns all of it. `meanwhile` is
/// called when the first bytes have come.
template <class Meanwhile>
std::string listen(const http::Response& response, std::string_view wanted, Meanwhile meanwhile) {
  REQUIRE(response.status == 200);
  REQUIRE(response.stream);
  std::string text;
  bool has_begun = false;
  const http::WritePiece write = [&](std::string_view piece) {
    text += piece;
    if (!has_begun) meanwhile();
    has_begun = true;
    return text.find(wanted) == std::string::npos;
  };
  while (response.stream(write)) {
  }
  return text;
}

}  // namespace

TEST_CASE("The route of events tells of a run and its job, to each what they may see") {
  struct Row {
    std::string token;
    bool sees_error;
  };
  for (const auto& row : {Row{read_token, false}, Row{punctual::tests::write_token, true}}) {
    FacadeScene scene;
    const http::Response response = scene.get("/admin/jobs/events", row.token);
    CHECK(response.value_of("Content-Type") == "text/event-stream; charset=utf-8");
    CHECK(response.value_of("Cache-Control") == "no-store");
    const std::string text = listen(response, "event: run", [&] {
      CHECK(scene.post("/admin/jobs/trigger/failing", "{}").status == 200);
    });
    CHECK(text.find("event: job\ndata: {") != std::string::npos);
    CHECK(text.find("\"messageCode\":\"JOB_EXECUTION_ERROR\"") != std::string::npos);
    CHECK((text.find("db.internal") != std::string::npos) == row.sees_error);
  }
}

TEST_CASE("The route of events tells that the storage does not answer") {
  FacadeScene scene;
  const std::string text = listen(scene.get("/admin/jobs/events"), "event: health",
                                  [&] { scene.storage.is_away = true; });
  CHECK(text.find("\"degraded\":true") != std::string::npos);
  CHECK(text.find("hunter2") == std::string::npos);
}

TEST_CASE("The route of events refuses who is one too many") {
  http::ControllerOptions options;
  options.streams_max = 1;
  FacadeScene scene{options};
  const http::Response first = scene.get("/admin/jobs/events");
  const http::Response second = scene.get("/admin/jobs/events");
  CHECK(outcome_of(second) == "503 TOO_MANY_STREAMS");
  CHECK(second.value_of("Retry-After") == "30");
}

TEST_CASE("HEAD of the route of events takes no place") {
  http::ControllerOptions options;
  options.streams_max = 1;
  FacadeScene scene{options};
  for (int i = 0; i < 3; ++i) {
    const auto response =
        scene.controller.handle(FacadeScene::request("HEAD", "/admin/jobs/events", read_token));
    CHECK(response.status == 200);
    CHECK(!response.stream);
  }
}

}  // namespace http_event_route_test
