// SPDX-License-Identifier: MIT
//
// The JSON of schedules, to and fro.
//
// It is what the ledger stores and compares, and what an API shows: zones by name, policies only
// where they are not the default, so that equal schedules have equal JSON and a new option changes
// nobody's.
//
// Thread-safety: pure functions.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/civil_date.hpp"
#include "punctual/base/error.hpp"
#include "punctual/base/iso8601.hpp"
#include "punctual/base/time.hpp"
#include "punctual/schedule/any_of.hpp"
#include "punctual/schedule/at.hpp"
#include "punctual/schedule/between.hpp"
#include "punctual/schedule/calendar.hpp"
#include "punctual/schedule/cron_schedule.hpp"
#include "punctual/schedule/every.hpp"
#include "punctual/schedule/every_after_finish.hpp"
#include "punctual/schedule/excluding.hpp"
#include "punctual/schedule/jitter.hpp"
#include "punctual/schedule/rule.hpp"
#include "punctual/schedule/time_zone.hpp"

namespace punctual::detail {

/// Knows no zones by name.
struct NoZones {
  [[noreturn]] TimeZone operator()(std::string_view name) const {
    throw Error{"INVALID_TIME_ZONE", "no zone database was given that knows \"" +
                                         std::string{name.substr(0, 64)} +
                                         "\"; pass punctual::tz::zone"};
  }
};

[[nodiscard]] constexpr std::string_view name_of(DstGap gap) noexcept {
  if (gap == DstGap::shift) return "shift";
  return gap == DstGap::skip ? "skip" : "atTransition";
}
[[nodiscard]] constexpr std::string_view name_of(DstOverlap overlap) noexcept {
  if (overlap == DstOverlap::first) return "first";
  if (overlap == DstOverlap::last) return "last";
  return overlap == DstOverlap::both ? "both" : "byKind";
}

template <class BasicJson>
[[nodiscard]] BasicJson calendar_to_json(const Calendar& calendar);

/// Wire: `{"kind": …}` and what the kind needs; times in ISO 8601, spans in ms.
template <class BasicJson>
[[nodiscard]] BasicJson rule_to_json(const ScheduleRule& rule) {
  BasicJson json = BasicJson::object();
  switch (rule.kind()) {
    case ScheduleKind::manual:
      return nullptr;
    case ScheduleKind::interval: {
      const auto& every = static_cast<const Every&>(rule);
      json["kind"] = "interval";
      json["periodMs"] = every.period().count();
      if (every.is_pinned()) json["anchor"] = format_iso8601(every.anchor());
      break;
    }
    case ScheduleKind::after_finish:
      json["kind"] = "afterFinish";
      json["periodMs"] = static_cast<const EveryAfterFinish&>(rule).period().count();
      break;
    case ScheduleKind::once:
      json["kind"] = "once";
      json["at"] = format_iso8601(static_cast<const At&>(rule).instant());
      break;
    case ScheduleKind::cron: {
      const auto& cron = static_cast<const CronSchedule&>(rule);
      const CronOptions& options = cron.options();
      json["kind"] = "cron";
      json["expression"] = cron.text();
      json["timeZone"] = options.zone.name();
      if (options.days == CronDayMatch::both) json["days"] = "both";
      if (options.fields != CronFieldCount::any) {
        json["fields"] = static_cast<int>(options.fields);
      }
      if (options.gap != DstGap::at_transition) json["gap"] = name_of(options.gap);
      if (options.overlap != DstOverlap::by_kind) json["overlap"] = name_of(options.overlap);
      break;
    }
    case ScheduleKind::between: {
      const auto& between = static_cast<const Between&>(rule);
      json["kind"] = "between";
      json["from"] = format_iso8601(between.from());
      json["until"] = format_iso8601(between.until());
      json["schedule"] = rule_to_json<BasicJson>(*between.inner());
      break;
    }
    case ScheduleKind::excluding: {
      const auto& excluding = static_cast<const Excluding&>(rule);
      json["kind"] = "excluding";
      json["calendar"] = calendar_to_json<BasicJson>(excluding.calendar());
      json["schedule"] = rule_to_json<BasicJson>(*excluding.inner());
      break;
    }
    case ScheduleKind::jitter: {
      const auto& jitter = static_cast<const Jitter&>(rule);
      json["kind"] = "jitter";
      json["maxMs"] = jitter.max().count();
      json["schedule"] = rule_to_json<BasicJson>(*jitter.inner());
      break;
    }
    case ScheduleKind::any_of:
      json["kind"] = "anyOf";
      json["schedules"] = BasicJson::array();
      for (const auto& part : static_cast<const AnyOf&>(rule).parts()) {
        json["schedules"].push_back(rule_to_json<BasicJson>(*part));
      }
      break;
  }
  return json;
}

template <class BasicJson>
BasicJson calendar_to_json(const Calendar& calendar) {
  BasicJson json = BasicJson::object();
  const auto date_of = [](int number) {
    return format_iso8601(TimePoint{std::chrono::days{number}}).substr(0, 10);
  };
  for (const int number : calendar.dates()) json["dates"].push_back(date_of(number));
  for (int day = 0; day < 7; ++day) {
    if ((calendar.weekdays() >> day & 1U) != 0) {
      json["weekdays"].push_back(std::string{weekday_name(day)});
    }
  }
  for (int month = 1; month <= 12; ++month) {
    for (int day = 1; day <= 31; ++day) {
      if ((calendar.yearly()[static_cast<std::size_t>(month)] >> day & 1U) == 0) continue;
      json["yearly"].push_back(two_digits(month) + "-" + two_digits(day));
    }
  }
  if (calendar.times()) json["times"] = rule_to_json<BasicJson>(*calendar.times());
  if (calendar.zone()) json["timeZone"] = calendar.zone()->name();
  return json;
}

/// Reads schedules; each function names what it expected where.
template <class BasicJson, class Zones>
class RuleReader {
 public:
  explicit RuleReader(const Zones& zones) : zones_(zones) {}

