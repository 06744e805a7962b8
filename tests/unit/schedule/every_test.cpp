// SPDX-License-Identifier: MIT
//
// Every: the arithmetic of anchor and period, at its ends and at random.

#include "punctual/schedule/every.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "punctual/base/random.hpp"
#include "punctual/base/time.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace every_test {

using punctual::Duration;
using punctual::Every;
using punctual::Random;
using punctual::ScheduleKind;
using punctual::time_max;
using punctual::time_min;
using punctual::TimePoint;
using punctual::tests::code_of;
using punctual::tests::error_of;

namespace {

constexpr TimePoint anchor{Duration{1'705'284'000'000}};  // 2024-01-15T02:00:00Z
constexpr Duration hour{3'600'000};

TimePoint draw_instant(Random& random) {
  const auto range = static_cast<std::uint64_t>((time_max - time_min).count());
  return time_min + Duration{static_cast<std::int64_t>(random.up_to(range))};
}

/// From 1 ms to about 9,000 years, each order of magnitude as likely as the next.
Duration draw_period(Random& random) {
  const auto magnitude = std::uint64_t{1} << random.up_to(48);
  return Duration{static_cast<std::int64_t>(magnitude + random.up_to(magnitude - 1))};
}

}  // namespace

TEST_CASE("Every finds the next and the previous instant when asked from anywhere") {
  struct Row {
    const char* subject;
    TimePoint asked_at;
    std::optional<TimePoint> next;
    std::optional<TimePoint> previous;
  };
  const Row rows[] = {
      {"long before the anchor", time_min, anchor, std::nullopt},
      {"just before the anchor", anchor - Duration{1}, anchor, std::nullopt},
      {"at the anchor", anchor, anchor + hour, std::nullopt},
      {"just behind the anchor", anchor + Duration{1}, anchor + hour, anchor},
      {"just before an instant", anchor + 7 * hour - Duration{1}, anchor + 7 * hour,
       anchor + 6 * hour},
      {"at an instant", anchor + 7 * hour, anchor + 8 * hour, anchor + 6 * hour},
      {"just behind an instant", anchor + 7 * hour + Duration{1}, anchor + 8 * hour,
       anchor + 7 * hour},
      {"a million periods on", anchor + 1'000'000 * hour, anchor + 1'000'001 * hour,
       anchor + 999'999 * hour},
  };
  const Every every{hour, anchor};
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(every.next_after(row.asked_at) == row.next);
    CHECK(every.previous_before(row.asked_at) == row.previous);
  }
}

TEST_CASE("Every counts the instants of a range when both ends are included") {
  struct Row {
    const char* subject;
    TimePoint first;
    TimePoint last;
    std::int64_t count;
  };
  const Row rows[] = {
      {"before the anchor", anchor - 9 * hour, anchor - Duration{1}, 0},
      {"up to the anchor", anchor - 9 * hour, anchor, 1},
      {"the anchor alone", anchor, anchor, 1},
      {"from the anchor on", anchor, anchor + 3 * hour, 4},
      {"between two instants", anchor + Duration{1}, anchor + hour - Duration{1}, 0},
      {"one instant alone", anchor + hour, anchor + hour, 1},
      {"two neighbours", anchor + hour, anchor + 2 * hour, 2},
      {"just short of both", anchor + hour + Duration{1}, anchor + 3 * hour - Duration{1}, 1},
      {"upside down", anchor + 3 * hour, anchor + hour, 0},
      {"upside down across the anchor", anchor + hour, anchor - hour, 0},
      {"everything", time_min, time_max, (time_max - anchor) / hour + 1},
  };
  const Every every{hour, anchor};
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(every.count_between(row.first, row.last).count == row.count);
  }
}

TEST_CASE("Every does not drift when each instant is asked for from the one before") {
  const Every every{Duration{86'399'999}, anchor};
  TimePoint now = anchor;
  for (int k = 1; k <= 10'000; ++k) {
    // Asked late and unevenly, as after slow runs.
    const auto next = every.next_after(now + Duration{k % 1000});
    REQUIRE(next == anchor + k * every.period());
    now = *next;
  }
}

