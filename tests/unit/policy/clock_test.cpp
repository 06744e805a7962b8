// SPDX-License-Identifier: MIT
//
// Clock: what the concept asks for, requirement by requirement.

#include "punctual/policy/clock.hpp"

#include <chrono>

#include "punctual/builtin/fake_clock.hpp"
#include "punctual/builtin/system_clock.hpp"
#include "support/archetypes.hpp"
#include "support/catch.hpp"

namespace clock_test {

namespace {

using punctual::Clock;
using punctual::Duration;
using punctual::TimePoint;
using punctual::WakeSignal;
using punctual::tests::MinimalClock;

struct NoNow : MinimalClock {
  TimePoint now() = delete;
};
struct NowInNanoseconds : MinimalClock {
  std::chrono::sys_time<std::chrono::nanoseconds> now();
};
struct NowOfAnotherClock : MinimalClock {
  std::chrono::steady_clock::time_point now();
};
struct NowThatAsks : MinimalClock {
  TimePoint now(int zone);
};
struct NoSteadyNow : MinimalClock {
  Duration steady_now() = delete;
};
struct SteadyNowInSeconds : MinimalClock {
  std::chrono::seconds steady_now();
};
struct SteadyNowAsInstant : MinimalClock {
  TimePoint steady_now();
};
struct NoWait : MinimalClock {
  void wait_until(TimePoint, WakeSignal&) = delete;
};
struct WaitWithoutSignal : MinimalClock {
  void wait_until(TimePoint);
};
struct WaitWithAnotherSignal : MinimalClock {
  void wait_until(TimePoint, std::chrono::seconds&);
};
struct WaitForSpan : MinimalClock {
  void wait_until(Duration, WakeSignal&);
};

static_assert(Clock<MinimalClock>);
static_assert(!Clock<NoNow>);
static_assert(!Clock<NowInNanoseconds>);
static_assert(!Clock<NowOfAnotherClock>);
static_assert(!Clock<NowThatAsks>);
static_assert(!Clock<NoSteadyNow>);
static_assert(!Clock<SteadyNowInSeconds>);
static_assert(!Clock<SteadyNowAsInstant>);
static_assert(!Clock<NoWait>);
static_assert(!Clock<WaitWithoutSignal>);
static_assert(!Clock<WaitWithAnotherSignal>);
static_assert(!Clock<WaitForSpan>);

// What a scheduler borrows is a reference.
static_assert(Clock<MinimalClock&>);
static_assert(!Clock<const MinimalClock&>);
static_assert(!Clock<MinimalClock*>);
static_assert(!Clock<int>);

static_assert(Clock<punctual::SystemClock> && Clock<const punctual::SystemClock&>);
static_assert(Clock<punctual::FakeClock> && Clock<punctual::FakeClock&>);

/// What generic code does with a clock.
template <Clock ClockT>
TimePoint wait_a_minute(ClockT& clock) {
  WakeSignal signal;
  signal.raise();
  const Duration before = clock.steady_now();
  clock.wait_until(clock.now() + std::chrono::minutes{1}, signal);
  return clock.now() + (clock.steady_now() - before);
}

}  // namespace

TEST_CASE("Clock is enough to tell the time and to wait when the clock is the smallest one") {
  MinimalClock minimal;
  CHECK(wait_a_minute(minimal) == TimePoint{});
  punctual::FakeClock fake{TimePoint{Duration{7}}};
  CHECK(wait_a_minute(fake) == TimePoint{Duration{7}});
}

}  // namespace clock_test
