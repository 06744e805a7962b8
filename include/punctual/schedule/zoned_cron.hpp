// SPDX-License-Identifier: MIT
//
// ZonedCron: the instants of a cron expression that is read on a zone's clocks.
//
// Where clocks are set forward, some local times do not come; where they are set back, some come
// twice. Both are decided here, by the schedule's own policies. Time is walked span by span, a span
// being what lies between two changes of the clocks: the local times of a span are unbroken, so the
// expression's own search answers within it, and spans that cannot hold the next match are passed
// over at once.
//
//   New York, 2024-03-10: 02:00 EST becomes 03:00 EDT.  `30 2 * * *` fires at 03:00 EDT.
//   New York, 2024-11-03: 02:00 EDT becomes 01:00 EST.  `30 1 * * *` fires at 01:30 EDT alone,
//                                                       `*/30 * * * *` at 01:00, 01:30 twice each.
//
// Thread-safety: pure functions of what they are given.
// Source: cron(8) of Vixie cron; Cronos, README, "Daylight Saving Time".

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "punctual/base/time.hpp"
#include "punctual/schedule/cron_expression.hpp"
#include "punctual/schedule/zone_rules.hpp"

namespace punctual {

/// What becomes of local times that clocks pass over when they are set forward.
enum class DstGap {
  at_transition,  ///< they fire once, together, when the clocks are set: 02:30 at 03:00
  shift,          ///< each fires as much later as the clocks are set: 02:30 at 03:30
  skip,           ///< they do not fire
};

/// In which pass the local times fire that clocks show twice when they are set back.
enum class DstOverlap {
  by_kind,  ///< fixed times in the first; in both if second, minute or hour is a `*`, range or step
  first,
  last,
  both,
};

/// What a change of the clocks has to do with an instant of a schedule.
enum class DstCase {
  none,
  moved,        ///< its local time was passed over; it fires later instead
  first_pass,   ///< its local time comes again
  second_pass,  ///< its local time has come before
};

namespace detail {

class ZonedCron {
 public:
  ZonedCron(const CronExpression& cron, const ZoneRules& zone, DstGap gap,
            DstOverlap overlap) noexcept
      : cron_(cron),
        zone_(zone),
        gap_(gap),
        overlap_(overlap != DstOverlap::by_kind ? overlap
                 : cron.is_interval()           ? DstOverlap::both
                                                : DstOverlap::first) {}

  [[nodiscard]] std::optional<TimePoint> next_after(TimePoint after) const noexcept;
  [[nodiscard]] std::optional<TimePoint> previous_before(TimePoint before) const noexcept;

  /// Requires: `instant` is one of the schedule's.
  [[nodiscard]] DstCase case_of(TimePoint instant) const noexcept;

 private:
  static constexpr std::int64_t none = INT64_MIN;
  static constexpr std::int64_t offsets_apart_max = 172'800;  // two zones never differ by more

  /// The first matching local time not before `from`, or the last not after `up_to`, or none.
  [[nodiscard]] std::int64_t local_from(std::int64_t from) const noexcept {
    const auto found = cron_.local_from(LocalSeconds{std::chrono::seconds{from}});
    return found ? found->time_since_epoch().count() : none;
  }
  [[nodiscard]] std::int64_t local_up_to(std::int64_t up_to) const noexcept {
    const auto found = cron_.local_up_to(LocalSeconds{std::chrono::seconds{up_to}});
    return found ? found->time_since_epoch().count() : none;
  }

  static bool begins_in_gap(const ZoneSpan& span) noexcept {
    return span.offset > span.offset_before;
  }
  static bool begins_in_overlap(const ZoneSpan& span) noexcept {
    return span.offset < span.offset_before;
  }
  static bool ends_in_overlap(const ZoneSpan& span) noexcept {
    return span.offset_after < span.offset;
  }

  /// The local times of the span that fire in it: [lower, upper).
  [[nodiscard]] std::int64_t lower(const ZoneSpan& span) const noexcept {
    const bool skips = begins_in_overlap(span) && overlap_ == DstOverlap::first;
    return span.begin + (skips ? span.offset_before : span.offset);
  }
  [[nodiscard]] std::int64_t upper(const ZoneSpan& span) const noexcept {
    const bool skips = ends_in_overlap(span) && overlap_ == DstOverlap::last;
    return span.end + (skips ? span.offset_after : span.offset);
  }

  /// True if what was passed over before this span fires as much later; not if the clocks are set
  /// again before that.
  [[nodiscard]] bool shifts_into(const ZoneSpan& span) const noexcept {
    return gap_ == DstGap::shift && span.begin + span.offset - span.offset_before <= span.end;
  }

