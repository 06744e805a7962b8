// SPDX-License-Identifier: MIT
//
// CronParser: reads a cron expression into its sets, at compile time or at run time.
//
//   [second] minute hour day-of-month month day-of-week [year]        or        @daily and its like
//   field  = "?" (alone, day fields only) | item {"," item}
//   item   = ("*" | value | value "-" value) ["/" step]      ranges may wrap, except those of years
//   day of month also:  L  L-n  nW  LW  L-nW          day of week also:  dL  d#n  d-d#n  d#L
//
// Every number is checked against its field before anything is expanded, and an expression that can
// never fire is refused. Nothing is allocated, and a text has at most 256 bytes.
//
// Thread-safety: pure functions.
// Source: crontab(5) of Vixie cron; Quartz CronExpression for L, W, # and the year field.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "punctual/base/civil_date.hpp"
#include "punctual/schedule/cron_dialect.hpp"
#include "punctual/schedule/cron_fields.hpp"

namespace punctual {

/// What a day must satisfy where day of month and day of week are both restricted.
enum class CronDayMatch {
  either,  ///< one of them, as in Vixie cron: `0 0 13 * FRI` fires on every 13th and every Friday
  both,    ///< both: `0 0 13 * FRI` fires on Fridays the 13th
};

/// How many fields a text must have. For readers of expressions that are written for one dialect.
enum class CronFieldCount {
  any = 0,    ///< 5, 6 or 7
  five = 5,   ///< minute first
  six = 6,    ///< second first
  seven = 7,  ///< second first, year last
};

/// Where and why a text is not a cron expression; false if it is one.
struct CronFailure {
  std::size_t column = 1;     ///< of the first byte that does not fit, counted from 1
  std::string_view found;     ///< the part of the text; empty where the text or the field ends
  std::string_view expected;  ///< empty if nothing is wrong

  explicit constexpr operator bool() const noexcept { return !expected.empty(); }
};

/// What came of parsing: the sets, or the reason why there are none.
struct CronParse {
  CronFields fields;
  int field_count = 0;  ///< 5, 6 or 7; of a macro, that of the expression it stands for
  CronFailure failure;
};

/// Reads `text`; never throws, and can run at compile time.
///
/// A macro stands for an expression of any number of fields.
///
/// Both day fields count as restricted unless they are `?` or have a bare `*`: `*/2` restricts.
///
/// Complexity: linear in the text, plus at most 1560 months for one that can never fire.
[[nodiscard]] constexpr CronParse parse_cron(std::string_view text,
                                             CronDayMatch match = CronDayMatch::either,
                                             CronFieldCount count = CronFieldCount::any) noexcept;

namespace detail {

constexpr bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t';
}
constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
constexpr char to_upper(char c) noexcept {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}
constexpr bool is_letter(char c) noexcept {
  return to_upper(c) >= 'A' && to_upper(c) <= 'Z';
}

constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to_upper(a[i]) != to_upper(b[i])) return false;
  }
  return true;
}

/// One pass over one text. Its functions return false once `failure_` says why.
class CronParser {
 public:
  constexpr CronParser(std::string_view text, CronDayMatch match, CronFieldCount count) noexcept
      : text_(text),
        match_(match),
        count_(count) {}

  constexpr CronParse parse() noexcept {
    if (parse_text() && check_fires()) return {fields_, field_count_, {}};
    return {CronFields{}, 0, failure_};
  }

 private:
  static constexpr std::size_t text_bytes_max = 256;

  constexpr bool parse_text() noexcept;
  constexpr bool expand_macro() noexcept;
  constexpr bool count_fields() noexcept;
  constexpr bool parse_field(std::size_t index) noexcept;
  constexpr bool parse_item(std::size_t index) noexcept;
  constexpr bool parse_last_day() noexcept;
  constexpr bool parse_occurrence(std::uint64_t weekdays) noexcept;
  constexpr bool parse_value(const CronFieldKind& kind, int& value) noexcept;
  constexpr bool parse_number(int min, int max, std::string_view expected, int& value) noexcept;
  constexpr bool finish_item(std::string_view expected) noexcept;
  constexpr bool add_years(int first, int last, int step, std::size_t at) noexcept;
  constexpr void store_field(std::size_t index) noexcept;
  constexpr bool check_fires() noexcept;
  constexpr bool fail(std::size_t at, std::string_view expected) noexcept;

  [[nodiscard]] constexpr std::string_view count_expected() const noexcept {
    if (count_ == CronFieldCount::five) return "5 fields";
    return count_ == CronFieldCount::six ? "6 fields, seconds first"
                                         : "7 fields, seconds first and the year last";
  }

  [[nodiscard]] constexpr bool at_field_end() const noexcept {
    return at_ == text_.size() || is_blank(text_[at_]);
  }

  constexpr bool accept(char wanted) noexcept {
    if (at_ == text_.size() || to_upper(text_[at_]) != wanted) return false;
    ++at_;
    return true;
  }

