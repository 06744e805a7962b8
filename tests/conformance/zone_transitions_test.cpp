// SPDX-License-Identifier: MIT
//
// Cron schedules around every change of the clocks, held against a model that looks at each minute.
//
// The model asks date/tz.h what the clocks show, minute by minute, and the slow matcher whether
// that matches; what is shown twice or not at all it sees from the sequence alone. It shares
// nothing with the library.

#include <date/tz.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "punctual/base/iso8601.hpp"
#include "punctual/base/random.hpp"
#include "punctual/base/time.hpp"
#include "punctual/schedule/schedule.hpp"
#include "punctual/tz/zone.hpp"
#include "support/catch.hpp"
#include "support/slow_cron.hpp"

namespace zone_transitions_test {

namespace {

using punctual::CronOptions;
using punctual::DstCase;
using punctual::DstGap;
using punctual::DstOverlap;
using punctual::Duration;
using punctual::Schedule;
using punctual::TimePoint;

constexpr std::array<const char*, 12> awkward_zones = {
    "America/New_York", "Australia/Lord_Howe", "Pacific/Apia",    "Europe/Dublin",
    "America/Havana",   "Asia/Beirut",         "Asia/Amman",      "Antarctica/Troll",
    "America/Caracas",  "Africa/Casablanca",   "Pacific/Chatham", "America/Santiago"};

/// The interval between the instants that are asked about; an optimized build asks oftener.
#ifdef NDEBUG
constexpr std::int64_t sweep_step = 7;
#else
constexpr std::int64_t sweep_step = 101;
#endif

constexpr std::int64_t minute = 60;
constexpr std::int64_t hour = 3600;

TimePoint instant(std::int64_t seconds) {
  return TimePoint{Duration{seconds * 1000}};
}

/// What a zone's clocks show in each minute of [begin, end), in seconds since 1970.
struct ShownMinutes {
  ShownMinutes(const date::time_zone& zone, std::int64_t from, std::int64_t until) : begin(from) {
    auto info = zone.get_info(date::sys_seconds{std::chrono::seconds{from}});
    for (std::int64_t at = from; at < until; at += minute) {
      if (at >= info.end.time_since_epoch().count()) {
        info = zone.get_info(date::sys_seconds{std::chrono::seconds{at}});
      }
      shown.push_back(at + info.offset.count());
    }
    std::int64_t latest = shown.front() - 1;
    for (const auto local : shown) {
      is_second_pass.push_back(local <= latest);
      latest = std::max(latest, local);
    }
    is_first_pass.resize(shown.size());
    std::int64_t earliest = shown.back() + 1;
    for (std::size_t i = shown.size(); i-- > 0;) {
      is_first_pass[i] = shown[i] >= earliest;
      earliest = std::min(earliest, shown[i]);
    }
  }

  std::int64_t begin;
  std::vector<std::int64_t> shown{};
  std::vector<bool> is_first_pass{};
  std::vector<bool> is_second_pass{};
};

struct Case {
  const char* expression;
  bool is_interval;  ///< second, minute or hour is a `*`, a range or a step
  DstGap gap = DstGap::at_transition;
  DstOverlap overlap = DstOverlap::by_kind;
};

class Model {
 public:
  Model(const Case& row, const ShownMinutes& minutes) : slow_(row.expression) {
    const bool takes_first = row.overlap != DstOverlap::last;
    const bool takes_second = row.overlap == DstOverlap::both || row.overlap == DstOverlap::last ||
                              (row.overlap == DstOverlap::by_kind && row.is_interval);
    for (std::size_t i = 0; i < minutes.shown.size(); ++i) {
      const std::int64_t at = minutes.begin + static_cast<std::int64_t>(i) * minute;
      if (i > 0) add_gap(row.gap, minutes.shown[i - 1] + minute, minutes.shown[i], at);
      if (minutes.is_first_pass[i] && !takes_first) continue;
      if (minutes.is_second_pass[i] && !takes_second) continue;
      if (matches(minutes.shown[i])) fires_.push_back(at);
    }
    std::sort(fires_.begin(), fires_.end());
    fires_.erase(std::unique(fires_.begin(), fires_.end()), fires_.end());
  }

  [[nodiscard]] const std::vector<std::int64_t>& fires() const { return fires_; }

 private:
  void add_gap(DstGap gap, std::int64_t from, std::int64_t until, std::int64_t transition) {
    for (std::int64_t local = from; local < until && gap != DstGap::skip; local += minute) {
      if (!matches(local)) continue;
      fires_.push_back(gap == DstGap::shift ? transition + (local - from) : transition);
    }
  }

