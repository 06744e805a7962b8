// SPDX-License-Identifier: MIT
//
// The instants of any valid cron expression around any instant, held against the slow matcher.
//
// Input: 8 bytes, an instant of the years 1970 to 2110 (little-endian, ms, folded);
//        1 byte, bit 7: both day fields are needed; bits 0-6: -12:00, -11:30 .. +14:00, then UTC;
//        the text.

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fuzz/violation.hpp"
#include "punctual/base/iso8601.hpp"
#include "punctual/base/time.hpp"
#include "punctual/schedule/cron_parser.hpp"
#include "punctual/schedule/cron_schedule.hpp"
#include "punctual/schedule/time_zone.hpp"
#include "support/slow_cron.hpp"

namespace {

using namespace std::chrono_literals;
using fuzz::must_hold;
using punctual::CronDayMatch;
using punctual::CronOptions;
using punctual::CronSchedule;
using punctual::Duration;
using punctual::TimePoint;

constexpr std::size_t instant_bytes = 8;
constexpr TimePoint first_instant = date::sys_days{date::year{1970} / 1 / 1};
constexpr TimePoint end_of_instants = date::sys_days{date::year{2111} / 1 / 1};
constexpr int walked_days_max = 100;

/// What a fixed offset's clocks show, as if it were UTC.
using LocalTime = date::sys_seconds;

struct Input {
  TimePoint instant;
  CronOptions options;
  std::string_view text;
};

Input read(const std::uint8_t* data) {
  std::uint64_t folded = 0;
  for (std::size_t i = instant_bytes; i-- > 0;) folded = folded << 8 | data[i];
  folded %= static_cast<std::uint64_t>((end_of_instants - first_instant).count());
  const unsigned choice = data[instant_bytes];
  Input input{first_instant + Duration{static_cast<std::int64_t>(folded)}, {}, {}};
  if ((choice & 0x80U) != 0) input.options.days = CronDayMatch::both;
  constexpr int offset_count = 53;
  const int offset = static_cast<int>(choice & 0x7FU);
  if (offset < offset_count) {
    input.options.zone = punctual::fixed_offset(30min * (offset - 24));
  }
  return input;
}

std::string shown(std::optional<TimePoint> instant) {
  return instant ? punctual::format_iso8601(*instant) : "never";
}

/// What a walk saw: the first match, or that there is none before its end.
struct Walk {
  std::optional<LocalTime> found;
  LocalTime end;
};

/// Walks from `from` on: days, then hours, minutes and seconds of those that match.
Walk walk_forward(const SlowCron& slow, LocalTime from) {
  auto day = date::floor<date::days>(from);
  for (int walked = 0; walked < walked_days_max; ++walked, day += date::days{1}) {
    if (!slow.matches_day(date::year_month_day{day})) continue;
    for (int hour = 0; hour < 24; ++hour) {
      const LocalTime hour_at = day + std::chrono::hours{hour};
      if (!slow.matches_hour(hour) || hour_at + 1h <= from) continue;
      for (int minute = 0; minute < 60; ++minute) {
        const LocalTime minute_at = hour_at + std::chrono::minutes{minute};
        if (!slow.matches_minute(minute) || minute_at + 1min <= from) continue;
        for (int second = 0; second < 60; ++second) {
          const LocalTime at = minute_at + std::chrono::seconds{second};
          if (slow.matches_second(second) && at >= from) return {at, at};
        }
      }
    }
  }
  return {std::nullopt, day};
}

/// As `walk_forward`, the other way: from `up_to` back; its end belongs to what was seen.
Walk walk_back(const SlowCron& slow, LocalTime up_to) {
  auto day = date::floor<date::days>(up_to);
  for (int walked = 0; walked < walked_days_max; ++walked, day -= date::days{1}) {
    if (!slow.matches_day(date::year_month_day{day})) continue;
    for (int hour = 23; hour >= 0; --hour) {
      const LocalTime hour_at = day + std::chrono::hours{hour};
      if (!slow.matches_hour(hour) || hour_at > up_to) continue;
      for (int minute = 59; minute >= 0; --minute) {
        const LocalTime minute_at = hour_at + std::chrono::minutes{minute};
        if (!slow.matches_minute(minute) || minute_at > up_to) continue;
        for (int second = 59; second >= 0; --second) {
          const LocalTime at = minute_at + std::chrono::seconds{second};
          if (slow.matches_second(second) && at <= up_to) return {at, at};
        }
      }
    }
  }
  return {std::nullopt, day + date::days{1}};
}

/// One input's schedule, and what must hold of it.
class Checks {
 public:
  explicit Checks(const Input& input)
      : text_(input.text),
        schedule_(input.text, input.options),
        offset_(input.options.zone.offset_at(input.instant)) {
    // The slow matcher knows no macros.
    if (text_.find('@') != std::string_view::npos) return;
    slow_.emplace(std::string{text_}, input.options.days == CronDayMatch::both);
  }