  [[nodiscard]] ScheduleRulePtr rule(const BasicJson& json, int depth = 0) const {
    if (json.is_null()) return nullptr;
    if (!json.is_object()) refuse("an object with a \"kind\", or null", json);
    if (depth >= rule_depth_max) refuse("at most 16 schedules within one another", json);
    const std::string kind = text(json, "kind");
    if (kind == "interval") return interval(json);
    if (kind == "afterFinish") return make<EveryAfterFinish>(span(json, "periodMs"));
    if (kind == "once") return make<At>(instant(json, "at"));
    if (kind == "cron") return cron(json);
    if (kind == "between" || kind == "excluding" || kind == "jitter") {
      return decorated(json, kind, depth);
    }
    if (kind == "anyOf") return any_of(json, depth);
    refuse("a \"kind\" of interval, afterFinish, once, cron, between, excluding, jitter or anyOf",
           json.at("kind"));
  }

 private:
  [[noreturn]] static void refuse(const std::string& expected, const BasicJson& found) {
    throw Error{"INVALID_SCHEDULE",
                "the JSON of a schedule expects " + expected + ", got " + shown(found)};
  }

  /// The beginning of the text; not of what is nested deeply, for writing that is a recursion.
  static std::string shown(const BasicJson& json) {
    constexpr std::size_t shown_bytes_max = 64;
    constexpr int shown_depth_max = 8;
    if (is_deeper(json, shown_depth_max)) return std::string{"a deeply nested "} + json.type_name();
    return json.dump(-1, ' ', true, BasicJson::error_handler_t::replace).substr(0, shown_bytes_max);
  }

  static bool is_deeper(const BasicJson& json, int levels) noexcept {
    if (!json.is_structured()) return false;
    if (levels == 0) return true;
    for (const auto& item : json) {
      if (is_deeper(item, levels - 1)) return true;
    }
    return false;
  }

  template <class RuleT, class... Args>
  static ScheduleRulePtr make(Args&&... args) {
    return ScheduleRulePtr{
        static_cast<const ScheduleRule*>(new RuleT(std::forward<Args>(args)...))};
  }

  [[nodiscard]] static const BasicJson& member(const BasicJson& json, const char* key) {
    const auto found = json.find(key);
    if (found == json.end()) refuse(std::string{"a \""} + key + "\"", json);
    return *found;
  }

  [[nodiscard]] static std::string text(const BasicJson& json, const char* key) {
    const BasicJson& value = member(json, key);
    if (!value.is_string()) refuse(std::string{"a text as \""} + key + "\"", value);
    return value.template get<std::string>();
  }

  /// The text of a member that may be missing; `missing` stands for that.
  [[nodiscard]] static std::string text_or(const BasicJson& json, const char* key,
                                           const char* missing) {
    return json.contains(key) ? text(json, key) : std::string{missing};
  }

  [[nodiscard]] static Duration span(const BasicJson& json, const char* key) {
    const BasicJson& value = member(json, key);
    if (!value.is_number_integer()) refuse(std::string{"a whole number as \""} + key + "\"", value);
    return Duration{value.template get<std::int64_t>()};
  }

  [[nodiscard]] static TimePoint instant(const BasicJson& json, const char* key) {
    const auto read = parse_iso8601(text(json, key));
    if (!read) refuse(std::string{"an ISO 8601 time as \""} + key + "\"", json.at(key));
    return *read;
  }

  [[nodiscard]] ScheduleRulePtr inner(const BasicJson& json, int depth) const {
    ScheduleRulePtr found = rule(member(json, "schedule"), depth + 1);
    if (!has_own_instants(found)) {
      refuse("a \"schedule\" with instants of its own", json);
    }
    return found;
  }

  [[nodiscard]] ScheduleRulePtr decorated(const BasicJson& json, const std::string& kind,
                                          int depth) const {
    ScheduleRulePtr schedule = inner(json, depth);
    if (kind == "jitter") return make<Jitter>(std::move(schedule), span(json, "maxMs"));
    if (kind == "excluding") {
      return make<Excluding>(std::move(schedule), calendar(member(json, "calendar"), depth));
    }
    const TimePoint from = instant(json, "from");
    return make<Between>(std::move(schedule), from, instant(json, "until"));
  }

