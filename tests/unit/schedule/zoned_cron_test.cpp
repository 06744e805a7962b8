// SPDX-License-Identifier: MIT
//
// ZonedCron: both changes of the clocks in every pair of policies, forwards and backwards, and
// against a reference that asks for each local time when a clock shows it.

#include "punctual/schedule/zoned_cron.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "hand_zone.hpp"
#include "instants.hpp"
#include "punctual/base/random.hpp"
#include "support/catch.hpp"

namespace zoned_cron_test {

namespace {

using punctual::CronExpression;
using punctual::DstCase;
using punctual::DstGap;
using punctual::DstOverlap;
using punctual::Duration;
using punctual::LocalSeconds;
using punctual::Random;
using punctual::time_max;
using punctual::time_min;
using punctual::TimePoint;
using punctual::TimeZone;
using punctual::ZoneRules;
using punctual::ZoneSpan;
using punctual::detail::ZonedCron;
using punctual::tests::apia;
using punctual::tests::hand_zone;
using punctual::tests::instant;
using punctual::tests::lord_howe;
using punctual::tests::new_york;
using punctual::tests::shown;
using Texts = std::vector<std::string>;

constexpr DstGap gaps[] = {DstGap::at_transition, DstGap::shift, DstGap::skip};
constexpr DstOverlap overlaps[] = {DstOverlap::by_kind, DstOverlap::first, DstOverlap::last,
                                   DstOverlap::both};

/// "2024-03-10T07:00:00Z moved"
std::string with_case(const ZonedCron& cron, TimePoint at) {
  switch (cron.case_of(at)) {
    case DstCase::none:
      return shown(at);
    case DstCase::moved:
      return shown(at) + " moved";
    case DstCase::first_pass:
      return shown(at) + " 1st";
    case DstCase::second_pass:
      return shown(at) + " 2nd";
  }
  return "no case";
}

/// The instants between two others, which are not meant.
Texts forwards(const ZonedCron& cron, TimePoint after, TimePoint before) {
  Texts runs;
  for (auto at = cron.next_after(after); at && *at < before; at = cron.next_after(*at)) {
    runs.push_back(with_case(cron, *at));
  }
  return runs;
}

/// As `forwards`, found from the end; in the same order.
Texts backwards(const ZonedCron& cron, TimePoint after, TimePoint before) {
  Texts runs;
  for (auto at = cron.previous_before(before); at && *at > after; at = cron.previous_before(*at)) {
    runs.push_back(with_case(cron, *at));
  }
  std::reverse(runs.begin(), runs.end());
  return runs;
}

struct GapRow {
  const char* subject;
  const char* cron;
  Texts at_transition;
  Texts shift;
  Texts skip;
};

/// Checks the rows for all three policies, whatever the other policy.
void check_gap(const TimeZone& zone, const char* after, const char* before,
               const std::vector<GapRow>& rows) {
  for (const auto& row : rows) {
    const auto cron = CronExpression::parse(row.cron);
    for (const DstGap gap : gaps) {
      for (const DstOverlap overlap : overlaps) {
        CAPTURE(row.subject, row.cron, static_cast<int>(gap), static_cast<int>(overlap));
        const ZonedCron zoned{cron, *zone.rules(), gap, overlap};
        const Texts& expected = gap == DstGap::at_transition ? row.at_transition
                                : gap == DstGap::shift       ? row.shift
                                                             : row.skip;
        CHECK(forwards(zoned, instant(after), instant(before)) == expected);
        CHECK(backwards(zoned, instant(after), instant(before)) == expected);
      }
    }
  }
}

struct OverlapRow {
  const char* subject;
  const char* cron;
  Texts by_kind;
  Texts first;
  Texts last;
  Texts both;
};

void check_overlap(const TimeZone& zone, const char* after, const char* before,
                   const std::vector<OverlapRow>& rows) {
  for (const auto& row : rows) {
    const auto cron = CronExpression::parse(row.cron);
    for (const DstOverlap overlap : overlaps) {
      for (const DstGap gap : gaps) {
        CAPTURE(row.subject, row.cron, static_cast<int>(overlap), static_cast<int>(gap));
        const ZonedCron zoned{cron, *zone.rules(), gap, overlap};
        const Texts& expected = overlap == DstOverlap::by_kind ? row.by_kind
                                : overlap == DstOverlap::first ? row.first
                                : overlap == DstOverlap::last  ? row.last
                                                               : row.both;
        CHECK(forwards(zoned, instant(after), instant(before)) == expected);
        CHECK(backwards(zoned, instant(after), instant(before)) == expected);
      }
    }
  }
}

}  // namespace

TEST_CASE("ZonedCron decides by the gap policy when New York's clocks pass over an hour") {
  // 02:00 becomes 03:00 at 07:00Z.
  check_gap(new_york(), "2024-03-10T00:00:00Z", "2024-03-12T00:00:00Z",
            {
                {"in the gap",
                 "30 2 * * *",
                 {"2024-03-10T07:00:00Z moved", "2024-03-11T06:30:00Z"},
                 {"2024-03-10T07:30:00Z moved", "2024-03-11T06:30:00Z"},
                 {"2024-03-11T06:30:00Z"}},
                {"its first second",
                 "0 2 * * *",
                 {"2024-03-10T07:00:00Z moved", "2024-03-11T06:00:00Z"},
                 {"2024-03-10T07:00:00Z moved", "2024-03-11T06:00:00Z"},
                 {"2024-03-11T06:00:00Z"}},
                {"its last second",
                 "59 59 2 * * *",
                 {"2024-03-10T07:00:00Z moved", "2024-03-11T06:59:59Z"},
                 {"2024-03-10T07:59:59Z moved", "2024-03-11T06:59:59Z"},
                 {"2024-03-11T06:59:59Z"}},
                {"the second before",
                 "59 59 1 * * *",
                 {"2024-03-10T06:59:59Z", "2024-03-11T05:59:59Z"},
                 {"2024-03-10T06:59:59Z", "2024-03-11T05:59:59Z"},
                 {"2024-03-10T06:59:59Z", "2024-03-11T05:59:59Z"}},
                {"the second behind",
                 "0 3 * * *",
                 {"2024-03-10T07:00:00Z", "2024-03-11T07:00:00Z"},
                 {"2024-03-10T07:00:00Z", "2024-03-11T07:00:00Z"},
                 {"2024-03-10T07:00:00Z", "2024-03-11T07:00:00Z"}},
                {"several in the gap, on one day",
                 "0,15,30 2 10 * *",
                 {"2024-03-10T07:00:00Z moved"},
                 {"2024-03-10T07:00:00Z moved", "2024-03-10T07:15:00Z moved",
                  "2024-03-10T07:30:00Z moved"},
                 {}},
                {"in the gap and behind it",
                 "30 2,3 10 * *",
                 {"2024-03-10T07:00:00Z moved", "2024-03-10T07:30:00Z"},
                 {"2024-03-10T07:30:00Z"},
                 {"2024-03-10T07:30:00Z"}},
                {"moved in between the others",
                 "20,40 2,3 10 * *",
                 {"2024-03-10T07:00:00Z moved", "2024-03-10T07:20:00Z", "2024-03-10T07:40:00Z"},
                 {"2024-03-10T07:20:00Z", "2024-03-10T07:40:00Z"},
                 {"2024-03-10T07:20:00Z", "2024-03-10T07:40:00Z"}},
                {"moved to behind one of its own",
                 "10 2 10 * *",
                 {"2024-03-10T07:00:00Z moved"},
                 {"2024-03-10T07:10:00Z moved"},
                 {}},
                {"moved by its hour to where its minute is",
                 "15 0-5 10 * *",
                 {"2024-03-10T05:15:00Z", "2024-03-10T06:15:00Z", "2024-03-10T07:00:00Z moved",
                  "2024-03-10T07:15:00Z", "2024-03-10T08:15:00Z", "2024-03-10T09:15:00Z"},
                 {"2024-03-10T05:15:00Z", "2024-03-10T06:15:00Z", "2024-03-10T07:15:00Z",
                  "2024-03-10T08:15:00Z", "2024-03-10T09:15:00Z"},
                 {"2024-03-10T05:15:00Z", "2024-03-10T06:15:00Z", "2024-03-10T07:15:00Z",
                  "2024-03-10T08:15:00Z", "2024-03-10T09:15:00Z"}},
            });
  check_gap(new_york(), "2024-03-10T06:00:00Z", "2024-03-10T08:30:00Z",
            {
                {"every half hour",
                 "*/30 * * * *",
                 {"2024-03-10T06:30:00Z", "2024-03-10T07:00:00Z", "2024-03-10T07:30:00Z",
                  "2024-03-10T08:00:00Z"},
                 {"2024-03-10T06:30:00Z", "2024-03-10T07:00:00Z", "2024-03-10T07:30:00Z",
                  "2024-03-10T08:00:00Z"},
                 {"2024-03-10T06:30:00Z", "2024-03-10T07:00:00Z", "2024-03-10T07:30:00Z",
                  "2024-03-10T08:00:00Z"}},
            });
}

TEST_CASE("ZonedCron decides by the overlap policy when New York's clocks repeat an hour") {
  // 02:00 becomes 01:00 at 06:00Z.
  check_overlap(
      new_york(), "2024-11-03T00:00:00Z", "2024-11-05T00:00:00Z",
      {
          {"in the overlap",
           "30 1 * * *",
           {"2024-11-03T05:30:00Z 1st", "2024-11-04T06:30:00Z"},
           {"2024-11-03T05:30:00Z 1st", "2024-11-04T06:30:00Z"},
           {"2024-11-03T06:30:00Z 2nd", "2024-11-04T06:30:00Z"},
           {"2024-11-03T05:30:00Z 1st", "2024-11-03T06:30:00Z 2nd", "2024-11-04T06:30:00Z"}},
          {"its first second",
           "0 1 3 * *",
           {"2024-11-03T05:00:00Z 1st"},
           {"2024-11-03T05:00:00Z 1st"},
           {"2024-11-03T06:00:00Z 2nd"},
           {"2024-11-03T05:00:00Z 1st", "2024-11-03T06:00:00Z 2nd"}},
          {"its last second",
           "59 59 1 3 * *",
           {"2024-11-03T05:59:59Z 1st"},
           {"2024-11-03T05:59:59Z 1st"},
           {"2024-11-03T06:59:59Z 2nd"},
           {"2024-11-03T05:59:59Z 1st", "2024-11-03T06:59:59Z 2nd"}},
          {"the second before",
           "59 59 0 3 * *",
           {"2024-11-03T04:59:59Z"},
           {"2024-11-03T04:59:59Z"},
           {"2024-11-03T04:59:59Z"},
           {"2024-11-03T04:59:59Z"}},
          {"the second behind",
           "0 2 3 * *",
           {"2024-11-03T07:00:00Z"},
           {"2024-11-03T07:00:00Z"},
           {"2024-11-03T07:00:00Z"},
           {"2024-11-03T07:00:00Z"}},
          {"a list of fixed times",
           "0,30 1 3 * *",
           {"2024-11-03T05:00:00Z 1st", "2024-11-03T05:30:00Z 1st"},
           {"2024-11-03T05:00:00Z 1st", "2024-11-03T05:30:00Z 1st"},
           {"2024-11-03T06:00:00Z 2nd", "2024-11-03T06:30:00Z 2nd"},
           {"2024-11-03T05:00:00Z 1st", "2024-11-03T05:30:00Z 1st", "2024-11-03T06:00:00Z 2nd",
            "2024-11-03T06:30:00Z 2nd"}},
          {"the same times, as a step",
           "*/30 1 3 * *",
           {"2024-11-03T05:00:00Z 1st", "2024-11-03T05:30:00Z 1st", "2024-11-03T06:00:00Z 2nd",
            "2024-11-03T06:30:00Z 2nd"},
           {"2024-11-03T05:00:00Z 1st", "2024-11-03T05:30:00Z 1st"},
           {"2024-11-03T06:00:00Z 2nd", "2024-11-03T06:30:00Z 2nd"},
           {"2024-11-03T05:00:00Z 1st", "2024-11-03T05:30:00Z 1st", "2024-11-03T06:00:00Z 2nd",
            "2024-11-03T06:30:00Z 2nd"}},
          {"a range of hours around the overlap",
           "0 0-2 3 * *",
           {"2024-11-03T04:00:00Z", "2024-11-03T05:00:00Z 1st", "2024-11-03T06:00:00Z 2nd",
            "2024-11-03T07:00:00Z"},
           {"2024-11-03T04:00:00Z", "2024-11-03T05:00:00Z 1st", "2024-11-03T07:00:00Z"},
           {"2024-11-03T04:00:00Z", "2024-11-03T06:00:00Z 2nd", "2024-11-03T07:00:00Z"},
           {"2024-11-03T04:00:00Z", "2024-11-03T05:00:00Z 1st", "2024-11-03T06:00:00Z 2nd",
            "2024-11-03T07:00:00Z"}},
      });
}

TEST_CASE("ZonedCron moves by half an hour when that is how far the clocks are set") {
  // 02:00 becomes 02:30 at 15:30Z.
  check_gap(lord_howe(), "2024-10-05T00:00:00Z", "2024-10-06T14:00:00Z",
            {
                {"in the gap",
                 "15 2 * * *",
                 {"2024-10-05T15:30:00Z moved"},
                 {"2024-10-05T15:45:00Z moved"},
                 {}},
                {"two in the gap",
                 "5,10 2 * * *",
                 {"2024-10-05T15:30:00Z moved"},
                 {"2024-10-05T15:35:00Z moved", "2024-10-05T15:40:00Z moved"},
                 {}},
                {"its quarters",
                 "*/15 2 * * *",
                 {"2024-10-05T15:30:00Z", "2024-10-05T15:45:00Z"},
                 {"2024-10-05T15:30:00Z", "2024-10-05T15:45:00Z"},
                 {"2024-10-05T15:30:00Z", "2024-10-05T15:45:00Z"}},
                {"behind the gap",
                 "30 2 * * *",
                 {"2024-10-05T15:30:00Z"},
                 {"2024-10-05T15:30:00Z"},
                 {"2024-10-05T15:30:00Z"}},
            });
  // 02:00 becomes 01:30 at 15:00Z.
  check_overlap(lord_howe(), "2024-04-06T00:00:00Z", "2024-04-07T14:00:00Z",
                {
                    {"in the overlap",
                     "45 1 * * *",
                     {"2024-04-06T14:45:00Z 1st"},
                     {"2024-04-06T14:45:00Z 1st"},
                     {"2024-04-06T15:15:00Z 2nd"},
                     {"2024-04-06T14:45:00Z 1st", "2024-04-06T15:15:00Z 2nd"}},
                    {"its first second",
                     "30 1 * * *",
                     {"2024-04-06T14:30:00Z 1st"},
                     {"2024-04-06T14:30:00Z 1st"},
                     {"2024-04-06T15:00:00Z 2nd"},
                     {"2024-04-06T14:30:00Z 1st", "2024-04-06T15:00:00Z 2nd"}},
                    {"before the overlap, in the same hour",
                     "15 1 * * *",
                     {"2024-04-06T14:15:00Z"},
                     {"2024-04-06T14:15:00Z"},
                     {"2024-04-06T14:15:00Z"},
                     {"2024-04-06T14:15:00Z"}},
                    {"behind the overlap",
                     "0 2 * * *",
                     {"2024-04-06T15:30:00Z"},
                     {"2024-04-06T15:30:00Z"},
                     {"2024-04-06T15:30:00Z"},
                     {"2024-04-06T15:30:00Z"}},
                });
}

TEST_CASE("ZonedCron passes over a whole day when the clocks do") {
  // 2011-12-30 does not come: 24:00 of the 29th is 00:00 of the 31st, at 10:00Z.
  check_gap(apia(), "2011-12-29T12:00:00Z", "2012-01-01T12:00:00Z",
            {
                {"noon of every day",
                 "0 12 * * *",
                 {"2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z moved", "2011-12-30T22:00:00Z",
                  "2011-12-31T22:00:00Z"},
                 {"2011-12-29T22:00:00Z", "2011-12-30T22:00:00Z", "2011-12-31T22:00:00Z"},
                 {"2011-12-29T22:00:00Z", "2011-12-30T22:00:00Z", "2011-12-31T22:00:00Z"}},
                {"noon of that day",
                 "0 12 30 * *",
                 {"2011-12-30T10:00:00Z moved"},
                 {"2011-12-30T22:00:00Z moved"},
                 {}},
                {"four times that day",
                 "0 */6 30 * *",
                 {"2011-12-30T10:00:00Z moved"},
                 {"2011-12-30T10:00:00Z moved", "2011-12-30T16:00:00Z moved",
                  "2011-12-30T22:00:00Z moved", "2011-12-31T04:00:00Z moved"},
                 {}},
                {"the beginning of the next day",
                 "0 0 31 * *",
                 {"2011-12-30T10:00:00Z"},
                 {"2011-12-30T10:00:00Z"},
                 {"2011-12-30T10:00:00Z"}},
            });
}

TEST_CASE("ZonedCron fires when the clocks are set if they are set again before it would") {
  // 02:00 becomes 03:00, and half an hour later 03:30 becomes 02:30.
  const TimeZone zone =
      hand_zone("Test/Short_Lived", 0, {{"2024-06-01T02:00:00Z", 60}, {"2024-06-01T02:30:00Z", 0}});
  check_gap(zone, "2024-06-01T00:00:00Z", "2024-06-01T12:00:00Z",
            {
                {"in the gap",
                 "15 2 * * *",
                 {"2024-06-01T02:00:00Z moved"},
                 {"2024-06-01T02:00:00Z moved"},
                 {}},
            });
}

TEST_CASE("ZonedCron reaches the ends of time when local time lies beside them") {
  struct Row {
    const char* subject;
    std::int64_t offset_minutes;
    const char* first;
    const char* last;
  };
  // Local times are of the years 1 to 9999, as instants are.
  const Row rows[] = {
      {"west", -300, "0001-01-01T05:00:00Z", "9999-12-31T23:59:00Z"},
      {"east", 300, "0001-01-01T00:00:00Z", "9999-12-31T18:59:00Z"},
      {"as UTC", 0, "0001-01-01T00:00:00Z", "9999-12-31T23:59:00Z"},
  };
  const auto minutely = CronExpression::parse("* * * * *");
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const TimeZone zone = hand_zone("Test/Fixed", row.offset_minutes, {});
    const ZonedCron cron{minutely, *zone.rules(), DstGap::shift, DstOverlap::both};
    CHECK(shown(cron.next_after(TimePoint::min())) == row.first);
    CHECK(shown(cron.next_after(time_min - Duration{1})) == row.first);
    CHECK(shown(cron.previous_before(TimePoint::max())) == row.last);
    CHECK(shown(cron.previous_before(time_max)) == row.last);
    CHECK(cron.next_after(instant(row.last)) == std::nullopt);
    CHECK(cron.next_after(time_max) == std::nullopt);
    CHECK(cron.next_after(TimePoint::max()) == std::nullopt);
    CHECK(cron.previous_before(instant(row.first)) == std::nullopt);
    CHECK(cron.previous_before(time_min) == std::nullopt);
    CHECK(cron.previous_before(TimePoint::min()) == std::nullopt);
  }
}

