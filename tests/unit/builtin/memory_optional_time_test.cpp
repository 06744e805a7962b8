// SPDX-License-Identifier: MIT
//
// OptionalTime: as a std::optional, in half the bytes.

#include "punctual/builtin/memory_optional_time.hpp"

#include <optional>

#include "support/catch.hpp"

namespace memory_optional_time_test {

using punctual::Duration;
using punctual::time_max;
using punctual::time_min;
using punctual::TimePoint;
using punctual::detail::OptionalTime;

static_assert(sizeof(OptionalTime) == sizeof(TimePoint));

TEST_CASE("OptionalTime holds any instant that the library accepts, or none") {
  const OptionalTime none;
  CHECK_FALSE(none);
  CHECK_FALSE(none.has_value());
  CHECK(none.value_or(TimePoint{}) == TimePoint{});
  for (const TimePoint at : {time_min, TimePoint{}, TimePoint{Duration{1}}, time_max}) {
    CAPTURE(at.time_since_epoch().count());
    OptionalTime time;
    time = at;
    CHECK(time);
    CHECK(*time == at);
    CHECK(time.value_or(at + Duration{1}) == at);
    CHECK_FALSE(time == none);
    time.reset();
    CHECK(time == none);
  }
}

TEST_CASE("OptionalTime is what it was when it has gone through an optional") {
  for (const auto& at : {std::optional<TimePoint>{}, std::optional{TimePoint{Duration{5}}}}) {
    const OptionalTime time = at;
    const std::optional<TimePoint> back = time;
    CHECK(back == at);
    CHECK(time == at);
    CHECK(time.has_value() == at.has_value());
  }
}

}  // namespace memory_optional_time_test
