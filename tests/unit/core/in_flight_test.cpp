// SPDX-License-Identifier: MIT
//
// FlightRecord: why a body has to stop, what it reads of the time, and its progress.

#include "punctual/core/in_flight.hpp"

#include <atomic>
#include <chrono>
#include <cmath>
#include <latch>
#include <stop_token>
#include <string>
#include <thread>

#include "flights.hpp"
#include "support/catch.hpp"

namespace in_flight_test {

using namespace std::chrono_literals;
using punctual::Duration;
using punctual::FlightClock;
using punctual::FlightRecord;
using punctual::JobContext;
using punctual::Renewal;
using punctual::StopReason;
using punctual::TimePoint;
using punctual::tests::flight_job;
using punctual::tests::flight_start;
using punctual::tests::make_flight;
using punctual::tests::StillClock;
using punctual::tests::taken_from;

TEST_CASE("FlightRecord keeps the first reason to stop, unless the lease is lost after it") {
  struct Row {
    StopReason first;
    StopReason second;
    StopReason kept;
  };
  using R = StopReason;
  const Row rows[] = {
      {R::timeout, R::cancelled, R::timeout},       {R::timeout, R::shutdown, R::timeout},
      {R::timeout, R::lease_lost, R::lease_lost},   {R::cancelled, R::timeout, R::cancelled},
      {R::cancelled, R::shutdown, R::cancelled},    {R::cancelled, R::lease_lost, R::lease_lost},
      {R::shutdown, R::timeout, R::shutdown},       {R::shutdown, R::cancelled, R::shutdown},
      {R::shutdown, R::lease_lost, R::lease_lost},  {R::lease_lost, R::timeout, R::lease_lost},
      {R::lease_lost, R::cancelled, R::lease_lost}, {R::lease_lost, R::shutdown, R::lease_lost},
  };
  for (const auto& row : rows) {
    CAPTURE(static_cast<int>(row.first), static_cast<int>(row.second));
    StillClock clock;
    const auto flight = make_flight(clock);
    CHECK(flight->requested_reason() == R::none);
    CHECK_FALSE(flight->stop.stop_requested());
    flight->request_stop(row.first);
    CHECK(flight->requested_reason() == row.first);
    CHECK(flight->stop.stop_requested());
    flight->request_stop(row.second);
    CHECK(flight->requested_reason() == row.kept);
    CHECK(flight->stop_reason() == row.kept);
  }
}

TEST_CASE("FlightRecord holds no lock of its own when it runs a body's stop callbacks") {
  StillClock clock;
  const auto flight = make_flight(clock);
  StopReason seen = StopReason::none;
  TimePoint time{};
  bool took_progress = false;
  const std::stop_callback callback{flight->stop.get_token(), [&] {
                                      seen = flight->stop_reason();
                                      time = flight->now();
                                      flight->report_progress(0.5, "stopping");
                                      took_progress = taken_from(*flight).progress.has_value();
                                      flight->request_stop(StopReason::cancelled);
                                      flight->detach();
                                    }};
  flight->request_stop(StopReason::shutdown);
  CHECK(seen == StopReason::shutdown);
  CHECK(time == flight_start + 1h);
  CHECK(took_progress);
  CHECK(flight->requested_reason() == StopReason::shutdown);
}

TEST_CASE("FlightRecord finds its timeout by itself when the deadline has come") {
  StillClock clock;
  const auto flight = make_flight(clock);
  CHECK(flight->stop_reason() == StopReason::none);  // no deadline yet
  flight->set_deadline(60s);
  clock.steady = 59'999ms;
  CHECK(flight->stop_reason() == StopReason::none);
  CHECK_FALSE(flight->stop.stop_requested());
  clock.steady = 60s;
  CHECK(flight->requested_reason() == StopReason::none);  // asking is what finds it
  CHECK(flight->stop_reason() == StopReason::timeout);
  CHECK(flight->stop.stop_requested());
}

TEST_CASE("FlightRecord never times out when its job has no timeout") {
  StillClock clock;
  const auto flight = make_flight(clock);
  flight->set_deadline(Duration::max());
  clock.steady = 24h * 365 * 100;
  CHECK(flight->stop_reason() == StopReason::none);
}

TEST_CASE("FlightRecord leaves another reason alone when the deadline comes after it") {
  StillClock clock;
  const auto flight = make_flight(clock);
  flight->set_deadline(60s);
  flight->request_stop(StopReason::cancelled);
  clock.steady = 61s;
  CHECK(flight->stop_reason() == StopReason::cancelled);
}

TEST_CASE("FlightRecord reads no clock when it was detached") {
  StillClock clock;
  const auto flight = make_flight(clock);
  flight->set_deadline(60s);
  CHECK(flight->now() == flight_start + 1h);
  flight->detach();
  clock.steady = 61s;
  CHECK(flight->now() == flight_start);
  CHECK(flight->stop_reason() == StopReason::none);
  flight->report_progress(0.5, "still here");
  CHECK(clock.progress_count == 0);
  flight->detach();
  CHECK(flight->now() == flight_start);
}

TEST_CASE("FlightRecord reads the instant that it could start at when it has no start") {
  StillClock clock;
  punctual::JobRun run;
  run.run_at = flight_start - 1min;
  FlightRecord flight{run, flight_job(), clock};
  flight.detach();
  CHECK(flight.now() == flight_start - 1min);
}

TEST_CASE("FlightRecord wakes the scheduler for the first progress and keeps the newest") {
  StillClock clock;
  const auto flight = make_flight(clock);
  CHECK_FALSE(flight->has_progress());
  CHECK_FALSE(taken_from(*flight).progress);
  flight->report_progress(0.1, "one");
  flight->report_progress(0.2, "two");
  CHECK(flight->has_progress());
  CHECK(clock.progress_count == 1);
  const Renewal taken = taken_from(*flight);
  CHECK(taken.progress == 0.2);
  CHECK(taken.progress_note == "two");
  CHECK_FALSE(flight->has_progress());
  CHECK_FALSE(taken_from(*flight).progress);
  flight->report_progress(0.3, "three");
  CHECK(clock.progress_count == 2);
}

TEST_CASE("FlightRecord takes back progress that could not be stored, unless there is newer") {
  StillClock clock;
  const auto flight = make_flight(clock);
  flight->report_progress(0.1, "one");
  Renewal lost = taken_from(*flight);
  flight->put_back_progress(lost);
  const Renewal again = taken_from(*flight);
  CHECK(again.progress == 0.1);
  CHECK(again.progress_note == "one");

  lost = again;
  flight->report_progress(0.2, "two");
  flight->put_back_progress(lost);
  CHECK(taken_from(*flight).progress_note == "two");

  Renewal nothing;
  flight->put_back_progress(nothing);
  CHECK_FALSE(flight->has_progress());
}

TEST_CASE("FlightRecord keeps a note of progress short and printable") {
  StillClock clock;
  const auto flight = make_flight(clock);
  flight->report_progress(0.5, std::string(5000, 'x'));
  CHECK(taken_from(*flight).progress_note.size() == 1024);
  flight->report_progress(0.5, "bad \xFF\x1b");
  CHECK(taken_from(*flight).progress_note == "bad \xEF\xBF\xBD ");
}

TEST_CASE("FlightRecord hands a body's progress on within 0 and 1") {
  struct Row {
    const char* subject;
    double given;
    double kept;
  };
  const Row rows[] = {{"within", 0.25, 0.25},    {"none", 0.0, 0.0},
                      {"all", 1.0, 1.0},         {"below", -3.0, 0.0},
                      {"above", 17.0, 1.0},      {"no number", std::nan(""), 0.0},
                      {"endless", INFINITY, 1.0}};
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    StillClock clock;
    const auto flight = make_flight(clock);
    const JobContext context{flight->run, *flight, flight->stop.get_token()};
    context.progress(row.given);
    CHECK(taken_from(*flight).progress == row.kept);
  }
}

