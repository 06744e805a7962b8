// SPDX-License-Identifier: MIT
//
// SlowCron: a cron matcher for tests, written from the dialect's words and as plainly as possible.
//
// It shares nothing with the library: it keeps the fields as text, tries every value of a range in
// turn, and asks date/date.h for the calendar. It takes valid expressions only.

#pragma once

#include <date/date.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

class SlowCron {
 public:
  explicit SlowCron(const std::string& expression, bool needs_both_days = false)
      : needs_both_days_(needs_both_days) {
    std::istringstream words{expression};
    for (std::string word; words >> word;) fields_.push_back(upper(word));
    if (fields_.size() == 5) fields_.insert(fields_.begin(), "0");
    if (fields_.size() == 6) fields_.emplace_back("*");
    for (int i = 0; i < 60; ++i) {
      seconds_.push_back(has_value(fields_[0], i, 0, 59, ""));
      minutes_.push_back(has_value(fields_[1], i, 0, 59, ""));
      if (i < 24) hours_.push_back(has_value(fields_[2], i, 0, 23, ""));
    }
  }

  bool matches_time(int hour, int minute, int second) const {
    return matches_hour(hour) && matches_minute(minute) && matches_second(second);
  }

  // The parts of a time, so that a walk can pass over a whole hour or minute.
  bool matches_hour(int hour) const { return hours_.at(static_cast<std::size_t>(hour)); }
  bool matches_minute(int minute) const { return minutes_.at(static_cast<std::size_t>(minute)); }
  bool matches_second(int second) const { return seconds_.at(static_cast<std::size_t>(second)); }

  bool matches_day(date::year_month_day day) const {
    const int month = static_cast<int>(static_cast<unsigned>(day.month()));
    if (!has_value(fields_[4], month, 1, 12, month_names)) return false;
    const int year = static_cast<int>(day.year());
    if (is_restricted(fields_[6]) && !has_value(fields_[6], year, 1970, 2099, "")) return false;
    const bool by_day = matches_day_of_month(day);
    const bool by_weekday = matches_day_of_week(day);
    const bool is_union = is_restricted(fields_[3]) && is_restricted(fields_[5]);
    return is_union && !needs_both_days_ ? by_day || by_weekday : by_day && by_weekday;
  }

 private:
  static constexpr const char* month_names = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
  static constexpr const char* weekday_names = "SUNMONTUEWEDTHUFRISAT";

  static std::string upper(std::string text) {
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
  }

  static std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::size_t begin = 0;
    for (std::size_t end; (end = text.find(separator, begin)) != std::string::npos;) {
      parts.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
    parts.push_back(text.substr(begin));
    return parts;
  }

  static bool is_restricted(const std::string& field) {
    const auto items = split(field, ',');
    return field != "?" && std::find(items.begin(), items.end(), "*") == items.end();
  }

  static int to_value(const std::string& text, int first, const std::string& names) {
    const auto at = names.find(text);
    return at == std::string::npos ? std::atoi(text.c_str()) : first + static_cast<int>(at) / 3;
  }

  /// Walks from the item's start, one value at a time, and counts the steps.
  static bool item_has_value(const std::string& item, int value, int first, int last,
                             const std::string& names) {
    const auto halves = split(item, '/');
    const int step = halves.size() == 2 ? std::atoi(halves[1].c_str()) : 1;
    const auto ends = split(halves[0], '-');
    int from = first;
    int to = last;
    if (halves[0] != "*" && halves[0] != "?") {
      from = to = to_value(ends[0], first, names);
      if (ends.size() == 2) to = to_value(ends[1], first, names);
      if (ends.size() == 1 && halves.size() == 2) to = last;
    }
    const bool is_weekday = last == 6;
    if (is_weekday && from == 7) {
      from = 0;
      if (to == 7) to = 0;
    }
    const bool goes_to_seven = is_weekday && to == 7;  // a Sunday at the end of the range
    for (int at = from, passed = 0;; ++passed) {
      const int shown = at > last ? at - (last - first + 1) : at;
      if (passed % step == 0 && shown == value) return true;
      if (goes_to_seven ? at == 7 : shown == to) return false;
      ++at;
      if (!goes_to_seven && at > last) at = first;
    }
  }

  static bool has_value(const std::string& field, int value, int first, int last,
                        const std::string& names) {
    for (const auto& item : split(field, ',')) {
      if (item_has_value(item, value, first, last, names)) return true;
    }
    return false;
  }

  static int day_number(date::year_month_day day) {
    return static_cast<int>(static_cast<unsigned>(day.day()));
  }

  static int last_day(date::year_month_day day) {
    return day_number(date::year_month_day{day.year() / day.month() / date::last});
  }

  static int weekday_number(date::year_month_day day) {
    return static_cast<int>(date::weekday{date::sys_days{day}}.c_encoding());
  }

  /// Tries the day itself, the day before, the day after, two before, two after.
  static int nearest_weekday(date::year_month_day month, int wanted) {
    for (const int offset : {0, -1, 1, -2, 2}) {
      const int candidate = wanted + offset;
      if (candidate < 1 || candidate > last_day(month)) continue;
      const auto day = month.year() / month.month() / candidate;
      if (weekday_number(day) != 0 && weekday_number(day) != 6) return candidate;
    }
    return 0;
  }

  bool matches_day_of_month(date::year_month_day day) const {
    for (auto item : split(fields_[3], ',')) {
      const bool moves = item.back() == 'W';
      if (!moves && item[0] != 'L') {
        if (item_has_value(item, day_number(day), 1, 31, "")) return true;
        continue;
      }
      if (moves) item.pop_back();
      int wanted = std::atoi(item.c_str());
      if (item[0] == 'L') {
        wanted = last_day(day) - (item.size() > 2 ? std::atoi(item.c_str() + 2) : 0);
      }
      if (wanted < 1 || wanted > last_day(day)) continue;
      if (moves) wanted = nearest_weekday(day, wanted);
      if (wanted == day_number(day)) return true;
    }
    return false;
  }

  bool matches_day_of_week(date::year_month_day day) const {
    const int number = day_number(day);
    for (const auto& item : split(fields_[5], ',')) {
      const auto parts = split(item, '#');
      const bool is_last = item.back() == 'L';
      const std::string days =
          parts.size() == 2 || !is_last ? parts[0] : parts[0].substr(0, parts[0].size() - 1);
      if (!item_has_value(days, weekday_number(day), 0, 6, weekday_names)) continue;
      if (is_last && number + 7 <= last_day(day)) continue;
      if (!is_last && parts.size() == 2 && (number + 6) / 7 != std::atoi(parts[1].c_str()))
        continue;
      return true;
    }
    return false;
  }

  bool needs_both_days_;
  std::vector<std::string> fields_;
  std::vector<bool> seconds_;
  std::vector<bool> minutes_;
  std::vector<bool> hours_;
};
