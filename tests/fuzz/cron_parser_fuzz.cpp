// SPDX-License-Identifier: MIT
//
// Any bytes as a cron expression: what the parser says of them must hold, and it must not crash.
//
// Input: the text, read under both day matches and each count of fields.

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "fuzz/violation.hpp"
#include "punctual/base/error.hpp"
#include "punctual/base/json.hpp"
#include "punctual/base/time.hpp"
#include "punctual/schedule/cron_expression.hpp"
#include "punctual/schedule/cron_parser.hpp"
#include "punctual/schedule/cron_words.hpp"
#include "punctual/schedule/schedule.hpp"

namespace {

using fuzz::must_hold;
using fuzz::printable;
using punctual::CronDayMatch;
using punctual::CronExpression;
using punctual::CronFieldCount;
using punctual::CronFields;
using punctual::CronParse;
using punctual::Json;
using punctual::Schedule;
using punctual::TimePoint;

constexpr std::size_t text_bytes_max = 256;

// A year field names years from the first to the last of these, and every expression fires in them.
constexpr TimePoint before_years = date::sys_days{date::year{1970} / 1 / 1} - punctual::Duration{1};
constexpr TimePoint after_years = date::sys_days{date::year{2100} / 1 / 1};

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_macro(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  return first != std::string_view::npos && text[first] == '@';
}

/// Returns `text` with each letter in the other case.
std::string in_other_case(std::string_view text) {
  std::string other{text};
  for (char& c : other) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (is_letter) c = static_cast<char>(c ^ ('a' - 'A'));
  }
  return other;
}

std::string with_doubled_blanks(std::string_view text) {
  std::string doubled;
  for (const char c : text) doubled.append(c == ' ' || c == '\t' ? 2 : 1, c);
  return doubled;
}

void check_failure(std::string_view text, const CronParse& parsed) {
  const auto& [column, found, expected] = parsed.failure;
  must_hold(is_printable(expected), "what was expected is printable", text);
  must_hold(column >= 1 && column <= text.size() + 1, "the column is one of the text's", text,
            [&, c = column] { return "column " + std::to_string(c); });
  must_hold(
      column - 1 + found.size() <= text.size(), "what was found is within the text", text,
      [&, c = column, f = found] { return printable(f) + " at column " + std::to_string(c); });
  must_hold(
      found.data() == text.data() + (column - 1), "what was found is where it says", text,
      [&, c = column, f = found] { return printable(f) + " at column " + std::to_string(c); });
  must_hold(parsed.field_count == 0 && parsed.fields == CronFields{}, "no sets with a failure",
            text);
}

void check_sets(std::string_view text, const CronParse& parsed) {
  const CronFields& fields = parsed.fields;
  must_hold(parsed.field_count >= 5 && parsed.field_count <= 7, "there are 5 to 7 fields", text);
  must_hold(fields.seconds != 0 && fields.seconds >> 60 == 0, "seconds are 0-59", text);
  must_hold(fields.minutes != 0 && fields.minutes >> 60 == 0, "minutes are 0-59", text);
  must_hold(fields.hours != 0 && fields.hours >> 24 == 0, "hours are 0-23", text);
  must_hold(fields.months != 0 && (fields.months & ~CronFields::every_month) == 0,
            "months are 1-12", text);
  must_hold((fields.days & ~CronFields::every_day_of_month) == 0, "days are 1-31", text);
  must_hold(fields.weekdays != 0 && fields.weekdays >> 42 == 0, "weekdays are of six weeks", text);
  must_hold(fields.years[2] >> 2 == 0, "years are 1970-2099", text);
}

void check_instants(std::string_view text, const CronExpression& cron) {
  const auto first = cron.next_after(before_years);
  const auto last = cron.previous_before(after_years);
  must_hold(first.has_value() && last.has_value(), "it fires from 1970 to 2099", text);
  must_hold(*first > before_years && *last < after_years && *first <= *last,
            "its instants are in order", text);
  must_hold(cron.matches(*first) && cron.matches(*last), "it matches its own instants", text);
}

void check_words(std::string_view text, const CronExpression& cron) {
  const std::string words = punctual::describe_cron(cron);
  const auto said = [&] { return printable(words); };
  must_hold(!words.empty(), "it has words", text);
  must_hold(is_printable(words), "its words are printable", text, said);
  must_hold(words.front() != ' ' && words.back() != ' ' && words.find("  ") == std::string::npos,
            "its words are not empty", text, said);
}

void check_json(std::string_view text, CronDayMatch match, CronFieldCount count) {
  punctual::CronOptions options;
  options.days = match;
  options.fields = count;
  const Schedule schedule = punctual::cron(text, options);
  const std::string json = schedule.to_json().dump();
  const Schedule read = Schedule::from_json(Json::parse(json));
  must_hold(read == schedule && read.to_json().dump() == json, "its JSON says all of it", text,
            [&] { return json; });
  must_hold(read.next_after(before_years) == schedule.next_after(before_years),
            "it fires at the same time when read back", text, [&] { return json; });
}

/// Returns the expression that the throwing reader makes of the text, nullopt if it throws.
std::optional<CronExpression> read_or_refuse(std::string_view text, CronDayMatch match,
                                             CronFieldCount count) {
  try {
    return CronExpression::parse(text, match, count);
  } catch (const punctual::Error& error) {
    must_hold(error.code() == "INVALID_SCHEDULE" && is_printable(error.what()),
              "the refusal has its code and a printable message", text,
              [&] { return printable(error.what()); });
    return std::nullopt;
  }
}

/// Requires that `other` reads as `text` does.
void check_same(std::string_view text, const std::string& other, const CronParse& parsed,
                CronDayMatch match, CronFieldCount count) {
  if (other.size() > text_bytes_max) return;
  const CronParse again = punctual::parse_cron(other, match, count);
  must_hold(again.fields == parsed.fields && again.field_count == parsed.field_count &&
                again.failure.expected == parsed.failure.expected,
            "case and the width of blanks change nothing", text, [&] { return printable(other); });
}

CronParse check(std::string_view text, CronDayMatch match, CronFieldCount count) {
  const CronParse parsed = punctual::parse_cron(text, match, count);
  const bool is_valid = parsed.failure.expected.empty();
  must_hold(is_valid == !parsed.failure, "a failure says what was expected", text);
  const auto cron = read_or_refuse(text, match, count);
  must_hold(cron.has_value() == is_valid, "both readers refuse the same texts", text);
  check_same(text, in_other_case(text), parsed, match, count);
  check_same(text, with_doubled_blanks(text), parsed, match, count);
  if (!cron) {
    check_failure(text, parsed);
    return parsed;
  }
  must_hold(cron->fields() == parsed.fields, "both readers read the same", text);
  check_sets(text, parsed);
  check_instants(text, *cron);
  check_words(text, *cron);
  check_json(text, match, count);
  return parsed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  for (const auto match : {CronDayMatch::either, CronDayMatch::both}) {
    const CronParse any = check(text, match, CronFieldCount::any);
    for (const auto count : {CronFieldCount::five, CronFieldCount::six, CronFieldCount::seven}) {
      const CronParse parsed = check(text, match, count);
      // A count only refuses; and a macro stands for any number of fields.
      const bool fits = is_macro(text) || any.field_count == static_cast<int>(count);
      must_hold(!parsed.failure == (!any.failure && fits), "a count of fields refuses the others",
                text);
      if (!parsed.failure) {
        must_hold(parsed.fields == any.fields, "a count of fields changes nothing else", text);
      }
    }
  }
  return 0;
}