namespace {

/// A clock whose reading takes until it is let go.
class SlowClock final : public FlightClock {
 public:
  [[nodiscard]] TimePoint now() const override {
    entered.count_down();
    may_go.wait();
    was_read = true;
    return flight_start + 2h;
  }
  [[nodiscard]] Duration steady_now() const override { return {}; }
  void progress_made() override {}

  mutable std::latch entered{1};
  mutable std::latch may_go{1};
  mutable std::atomic<bool> was_read{false};
};

}  // namespace

TEST_CASE("FlightRecord waits for a reading of the clock that is under way when it is detached") {
  SlowClock clock;
  const auto flight = make_flight(clock);
  TimePoint read{};
  std::thread reader{[&] { read = flight->now(); }};
  clock.entered.wait();
  std::latch detaching{1};
  bool was_read_before = false;
  std::thread detacher{[&] {
    detaching.count_down();
    flight->detach();
    was_read_before = clock.was_read;
  }};
  detaching.wait();
  for (int i = 0; i < 100; ++i) std::this_thread::yield();
  clock.may_go.count_down();
  reader.join();
  detacher.join();
  CHECK(was_read_before);
  CHECK(read == flight_start + 2h);
  CHECK(flight->now() == flight_start);
}

}  // namespace in_flight_test