TEST_CASE("ZonedCron finds instants far away when many changes of the clocks lie between") {
  std::vector<std::string> texts;
  for (int year = 1970; year < 2070; ++year) {
    texts.push_back(std::to_string(year) + "-03-10T07:00:00Z");
    texts.push_back(std::to_string(year) + "-11-03T06:00:00Z");
  }
  std::vector<punctual::tests::HandZone::Change> changes;
  for (std::size_t i = 0; i < texts.size(); ++i)
    changes.push_back({texts[i], i % 2 == 0 ? -240 : -300});
  const TimeZone zone = hand_zone("Test/Many_Changes", -300, changes);
  struct Row {
    const char* cron;
    const char* next;      // after 2024-07-01
    const char* previous;  // before 2024-07-01
  };
  const Row rows[] = {
      {"0 0 29 2 *", "2028-02-29T05:00:00Z", "2024-02-29T05:00:00Z"},
      {"0 0 29 2 MON#5", "2044-02-29T05:00:00Z", "2016-02-29T05:00:00Z"},
      {"0 0 0 4 7 ? 2060", "2060-07-04T04:00:00Z", "never"},
      {"0 0 0 4 7 ? 1980", "never", "1980-07-04T04:00:00Z"},
      {"0 30 2 10 3 ? 2061", "2061-03-10T07:00:00Z", "never"},
      {"0 30 1 3 11 ? 1971,2061", "2061-11-03T05:30:00Z", "1971-11-03T05:30:00Z"},
      {"0 0 0 1 1 ? 2099", "2099-01-01T05:00:00Z", "never"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.cron);
    const auto cron = CronExpression::parse(row.cron, punctual::CronDayMatch::both);
    const ZonedCron zoned{cron, *zone.rules(), DstGap::at_transition, DstOverlap::by_kind};
    CHECK(shown(zoned.next_after(instant("2024-07-01T00:00:00Z"))) == row.next);
    CHECK(shown(zoned.previous_before(instant("2024-07-01T00:00:00Z"))) == row.previous);
  }
}

