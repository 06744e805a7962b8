// SPDX-License-Identifier: MIT

#include "punctual/builtin/server_clock.hpp"

#include <chrono>

#include "support/catch.hpp"

namespace server_clock_test {

using namespace punctual;
using detail::clock_difference;
using detail::ServerClock;

TEST_CASE("clock_difference is none when the round trip leaves it open") {
  const auto at = [](int ms) { return TimePoint{Duration{ms}}; };
  CHECK(clock_difference(at(100), at(100), at(100)) == Duration{0});
  CHECK(clock_difference(at(100), at(104), at(105)) == Duration{0});
  CHECK(clock_difference(at(100), at(1102), at(104)) == Duration{1000});
  CHECK(clock_difference(at(1000), at(2), at(1004)) == Duration{-1000});
}

TEST_CASE("ServerClock asks once and goes on by itself") {
  ServerClock clock;
  int asked_count = 0;
  const auto ask = [&] {
    ++asked_count;
    return SystemClock{}.now() + std::chrono::hours{1};
  };
  const TimePoint before = SystemClock{}.now();
  const TimePoint first = clock.now(ask);
  const TimePoint second = clock.now(ask);
  CHECK(asked_count == 1);
  CHECK(first - before >= std::chrono::minutes{59});
  CHECK(first - before <= std::chrono::minutes{61});
  CHECK(second >= first);
}

TEST_CASE("ServerClock goes by this host's clock when the server does not answer") {
  ServerClock clock;
  const TimePoint before = SystemClock{}.now();
  const TimePoint got = clock.now([]() -> TimePoint {
    throw Error{"STORAGE_UNAVAILABLE", "gone"};
  });
  CHECK(got >= before);
  CHECK(got <= SystemClock{}.now());
}

}  // namespace server_clock_test
