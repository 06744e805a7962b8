// SPDX-License-Identifier: MIT
//
// Any bytes over a connection to the admin facade: whatever they are, they are read alike however
// they are cut, answered in good form, and change nothing that their sender may not change.
//
// Input: the bytes. "Bearer w" may write, "Bearer r" may look, the cookie "s=1" is a session that
// may write.

#include <date/date.h>

#include <punctual/punctual.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/violation.hpp"
#include "punctual/http/jobs_controller.hpp"
#include "punctual/http/request_reader.hpp"
#include "punctual/http/response_text.hpp"

namespace {

using fuzz::must_hold;
using namespace punctual;
using namespace punctual::http;
using namespace std::chrono_literals;

Authentication authenticate(const Request& request) {
  const std::string_view sent = request.value_of("Authorization");
  if (sent == "Bearer w") return {Principal{"writer", Permission::write, {}}, false};
  if (sent == "Bearer r") return {Principal{"reader", Permission::read, {}}, false};
  const bool has_session = request.value_of("Cookie") == "s=1";
  if (has_session) return {Principal{"session", Permission::write, {}}, true};
  return {};
}

/// A scheduler with a job of each kind behind a facade, the same for every input.
struct Service {
  Service() {
    scheduler.register_job({.name = "quick", .schedule = every(1h)},
                           [](JobContext& job) { return job.success("DONE", "done"); });
    scheduler.register_job({.name = "failing"},
                           [](JobContext&) -> JobOutcome { throw std::runtime_error{"no"}; });
    scheduler.register_job({.name = "off", .enabled = false},
                           [](JobContext& job) { return job.success(); });
    scheduler.trigger("quick");
    scheduler.enqueue("quick", nullptr, {.run_at = clock.now() + 1h});
  }

  /// What only those who may write can change.
  [[nodiscard]] std::string state() {
    std::string text;
    for (const auto& job : storage.summaries()) text += job.paused ? "p" : "-";
    for (const auto& run : storage.runs({.limit = 1000, .with_details = false})) {
      text += run.id.to_string() + run.cancel_actor;
      text += static_cast<char>('0' + static_cast<int>(run.status));
    }
    return text;
  }

  FakeClock clock{date::sys_days{date::year{2024} / 1 / 15}};
  InMemoryStorage storage;
  Scheduler<FakeClock&, InMemoryStorage&, InlineExecutor> scheduler{clock, storage,
                                                                    InlineExecutor{}};
  JobsController controller{scheduler, authenticate, {.reading_age_max = Duration{0}}};
};

/// What a connection's bytes came to.
struct Read {
  std::vector<Request> requests{};
  int refused_with = 0;
  std::size_t used = 0;

  friend bool operator==(const Read& a, const Read& b) {
    const auto is_same = [](const Request& one, const Request& other) {
      return one.method == other.method && one.path == other.path && one.query == other.query &&
             one.body == other.body && one.headers.size() == other.headers.size();
    };
    return a.refused_with == b.refused_with && a.used == b.used &&
           std::equal(a.requests.begin(), a.requests.end(), b.requests.begin(), b.requests.end(),
                      is_same);
  }
};

Read read_in_pieces(std::string_view bytes, std::size_t piece_bytes) {
  Read read;
  std::optional<RequestReader> reader{std::in_place};
  while (!bytes.empty()) {
    const std::size_t used = reader->feed(bytes.substr(0, piece_bytes));
    must_hold(used <= std::min(bytes.size(), piece_bytes), "takes at most what it is fed", bytes);
    must_hold(used > 0, "takes something of what it is fed", bytes);
    read.used += used;
    bytes.remove_prefix(used);
    if (reader->state() == RequestReader::State::refused) {
      read.refused_with = reader->error().status();
      break;
    }
    if (reader->state() != RequestReader::State::complete) continue;
    read.requests.push_back(reader->request());
    if (!reader->keeps_alive()) break;
    reader.emplace();
  }
  return read;
}

/// The head is lines of their own and nothing breaks out of them; the length is that of the body.
void require_good_form(const Response& response, std::string_view input) {
  must_hold(reason_phrase(response.status) != "Unknown", "has a known status", input);
  for (const auto& header : response.headers) {
    const bool is_clean = std::none_of(header.value.begin(), header.value.end(), [](char c) {
      return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
    });
    must_hold(is_clean && !header.value.empty(), "has clean headers", input,
              [&] { return header.name + ": " + header.value; });
  }
  for (const char* name : {"Content-Type", "X-Content-Type-Options", "Cache-Control",
                           "Content-Security-Policy", "Referrer-Policy", "X-Request-Id"}) {
    must_hold(!response.value_of(name).empty(), "has every header", input,
              [&] { return std::string{name}; });
  }
}

void require_good_body(const Request& request, const Response& response, std::string_view input) {
  const bool is_json = response.value_of("Content-Type") == json_type;
  must_hold(response.status < 400 || is_json, "errors are JSON", input);
  if (!is_json || request.method == "HEAD") return;
  const Json body = Json::parse(response.body, nullptr, false);
  must_hold(body.is_object(), "a body of JSON can be read", input, [&] { return response.body; });
  if (response.status < 400 || body.contains("status")) return;
  must_hold(body.value("success", true) == false && body["error"]["code"].is_string(),
            "an error has its envelope", input, [&] { return response.body; });
  // What came is never told back: it may be a secret, or made to look like something else.
  static constexpr std::size_t noticeable_bytes = 16;
  for (const auto& sent : {request.query, request.body}) {
    must_hold(sent.size() < noticeable_bytes || response.body.find(sent) == std::string::npos,
              "an error does not repeat what came", input, [&] { return response.body; });
  }
}

void answer(Service& service, const Request& request, std::string_view input) {
  const std::string before = service.state();
  service.clock.advance(1s);
  const Response response = service.controller.handle(request);
  require_good_form(response, input);
  require_good_body(request, response, input);
  if (response.stream) {
    must_hold(response.status == 200, "what streams is well", input);
    const bool is_replay = !request.value_of("Last-Event-ID").empty();
    const auto listen = [](std::string_view) { return true; };
    // What a listener has missed is there at once, so nothing is waited for.
    must_hold(!is_replay || (response.stream(listen) && response.stream(listen)),
              "a stream goes on while it has a listener", input);
    must_hold(!response.stream([](std::string_view) { return false; }),
              "a stream ends when its listener is gone", input);
  }
  const Authentication who = authenticate(request);
  const bool is_trusted = !who.is_ambient || request.value_of("Sec-Fetch-Site") == "same-origin";
  const bool may_change = who.principal && who.principal->permission == Permission::write &&
                          is_trusted && request.method == "POST";
  must_hold(may_change || service.state() == before, "changes nothing without leave", input);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const Read whole = read_in_pieces(bytes, bytes.size());
  for (const std::size_t piece_bytes : {std::size_t{1}, std::size_t{7}}) {
    must_hold(whole == read_in_pieces(bytes, piece_bytes), "is read alike however it is cut",
              bytes);
  }
  if (whole.requests.empty()) return 0;
  Service service;
  for (const auto& request : whole.requests) answer(service, request, bytes);
  return 0;
}
