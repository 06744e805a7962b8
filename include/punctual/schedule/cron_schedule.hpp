// SPDX-License-Identifier: MIT
//
// CronSchedule: fires at the instants of a cron expression, and remembers the text it was read
// from.
//
// Thread-safety: an immutable value; share it freely.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "punctual/base/time.hpp"
#include "punctual/schedule/cron_expression.hpp"
#include "punctual/schedule/rule.hpp"

namespace punctual {

class CronSchedule final : public ScheduleRule {
 public:
  /// Errors: INVALID_SCHEDULE -> see `CronExpression::parse`.
  explicit CronSchedule(std::string_view text)
      : text_(text),
        expression_(CronExpression::parse(text)) {}

  [[nodiscard]] std::optional<TimePoint> next_after(TimePoint after) const noexcept override {
    return expression_.next_after(after);
  }

  [[nodiscard]] std::optional<TimePoint> previous_before(TimePoint before) const noexcept override {
    return expression_.previous_before(before);
  }

  /// The expression as it was given.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

  [[nodiscard]] std::string describe() const override { return "cron " + text_ + " (UTC)"; }

  [[nodiscard]] ScheduleKind kind() const noexcept override { return ScheduleKind::cron; }

 private:
  std::string text_;
  CronExpression expression_;
};

/// Wire: `{"kind":"cron","expression":"0 2 * * *","timeZone":"UTC"}`.
template <class BasicJson>
void to_json(BasicJson& json, const CronSchedule& cron) {
  json = {{"kind", "cron"}, {"expression", cron.text()}, {"timeZone", "UTC"}};
}

}  // namespace punctual
