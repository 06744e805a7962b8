// SPDX-License-Identifier: MIT
//
// FakeClock: it moves as told and no other way, and wakes those who wait on it.

#include "punctual/builtin/fake_clock.hpp"

#include <atomic>
#include <deque>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "punctual/base/iso8601.hpp"
#include "punctual/base/time.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/spin.hpp"

namespace fake_clock_test {

using punctual::Duration;
using punctual::FakeClock;
using punctual::time_max;
using punctual::time_min;
using punctual::TimePoint;
using punctual::WakeSignal;
using punctual::tests::error_of;
using tests::spin_until;

namespace {

constexpr TimePoint start{Duration{1'705'284'000'000}};  // 2024-01-15T02:00:00Z
constexpr Duration hour{3'600'000};

bool was_raised(WakeSignal& signal) {
  return signal.consume([](auto&, auto&, const auto&) {});
}

/// A thread that waits on a clock once, and notes what the clock showed when it woke up.
class Waiter {
 public:
  Waiter(FakeClock& clock, TimePoint deadline)
      : thread_([this, &clock, deadline] {
          clock.wait_until(deadline, signal);
          woke_at_ = clock.now();
          is_awake_ = true;
        }) {}
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter() {
    signal.raise();  // so that a test that fails does not hang
    if (thread_.joinable()) thread_.join();
  }

  /// Waits for the end of the wait; returns what the clock showed then.
  TimePoint join() {
    thread_.join();
    return woke_at_;
  }

  [[nodiscard]] bool is_awake() const { return is_awake_; }

  WakeSignal signal;

