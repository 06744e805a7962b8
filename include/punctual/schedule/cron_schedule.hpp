// SPDX-License-Identifier: MIT
//
// CronSchedule: fires at the instants of a cron expression on the clocks of a zone, and remembers
// the text it was read from.
//
// Thread-safety: an immutable value; share it freely.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "punctual/base/time.hpp"
#include "punctual/schedule/cron_expression.hpp"
#include "punctual/schedule/cron_words.hpp"
#include "punctual/schedule/rule.hpp"
#include "punctual/schedule/time_zone.hpp"
#include "punctual/schedule/zoned_cron.hpp"

namespace punctual {

/// How a cron expression is read; each option with its default.
struct CronOptions {
  TimeZone zone{};                              ///< UTC
  CronDayMatch days = CronDayMatch::either;     ///< day of month or day of week suffices
  CronFieldCount fields = CronFieldCount::any;  ///< 5, 6 or 7
  DstGap gap = DstGap::at_transition;
  DstOverlap overlap = DstOverlap::by_kind;
};

class CronSchedule final : public ScheduleRule {
 public:
  /// Errors: INVALID_SCHEDULE -> see `CronExpression::parse`.
  explicit CronSchedule(std::string_view text, CronOptions options = {})
      : text_(text),
        expression_(CronExpression::parse(text, options.days, options.fields)),
        options_(std::move(options)) {}

  [[nodiscard]] std::optional<TimePoint> next_after(TimePoint after) const noexcept override {
    const ZoneRules* rules = options_.zone.rules();
    return rules == nullptr ? expression_.next_after(after) : zoned(*rules).next_after(after);
  }

  [[nodiscard]] std::optional<TimePoint> previous_before(TimePoint before) const noexcept override {
    const ZoneRules* rules = options_.zone.rules();
    return rules == nullptr ? expression_.previous_before(before)
                            : zoned(*rules).previous_before(before);
  }

  [[nodiscard]] DstCase case_of(TimePoint instant) const noexcept override {
    const ZoneRules* rules = options_.zone.rules();
    return rules == nullptr ? DstCase::none : zoned(*rules).case_of(instant);
  }

  /// The expression as it was given.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] const CronExpression& expression() const noexcept { return expression_; }
  [[nodiscard]] const CronOptions& options() const noexcept { return options_; }
  [[nodiscard]] TimeZone zone() const override { return options_.zone; }

  [[nodiscard]] std::string describe() const override {
    return describe_cron(expression_) + " (" + options_.zone.name() + ")";
  }

  [[nodiscard]] ScheduleKind kind() const noexcept override { return ScheduleKind::cron; }

 private:
  [[nodiscard]] detail::ZonedCron zoned(const ZoneRules& rules) const noexcept {
    return {expression_, rules, options_.gap, options_.overlap};
  }

  std::string text_;
  CronExpression expression_;
  CronOptions options_;
};

}  // namespace punctual
