// SPDX-License-Identifier: MIT
//
// SystemClock: against the computer's own clocks. The one test that reads them, and that waits, for
// at most some milliseconds.

#include "punctual/builtin/system_clock.hpp"

#include <chrono>
#include <thread>

#include "punctual/base/time.hpp"
#include "support/catch.hpp"

namespace system_clock_test {

using punctual::Duration;
using punctual::SystemClock;
using punctual::time_max;
using punctual::time_min;
using punctual::TimePoint;
using punctual::WakeSignal;

namespace {

bool was_raised(WakeSignal& signal) {
  return signal.consume([](auto&, auto&, const auto&) {});
}

}  // namespace

TEST_CASE("SystemClock shows the whole milliseconds of the computer's clocks when it is read") {
  const SystemClock clock;
  SECTION("the wall clock") {
    const auto before = std::chrono::floor<Duration>(std::chrono::system_clock::now());
    const TimePoint now = clock.now();
    const auto after = std::chrono::floor<Duration>(std::chrono::system_clock::now());
    CHECK(now >= before);
    CHECK(now <= after);
  }
  SECTION("the monotonic clock") {
    const auto read = [] {
      return std::chrono::floor<Duration>(std::chrono::steady_clock::now().time_since_epoch());
    };
    const Duration before = read();
    const Duration now = clock.steady_now();
    const Duration after = read();
    CHECK(now >= before);
    CHECK(now <= after);
  }
}

TEST_CASE("SystemClock returns at once and clears the signal when that was raised before") {
  const SystemClock clock;
  WakeSignal signal;
  struct Row {
    const char* subject;
    TimePoint deadline;
  };
  const Row rows[] = {
      {"in an hour", clock.now() + std::chrono::hours{1}},
      {"at the end of time", time_max},
      {"past it", TimePoint::max()},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    signal.raise();
    clock.wait_until(row.deadline, signal);
    CHECK_FALSE(was_raised(signal));
  }
}

TEST_CASE("SystemClock returns at once when the deadline has passed") {
  const SystemClock clock;
  WakeSignal signal;
  struct Row {
    const char* subject;
    TimePoint deadline;
  };
  const Row rows[] = {
      {"now", clock.now()},
      {"a millisecond ago", clock.now() - Duration{1}},
      {"at the epoch", TimePoint{}},
      {"at the start of time", time_min},
      {"before it", TimePoint::min()},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    clock.wait_until(row.deadline, signal);
    CHECK_FALSE(was_raised(signal));
    signal.raise();  // and clears it all the same
    clock.wait_until(row.deadline, signal);
    CHECK_FALSE(was_raised(signal));
  }
}

TEST_CASE("SystemClock has reached the deadline when nothing wakes it before") {
  const SystemClock clock;
  WakeSignal signal;
  for (const int ms : {1, 2, 5, 20}) {
    CAPTURE(ms);
    const TimePoint deadline = clock.now() + Duration{ms};
    const Duration before = clock.steady_now();
    clock.wait_until(deadline, signal);
    CHECK(clock.now() >= deadline);
    CHECK(clock.steady_now() >= before + Duration{ms});
  }
}

TEST_CASE("SystemClock is woken by another thread when the signal is raised while it waits") {
  const SystemClock clock;
  WakeSignal signal;
  std::thread raiser{[&] { signal.raise(); }};
  clock.wait_until(time_max, signal);
  raiser.join();
  CHECK_FALSE(was_raised(signal));
}

}  // namespace system_clock_test