  void around(TimePoint t) const {
    const auto next = schedule_.next_after(t);
    const auto previous = schedule_.previous_before(t);
    holds(!next || *next > t, "what comes next is later", t, next);
    holds(!previous || *previous < t, "what came before is earlier", t, previous);
    // Only a year field ends a schedule: within forty years every day and weekday come together.
    const bool has_years = schedule_.expression().fields().year_from(2100) != 2100;
    holds(has_years || (next && previous), "without years there is a next and a previous", t, next);
    check_next(t, next);
    check_previous(t, previous);
    check_inverse(t, previous, next);
    check_monotone(t, previous, next);
  }

 private:
  void holds(bool it_does, const char* what, TimePoint t, std::optional<TimePoint> found) const {
    must_hold(it_does, what, text_, [&] {
      const auto& options = schedule_.options();
      const std::string days = options.days == CronDayMatch::both ? "both" : "either";
      return "at: " + shown(t) + ", found: " + shown(found) + ", zone: " + options.zone.name() +
             ", days: " + days + ", reads: " + schedule_.describe();
    });
  }

  [[nodiscard]] LocalTime local(TimePoint instant) const {
    return date::floor<std::chrono::seconds>(instant + offset_);
  }
  [[nodiscard]] TimePoint instant(LocalTime local) const { return local - offset_; }

  void check_next(TimePoint t, std::optional<TimePoint> next) const {
    if (!slow_) return;
    const Walk walk = walk_forward(*slow_, local(t) + 1s);
    if (walk.found) {
      holds(next == instant(*walk.found), "the slow matcher finds the same next", t, next);
      return;
    }
    holds(!next || *next >= instant(walk.end), "nothing is found that does not match", t, next);
    if (next) holds(is_match(*next), "the slow matcher matches what is found", t, next);
  }

  void check_previous(TimePoint t, std::optional<TimePoint> previous) const {
    if (!slow_) return;
    const Walk walk = walk_back(*slow_, local(t - Duration{1}));
    if (walk.found) {
      holds(previous == instant(*walk.found), "the slow matcher finds the same previous", t,
            previous);
      return;
    }
    holds(!previous || *previous < instant(walk.end), "nothing is found that does not match", t,
          previous);
    if (previous) holds(is_match(*previous), "the slow matcher matches what is found", t, previous);
  }

  [[nodiscard]] bool is_match(TimePoint found) const {
    const LocalTime at = local(found);
    return instant(at) == found && walk_forward(*slow_, at).found == at;
  }

  /// Going there and back ends where it began, and passes nothing over.
  void check_inverse(TimePoint t, std::optional<TimePoint> previous,
                     std::optional<TimePoint> next) const {
    const bool is_due = schedule_.next_after(t - Duration{1}) == t;
    holds(is_due == (schedule_.previous_before(t + Duration{1}) == t),
          "both directions agree on the instant itself", t, next);
    const auto last = is_due ? std::optional{t} : previous;
    const auto first = is_due ? std::optional{t} : next;
    if (next) {
      const auto back = schedule_.previous_before(*next);
      holds(back == last, "what came before the next is the last", t, back);
    }
    if (previous) {
      const auto again = schedule_.next_after(*previous);
      holds(again == first, "what comes after the previous is the first", t, again);
    }
    if (is_due && slow_) holds(is_match(t), "the slow matcher matches what is due", t, next);
    if (!slow_) return;
    // What is just before a next that is far away has not been walked yet.
    if (next) check_previous(*next, last);
    if (previous) check_next(*previous, first);
  }

  /// From anywhere in between, what comes next and what came before are the same.
  void check_monotone(TimePoint t, std::optional<TimePoint> previous,
                      std::optional<TimePoint> next) const {
    if (next) {
      const Duration distance = *next - t;
      for (const Duration step : {distance / 3, distance / 2, distance - Duration{1}}) {
        const auto found = schedule_.next_after(t + step);
        holds(found == next, "a later start finds the same next", t + step, found);
      }
      const auto second = schedule_.next_after(*next);
      holds(!second || *second > *next, "a later start finds a later next", *next, second);
    }
    if (previous) {
      const Duration distance = t - *previous;
      for (const Duration step : {distance / 3, distance / 2, distance - Duration{1}}) {
        const auto found = schedule_.previous_before(t - step);
        holds(found == previous, "an earlier start finds the same previous", t - step, found);
      }
      const auto second = schedule_.previous_before(*previous);
      holds(!second || *second < *previous, "an earlier start finds an earlier previous", *previous,
            second);
    }
  }

  std::string_view text_;
  CronSchedule schedule_;
  Duration offset_;
  std::optional<SlowCron> slow_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size <= instant_bytes) return 0;
  Input input = read(data);
  input.text = {reinterpret_cast<const char*>(data) + instant_bytes + 1, size - instant_bytes - 1};
  if (punctual::parse_cron(input.text, input.options.days).failure) return 0;
  Checks{input}.around(input.instant);
  return 0;
}
