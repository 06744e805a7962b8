// SPDX-License-Identifier: MIT

#include "punctual/self_check/check_context.hpp"

#include <chrono>

#include "punctual/builtin/fake_clock.hpp"
#include "support/catch.hpp"

namespace check_context_test {

using namespace std::chrono_literals;
using punctual::CheckContext;
using punctual::CheckHost;
using punctual::FakeClock;

TEST_CASE("CheckContext counts its limit on the monotonic clock") {
  FakeClock clock;
  const CheckContext context{10s, CheckHost{.now = [&] { return clock.now(); },
                                            .steady_now = [&] { return clock.steady_now(); }}};
  CHECK(context.limit() == 10s);
  CHECK(context.elapsed() == 0ms);
  CHECK(context.time_left() == 10s);

  SECTION("time passes") {
    clock.advance(4s);
    CHECK(context.elapsed() == 4s);
    CHECK(context.time_left() == 6s);
    CHECK(context.now() == clock.now());
    CHECK(context.steady_now() == clock.steady_now());
  }
  SECTION("time that is left is never negative") {
    clock.advance(11s);
    CHECK(context.time_left() == 0ms);
    CHECK(context.elapsed() == 11s);
  }
  SECTION("a wall clock that is set changes nothing") {
    clock.set_wall(clock.now() - 24h);
    CHECK(context.time_left() == 10s);
  }
}

TEST_CASE("CheckContext hands on the stop request of its host") {
  bool stop = false;
  CheckHost host;
  host.stop_requested = [&] { return stop; };
  const CheckContext context{1s, host};
  CHECK_FALSE(context.stop_requested());
  stop = true;
  CHECK(context.stop_requested());
}

TEST_CASE("CheckContext without a host runs on the computer's clocks and is never stopped") {
  const CheckContext context{1h};
  CHECK_FALSE(context.stop_requested());
  CHECK(context.time_left() <= 1h);
  CHECK(context.now() > punctual::TimePoint{});
}

}  // namespace check_context_test
