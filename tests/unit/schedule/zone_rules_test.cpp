// SPDX-License-Identifier: MIT
//
// ZoneRules: what the spans of every zone keep to.

#include "punctual/schedule/zone_rules.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "hand_zone.hpp"
#include "punctual/schedule/time_zone.hpp"
#include "support/catch.hpp"

namespace zone_rules_test {

using punctual::TimeZone;
using punctual::ZoneRules;
using punctual::ZoneSpan;

TEST_CASE("ZoneSpan is all of time without an offset when nothing else is said") {
  constexpr ZoneSpan span;
  CHECK(span.begin == ZoneSpan::always_from);
  CHECK(span.end == ZoneSpan::always_until);
  CHECK(span.offset == 0);
  CHECK(span.offset_before == 0);
  CHECK(span.offset_after == 0);
  // Seconds of the years 1 to 9999 lie well within.
  CHECK(ZoneSpan::always_from < -62'135'596'800);
  CHECK(ZoneSpan::always_until > 253'402'300'799);
  // And they can be counted in milliseconds.
  CHECK(ZoneSpan::always_until < INT64_MAX / 1000);
}

TEST_CASE("ZoneRules cover all of time with spans that know their neighbours") {
  using namespace punctual::tests;
  using namespace std::chrono_literals;
  const std::vector<TimeZone> zones = {new_york(), lord_howe(), apia(),
                                       punctual::fixed_offset(5h + 45min)};
  for (const TimeZone& zone : zones) {
    CAPTURE(zone.name());
    const ZoneRules& rules = *zone.rules();
    CHECK(rules.span(0).begin == ZoneSpan::always_from);
    CHECK(rules.span(0).offset_before == rules.span(0).offset);
    for (std::size_t number = 0;; ++number) {
      const ZoneSpan span = rules.span(number);
      REQUIRE(span.begin < span.end);
      CHECK(rules.span_at(span.begin) == number);
      CHECK(rules.span_at(span.end - 1) == number);
      if (span.end == ZoneSpan::always_until) {
        CHECK(span.offset_after == span.offset);
        break;
      }
      const ZoneSpan next = rules.span(number + 1);
      CHECK(next.begin == span.end);
      CHECK(next.offset_before == span.offset);
      CHECK(next.offset == span.offset_after);
      CHECK(rules.span_at(span.end) == number + 1);
    }
  }
}

}  // namespace zone_rules_test