  [[nodiscard]] static ScheduleRulePtr interval(const BasicJson& json) {
    const Duration period = span(json, "periodMs");
    return json.contains("anchor") ? make<Every>(period, instant(json, "anchor"))
                                   : make<Every>(period);
  }

  [[nodiscard]] TimeZone zone(const std::string& name) const {
    if (auto fixed = parse_fixed_zone(name)) return *std::move(fixed);
    return zones_(name);
  }

  [[nodiscard]] ScheduleRulePtr cron(const BasicJson& json) const {
    CronOptions options;
    options.zone = zone(text_or(json, "timeZone", "UTC"));
    const std::string days = text_or(json, "days", "either");
    if (days != "either" && days != "both") refuse("as \"days\" either or both", json.at("days"));
    if (days == "both") options.days = CronDayMatch::both;
    if (json.contains("fields")) {
      const auto count = span(json, "fields").count();
      if (count < 5 || count > 7) refuse("as \"fields\" 5, 6 or 7", json.at("fields"));
      options.fields = static_cast<CronFieldCount>(count);
    }
    choose(json, "gap", options.gap, {DstGap::at_transition, DstGap::shift, DstGap::skip});
    choose(json, "overlap", options.overlap,
           {DstOverlap::by_kind, DstOverlap::first, DstOverlap::last, DstOverlap::both});
    return make<CronSchedule>(text(json, "expression"), std::move(options));
  }

  template <class Enum>
  static void choose(const BasicJson& json, const char* key, Enum& target,
                     std::initializer_list<Enum> choices) {
    if (!json.contains(key)) return;
    const std::string name = text(json, key);
    std::string expected;
    for (const Enum choice : choices) {
      if (name == name_of(choice)) {
        target = choice;
        return;
      }
      expected += (expected.empty() ? "" : ", ") + std::string{name_of(choice)};
    }
    refuse(std::string{"as \""} + key + "\" one of " + expected, json.at(key));
  }

  [[nodiscard]] ScheduleRulePtr any_of(const BasicJson& json, int depth) const {
    const BasicJson& list = member(json, "schedules");
    if (!list.is_array()) refuse("a list of \"schedules\"", list);
    std::vector<ScheduleRulePtr> parts;
    for (const auto& item : list) {
      parts.push_back(rule(item, depth + 1));
      if (!has_own_instants(parts.back())) {
        refuse("\"schedules\" with instants of their own", item);
      }
      if (parts.size() > AnyOf::parts_max) refuse("at most 64 \"schedules\"", item);
    }
    return make<AnyOf>(std::move(parts));
  }

  [[nodiscard]] Calendar calendar(const BasicJson& json, int depth) const {
    if (!json.is_object()) refuse("an object as \"calendar\"", json);
    Calendar calendar;
    for (const auto& date : list(json, "dates")) {
      const auto read = parse_iso8601(string_of(date) + "T00:00:00Z");
      if (!read) refuse("dates such as \"2024-12-24\"", date);
      calendar.add(civil_date(static_cast<int>(
          std::chrono::floor<std::chrono::days>(read->time_since_epoch()).count())));
    }
    for (const auto& day : list(json, "weekdays")) calendar.weekdays({weekday(day)});
    for (const auto& day : list(json, "yearly")) {
      // 2000 is a leap year and has every day that a year can have.
      const auto read = parse_iso8601("2000-" + string_of(day) + "T00:00:00Z");
      if (!read) refuse("days of the year such as \"12-25\"", day);
      const CivilDate date = civil_date(static_cast<int>(
          std::chrono::floor<std::chrono::days>(read->time_since_epoch()).count()));
      calendar.add(YearlyDay{date.month, date.day});
    }
    const auto times = json.find("times");
    if (times != json.end() && !times->is_null()) calendar.set_times(rule(*times, depth + 1));
    if (json.contains("timeZone")) calendar.in(zone(text(json, "timeZone")));
    return calendar;
  }

  [[nodiscard]] static const BasicJson& list(const BasicJson& json, const char* key) {
    static const BasicJson none = BasicJson::array();
    const auto found = json.find(key);
    if (found == json.end()) return none;
    if (!found->is_array()) refuse(std::string{"a list as \""} + key + "\"", *found);
    return *found;
  }

  [[nodiscard]] static std::string string_of(const BasicJson& json) {
    if (!json.is_string()) refuse("a text", json);
    return json.template get<std::string>();
  }

  [[nodiscard]] static Weekday weekday(const BasicJson& json) {
    const std::string name = string_of(json);
    for (int day = 0; day < 7; ++day) {
      if (name == weekday_name(day)) return static_cast<Weekday>(day);
    }
    refuse("weekdays such as \"Monday\"", json);
  }

  const Zones& zones_;
};

template <class BasicJson, class Zones>
[[nodiscard]] ScheduleRulePtr rule_from_json(const BasicJson& json, const Zones& zones) {
  return RuleReader<BasicJson, Zones>{zones}.rule(json);
}

}  // namespace punctual::detail