  constexpr void skip_blanks() noexcept {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  CronDayMatch match_;
  CronFieldCount count_;
  CronFields fields_;
  int field_count_ = 0;
  CronFailure failure_;

  // Of the field at hand.
  std::uint64_t set_ = 0;            // plain values; years go to `fields_` at once
  std::uint64_t weekday_rules_ = 0;  // `d#n` and `dL`, in the bits of `CronFields::weekdays`
  bool is_unrestricted_ = false;     // `?` or a bare `*`

  bool restricts_days_ = false;
  bool restricts_weekdays_ = false;
  std::size_t days_at_ = 0;
  std::size_t weekdays_at_ = 0;
};

constexpr bool CronParser::fail(std::size_t at, std::string_view expected) noexcept {
  std::size_t end = at;
  while (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]))) ++end;
  if (end == at && end < text_.size() && !is_blank(text_[end])) ++end;
  failure_ = {at + 1, text_.substr(at, end - at), expected};
  return false;
}

constexpr bool CronParser::parse_text() noexcept {
  if (text_.size() > text_bytes_max) {
    failure_ = {text_bytes_max + 1, text_.substr(text_bytes_max), "at most 256 bytes"};
    return false;
  }
  while (!text_.empty() && is_blank(text_.back())) text_.remove_suffix(1);
  skip_blanks();
  if (at_ < text_.size() && text_[at_] == '@' && !expand_macro()) return false;
  if (!count_fields()) return false;

  const std::size_t end = field_count_ == 7 ? cron_year + 1 : cron_weekday + 1;
  for (std::size_t i = field_count_ == 5 ? cron_minute : cron_second; i < end; ++i) {
    skip_blanks();
    if (!parse_field(i)) return false;
  }
  fields_.either_day = match_ == CronDayMatch::either && restricts_days_ && restricts_weekdays_;
  return true;
}

constexpr bool CronParser::expand_macro() noexcept {
  for (const CronMacro& macro : cron_macros) {
    if (!equals_ignoring_case(text_.substr(at_), macro.name)) continue;
    text_ = macro.meaning;
    at_ = 0;
    count_ = CronFieldCount::any;
    return true;
  }
  failure_ = {at_ + 1, text_.substr(at_),
              "@yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly, @every_minute "
              "or @every_second"};
  return false;
}

constexpr bool CronParser::count_fields() noexcept {
  for (std::size_t i = at_; i < text_.size(); ++i) {
    if (is_blank(text_[i]) || (i > at_ && !is_blank(text_[i - 1]))) continue;
    if (++field_count_ > 7) return fail(i, "no more than 7 fields");
    const bool is_too_many =
        count_ != CronFieldCount::any && field_count_ > static_cast<int>(count_);
    if (is_too_many) return fail(i, count_expected());
  }
  if (count_ != CronFieldCount::any && field_count_ < static_cast<int>(count_)) {
    return fail(text_.size(), count_expected());
  }
  if (field_count_ >= 5) return true;
  return fail(text_.size(), "5 fields, 6 with seconds first or 7 with the year last");
}

constexpr bool CronParser::parse_field(std::size_t index) noexcept {
  set_ = 0;
  is_unrestricted_ = false;
  if (index == cron_day) days_at_ = at_;
  if (index == cron_weekday) weekdays_at_ = at_;
  if ((index == cron_day || index == cron_weekday) && accept('?')) {
    is_unrestricted_ = true;
    if (!at_field_end()) return fail(at_, "nothing beside the ?");
  } else {
    do {
      if (!parse_item(index)) return false;
    } while (accept(','));
  }
  store_field(index);
  return true;
}

constexpr bool CronParser::parse_item(std::size_t index) noexcept {
  const CronFieldKind& kind = cron_field_kinds[index];
  const std::size_t begin = at_;
  int first = kind.first;
  int last = kind.last;
  bool is_single = false;
  if (accept('*')) {
    if (at_ == text_.size() || text_[at_] != '/') is_unrestricted_ = true;
  } else {
    if (index == cron_day && accept('L')) return parse_last_day();
    if (!parse_value(kind, first)) return false;
    if (index == cron_day && accept('W')) {
      fields_.nearest_weekdays |= std::uint32_t{1} << first;
      return finish_item("one of , or a space");
    }
    if (index == cron_weekday && accept('L')) {
      weekday_rules_ |= std::uint64_t{1} << (35 + first % 7);
      return finish_item("one of , or a space");
    }
    is_single = !accept('-');
    last = first;
    if (!is_single && !parse_value(kind, last)) return false;
    if (index == cron_weekday && accept('#')) {
      return parse_occurrence(cron_range(kind, first, last, 1));
    }
  }

  int step = 1;
  const bool has_step = accept('/');
  if (has_step) {
    if (!parse_number(1, kind.step_max, kind.step_expected, step)) return false;
    if (is_single) last = kind.last;
  }
  if (index <= cron_hour && (!is_single || has_step)) fields_.is_interval = true;
  const std::string_view after_range = has_step ? "one of , or a space" : "one of , / or a space";
  if (!finish_item(is_single && !has_step ? kind.after_value : after_range)) return false;
  if (index == cron_year) return add_years(first, last, step, begin);
  set_ |= cron_range(kind, first, last, step);
  return true;
}

