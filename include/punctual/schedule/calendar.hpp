// SPDX-License-Identifier: MIT
//
// Calendar: days and times at which a schedule is not to fire: holidays, weekends, a closed season.
//
// Days are those of a zone, from midnight to midnight on its clocks. Without one of its own, a
// calendar is read in the zone of the schedule that it is taken from.
//
// Thread-safety: an immutable value once made; share it freely.

#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/civil_date.hpp"
#include "punctual/base/error.hpp"
#include "punctual/base/iso8601.hpp"
#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/schedule/calendar_names.hpp"
#include "punctual/schedule/rule.hpp"
#include "punctual/schedule/time_zone.hpp"
#include "punctual/schedule/word_list.hpp"

namespace punctual {

enum class Weekday : std::uint8_t {
  sunday,
  monday,
  tuesday,
  wednesday,
  thursday,
  friday,
  saturday,
};

/// A day of every year; 29 February is one of leap years alone.
struct YearlyDay {
  int month = 1;
  int day = 1;
};

/// `ZoneT` is TimeZone; as a template, it costs those who only include it little.
template <class ZoneT>
class BasicCalendar {
 public:
  BasicCalendar() = default;

  /// Saturdays and Sundays.
  [[nodiscard]] static BasicCalendar weekends() {
    return BasicCalendar{}.weekdays({Weekday::saturday, Weekday::sunday});
  }

  /// Adds single days, e.g. `{{2024, 3, 29}}`.
  ///
  /// Errors: INVALID_SCHEDULE -> no such day in the years 1 to 9999.
  BasicCalendar& dates(std::initializer_list<CivilDate> days) {
    for (const CivilDate& day : days) add(day);
    return *this;
  }

  BasicCalendar& weekdays(std::initializer_list<Weekday> days) {
    for (const Weekday day : days) weekdays_ |= 1U << static_cast<unsigned>(day);
    return *this;
  }

  /// Adds days of every year, e.g. `{{12, 25}, {1, 1}}`.
  ///
  /// Errors: INVALID_SCHEDULE -> no month has that day.
  BasicCalendar& yearly(std::initializer_list<YearlyDay> days) {
    for (const YearlyDay& day : days) add(day);
    return *this;
  }

  /// Adds every day of the year from one to another, both included; over the year's end if the
  /// second comes before the first.
  ///
  /// Errors: INVALID_SCHEDULE -> no month has that day.
  BasicCalendar& season(const YearlyDay& first, const YearlyDay& last) {
    constexpr int leap_year = 2000;
    add(first);
    add(last);
    for (YearlyDay day = first; day.month != last.month || day.day != last.day;) {
      add(day);
      if (++day.day > month_length(leap_year, day.month)) {
        day = {day.month == 12 ? 1 : day.month + 1, 1};
      }
    }
    return *this;
  }

  /// Leaves out the instants of one other schedule, each of them an instant and not a day; replaces
  /// what an earlier call named.
  template <class ScheduleT>
  BasicCalendar& times_of(const ScheduleT& schedule) {
    set_times(schedule.rule());
    return *this;
  }

  /// Reads days on the clocks of `zone`, whatever the schedule's.
  BasicCalendar& in(ZoneT zone) {
    zone_ = std::move(zone);
    return *this;
  }

  /// Errors: INVALID_SCHEDULE -> no such day.
  void add(const CivilDate& day) {
    const bool exists = day.year >= civil_year_min && day.year <= civil_year_max &&
                        day.month >= 1 && day.month <= 12 && day.day >= 1 &&
                        day.day <= month_length(day.year, day.month);
    if (!exists) {
      refuse(std::to_string(day.year) + "-" + std::to_string(day.month) + "-" +
             std::to_string(day.day));
    }
    const int number = days_since_epoch(day.year, day.month, day.day);
    const auto place = std::lower_bound(dates_.begin(), dates_.end(), number);
    if (place == dates_.end() || *place != number) dates_.insert(place, number);
  }

  /// Errors: INVALID_SCHEDULE -> no such day.
  void add(const YearlyDay& day) {
    constexpr int leap_year = 2000;
    const bool exists = day.month >= 1 && day.month <= 12 && day.day >= 1 &&
                        day.day <= month_length(leap_year, day.month);
    if (!exists) refuse("month " + std::to_string(day.month) + ", day " + std::to_string(day.day));
    yearly_[static_cast<std::size_t>(day.month)] |= std::uint32_t{1} << day.day;
  }

  /// Replaces the times that were named before.
  ///
  /// Errors: INVALID_SCHEDULE -> none, or a rule that waits for the end of a run.
  void set_times(ScheduleRulePtr times) {
    if (!detail::has_own_instants(times)) {
      throw Error{"INVALID_SCHEDULE",
                  "a Calendar expects times of a schedule with instants of its own, got one that "
                  "runs " +
                      (times ? times->describe() : "by hand")};
    }
    times_ = std::move(times);
  }

  /// Returns an instant before which, from `instant` on, everything is excluded; nullopt if
  /// `instant` is not. `zone` is that of the schedule.
  [[nodiscard]] std::optional<TimePoint> excluded_until(TimePoint instant,
                                                        const ZoneT& zone) const noexcept;