  /// The instant in the span of a local time passed over before it, from an instant on; or none.
  [[nodiscard]] std::int64_t moved_from(const ZoneSpan& span, std::int64_t from) const noexcept {
    if (!begins_in_gap(span) || gap_ == DstGap::skip) return none;
    const std::int64_t gap_begin = span.begin + span.offset_before;
    const std::int64_t gap_end = span.begin + span.offset;
    if (!shifts_into(span)) {
      if (from > span.begin) return none;
      const std::int64_t found = local_from(gap_begin);
      return found != none && found < gap_end ? span.begin : none;
    }
    const std::int64_t local = from + span.offset_before;
    const std::int64_t found = local_from(local > gap_begin ? local : gap_begin);
    return found != none && found < gap_end ? found - span.offset_before : none;
  }

  /// As `moved_from`, up to an instant.
  [[nodiscard]] std::int64_t moved_up_to(const ZoneSpan& span, std::int64_t up_to) const noexcept {
    if (!begins_in_gap(span) || gap_ == DstGap::skip) return none;
    const std::int64_t gap_begin = span.begin + span.offset_before;
    const std::int64_t gap_end = span.begin + span.offset;
    const std::int64_t local = up_to + span.offset_before;
    const bool shifts = shifts_into(span);
    const std::int64_t found = local_up_to(shifts && local < gap_end ? local : gap_end - 1);
    if (found == none || found < gap_begin) return none;
    return shifts ? found - span.offset_before : span.begin;
  }

  static std::optional<TimePoint> instant(std::int64_t seconds) noexcept {
    const TimePoint found{Duration{seconds * 1000}};
    if (found < time_min || found > time_max) return std::nullopt;
    return found;
  }

  const CronExpression& cron_;
  const ZoneRules& zone_;
  DstGap gap_;
  DstOverlap overlap_;
};

inline std::optional<TimePoint> ZonedCron::next_after(TimePoint after) const noexcept {
  if (after >= time_max) return std::nullopt;
  if (after < time_min) after = time_min - Duration{1};
  using std::chrono::floor, std::chrono::seconds;
  std::int64_t from = floor<seconds>(after.time_since_epoch()).count() + 1;
  std::size_t number = zone_.span_at(from);
  while (true) {
    const ZoneSpan span = zone_.span(number);
    if (from < span.begin) from = span.begin;
    const std::int64_t moved = moved_from(span, from);
    const std::int64_t first = lower(span);
    const std::int64_t local = from + span.offset > first ? from + span.offset : first;
    const std::int64_t found = local_from(local);
    if (found != none && found < upper(span)) {
      const std::int64_t own = found - span.offset;
      return instant(moved != none && moved < own ? moved : own);
    }
    if (moved != none) return instant(moved);
    if (span.end == ZoneSpan::always_until) return std::nullopt;
    // Nothing matches from `local` to `found`, so no span does that ends well before it; but if
    // the clocks go back to before `local`, what they show then has not been looked at.
    const bool goes_back = ends_in_overlap(span) && local > span.end + span.offset_after;
    ++number;
    if (goes_back) continue;
    if (found == none) return std::nullopt;
    const std::size_t near = zone_.span_at(found - span.offset - offsets_apart_max);
    if (near > number) number = near;
  }
}

inline std::optional<TimePoint> ZonedCron::previous_before(TimePoint before) const noexcept {
  if (before <= time_min) return std::nullopt;
  if (before > time_max) before = time_max + Duration{1};
  using std::chrono::floor, std::chrono::seconds;
  std::int64_t up_to = floor<seconds>((before - Duration{1}).time_since_epoch()).count();
  std::size_t number = zone_.span_at(up_to);
  while (true) {
    const ZoneSpan span = zone_.span(number);
    if (up_to >= span.end) up_to = span.end - 1;
    const std::int64_t last = upper(span) - 1;
    const std::int64_t local = up_to + span.offset < last ? up_to + span.offset : last;
    const std::int64_t found = local_up_to(local);
    const bool is_own = found != none && found >= lower(span);
    const std::int64_t moved = moved_up_to(span, up_to);
    if (is_own) {
      const std::int64_t own = found - span.offset;
      return instant(moved != none && moved > own ? moved : own);
    }
    if (moved != none) return instant(moved);
    if (number == 0) return std::nullopt;
    const bool goes_back = begins_in_overlap(span) && local < span.begin + span.offset_before - 1;
    --number;
    if (goes_back) continue;
    if (found == none) return std::nullopt;
    const std::size_t near = zone_.span_at(found - span.offset + offsets_apart_max);
    if (near < number) number = near;
  }
}

inline DstCase ZonedCron::case_of(TimePoint instant) const noexcept {
  const std::int64_t at = instant.time_since_epoch().count() / 1000;
  const ZoneSpan span = zone_.span(zone_.span_at(at));
  if (local_from(at + span.offset) != at + span.offset) return DstCase::moved;
  if (ends_in_overlap(span) && at + span.offset >= span.end + span.offset_after) {
    return DstCase::first_pass;
  }
  if (begins_in_overlap(span) && at + span.offset < span.begin + span.offset_before) {
    return DstCase::second_pass;
  }
  return DstCase::none;
}

}  // namespace detail
}  // namespace punctual