constexpr bool CronParser::parse_last_day() noexcept {
  int offset = 0;
  if (accept('-') && !parse_number(0, 30, "0-30 days before the last", offset)) return false;
  const std::uint32_t rule = std::uint32_t{1} << (31 - offset);
  (accept('W') ? fields_.nearest_from_last : fields_.days_from_last) |= rule;
  return finish_item("one of , - W or a space");
}

constexpr bool CronParser::parse_occurrence(std::uint64_t weekdays) noexcept {
  int week = 6;  // the place of the last week's set
  if (!accept('L') && !parse_number(1, 5, "1-5 or L", week)) return false;
  weekday_rules_ |= weekdays << (7 * (week - 1));
  return finish_item("one of , or a space");
}

constexpr bool CronParser::parse_value(const CronFieldKind& kind, int& value) noexcept {
  const std::size_t begin = at_;
  if (at_field_end() || !is_letter(text_[at_])) {
    return parse_number(kind.first, kind.value_max, kind.value_expected, value);
  }
  // Three letters exactly: what follows them must be a separator, so JANUARY and JAN1 are refused.
  for (std::size_t i = 0; i < kind.names.size(); i += 3) {
    if (!equals_ignoring_case(text_.substr(begin, 3), kind.names.substr(i, 3))) continue;
    at_ += 3;
    value = kind.first + static_cast<int>(i / 3);
    return true;
  }
  return fail(begin, kind.value_expected);
}

constexpr bool CronParser::parse_number(int min, int max, std::string_view expected,
                                        int& value) noexcept {
  const std::size_t begin = at_;
  int number = 0;
  for (; at_ < text_.size() && is_digit(text_[at_]); ++at_) {
    if (number <= max) number = number * 10 + (text_[at_] - '0');  // so that it cannot overflow
  }
  if (at_ == begin || number < min || number > max) return fail(begin, expected);
  value = number;
  return true;
}

constexpr bool CronParser::finish_item(std::string_view expected) noexcept {
  return at_field_end() || text_[at_] == ',' || fail(at_, expected);
}

constexpr bool CronParser::add_years(int first, int last, int step, std::size_t at) noexcept {
  if (first > last) return fail(at, "a range of years that runs forwards");
  for (int year = first; year <= last; year += step) {
    const auto offset = static_cast<std::size_t>(year - cron_year_min);
    fields_.years[offset / 64] |= std::uint64_t{1} << (offset % 64);
  }
  return true;
}

constexpr void CronParser::store_field(std::size_t index) noexcept {
  if (index == cron_second) fields_.seconds = set_;
  if (index == cron_minute) fields_.minutes = set_;
  if (index == cron_hour) fields_.hours = static_cast<std::uint32_t>(set_);
  if (index == cron_month) fields_.months = static_cast<std::uint16_t>(set_);
  if (index == cron_year && is_unrestricted_) fields_.years = {};
  if (index == cron_day) {
    restricts_days_ = !is_unrestricted_;
    if (restricts_days_) {
      fields_.days = static_cast<std::uint32_t>(set_);
    } else {
      fields_.days_from_last = fields_.nearest_weekdays = fields_.nearest_from_last = 0;
    }
  }
  if (index == cron_weekday) {
    restricts_weekdays_ = !is_unrestricted_;
    if (restricts_weekdays_) {
      const std::uint64_t every_week = set_ * one_in_each_week & CronFields::every_weekday;
      fields_.weekdays = every_week | weekday_rules_;
    }
  }
}

constexpr bool CronParser::check_fires() noexcept {
  // 1970..2099 contain every calendar a year can have, so what does not fire then never does.
  for (int year = fields_.year_from(cron_year_min); year <= cron_year_max;
       year = fields_.year_from(year + 1)) {
    for (std::uint64_t months = fields_.months; months != 0; months &= months - 1) {
      const int month = lowest_bit(months);
      const int first_day = days_since_epoch(year, month, 1);
      if (fields_.days_of(first_day, month_length(year, month)) != 0) return true;
    }
  }
  std::size_t end = at_ = restricts_days_ ? days_at_ : weekdays_at_;
  while (end < text_.size() && !is_blank(text_[end])) ++end;
  failure_ = {at_ + 1, text_.substr(at_, end - at_), "a day that these months and years have"};
  return false;
}

}  // namespace detail

constexpr CronParse parse_cron(std::string_view text, CronDayMatch match,
                               CronFieldCount count) noexcept {
  return detail::CronParser{text, match, count}.parse();
}

}  // namespace punctual