  /// Returns an instant after which, up to `instant`, everything is excluded; nullopt if `instant`
  /// is not.
  [[nodiscard]] std::optional<TimePoint> excluded_from(TimePoint instant,
                                                       const ZoneT& zone) const noexcept;

  [[nodiscard]] std::string describe() const;

  [[nodiscard]] const std::vector<Late<int, ZoneT>>& dates() const noexcept { return dates_; }
  [[nodiscard]] unsigned weekdays() const noexcept { return weekdays_; }
  [[nodiscard]] const std::array<std::uint32_t, 13>& yearly() const noexcept { return yearly_; }
  [[nodiscard]] const ScheduleRulePtr& times() const noexcept { return times_; }
  [[nodiscard]] const std::optional<ZoneT>& zone() const noexcept { return zone_; }

 private:
  [[noreturn]] static void refuse(const std::string& day) {
    throw Error{"INVALID_SCHEDULE", "a Calendar expects days that exist, got " + day};
  }

  [[nodiscard]] bool has_day(int number) const noexcept {
    if ((weekdays_ >> static_cast<unsigned>(weekday_of(number)) & 1U) != 0) return true;
    const CivilDate date = civil_date(number);
    if ((yearly_[static_cast<std::size_t>(date.month)] >> date.day & 1U) != 0) return true;
    return std::binary_search(dates_.begin(), dates_.end(), number);
  }

  /// True if `instant` is one of `times_`.
  [[nodiscard]] bool has_time(TimePoint instant) const noexcept {
    return times_ && times_->next_after(instant - Duration{1}) == instant;
  }

  /// The part of a day of `zone` that holds `instant` and in which its clocks are not set:
  /// [begin, end), and the day's number, counted from 1970-01-01.
  struct DayPart {
    int day;
    TimePoint begin;
    TimePoint end;
  };

  static DayPart day_part(TimePoint instant, const ZoneT& zone) noexcept {
    const ZoneSpan span = zone.span_at(instant);
    const std::chrono::seconds offset{span.offset};
    const auto day = std::chrono::floor<std::chrono::days>(instant.time_since_epoch() + offset);
    const TimePoint midnight{Duration{day} - offset};
    const TimePoint next_midnight = midnight + std::chrono::days{1};
    const auto at = [](std::int64_t seconds) { return TimePoint{Duration{seconds * 1000}}; };
    return {
        static_cast<int>(day.count()),
        midnight.time_since_epoch() < std::chrono::seconds{span.begin} ? at(span.begin) : midnight,
        next_midnight.time_since_epoch() > std::chrono::seconds{span.end} ? at(span.end)
                                                                          : next_midnight};
  }

  std::vector<Late<int, ZoneT>> dates_;     // days since 1970-01-01, in order
  unsigned weekdays_ = 0;                   // bit 0: Sunday
  std::array<std::uint32_t, 13> yearly_{};  // bit d of the month
  ScheduleRulePtr times_;
  std::optional<ZoneT> zone_;
};

template <class ZoneT>
std::optional<TimePoint> BasicCalendar<ZoneT>::excluded_until(TimePoint instant,
                                                              const ZoneT& zone) const noexcept {
  const DayPart part = day_part(instant, zone_ ? *zone_ : zone);
  if (has_day(part.day)) return part.end;
  if (has_time(instant)) return instant + Duration{1};
  return std::nullopt;
}

template <class ZoneT>
std::optional<TimePoint> BasicCalendar<ZoneT>::excluded_from(TimePoint instant,
                                                             const ZoneT& zone) const noexcept {
  const DayPart part = day_part(instant, zone_ ? *zone_ : zone);
  if (has_day(part.day)) return part.begin - Duration{1};
  if (has_time(instant)) return instant - Duration{1};
  return std::nullopt;
}

template <class ZoneT>
std::string BasicCalendar<ZoneT>::describe() const {
  detail::WordList list;
  for (const int day : {1, 2, 3, 4, 5, 6, 0}) {  // a weekend's days side by side
    if ((weekdays_ >> day & 1U) != 0) list.add(std::string{detail::weekday_name(day)} + "s");
  }
  constexpr int leap_year = 2000;
  YearlyDay first{};
  int length = 0;  // of the days in a row up to here
  YearlyDay last{};
  const auto day_words = [](const YearlyDay& day) {
    return std::to_string(day.day) + " " + std::string{detail::month_name(day.month)};
  };
  const auto end_row = [&] {
    if (length > 2) list.add(day_words(first) + " to " + day_words(last));
    if (length == 1 || length == 2) list.add(day_words(first));
    if (length == 2) list.add(day_words(last));
    length = 0;
  };
  for (int month = 1; month <= 12; ++month) {
    for (int day = 1; day <= month_length(leap_year, month); ++day) {
      if ((yearly_[static_cast<std::size_t>(month)] >> day & 1U) == 0) {
        end_row();
        continue;
      }
      last = {month, day};
      if (length++ == 0) first = last;
    }
  }
  end_row();
  for (const int number : dates_) {
    list.add(format_iso8601(TimePoint{std::chrono::days{number}}).substr(0, 10));
  }
  if (times_) list.add("the times of (" + times_->describe() + ")");
  const std::string words = list.is_empty() ? "no day" : list.text();
  return zone_ ? words + " in " + zone_->name() : words;
}

using Calendar = BasicCalendar<TimeZone>;

}  // namespace punctual
