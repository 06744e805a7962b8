// SPDX-License-Identifier: MIT

#include "punctual/http/event_log.hpp"

#include <cstdint>
#include <string>

#include "support/catch.hpp"

namespace http_event_log_test {

using namespace punctual::http;

TEST_CASE("EventLog sends each event with its id, to each what they may see") {
  EventLog log{"f"};
  log.add({"health", "{}", {}});
  log.add({"run", "{\"error\":\"db\"}", "{\"error\":null}"});
  CHECK(log.after(0, false).text ==
        "id: f-1\nevent: health\ndata: {}\n\nid: f-2\nevent: run\ndata: {\"error\":\"db\"}\n\n");
  CHECK(log.after(1, true).text == "id: f-2\nevent: run\ndata: {\"error\":null}\n\n");
  CHECK(log.after(1, true).position == 2);
  CHECK(log.after(2, false).text.empty());
  CHECK(log.id_text(2) == "id: f-2\n\n");
}

TEST_CASE("EventLog replays in pages, as far back as it goes") {
  EventLog log{"f"};
  const std::uint64_t events = EventLog::events_max + 1;
  for (std::uint64_t i = 0; i < events; ++i) log.add({"health", "{}", {}});
  REQUIRE(log.newest() == events);
  CHECK(log.after(events - 1, false).text == "id: f-2001\nevent: health\ndata: {}\n\n");
  CHECK(log.after(1, false).text.substr(0, 8) == "id: f-2\n");
  const auto page = log.after(1, false, 1000);
  CHECK(page.text.size() < 1100);
  CHECK(page.position > 1);
  CHECK(log.after(page.position, false).text.substr(0, 8) !=
        page.text.substr(page.text.rfind("id: "), 8));
  for (const std::uint64_t far : {std::uint64_t{0}, events + 1, EventLog::unknown}) {
    CHECK(log.after(far, false).text == "id: f-2001\nevent: reset\ndata: \n\n");
    CHECK(log.after(far, false).position == events);
  }
}

TEST_CASE("EventLog knows its own ids from others") {
  struct Row {
    const char* id;
    std::uint64_t position;
  };
  const EventLog log{"a1"};
  const Row rows[] = {
      {"a1-0", 0},
      {"a1-17", 17},
      {"a1-999999999999999999", 999999999999999999},
      {"a1-1111111111111111111", EventLog::unknown},
      {"a1-", EventLog::unknown},
      {"a1", EventLog::unknown},
      {"a1-1x", EventLog::unknown},
      {"a1--1", EventLog::unknown},
      {"b2-1", EventLog::unknown},
      {"\xff", EventLog::unknown},
      {"", EventLog::unknown},
  };
  for (const auto& row : rows) {
    INFO(row.id);
    CHECK(log.position_of(row.id) == row.position);
  }
}

}  // namespace http_event_log_test