 private:
  TimePoint woke_at_{};
  std::atomic<bool> is_awake_ = false;
  std::thread thread_;
};

}  // namespace

TEST_CASE("FakeClock stands still at its start when it is not moved") {
  const FakeClock clock{start};
  CHECK(clock.now() == start);
  CHECK(clock.now() == start);
  CHECK(clock.steady_now() == Duration{0});
  CHECK(punctual::format_iso8601(FakeClock{}.now()) == "2024-01-01T00:00:00.000Z");
}

TEST_CASE("FakeClock moves both clocks when time passes, and the wall alone when it is set") {
  struct Row {
    const char* subject;
    void (*move)(FakeClock&);
    TimePoint now;
    Duration steady_now;
  };
  const Row rows[] = {
      {"an hour passes", [](FakeClock& c) { c.advance(hour); }, start + hour, hour},
      {"nothing passes", [](FakeClock& c) { c.advance(Duration{0}); }, start, Duration{0}},
      {"time passes up to an instant", [](FakeClock& c) { c.advance_to(start + hour); },
       start + hour, hour},
      {"time passes up to now", [](FakeClock& c) { c.advance_to(start); }, start, Duration{0}},
      {"time passes up to the past", [](FakeClock& c) { c.advance_to(start - hour); }, start,
       Duration{0}},
      {"set forward", [](FakeClock& c) { c.set_wall(start + hour); }, start + hour, Duration{0}},
      {"set back", [](FakeClock& c) { c.set_wall(start - hour); }, start - hour, Duration{0}},
      {"set back, then an hour passes",
       [](FakeClock& c) {
         c.set_wall(start - hour);
         c.advance(hour);
       },
       start, hour},
      {"for ever passes", [](FakeClock& c) { c.advance(Duration::max()); }, time_max,
       Duration::max()},
      {"for ever passes twice",
       [](FakeClock& c) {
         c.advance(Duration::max());
         c.advance(Duration::max());
       },
       time_max, Duration::max()},
      {"time passes up to past the end", [](FakeClock& c) { c.advance_to(TimePoint::max()); },
       time_max, time_max - start},
      {"set past the end", [](FakeClock& c) { c.set_wall(TimePoint::max()); }, time_max,
       Duration{0}},
      {"set before the start of time", [](FakeClock& c) { c.set_wall(TimePoint::min()); }, time_min,
       Duration{0}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    FakeClock clock{start};
    row.move(clock);
    CHECK(clock.now() == row.now);
    CHECK(clock.steady_now() == row.steady_now);
  }
}

TEST_CASE("FakeClock starts within the years 1 to 9999 when its start lies outside") {
  CHECK(FakeClock{TimePoint::max()}.now() == time_max);
  CHECK(FakeClock{TimePoint::min()}.now() == time_min);
}

TEST_CASE("FakeClock refuses to advance and stands still when the span is negative") {
  FakeClock clock{start};
  for (const Duration span : {Duration{-1}, -hour, Duration::min()}) {
    CAPTURE(span.count());
    const auto error = error_of([&] { clock.advance(span); });
    REQUIRE(error);
    CHECK(error->code() == "INVALID_TIME");
    CHECK(std::string{error->what()}.find(std::to_string(span.count())) != std::string::npos);
    CHECK(clock.now() == start);
    CHECK(clock.steady_now() == Duration{0});
  }
}

TEST_CASE("FakeClock goes on by itself when it is moved to its owner") {
  FakeClock from{start};
  from.advance(hour);
  WakeSignal signal;
  from.wait_until(start, signal);
  FakeClock to{std::move(from)};
  CHECK(to.now() == start + hour);
  CHECK(to.steady_now() == hour);
  CHECK(to.wait_count() == 0);  // nobody has waited on this one
  to.advance(hour);
  CHECK(to.now() == start + 2 * hour);
  CHECK(from.now() == start + hour);
}

TEST_CASE("FakeClock returns at once when there is nothing to wait for") {
  FakeClock clock{start};
  WakeSignal signal;
  struct Row {
    const char* subject;
    TimePoint deadline;
    bool raise_before;
  };
  const Row rows[] = {
      {"the deadline is now", start, false},
      {"the deadline has passed", start - hour, false},
      {"the deadline has passed for ever", TimePoint::min(), false},
      {"the signal was raised", start + hour, true},
      {"the signal was raised and the deadline has passed", start - hour, true},
      {"the signal was raised and the deadline never comes", TimePoint::max(), true},
  };
  std::size_t wait_count = 0;
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    if (row.raise_before) signal.raise();
    clock.wait_until(row.deadline, signal);
    CHECK_FALSE(was_raised(signal));
    CHECK(clock.wait_count() == ++wait_count);
    CHECK(clock.waiter_count() == 0);
  }
  CHECK(clock.now() == start);
}

TEST_CASE("FakeClock wakes a waiter at its deadline and not before when time passes in steps") {
  FakeClock clock{start};
  constexpr int step_count = 2000;
  Waiter waiter{clock, start + Duration{step_count}};
  for (int i = 1; i < step_count; ++i) clock.advance(Duration{1});
  CHECK_FALSE(waiter.is_awake());
  clock.advance(Duration{1});
  CHECK(waiter.join() == start + Duration{step_count});
  CHECK(clock.wait_count() == 1);
  CHECK(clock.waiter_count() == 0);
}

TEST_CASE(
    "FakeClock wakes a waiter when the wall clock is set to its deadline, not when set back") {
  FakeClock clock{start};
  Waiter waiter{clock, start + hour};
  spin_until([&] { return clock.waiter_count() == 1; });
  for (int i = 1; i <= 500; ++i) clock.set_wall(start - i * hour);
  CHECK_FALSE(waiter.is_awake());
  clock.set_wall(start + hour);
  CHECK(waiter.join() == start + hour);
  CHECK(clock.steady_now() == Duration{0});
}

TEST_CASE("FakeClock wakes a waiter when its signal is raised and time stands still") {
  FakeClock clock{start};
  Waiter waiter{clock, time_max};
  spin_until([&] { return clock.waiter_count() == 1; });
  CHECK_FALSE(waiter.is_awake());
  waiter.signal.raise();
  CHECK(waiter.join() == start);
  CHECK_FALSE(was_raised(waiter.signal));
  CHECK(clock.waiter_count() == 0);
}

TEST_CASE("FakeClock wakes each waiter at its own deadline when several wait") {
  FakeClock clock{start};
  std::deque<Waiter> waiters;
  for (int i = 1; i <= 4; ++i) waiters.emplace_back(clock, start + i * hour);
  spin_until([&] { return clock.waiter_count() == 4; });
  CHECK(clock.wait_count() == 4);
  for (std::size_t i = 1; i <= 4; ++i) {
    CAPTURE(i);
    clock.advance(hour);
    CHECK(waiters[i - 1].join() == start + static_cast<int>(i) * hour);
    spin_until([&] { return clock.waiter_count() == 4 - i; });
    for (std::size_t k = i; k < 4; ++k) CHECK_FALSE(waiters[k].is_awake());
  }
}

TEST_CASE("FakeClock loses no wake-up when it is moved just as a wait begins") {
  for (int i = 0; i < 500; ++i) {
    FakeClock clock{start};
    Waiter waiter{clock, start + hour};
    clock.advance(hour);
    REQUIRE(waiter.join() == start + hour);
  }
}

TEST_CASE("FakeClock lets each span pass once when several threads advance it") {
  constexpr int thread_count = 4;
  constexpr int step_count = 1000;
  FakeClock clock{start};
  std::vector<std::thread> threads;
  for (int i = 0; i < thread_count; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < step_count; ++k) clock.advance(Duration{1});
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(clock.now() == start + Duration{thread_count * step_count});
  CHECK(clock.steady_now() == Duration{thread_count * step_count});
}

TEST_CASE("FakeClock shows what one of them wanted when two threads move it to an instant") {
  constexpr int round_count = 10'000;
  FakeClock clock{start};
  std::atomic<int> arrived_count = 0;
  // Spins, so that both leave in the same moment.
  const auto meet = [&](int count) {
    ++arrived_count;
    spin_until([&] { return arrived_count >= count; });
  };
  const auto run = [&](const auto& move, const auto& look) {
    for (int round = 1; round <= round_count; ++round) {
      meet(4 * round - 2);
      move(round);
      meet(4 * round);
      look(round);
    }
  };
  const auto nothing = [](int) {};
  int wrong_count = 0;
  SECTION("letting time pass up to it") {
    const auto move = [&](int round) { clock.advance_to(start + round * hour); };
    std::thread other{[&] { run(move, nothing); }};
    run(move, [&](int round) {
      if (clock.now() != start + round * hour) ++wrong_count;
    });
    other.join();
    CHECK(clock.steady_now() == round_count * hour);
  }
  SECTION("setting the wall clock") {
    std::thread other{
        [&] { run([&](int round) { clock.set_wall(start - round * hour); }, nothing); }};
    run([&](int round) { clock.set_wall(start + round * hour); },
        [&](int round) {
          const TimePoint now = clock.now();
          if (now != start + round * hour && now != start - round * hour) ++wrong_count;
        });
    other.join();
  }
  CHECK(wrong_count == 0);
}

}  // namespace fake_clock_test
