// SPDX-License-Identifier: MIT
//
// EveryAfterFinish: a delay counted from a run's end.

#include "punctual/schedule/every_after_finish.hpp"

#include <optional>
#include <string>

#include "punctual/base/time.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace every_after_finish_test {

using punctual::Duration;
using punctual::EveryAfterFinish;
using punctual::ScheduleKind;
using punctual::time_max;
using punctual::time_min;
using punctual::TimePoint;
using punctual::tests::code_of;
using punctual::tests::error_of;

TEST_CASE("EveryAfterFinish is due a period after the end when that is an instant") {
  constexpr TimePoint ended_at{Duration{1'705'284'000'123}};
  constexpr Duration minute{60'000};
  struct Row {
    const char* subject;
    Duration period;
    TimePoint ended_at;
    std::optional<TimePoint> due_at;
  };
  const Row rows[] = {
      {"a minute", minute, ended_at, ended_at + minute},
      {"a millisecond", Duration{1}, ended_at, ended_at + Duration{1}},
      {"before 1970", minute, TimePoint{-minute / 2}, TimePoint{minute / 2}},
      {"at the start of time", minute, time_min, time_min + minute},
      {"just in time", minute, time_max - minute, time_max},
      {"a millisecond too late", minute, time_max - minute + Duration{1}, std::nullopt},
      {"at the end of time", Duration{1}, time_max, std::nullopt},
      {"the longest period", Duration::max(), ended_at, std::nullopt},
      {"the longest period, at the start of time", Duration::max(), time_min, std::nullopt},
      {"the whole range", time_max - time_min, time_min, time_max},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const EveryAfterFinish delay{row.period};
    CHECK(delay.period() == row.period);
    CHECK(delay.next_after(row.ended_at) == row.due_at);
  }
}

TEST_CASE("EveryAfterFinish refuses the period when it is not positive") {
  CHECK(code_of([] { EveryAfterFinish{Duration{1}}; }).empty());
  for (const Duration period : {Duration{0}, Duration{-1}, Duration::min()}) {
    CAPTURE(period.count());
    const auto error = error_of([&] { EveryAfterFinish{period}; });
    REQUIRE(error);
    CHECK(error->code() == "INVALID_SCHEDULE");
    CHECK(std::string{error->what()}.find(std::to_string(period.count())) != std::string::npos);
  }
}

TEST_CASE("EveryAfterFinish has no instants before the one it waits for") {
  const EveryAfterFinish delay{Duration{120'000}};
  CHECK(delay.kind() == ScheduleKind::after_finish);
  CHECK(delay.previous_before(time_max) == std::nullopt);
  CHECK(delay.count_between(time_min, time_max).count == 1);
  CHECK(delay.count_between(TimePoint{}, TimePoint{}).count == 1);
  CHECK(delay.count_between(time_max, time_min).count == 0);
  CHECK(delay.bound_to("nightly", TimePoint{}) == nullptr);
  CHECK(delay.describe() == "2 minutes after the previous run ended");
}

TEST_CASE("EveryAfterFinish equals another when the periods are the same") {
  CHECK(EveryAfterFinish{Duration{5}} == EveryAfterFinish{Duration{5}});
  CHECK_FALSE(EveryAfterFinish{Duration{5}} == EveryAfterFinish{Duration{6}});
}

}  // namespace every_after_finish_test
