// SPDX-License-Identifier: MIT
//
// FlightTable: the states of a run on this node, and what time does to them.

#include "punctual/core/flight_table.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <latch>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "flights.hpp"
#include "support/catch.hpp"

namespace flight_table_test {

using namespace std::chrono_literals;
using punctual::Duration;
using punctual::RenewAnswer;
using punctual::StopReason;
using punctual::detail::FlightPtr;
using punctual::detail::FlightTable;
using punctual::detail::later;
using punctual::tests::flight_id;
using punctual::tests::flight_job;
using punctual::tests::make_flight;
using punctual::tests::StillClock;
using punctual::tests::taken_from;
using State = punctual::FlightRecord::State;

namespace {

constexpr Duration lease = 30s;

/// Does what threads of an executor do, on a thread that has ended by the return.
template <class Call>
void elsewhere(Call&& call) {
  std::thread{std::forward<Call>(call)}.join();
}

}  // namespace

TEST_CASE("later holds at the end of time and adds before it") {
  CHECK(later(5s, 10s) == 15s);
  CHECK(later(5s, Duration::max()) == Duration::max());
  CHECK(later(Duration::max(), 1ms) == Duration::max());
  CHECK(later(Duration::max() - 1ms, 1ms) == Duration::max());
}

TEST_CASE("FlightTable holds a run from its claim until it is removed") {
  StillClock clock;
  FlightTable table;
  const auto flight = make_flight(clock);
  CHECK_FALSE(table.contains(flight->run.id));
  CHECK(table.add(flight, 100s, lease));
  CHECK(table.contains(flight->run.id));
  CHECK(flight->state == State::queued);
  CHECK(flight->view.renewed_at == 100s);
  CHECK(flight->view.renew_at == 110s);
  CHECK(flight->view.lease_stop_at == 125s);
  CHECK(flight->view.deadline == 160s);
  CHECK(flight->view.give_up_at == 170s);
  CHECK(table.remove(flight) == flight);
  CHECK_FALSE(table.contains(flight->run.id));
  CHECK(table.remove(flight) == nullptr);
}

TEST_CASE("FlightTable counts the timeout from the start of the body when it is entered") {
  StillClock clock;
  FlightTable table;
  const auto flight = make_flight(clock);
  table.add(flight, 100s, lease);
  CHECK(table.enter(flight, 107s));
  CHECK(flight->state == State::started);
  CHECK(flight->view.begun_at == 107s);
  CHECK(flight->view.deadline == 167s);
  CHECK(flight->view.give_up_at == 177s);
  CHECK(flight->thread == std::this_thread::get_id());
  clock.steady = 167s;
  CHECK(flight->stop_reason() == StopReason::timeout);
  CHECK_FALSE(table.enter(flight, 108s));  // once
}

TEST_CASE("FlightTable keeps a body from being entered when its lease is over, or nearly") {
  struct Row {
    const char* name;
    Duration entered_at;
    std::optional<RenewAnswer> renewal;  // asked for at 110 s
    bool may_begin;
  };
  const Row rows[] = {
      {"in time", 124s, {}, true},
      {"the body would have to stop at once", 125s, {}, false},
      {"much later", 1000s, {}, false},
      {"kept meanwhile", 134s, RenewAnswer::kept, true},
      {"kept, but long ago", 135s, RenewAnswer::kept, false},
      {"lost meanwhile", 111s, RenewAnswer::lost, false},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    StillClock clock;
    FlightTable table;
    const auto flight = make_flight(clock);
    table.add(flight, 100s, lease);
    if (row.renewal) {
      const auto told = table.renewed({flight}, {*row.renewal}, 110s, lease);
      CHECK(told.empty() == (*row.renewal == RenewAnswer::kept));
    }
    CHECK(table.enter(flight, row.entered_at) == row.may_begin);
    CHECK(flight->state == (row.may_begin ? State::started : State::returned));
    CHECK(table.settling_count() == (row.may_begin ? 0 : 1));
    CHECK(table.due(2000s).empty() == !row.may_begin);
  }
}

TEST_CASE("FlightTable has no deadline for a job that has no timeout") {
  StillClock clock;
  FlightTable table;
  const auto flight = make_flight(clock, 1, flight_job(Duration::max(), 10s));
  table.add(flight, 100s, lease);
  table.enter(flight, 100s);
  CHECK(flight->view.deadline == Duration::max());
  CHECK(flight->view.give_up_at == Duration::max());
  CHECK(table.next_step(100s) == 10s);  // the renewal
}

TEST_CASE("FlightTable lets exactly one of coming back and being given up be true of a body") {
  StillClock clock;
  FlightTable table;
  const auto back = make_flight(clock, 1);
  const auto stuck = make_flight(clock, 2);
  for (const auto& flight : {back, stuck}) {
    table.add(flight, 0s, lease);
    table.enter(flight, 0s);
  }
  CHECK(table.leave(back));
  table.settled();
  CHECK(back->state == State::returned);
  const auto due = table.due(70s);  // the timeout and its grace are over
  REQUIRE(due.size() == 1);
  CHECK(due.front().flight == stuck);
  CHECK(due.front().step.give_up);
  CHECK(due.front().thread == std::this_thread::get_id());
  CHECK(stuck->state == State::given_up);
  CHECK_FALSE(table.leave(stuck));
  CHECK(stuck->thread == std::thread::id{});
  CHECK(table.due(1h).empty());  // neither is given up again
}

TEST_CASE("FlightTable asks a body to stop once at its timeout and gives it up after its grace") {
  StillClock clock;
  FlightTable table;
  const auto flight = make_flight(clock);
  table.add(flight, 0s, lease);
  table.enter(flight, 0s);
  flight->view.lease_stop_at = Duration::max();  // of the timeout alone
  CHECK(table.due(59'999ms).empty());
  const auto asked = table.due(60s);
  REQUIRE(asked.size() == 1);
  CHECK(asked.front().step.request_timeout_stop);
  CHECK_FALSE(asked.front().step.give_up);
  CHECK(table.due(60s).empty());
  CHECK(table.due(69'999ms).empty());
  const auto given_up = table.due(70s);
  REQUIRE(given_up.size() == 1);
  CHECK(given_up.front().step.give_up);
  CHECK_FALSE(given_up.front().step.request_timeout_stop);
}

TEST_CASE("FlightTable asks a body to stop before a lease ends that was not renewed") {
  StillClock clock;
  FlightTable table;
  const auto started = make_flight(clock, 1, flight_job(1h, 10s));
  const auto queued = make_flight(clock, 2, flight_job(1h, 10s));
  table.add(started, 0s, lease);
  table.add(queued, 0s, lease);
  table.enter(started, 0s);
  CHECK(table.due(24'999ms).empty());
  const auto due = table.due(25s);
  REQUIRE(due.size() == 2);
  for (const auto& item : due) {
    CHECK(item.step.request_lease_stop);
    CHECK(item.flight->view.give_up_at == 35s);
  }
  const auto given_up = table.due(35s);
  REQUIRE(given_up.size() == 1);  // what has not started holds no thread
  CHECK(given_up.front().flight == started);
}

TEST_CASE("FlightTable names the runs whose renewal has come, or all of them") {
  StillClock clock;
  FlightTable table;
  const auto early = make_flight(clock, 1);
  const auto late = make_flight(clock, 2);
  table.add(early, 0s, lease);
  table.add(late, 5s, lease);
  CHECK(table.to_renew(9'999ms, false).empty());
  CHECK(table.to_renew(10s, false) == std::vector{early});
  CHECK(table.to_renew(15s, false).size() == 2);
  CHECK(table.to_renew(0s, true).size() == 2);
}

TEST_CASE("FlightTable renews runs in every state, for their ends are still to be stored") {
  StillClock clock;
  FlightTable table;
  const auto queued = make_flight(clock, 1);
  const auto started = make_flight(clock, 2);
  const auto returned = make_flight(clock, 3);
  const auto given_up = make_flight(clock, 4, flight_job(1s, 0ms));
  for (const auto& flight : {queued, started, returned, given_up}) table.add(flight, 0s, lease);
  for (const auto& flight : {started, returned, given_up}) table.enter(flight, 0s);
  table.leave(returned);
  table.settled();
  CHECK(table.due(1s).size() == 1);
  REQUIRE(given_up->state == State::given_up);
  CHECK(table.to_renew(10s, false).size() == 4);
}

TEST_CASE("FlightTable renews once a second at most while a body shows progress") {
  StillClock clock;
  FlightTable table;
  const auto flight = make_flight(clock);
  table.add(flight, 0s, lease);
  table.enter(flight, 0s);
  CHECK(table.next_step(0s) == 10s);
  flight->report_progress(0.5, "half");
  CHECK(table.next_step(0s) == 1s);
  CHECK(table.next_step(400ms) == 600ms);
  CHECK(table.to_renew(999ms, false).empty());
  CHECK(table.to_renew(1s, false).size() == 1);
  CHECK(table.renewed({flight}, {RenewAnswer::kept}, 1s, lease).empty());
  CHECK(table.to_renew(1'999ms, false).empty());
  CHECK(table.to_renew(2s, false).size() == 1);
  CHECK(taken_from(*flight).progress);
  CHECK(table.next_step(2s) == 9s);
}

TEST_CASE("FlightTable takes the answers to a renewal as what each run has to do") {
  struct Row {
    const char* subject;
    RenewAnswer answer;
    std::optional<StopReason> stop;
    Duration renew_at;
    Duration lease_stop_at;
    Duration give_up_at;
  };
  const Row rows[] = {
      {"kept", RenewAnswer::kept, std::nullopt, 22s, 37s, 70s},
      {"cancelled", RenewAnswer::cancel_requested, StopReason::cancelled, 22s, 37s, 22s},
      {"lost", RenewAnswer::lost, StopReason::lease_lost, Duration::max(), Duration::max(), 22s},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    StillClock clock;
    FlightTable table;
    const auto flight = make_flight(clock);
    table.add(flight, 0s, lease);
    table.enter(flight, 0s);
    const auto to_stop = table.renewed({flight}, {row.answer}, 12s, lease);
    CHECK(to_stop.size() == (row.stop ? 1U : 0U));
    if (row.stop && !to_stop.empty()) {
      CHECK(to_stop.front().first == flight);
      CHECK(to_stop.front().second == *row.stop);
    }
    CHECK(flight->view.renewed_at == 12s);
    CHECK(flight->view.renew_at == row.renew_at);
    CHECK(flight->view.lease_stop_at == row.lease_stop_at);
    CHECK(flight->view.give_up_at == row.give_up_at);
    CHECK(flight->requested_reason() == StopReason::none);  // the caller asks, with no lock held
  }
}

TEST_CASE("FlightTable asks nobody to stop who is back when a renewal says so") {
  StillClock clock;
  FlightTable table;
  const auto flight = make_flight(clock);
  table.add(flight, 0s, lease);
  table.enter(flight, 0s);
  table.leave(flight);
  table.settled();
  CHECK(table.renewed({flight}, {RenewAnswer::cancel_requested}, 10s, lease).empty());
  CHECK(table.renewed({flight}, {RenewAnswer::lost}, 20s, lease).empty());
  CHECK_FALSE(table.next_step(20s));  // the end waits for no lease any more
}

TEST_CASE("FlightTable keeps the shorter grace when a body is asked to stop more than once") {
  StillClock clock;
  FlightTable table;
  const auto flight = make_flight(clock);
  table.add(flight, 0s, lease);
  table.enter(flight, 0s);
  CHECK(table.ask_to_stop(flight->run.id, 5s) == flight);
  CHECK(flight->view.give_up_at == 15s);
  CHECK(table.ask_to_stop(flight->run.id, 9s) == flight);
  CHECK(flight->view.give_up_at == 15s);
  CHECK(table.due(14'999ms).empty());
  CHECK(table.due(15s).size() == 1);
  CHECK(table.ask_to_stop(flight_id(77), 5s) == nullptr);
}

TEST_CASE("FlightTable keeps the grace of a run that was cancelled before its body was entered") {
  StillClock clock;
  FlightTable table;
  const auto flight = make_flight(clock);
  table.add(flight, 0s, lease);
  CHECK(table.ask_to_stop(flight->run.id, 5s) == flight);
  CHECK(table.due(15s).empty());
  CHECK(table.enter(flight, 16s));
  CHECK(table.due(16s).size() == 1);
}

TEST_CASE("FlightTable names the earliest step of all runs, and none that can do nothing") {
  StillClock clock;
  FlightTable table;
  CHECK_FALSE(table.next_step(0s));
  const auto first = make_flight(clock, 1);
  const auto second = make_flight(clock, 2);
  table.add(first, 0s, lease);
  table.add(second, 3s, lease);
  CHECK(table.next_step(4s) == 6s);
  CHECK(table.renewed({first}, {RenewAnswer::kept}, 10s, lease).empty());
  CHECK(table.next_step(10s) == 3s);
  CHECK(table.next_step(20s) == 0s);
  CHECK(table.remove(first) == first);
  CHECK(table.remove(second) == second);
  CHECK_FALSE(table.next_step(20s));
}

TEST_CASE("FlightTable leaves renewals out of the next step when the storage does not answer") {
  StillClock clock;
  FlightTable table;
  const auto flight = make_flight(clock);
  table.add(flight, 0s, lease);
  table.enter(flight, 0s);
  CHECK(table.next_step(12s, false) == 13s);  // the end of the lease
  const auto back = make_flight(clock, 2);
  table.add(back, 0s, lease);
  table.enter(back, 0s);
  table.leave(back);
  table.settled();
  CHECK(table.remove(flight) == flight);
  CHECK(table.next_step(12s) == 0s);
  CHECK_FALSE(table.next_step(12s, false));
}

TEST_CASE(
    "FlightTable keeps track of the newer claim when a run comes back while its old flight is "
    "there") {
  StillClock clock;
  FlightTable table;
  const auto old_flight = make_flight(clock);
  table.add(old_flight, 0s, lease);
  table.enter(old_flight, 0s);
  table.leave(old_flight);
  table.settled();
  const auto new_flight = make_flight(clock);  // the same run, claimed anew
  CHECK(table.add(new_flight, 5s, lease));
  CHECK(table.remove(old_flight) == nullptr);
  CHECK(table.contains(new_flight->run.id));
  CHECK(table.to_renew(15s, false) == std::vector{new_flight});
  CHECK(table.remove(new_flight) == new_flight);
}

TEST_CASE("FlightTable starts nothing once it was told to stop") {
  StillClock clock;
  FlightTable table;
  const auto queued = make_flight(clock, 1);
  const auto started = make_flight(clock, 2);
  const auto returned = make_flight(clock, 3);
  for (const auto& flight : {queued, started, returned}) table.add(flight, 0s, lease);
  for (const auto& flight : {started, returned}) table.enter(flight, 0s);
  table.leave(returned);
  table.settled();
  const auto stopping = table.begin_stop();
  CHECK(stopping.queued == std::vector{queued});
  CHECK(stopping.started == std::vector{started});
  CHECK_FALSE(table.enter(queued, 1s));
  CHECK(queued->state == State::given_up);
  const auto late = make_flight(clock, 4);
  CHECK_FALSE(table.add(late, 1s, lease));
  CHECK_FALSE(table.enter(late, 1s));
  CHECK_FALSE(table.contains(late->run.id));
  const auto again = table.begin_stop();
  CHECK(again.queued.empty());
  CHECK(again.started == std::vector{started});
}

TEST_CASE("FlightTable keeps the leases of bodies that are waited for when it stops") {
  StillClock clock;
  FlightTable table;
  const auto flight = make_flight(clock);
  table.add(flight, 0s, lease);
  table.enter(flight, 0s);
  CHECK(table.begin_stop().started.size() == 1);
  CHECK(table.to_renew(10s, false) == std::vector{flight});
  CHECK(table.due(25s).empty());  // asked to stop already
}

TEST_CASE("FlightTable counts the bodies of other threads alone") {
  StillClock clock;
  FlightTable table;
  const auto here = make_flight(clock, 1);
  const auto there = make_flight(clock, 2);
  const auto queued = make_flight(clock, 3);
  for (const auto& flight : {here, there, queued}) table.add(flight, 0s, lease);
  table.enter(here, 0s);
  CHECK(table.started_elsewhere_count() == 0);
  elsewhere([&] { table.enter(there, 0s); });
  CHECK(table.started_elsewhere_count() == 1);
  elsewhere([&] {
    table.leave(there);
    table.settled();
  });
  CHECK(table.started_elsewhere_count() == 0);
}

TEST_CASE("FlightTable gives up the bodies of other threads alone when it is abandoned") {
  StillClock clock;
  FlightTable table;
  const auto here = make_flight(clock, 1);
  const auto there = make_flight(clock, 2);
  const auto queued = make_flight(clock, 3);
  for (const auto& flight : {here, there, queued}) table.add(flight, 0s, lease);
  table.enter(here, 0s);
  elsewhere([&] { table.enter(there, 0s); });
  CHECK(table.abandon(true) == std::vector{there});
  CHECK(here->state == State::started);
  CHECK(there->state == State::given_up);
  CHECK(queued->state == State::queued);
  CHECK_FALSE(table.leave(there));
  CHECK(table.leave(here));
}

TEST_CASE("FlightTable waits for threads that are storing an end when it is abandoned") {
  StillClock clock;
  FlightTable table;
  const auto flight = make_flight(clock);
  table.add(flight, 0s, lease);
  std::latch left{1};
  std::latch may_settle{1};
  std::atomic<bool> is_settled{false};
  std::thread body{[&] {
    table.enter(flight, 0s);
    table.leave(flight);
    left.count_down();
    may_settle.wait();
    is_settled = true;
    table.settled();
  }};
  left.wait();
  CHECK(table.abandon(false).empty());  // does not wait
  std::latch abandoning{1};
  bool was_settled = false;
  std::size_t abandoned_count = 99;
  std::thread stopper{[&] {
    abandoning.count_down();
    abandoned_count = table.abandon(true).size();
    was_settled = is_settled;
  }};
  abandoning.wait();
  for (int i = 0; i < 100; ++i) std::this_thread::yield();
  may_settle.count_down();
  stopper.join();
  body.join();
  CHECK(was_settled);
  CHECK(abandoned_count == 0);
}

TEST_CASE("FlightTable gives each body to one side when threads return and give up at once") {
  constexpr int round_count = 300;
  StillClock clock;
  int returned_count = 0;
  int given_up_count = 0;
  for (int round = 0; round < round_count; ++round) {
    FlightTable table;
    const auto flight = make_flight(clock, 1, flight_job(1s, 0ms));
    table.add(flight, 0s, lease);
    std::latch begin{2};
    bool returned = false;
    std::thread body{[&] {
      table.enter(flight, 0s);
      begin.arrive_and_wait();
      returned = table.leave(flight);
      if (returned) table.settled();
    }};
    begin.arrive_and_wait();
    const bool given_up = !table.due(1s).empty();
    body.join();
    REQUIRE(returned != given_up);
    (returned ? returned_count : given_up_count) += 1;
  }
  CHECK(returned_count + given_up_count == round_count);
}

}  // namespace flight_table_test