  [[nodiscard]] bool matches(std::int64_t local) const {
    const auto day = std::chrono::floor<date::days>(std::chrono::seconds{local});
    const std::int64_t second = local - day.count() * 24 * hour;
    if (!slow_.matches_time(static_cast<int>(second / hour), static_cast<int>(second / minute % 60),
                            static_cast<int>(second % minute))) {
      return false;
    }
    return slow_.matches_day(date::year_month_day{date::sys_days{day}});
  }

  SlowCron slow_;
  std::vector<std::int64_t> fires_;
};

Schedule schedule_of(const Case& row, const char* zone) {
  CronOptions options;
  options.zone = punctual::tz::zone(zone);
  options.gap = row.gap;
  options.overlap = row.overlap;
  return punctual::cron(row.expression, options);
}

/// Asks for the next and the previous instant from `from` to `until`; returns the first wrong
/// answer, or nothing.
std::string compare(const Schedule& schedule, const std::vector<std::int64_t>& fires,
                    std::int64_t from, std::int64_t until, std::int64_t model_begin) {
  for (std::int64_t at = from; at <= until; at += sweep_step) {
    const auto next = std::upper_bound(fires.begin(), fires.end(), at);
    const auto found = schedule.next_after(instant(at));
    if (next != fires.end() && found != instant(*next)) {
      return "next after " + punctual::format_iso8601(instant(at)) + ": expected " +
             punctual::format_iso8601(instant(*next)) + ", got " +
             (found ? punctual::format_iso8601(*found) : "none");
    }
    const auto previous = std::lower_bound(fires.begin(), fires.end(), at);
    if (previous == fires.begin()) continue;
    const auto before = schedule.previous_before(instant(at));
    if (*(previous - 1) >= model_begin && before != instant(*(previous - 1))) {
      return "previous before " + punctual::format_iso8601(instant(at)) + ": expected " +
             punctual::format_iso8601(instant(*(previous - 1))) + ", got " +
             (before ? punctual::format_iso8601(*before) : "none");
    }
  }
  return {};
}

/// The instants of 1970 to 2037 at which a zone's clocks are set.
std::vector<std::int64_t> transitions_of(const date::time_zone& zone) {
  std::vector<std::int64_t> transitions;
  constexpr std::int64_t end = 2'145'916'800;  // 2038
  auto info = zone.get_info(date::sys_seconds{});
  while (info.end.time_since_epoch().count() < end) {
    const auto before = info.offset;
    info = zone.get_info(info.end);
    if (info.offset != before) transitions.push_back(info.begin.time_since_epoch().count());
  }
  return transitions;
}

constexpr Case cases[] = {
    {"*/15 * * * *", true},
    {"30 2 * * *", false},
    {"15,45 0,1,2,3 * * *", false},
    {"0 0 * * *", false},
    {"20 0-4 * * *", true},
    {"59 23 * * *", false},
    {"30 2 * * *", false, DstGap::skip, DstOverlap::last},
    {"10,50 0,1,2,3 * * *", false, DstGap::shift, DstOverlap::last},
    {"10,50 0,1,2,3 * * *", false, DstGap::shift, DstOverlap::both},
    {"*/20 * * * *", true, DstGap::shift, DstOverlap::first},
    {"*/20 * * * *", true, DstGap::skip, DstOverlap::last},
};

}  // namespace

TEST_CASE("Cron schedules fire as the clocks show when these are set, in twelve awkward zones") {
  std::size_t transition_count = 0;
  for (const char* name : awkward_zones) {
    const date::time_zone& zone = *date::locate_zone(std::string{name});
    std::vector<Schedule> schedules;
    for (const Case& row : cases) schedules.push_back(schedule_of(row, name));
    for (const std::int64_t transition : transitions_of(zone)) {
      ++transition_count;
      const std::int64_t begin = transition - transition % hour - 30 * hour;
      const ShownMinutes minutes{zone, begin, begin + 62 * hour};
      for (std::size_t i = 0; i < schedules.size(); ++i) {
        const Model model{cases[i], minutes};
        const std::string objection = compare(schedules[i], model.fires(), transition - 2 * hour,
                                              transition + 2 * hour, begin + hour);
        INFO(cases[i].expression << " in " << name << ", case " << i);
        CHECK(objection == "");
      }
    }
  }
  CHECK(transition_count > 1000);
}

TEST_CASE("Cron schedules name the same instants of a year as a model that looks at each minute") {
  const date::sys_days first{date::year{2024} / 1 / 1};
  const std::int64_t begin =
      std::chrono::duration_cast<std::chrono::seconds>(first.time_since_epoch()).count();
  const std::int64_t end = begin + 366 * 24 * hour;
  for (const char* name : {"America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"}) {
    // A day more on either side, so that the model knows what is shown twice.
    const ShownMinutes minutes{*date::locate_zone(std::string{name}), begin - 24 * hour,
                               end + 24 * hour};
    for (const Case& row : {Case{"*/7 * * * *", true}, Case{"30 2 * * *", false},
                            Case{"0 0 L * *", false}, Case{"15 1 15W * *", false},
                            Case{"45 1,2 * * SUN#1,SUNL", false}, Case{"5 0-3 13 * FRI", true}}) {
      const Schedule schedule = schedule_of(row, name);
      std::vector<std::int64_t> expected;
      const Model model{row, minutes};
      for (const auto at : model.fires()) {
        if (at >= begin && at < end) expected.push_back(at);
      }
      std::vector<std::int64_t> forwards;
      for (auto at = schedule.next_after(instant(begin - 1)); at && *at < instant(end);
           at = schedule.next_after(*at)) {
        forwards.push_back(at->time_since_epoch().count() / 1000);
      }
      std::vector<std::int64_t> backwards;
      for (auto at = schedule.previous_before(instant(end)); at && *at >= instant(begin);
           at = schedule.previous_before(*at)) {
        backwards.push_back(at->time_since_epoch().count() / 1000);
      }
      std::reverse(backwards.begin(), backwards.end());
      INFO(row.expression << " in " << name);
      CHECK(forwards == expected);
      CHECK(backwards == expected);
    }
  }
}

TEST_CASE("Cron schedules go forward from every instant, however it is chosen") {
  punctual::Random random{20'241'103};
  std::string objection;
  for (int i = 0; i < 20'000 && objection.empty(); ++i) {
    const char* zone = awkward_zones[random.up_to(awkward_zones.size() - 1)];
    const Case& row = cases[random.up_to(std::size(cases) - 1)];
    const Schedule schedule = schedule_of(row, zone);
    const auto t =
        TimePoint{punctual::time_min.time_since_epoch() +
                  Duration{static_cast<std::int64_t>(random.up_to(static_cast<std::uint64_t>(
                      (punctual::time_max - punctual::time_min).count())))}};
    const auto next = schedule.next_after(t);
    const auto later =
        schedule.next_after(t + Duration{static_cast<std::int64_t>(random.up_to(100'000'000))});
    const bool is_monotone = !next || !later || *next <= *later;
    const bool is_inverse =
        !next || (schedule.previous_before(*next + Duration{1}) == next && *next > t);
    if (is_monotone && is_inverse) continue;
    objection =
        std::string{row.expression} + " in " + zone + " from " + punctual::format_iso8601(t);
  }
  CHECK(objection == "");
}

TEST_CASE("Cron schedules keep to the zone's rule in years that no zone file lists") {
  struct Row {
    const char* subject;
    const char* zone;
    const char* expression;
    const char* after;
    const char* next;
    DstCase dst;
  };
  const Row rows[] = {
      {"past 32 bits", "UTC", "0 4 * * *", "2038-01-19T03:14:07Z", "2038-01-19T04:00:00Z",
       DstCase::none},
      {"a gap of 2038", "America/New_York", "30 2 * * *", "2038-03-14T00:00:00Z",
       "2038-03-14T07:00:00Z", DstCase::moved},
      {"a gap of 2100", "America/New_York", "30 2 * * *", "2100-03-14T00:00:00Z",
       "2100-03-14T07:00:00Z", DstCase::moved},
      {"an overlap of 2100", "America/New_York", "30 1 * * *", "2100-11-07T00:00:00Z",
       "2100-11-07T05:30:00Z", DstCase::first_pass},
      {"its second pass", "America/New_York", "*/30 * * * *", "2100-11-07T06:00:00Z",
       "2100-11-07T06:30:00Z", DstCase::second_pass},
      {"no leap day in 2100", "Europe/Berlin", "0 0 29 2 *", "2096-03-01T00:00:00Z",
       "2104-02-28T23:00:00Z", DstCase::none},
      {"summer of 9999", "Europe/Berlin", "0 12 1 7 *", "9999-01-01T00:00:00Z",
       "9999-07-01T10:00:00Z", DstCase::none},
      {"the south", "Pacific/Chatham", "0 3 * * *", "2500-09-25T00:00:00Z", "2500-09-25T14:00:00Z",
       DstCase::moved},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const Schedule schedule = punctual::cron(row.expression, punctual::tz::zone(row.zone));
    const auto after = punctual::parse_iso8601(row.after);
    REQUIRE(after);
    const auto next = schedule.next_after(*after);
    REQUIRE(next);
    CHECK(punctual::format_iso8601(*next) ==
          punctual::format_iso8601(punctual::parse_iso8601(row.next).value()));
    CHECK(schedule.case_of(*next) == row.dst);
  }
  const Schedule late = punctual::cron("0 23 31 12 *", punctual::tz::zone("America/New_York"));
  CHECK_FALSE(late.next_after(punctual::parse_iso8601("9999-06-01T00:00:00Z").value()));
}

}  // namespace zone_transitions_test
