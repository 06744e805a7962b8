// SPDX-License-Identifier: MIT

#include "punctual/testing/drifting_clock.hpp"

#include <punctual/punctual.hpp>

#include <vector>

#include "support/catch.hpp"

namespace drifting_clock_test {

using namespace std::chrono_literals;
using namespace date::literals;
using namespace punctual;
using punctual::testing::DriftingClock;

static_assert(Clock<DriftingClock>);
static_assert(Clock<DriftingClock&>);

namespace {

constexpr TimePoint noon = date::sys_days{2024_y / 1 / 1} + 12h;

}  // namespace

TEST_CASE("DriftingClock shows a wall clock that is off, and gains or loses time") {
  TimePoint now = noon;
  const DriftingClock fast{now, -2h, 200, {}};
  const DriftingClock slow{now, 0ms, -200, {}};
  CHECK(fast.now() == noon - 2h);
  CHECK(fast.steady_now() == Duration{0});
  now += 1000s;
  CHECK(fast.steady_now() == Duration{1000s + 200ms});
  CHECK(slow.steady_now() == Duration{1000s - 200ms});
  CHECK(slow.now() == noon + 1000s - 200ms);
}

TEST_CASE("DriftingClock sets the wall clock alone, forward and back") {
  TimePoint now = noon;
  DriftingClock clock{now, 0ms, 0, {}};
  clock.step(3h);
  CHECK(clock.now() == noon + 3h);
  clock.step(-5h);
  CHECK(clock.now() == noon - 2h);
  CHECK(clock.steady_now() == Duration{0});
}

TEST_CASE("DriftingClock waits by letting the simulation go on, a minute at most") {
  TimePoint now = noon;
  std::vector<Duration> waits;
  DriftingClock clock{now, 0ms, 0, [&](Duration span) {
                        waits.push_back(span);
                        now += span;
                      }};
  WakeSignal signal;
  clock.wait_until(noon + 5s, signal);
  clock.wait_until(noon + 1h, signal);
  clock.wait_until(noon, signal);
  signal.raise();
  clock.wait_until(noon + 1h, signal);  // at once
  CHECK(waits == std::vector<Duration>{5s, 60s, 0ms});
}

TEST_CASE("DriftingClock of a dead host moves alone") {
  TimePoint now = noon;
  DriftingClock clock{now, 0ms, 0, [&](Duration) { FAIL("nobody waits for the dead"); }};
  clock.detach();
  WakeSignal signal;
  clock.wait_until(noon + 5s, signal);
  CHECK(clock.steady_now() == Duration{5s});
  CHECK(now == noon);
}

}  // namespace drifting_clock_test