TEST_CASE("Every keeps its laws when anchor, period and instant are drawn at random") {
  constexpr std::uint64_t seed = 2024;
  CAPTURE(seed);
  Random random{seed};
  for (int i = 0; i < 50'000; ++i) {
    const Every every{draw_period(random), draw_instant(random)};
    const TimePoint asked_at = draw_instant(random);
    CAPTURE(every.period().count(), every.anchor().time_since_epoch().count(),
            asked_at.time_since_epoch().count());

    const auto next = every.next_after(asked_at);
    if (next) {
      REQUIRE(*next > asked_at);
      REQUIRE(*next >= every.anchor());
      REQUIRE(*next <= time_max);
      REQUIRE((*next - every.anchor()) % every.period() == Duration{0});
      const bool is_first = *next == every.anchor() || *next - every.period() <= asked_at;
      REQUIRE(is_first);
      REQUIRE(every.next_after(*next - Duration{1}) == next);
    } else {
      REQUIRE(asked_at >= every.anchor());
      const Duration into_period = (asked_at - every.anchor()) % every.period();
      REQUIRE(every.period() - into_period > time_max - asked_at);
    }

    const auto previous = every.previous_before(asked_at);
    if (previous) {
      REQUIRE(*previous < asked_at);
      REQUIRE(*previous >= every.anchor());
      REQUIRE((*previous - every.anchor()) % every.period() == Duration{0});
      REQUIRE(asked_at - *previous <= every.period());
    } else {
      REQUIRE(asked_at <= every.anchor());
    }

    // Inverse to each other.
    if (next && *next > every.anchor()) {
      const auto before = every.previous_before(*next);
      REQUIRE(before);
      REQUIRE(*before == *next - every.period());
      REQUIRE(every.next_after(*before) == next);
    }
  }
}

TEST_CASE("Every counts what it enumerates when ranges are drawn at random") {
  constexpr std::uint64_t seed = 400;
  CAPTURE(seed);
  Random random{seed};
  for (int i = 0; i < 5'000; ++i) {
    const Every every{draw_period(random), draw_instant(random)};
    // A range of up to 64 periods that begins around the anchor or well after it.
    const auto span = static_cast<std::uint64_t>(
        std::min(every.period(), (time_max - time_min) / 64).count() * 64);
    const auto draw_span = [&] { return Duration{static_cast<std::int64_t>(random.up_to(span))}; };
    const TimePoint first =
        punctual::add_clamped(every.anchor(), random.up_to(1) == 0 ? draw_span() : -draw_span());
    const TimePoint last = punctual::add_clamped(first, draw_span());
    CAPTURE(every.period().count(), every.anchor().time_since_epoch().count(),
            first.time_since_epoch().count(), last.time_since_epoch().count());
    std::int64_t count = 0;
    for (auto instant = every.next_after(first - Duration{1}); instant && *instant <= last;
         instant = every.next_after(*instant)) {
      ++count;
    }
    REQUIRE(every.count_between(first, last).count == count);
  }
}

TEST_CASE("Every reaches the ends of time when period or anchor are extreme") {
  struct Row {
    const char* subject;
    Every every;
    TimePoint asked_at;
    std::optional<TimePoint> next;
    std::optional<TimePoint> previous;
  };
  const Duration longest = Duration::max();
  const Duration range = time_max - time_min;
  const Row rows[] = {
      {"every ms, a ms before the end", Every{Duration{1}, anchor}, time_max - Duration{1},
       time_max, time_max - Duration{2}},
      {"every ms, at the end", Every{Duration{1}, anchor}, time_max, std::nullopt,
       time_max - Duration{1}},
      {"every ms of all time", Every{Duration{1}, time_min}, time_max, std::nullopt,
       time_max - Duration{1}},
      {"every hour, at the end", Every{hour, anchor}, time_max, std::nullopt,
       time_max + Duration{1} - hour},
      {"every hour, in the last hour", Every{hour, anchor}, time_max + Duration{2} - hour,
       std::nullopt, time_max + Duration{1} - hour},
      {"the longest period, before its anchor", Every{longest, anchor}, time_min, anchor,
       std::nullopt},
      {"the longest period, at its anchor", Every{longest, anchor}, anchor, std::nullopt,
       std::nullopt},
      {"the longest period, at the end", Every{longest, anchor}, time_max, std::nullopt, anchor},
      {"the longest period from the start", Every{longest, time_min}, time_max, std::nullopt,
       time_min},
      {"the whole range, at the start", Every{range, time_min}, time_min, time_max, std::nullopt},
      {"the whole range, at the end", Every{range, time_min}, time_max, std::nullopt, time_min},
      {"a ms more than the whole range", Every{range + Duration{1}, time_min}, time_min,
       std::nullopt, std::nullopt},
      {"anchored at the end, before it", Every{Duration{1}, time_max}, anchor, time_max,
       std::nullopt},
      {"anchored at the end, at it", Every{Duration{1}, time_max}, time_max, std::nullopt,
       std::nullopt},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(row.every.next_after(row.asked_at) == row.next);
    CHECK(row.every.previous_before(row.asked_at) == row.previous);
  }
  CHECK(Every{Duration{1}, time_min}.count_between(time_min, time_max).count == range.count() + 1);
  CHECK(Every{longest, time_min}.count_between(time_min, time_max).count == 1);
  CHECK(Every{range, time_min}.count_between(time_min, time_max).count == 2);
}

