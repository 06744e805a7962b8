// SPDX-License-Identifier: MIT
//
// EventHub with the real clock, in fractions of a second.

#include "punctual/http/event_hub.hpp"

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/catch.hpp"

namespace http_event_hub_test {

using namespace punctual;
using namespace punctual::http;

namespace {

/// Looks that find a job which has run as often as it has been looked at.
struct Looks {
  Glance operator()(const ChangeFeed&) const {
    JobSummary job;
    job.name = "import";
    job.run_count = static_cast<std::uint64_t>(++*count);
    Glance glance;
    glance.seen.emplace().jobs = {job};
    return glance;
  }
  std::atomic<int>* count;
};

EventHub hub_of(std::size_t streams_max) {
  return {ChangeFeed{}, "a1", streams_max};
}

/// Steps until `write` says false.
template <class Look>
void serve(EventHub& hub, EventHub::Seat& seat, const WritePiece& write, const Look& look) {
  while (hub.step(seat, false, write, look)) {
  }
}

/// Serves until something has come that has `wanted` in it; returns all of it.
std::string served(EventHub& hub, EventHub::Seat& seat, const Looks& looks,
                   std::string_view wanted) {
  std::string text;
  const auto take = [&](std::string_view piece) {
    text += piece;
    return text.find(wanted) == std::string::npos;
  };
  serve(hub, seat, take, looks);
  return text;
}

}  // namespace

TEST_CASE("EventHub says something at once, then what changes") {
  std::atomic<int> count{0};
  EventHub hub = hub_of(2);
  const auto seat = hub.enter("", Looks{&count});
  REQUIRE(seat);
  CHECK(count == 1);  // so that what is read from now on is not older than what is compared with
  hub.hurry();
  const std::string text = served(hub, *seat, {&count}, "event: job");
  CHECK(text.substr(0, 26) == ": events follow\nid: a1-0\n\n");
  CHECK(text.find("id: a1-1\nevent: job\ndata: {") != std::string::npos);
}

TEST_CASE("EventHub replays from the id that a listener names, or says reset") {
  std::atomic<int> count{0};
  EventHub hub = hub_of(4);
  const auto first = hub.enter("", Looks{&count});
  hub.hurry();
  (void)served(hub, *first, {&count}, "id: a1-1\n");
  struct Row {
    const char* last_id;
    const char* comes;
  };
  const Row rows[] = {{"a1-0", "id: a1-1\nevent: job"},
                      {"a1-99", "event: reset"},
                      {"b2-1", "event: reset"},
                      {"a1-", "event: reset"},
                      {"a1-1x", "event: reset"},
                      {"a1--1", "event: reset"},
                      {"a1-1111111111111111111", "event: reset"},
                      {"\xff", "event: reset"}};
  for (const auto& row : rows) {
    INFO(row.last_id);
    const auto seat = hub.enter(row.last_id, Looks{&count});
    REQUIRE(seat);
    const std::string text = served(hub, *seat, {&count}, "event: ");
    CHECK(text.find(row.comes) != std::string::npos);
  }
}

TEST_CASE("EventHub has as many places as it was told, and gets them back") {
  std::atomic<int> count{0};
  EventHub hub = hub_of(2);
  const auto first = hub.enter("", Looks{&count});
  auto second = hub.enter("", Looks{&count});
  CHECK(hub.enter("", Looks{&count}) == nullptr);
  second.reset();
  CHECK(hub.enter("", Looks{&count}) != nullptr);
}

TEST_CASE("EventHub looks once for all who listen") {
  std::atomic<int> count{0};
  EventHub hub = hub_of(8);
  std::vector<std::shared_ptr<EventHub::Seat>> seats;
  for (int i = 0; i < 8; ++i) seats.push_back(hub.enter("", Looks{&count}));
  hub.hurry();
  std::vector<std::thread> listeners;
  std::vector<std::string> texts(seats.size());
  for (std::size_t i = 0; i < seats.size(); ++i) {
    listeners.emplace_back([&, i] { texts[i] = served(hub, *seats[i], {&count}, "id: a1-1\n"); });
  }
  for (auto& listener : listeners) listener.join();
  CHECK(count < 8);
  for (const auto& text : texts) CHECK(text.find("id: a1-1\nevent: job") != std::string::npos);
}

TEST_CASE("EventHub has a listener read anew who was there before the first look") {
  std::atomic<int> count{0};
  EventHub hub = hub_of(1);
  const auto fail = [](const ChangeFeed&) -> Glance { throw std::runtime_error{"away"}; };
  const auto seat = hub.enter("", fail);
  hub.hurry();
  const std::string text = served(hub, *seat, {&count}, "event: ");
  CHECK(text.substr(0, 17) == ": events follow\n\n");
  CHECK(text.find("event: reset\n") != std::string::npos);
}

TEST_CASE("EventHub lowers the number of its places, and never raises it") {
  std::atomic<int> count{0};
  EventHub hub = hub_of(4);
  hub.limit_streams(1);
  hub.limit_streams(9);
  const auto seat = hub.enter("", Looks{&count});
  CHECK(seat != nullptr);
  CHECK(hub.enter("", Looks{&count}) == nullptr);
}

TEST_CASE("EventHub goes on when a look fails") {
  EventHub hub = hub_of(1);
  const auto fail = [](const ChangeFeed&) -> Glance { throw std::runtime_error{"odd"}; };
  const auto seat = hub.enter("", fail);
  REQUIRE(seat);
  hub.hurry();
  int pieces = 0;
  serve(
      hub, *seat, [&](std::string_view) { return ++pieces < 3; }, fail);
  CHECK(pieces == 3);
}

TEST_CASE("EventHub asks whether anybody is there while nothing happens") {
  EventHub hub = hub_of(1);
  const auto nothing = [](const ChangeFeed&) { return Glance{}; };
  const auto seat = hub.enter("", nothing);
  std::vector<std::string> pieces;
  const auto take = [&](std::string_view piece) {
    pieces.emplace_back(piece);
    return pieces.size() < 2;
  };
  serve(hub, *seat, take, nothing);
  REQUIRE(pieces.size() == 2);
  CHECK(pieces[0] == ": events follow\n\n");
  CHECK(pieces[1].empty());
}

}  // namespace http_event_hub_test
