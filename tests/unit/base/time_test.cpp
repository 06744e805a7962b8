// SPDX-License-Identifier: MIT
//
// Time: the range of instants, and arithmetic that stays within it.

#include "punctual/base/time.hpp"

#include <date/date.h>

#include <cstdint>
#include <type_traits>

#include "punctual/base/random.hpp"
#include "support/catch.hpp"

namespace time_test {

using punctual::add_clamped;
using punctual::Duration;
using punctual::Random;
using punctual::time_max;
using punctual::time_min;
using punctual::TimePoint;

static_assert(std::is_same_v<Duration, std::chrono::milliseconds>);
static_assert(std::is_same_v<TimePoint::duration, Duration>);
static_assert(sizeof(Duration::rep) == 8);

TEST_CASE("time_min and time_max are the ends of the years 1 and 9999 when read as dates") {
  CHECK(time_min == TimePoint{date::sys_days{date::year{1} / 1 / 1}});
  CHECK(time_max == TimePoint{date::sys_days{date::year{10000} / 1 / 1}} - Duration{1});
}

TEST_CASE("add_clamped stays in the range when the sum would leave it") {
  constexpr TimePoint epoch{};
  struct Row {
    const char* subject;
    TimePoint instant;
    Duration span;
    TimePoint wanted;
  };
  const Row rows[] = {
      {"a span forward", epoch, Duration{5}, TimePoint{Duration{5}}},
      {"a span back", epoch, Duration{-5}, TimePoint{Duration{-5}}},
      {"no span", epoch, Duration{0}, epoch},
      {"just up to the end", time_max - Duration{7}, Duration{7}, time_max},
      {"one past the end", time_max - Duration{7}, Duration{8}, time_max},
      {"just back to the start", time_min + Duration{7}, Duration{-7}, time_min},
      {"one before the start", time_min + Duration{7}, Duration{-8}, time_min},
      {"for ever", epoch, Duration::max(), time_max},
      {"for ever from the start", time_min, Duration::max(), time_max},
      {"for ever from the end", time_max, Duration::max(), time_max},
      {"for ever back", epoch, Duration::min(), time_min},
      {"for ever back from the start", time_min, Duration::min(), time_min},
      {"for ever back from the end", time_max, Duration::min(), time_min},
      {"the whole range", time_min, time_max - time_min, time_max},
      {"the whole range back", time_max, time_min - time_max, time_min},
      {"an instant before the start", TimePoint::min(), Duration{3}, time_min + Duration{3}},
      {"an instant past the end", TimePoint::max(), Duration{-3}, time_max - Duration{3}},
      {"an instant past the end, for ever", TimePoint::max(), Duration::max(), time_max},
      {"an instant before the start, for ever back", TimePoint::min(), Duration::min(), time_min},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(add_clamped(row.instant, row.span) == row.wanted);
  }
}

TEST_CASE("add_clamped adds exactly when the sum lies in the range") {
  constexpr std::uint64_t seed = 11;
  CAPTURE(seed);
  Random random{seed};
  const auto range = static_cast<std::uint64_t>((time_max - time_min).count());
  const auto draw = [&] {
    return time_min + Duration{static_cast<std::int64_t>(random.up_to(range))};
  };
  for (int i = 0; i < 10'000; ++i) {
    const TimePoint from = draw();
    const TimePoint to = draw();
    REQUIRE(add_clamped(from, to - from) == to);
  }
}

}  // namespace time_test