TEST_CASE("Every takes the anchor of the ledger when the user chose none") {
  const Every open{hour};
  CHECK_FALSE(open.is_pinned());
  CHECK(open.anchor() == TimePoint{});
  const Every anchored = open.anchored_at(anchor + Duration{7});
  CHECK(anchored.anchor() == anchor + Duration{7});
  CHECK(anchored.period() == hour);
  CHECK_FALSE(anchored.is_pinned());
  CHECK(anchored.next_after(anchor) == anchor + Duration{7});
  CHECK(anchored.anchored_at(anchor).anchor() == anchor);
  const auto bound = open.bound_to("nightly", anchor + Duration{7});
  REQUIRE(bound);
  CHECK(bound->next_after(anchor) == anchor + Duration{7});

  const Every pinned{hour, anchor};
  CHECK(pinned.is_pinned());
  CHECK(pinned.anchored_at(anchor + Duration{7}) == pinned);
  CHECK(pinned.bound_to("nightly", anchor + Duration{7}) == nullptr);
}

TEST_CASE("Every says its period, and its anchor if the user chose one") {
  CHECK(Every{hour}.describe() == "every 1 hour");
  CHECK(Every{hour}.anchored_at(anchor).describe() == "every 1 hour");
  CHECK(Every{36 * hour, anchor}.describe() ==
        "every 36 hours, counted from 2024-01-15T02:00:00.000Z");
  CHECK(Every{hour}.kind() == ScheduleKind::interval);
}

TEST_CASE("Every equals another when period, anchor and who chose it are the same") {
  CHECK(Every{hour} == Every{hour});
  CHECK(Every{hour, anchor} == Every{hour, anchor});
  CHECK_FALSE(Every{hour} == Every{2 * hour});
  CHECK_FALSE(Every{hour, anchor} == Every{hour, anchor + Duration{1}});
  CHECK_FALSE(Every{hour, anchor} == Every{hour}.anchored_at(anchor));
}

TEST_CASE("Every refuses the period when it is not positive") {
  struct Row {
    const char* subject;
    Duration period;
    const char* code;
  };
  const Row rows[] = {
      {"a millisecond", Duration{1}, ""},
      {"the longest", Duration::max(), ""},
      {"zero", Duration{0}, "INVALID_SCHEDULE"},
      {"a millisecond back", Duration{-1}, "INVALID_SCHEDULE"},
      {"the lowest number", Duration::min(), "INVALID_SCHEDULE"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(code_of([&] { Every{row.period}; }) == row.code);
    CHECK(code_of([&] { Every{row.period, anchor}; }) == row.code);
  }
  const auto error = error_of([] { Every{Duration{-60'000}}; });
  REQUIRE(error);
  CHECK(std::string{error->what()}.find("got -60000 ms") != std::string::npos);
}

TEST_CASE("Every refuses the anchor when it lies outside of the years 1 to 9999") {
  struct Row {
    const char* subject;
    TimePoint anchor;
    const char* code;
  };
  const Row rows[] = {
      {"the first instant", time_min, ""},
      {"the last instant", time_max, ""},
      {"before the first", time_min - Duration{1}, "INVALID_SCHEDULE"},
      {"past the last", time_max + Duration{1}, "INVALID_SCHEDULE"},
      {"the lowest number", TimePoint::min(), "INVALID_SCHEDULE"},
      {"the highest number", TimePoint::max(), "INVALID_SCHEDULE"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(code_of([&] { Every{hour, row.anchor}; }) == row.code);
  }
}

TEST_CASE("Every answers sanely when it is asked beyond the ends of time") {
  const Every old{hour, TimePoint{Duration{-2'208'988'800'000}}};  // from 1900 on
  CHECK_FALSE(old.next_after(TimePoint::max()));
  CHECK(old.previous_before(TimePoint::max()) == old.previous_before(time_max + Duration{1}));
  CHECK(*old.previous_before(TimePoint::max()) <= time_max);
  CHECK(old.next_after(TimePoint::min()) == old.anchor());
}

}  // namespace every_test