namespace {

/// Asks of each matching local time when a clock of the zone shows it, and decides then.
std::set<TimePoint> reference(const CronExpression& cron, const ZoneRules& zone,
                              std::size_t span_count, DstGap gap, DstOverlap overlap,
                              TimePoint first, TimePoint last) {
  using std::chrono::seconds;
  const auto count = [](TimePoint at) { return at.time_since_epoch().count() / 1000; };
  const auto at = [](std::int64_t second) { return TimePoint{seconds{second}}; };
  std::set<TimePoint> found;
  const LocalSeconds end{seconds{count(last) + 3 * 86'400}};
  for (auto local = cron.local_from(LocalSeconds{seconds{count(first) - 3 * 86'400}});
       local && *local < end; local = cron.local_from(*local + seconds{1})) {
    const std::int64_t shows = local->time_since_epoch().count();
    std::vector<std::int64_t> passes;
    for (std::size_t i = 0; i < span_count; ++i) {
      const std::int64_t when = shows - zone.span(i).offset;
      if (zone.span_at(when) == i) passes.push_back(when);
    }
    std::sort(passes.begin(), passes.end());
    if (passes.empty() && gap != DstGap::skip) {
      for (std::size_t i = 1; i < span_count; ++i) {
        const ZoneSpan span = zone.span(i);
        if (shows < span.begin + span.offset_before || shows >= span.begin + span.offset) continue;
        found.insert(at(gap == DstGap::shift ? shows - span.offset_before : span.begin));
      }
    }
    const bool is_first_alone =
        overlap == DstOverlap::first || (overlap == DstOverlap::by_kind && !cron.is_interval());
    if (is_first_alone && passes.size() > 1) passes.pop_back();
    if (overlap == DstOverlap::last && passes.size() > 1) passes.erase(passes.begin());
    for (const std::int64_t pass : passes) found.insert(at(pass));
  }
  found.erase(found.begin(), found.lower_bound(first));
  found.erase(found.upper_bound(last), found.end());
  return found;
}

std::string draw_expression(Random& random) {
  const auto pick = [&](const std::vector<std::string>& choices) {
    return choices.at(random.up_to(choices.size() - 1)) + " ";
  };
  return pick({"0", "0", "59", "*/30", "7,8"}) +
         pick({"0", "30", "59", "*/10", "15,45", "5-20/5"}) +
         pick({"*", "0", "1", "2", "3", "1,2", "0-3", "2/2", "23-1"}) +
         pick({"*", "*", "*", "30", "10", "L", "3"}) + "* " + pick({"*", "*", "SUN", "SAT-MON"});
}

}  // namespace

TEST_CASE("ZonedCron agrees with the reference when expressions are drawn at random") {
  constexpr std::uint64_t seed = 20'240'310;
  CAPTURE(seed);
  Random random{seed};
  struct Place {
    TimeZone zone;
    std::size_t span_count;
    const char* first;
    const char* last;
  };
  const std::vector<Place> places = {
      {new_york(), 3, "2024-03-09T00:00:00Z", "2024-03-12T00:00:00Z"},
      {new_york(), 3, "2024-11-02T00:00:00Z", "2024-11-05T00:00:00Z"},
      {lord_howe(), 3, "2024-04-05T12:00:00Z", "2024-04-08T00:00:00Z"},
      {lord_howe(), 3, "2024-10-04T12:00:00Z", "2024-10-07T00:00:00Z"},
      {apia(), 2, "2011-12-28T12:00:00Z", "2012-01-01T12:00:00Z"},
  };
  for (const auto& place : places) {
    for (int i = 0; i < 40; ++i) {
      const std::string text = draw_expression(random);
      const auto cron = CronExpression::parse(text);
      for (const DstGap gap : gaps) {
        for (const DstOverlap overlap : overlaps) {
          CAPTURE(place.first, text, static_cast<int>(gap), static_cast<int>(overlap));
          const ZonedCron zoned{cron, *place.zone.rules(), gap, overlap};
          const TimePoint first = instant(place.first);
          const TimePoint last = instant(place.last);
          const auto expected =
              reference(cron, *place.zone.rules(), place.span_count, gap, overlap, first, last);
          Texts texts;
          for (const TimePoint at : expected) texts.push_back(with_case(zoned, at));
          REQUIRE(forwards(zoned, first - Duration{1}, last + Duration{1}) == texts);
          REQUIRE(backwards(zoned, first - Duration{1}, last + Duration{1}) == texts);
          // From anywhere, a millisecond off as well.
          for (int k = 0; k < 10; ++k) {
            const auto span = static_cast<std::uint64_t>((last - first).count());
            const TimePoint asked = first + Duration{static_cast<std::int64_t>(random.up_to(span))};
            const auto next = expected.upper_bound(asked);
            if (next != expected.end()) REQUIRE(zoned.next_after(asked) == *next);
            const auto behind = expected.lower_bound(asked);
            if (behind != expected.begin()) {
              REQUIRE(zoned.previous_before(asked) == *std::prev(behind));
            }
          }
        }
      }
    }
  }
}

}  // namespace zoned_cron_test
