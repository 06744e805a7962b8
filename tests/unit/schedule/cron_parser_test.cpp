// SPDX-License-Identifier: MIT
//
// parse_cron: what each form of the dialect means, and where each wrong one is refused.

#include "punctual/schedule/cron_parser.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "punctual/base/random.hpp"
#include "punctual/schedule/cron_fields.hpp"
#include "support/catch.hpp"

namespace cron_parser_test {

namespace {

using punctual::CronDayMatch;
using punctual::CronFieldCount;
using punctual::CronFields;
using punctual::CronParse;
using punctual::parse_cron;

/// The set of the values listed.
std::uint64_t bits(const std::vector<int>& values) {
  std::uint64_t set = 0;
  for (const int value : values) set |= std::uint64_t{1} << value;
  return set;
}

CronFields fields_of(std::string_view text, CronDayMatch match = CronDayMatch::either) {
  const CronParse parsed = parse_cron(text, match);
  CAPTURE(text);
  REQUIRE(!parsed.failure);
  return parsed.fields;
}

/// The weekdays of the first week, which stand for those of all weeks.
std::uint64_t plain_weekdays(std::string_view field) {
  const auto weekdays = fields_of("0 0 * * " + std::string{field}).weekdays;
  CAPTURE(field);
  for (int week = 1; week < 5; ++week)
    CHECK(((weekdays >> (7 * week)) & 0x7F) == (weekdays & 0x7F));
  CHECK(weekdays >> 35 == 0);
  return weekdays & 0x7F;
}

}  // namespace

TEST_CASE("parse_cron reads the minutes when the field is a list, range or step") {
  struct Row {
    const char* field;
    std::vector<int> minutes;
  };
  const std::vector<Row> rows = {
      {"7", {7}},
      {"07", {7}},
      {"0007", {7}},
      {"1,2,59", {1, 2, 59}},
      {"5-8", {5, 6, 7, 8}},
      {"5-5", {5}},
      {"58-1", {58, 59, 0, 1}},
      {"1-10/4", {1, 5, 9}},
      {"57-5/3", {57, 0, 3}},
      {"40/5", {40, 45, 50, 55}},
      {"*/20", {0, 20, 40}},
      {"*/59", {0, 59}},
      {"*/20,10-12,3", {0, 3, 10, 11, 12, 20, 40}},
      {"1,1,1", {1}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.field);
    CHECK(fields_of(std::string{row.field} + " * * * *").minutes == bits(row.minutes));
  }
  CHECK(fields_of("* * * * *").minutes == 0x0FFF'FFFF'FFFF'FFFF);
}

TEST_CASE("parse_cron puts each field in its place when there are five, six or seven") {
  struct Row {
    const char* text;
    int field_count;
    std::uint64_t seconds;
    std::uint64_t minutes;
    std::uint32_t hours;
  };
  for (const auto& row : std::vector<Row>{{"1 2 * * *", 5, bits({0}), bits({1}), 4},
                                          {"7 1 2 * * *", 6, bits({7}), bits({1}), 4},
                                          {"7 1 2 * * * *", 7, bits({7}), bits({1}), 4},
                                          {" \t1  2\t* * * ", 5, bits({0}), bits({1}), 4}}) {
    CAPTURE(row.text);
    const CronParse parsed = parse_cron(row.text);
    REQUIRE(!parsed.failure);
    CHECK(parsed.field_count == row.field_count);
    CHECK(parsed.fields.seconds == row.seconds);
    CHECK(parsed.fields.minutes == row.minutes);
    CHECK(parsed.fields.hours == row.hours);
    CHECK(parsed.fields.months == CronFields::every_month);
    CHECK(parsed.fields.is_weekly());
  }
}

TEST_CASE("parse_cron knows months and weekdays when they are named in any case") {
  CHECK(fields_of("0 0 1 JAN,mar,Dec *").months == bits({1, 3, 12}));
  CHECK(fields_of("0 0 1 oct-FEB *").months == bits({10, 11, 12, 1, 2}));
  CHECK(fields_of("0 0 1 Apr-Mar/3 *").months == bits({4, 7, 10, 1}));
  CHECK(plain_weekdays("SUN") == bits({0}));
  CHECK(plain_weekdays("tue,Thu") == bits({2, 4}));
  CHECK(plain_weekdays("MON-FRI") == bits({1, 2, 3, 4, 5}));
  CHECK(plain_weekdays("SAT-tue") == bits({6, 0, 1, 2}));
  CHECK(plain_weekdays("TUE/2") == bits({2, 4, 6}));
}

TEST_CASE("parse_cron takes 7 for Sunday when it stands in any place") {
  CHECK(plain_weekdays("7") == bits({0}));
  CHECK(plain_weekdays("07") == bits({0}));
  CHECK(plain_weekdays("7-7") == bits({0}));
  CHECK(plain_weekdays("5-7") == bits({5, 6, 0}));
  CHECK(plain_weekdays("7-2") == bits({0, 1, 2}));
  CHECK(plain_weekdays("7-0") == bits({0}));
  CHECK(plain_weekdays("0-7") == bits({0, 1, 2, 3, 4, 5, 6}));
  CHECK(plain_weekdays("1-7/3") == bits({1, 4, 0}));
  CHECK(plain_weekdays("7/3") == bits({0, 3, 6}));
  CHECK(plain_weekdays("*/7") == bits({0}));
  CHECK(fields_of("0 0 * * 7L").weekdays == std::uint64_t{1} << 35);
  CHECK(fields_of("0 0 * * 7#2").weekdays == std::uint64_t{1} << 7);
}

TEST_CASE("parse_cron keeps the rules of a month when day fields have them") {
  CHECK(fields_of("0 0 L * *").days_from_last == 1U << 31);
  CHECK(fields_of("0 0 L-30,l-2 * *").days_from_last == ((1U << 1) | (1U << 29)));
  CHECK(fields_of("0 0 15w,1W * *").nearest_weekdays == ((1U << 15) | (1U << 1)));
  CHECK(fields_of("0 0 LW * *").nearest_from_last == 1U << 31);
  CHECK(fields_of("0 0 L-3W * *").nearest_from_last == 1U << 28);
  CHECK(fields_of("0 0 L-0w * *").nearest_from_last == 1U << 31);
  const auto mixed = fields_of("0 0 1,L,2W * *");
  CHECK(mixed.days == bits({1}));
  CHECK(mixed.days_from_last == 1U << 31);
  CHECK(mixed.nearest_weekdays == 1U << 2);

  const auto week_bit = [](int week, int weekday) {
    return std::uint64_t{1} << (7 * (week - 1) + weekday);
  };
  CHECK(fields_of("0 0 * * 5#3").weekdays == week_bit(3, 5));
  CHECK(fields_of("0 0 * * mon#1,TUE#5").weekdays == (week_bit(1, 1) | week_bit(5, 2)));
  CHECK(fields_of("0 0 * * FRIL").weekdays == week_bit(6, 5));
  CHECK(fields_of("0 0 * * 5#L").weekdays == week_bit(6, 5));
  CHECK(fields_of("0 0 * * SAT-SUN#L").weekdays == (week_bit(6, 6) | week_bit(6, 0)));
  CHECK(fields_of("0 0 * * 5-7#2").weekdays == (week_bit(2, 5) | week_bit(2, 6) | week_bit(2, 0)));
}

TEST_CASE("parse_cron joins the day fields when both are restricted") {
  struct Row {
    const char* days;
    const char* weekdays;
    bool is_either;
  };
  for (const auto& row : std::vector<Row>{{"13", "FRI", true},
                                          {"*/2", "SAT", true},
                                          {"1-31", "1", true},
                                          {"L", "5L", true},
                                          {"13", "*/2", true},
                                          {"*", "FRI", false},
                                          {"?", "FRI", false},
                                          {"*,13", "FRI", false},
                                          {"13", "*", false},
                                          {"13", "?", false},
                                          {"?", "?", false}}) {
    const std::string text = std::string{"0 0 "} + row.days + " * " + row.weekdays;
    CAPTURE(text);
    CHECK(fields_of(text).either_day == row.is_either);
    CHECK(!fields_of(text, CronDayMatch::both).either_day);
  }
  CHECK(fields_of("0 0 *,L * FRI") == fields_of("0 0 * * FRI"));
}

TEST_CASE("parse_cron reads years when there is a seventh field") {
  const auto has_year = [](const CronFields& fields, int year) {
    return fields.year_from(year) == year;
  };
  const auto some = fields_of("0 0 0 1 1 ? 1970,2024-2026,2090/3");
  for (const int year : {1970, 2024, 2025, 2026, 2090, 2093, 2096, 2099})
    CHECK(has_year(some, year));
  for (const int year : {1969, 1971, 2023, 2027, 2091, 2100}) CHECK(!has_year(some, year));
  CHECK(fields_of("0 0 0 1 1 ? *") == fields_of("0 0 0 1 1 ?"));
  CHECK(fields_of("0 0 0 1 1 ? 2024,*") == fields_of("0 0 0 1 1 ?"));
  CHECK(!has_year(fields_of("0 0 0 1 1 ? 1970-2099"), 2100));
  CHECK(!has_year(fields_of("0 0 0 1 1 ? */10"), 1975));
  CHECK(has_year(fields_of("0 0 0 1 1 ? */129"), 2099));
}

TEST_CASE("parse_cron expands a macro when the text is one in any case") {
  struct Row {
    const char* macro;
    const char* meaning;
  };
  for (const auto& row : std::vector<Row>{{"@yearly", "0 0 1 1 *"},
                                          {"@annually", "0 0 1 1 *"},
                                          {"@monthly", "0 0 1 * *"},
                                          {"@weekly", "0 0 * * 0"},
                                          {"@daily", "0 0 * * *"},
                                          {"@midnight", "0 0 * * *"},
                                          {"@hourly", "0 * * * *"},
                                          {"@every_minute", "* * * * *"},
                                          {"@every_second", "* * * * * *"},
                                          {"  @Daily\t", "0 0 * * *"},
                                          {"@HOURLY", "0 * * * *"}}) {
    CAPTURE(row.macro);
    CHECK(fields_of(row.macro) == fields_of(row.meaning));
  }
}

TEST_CASE("parse_cron says column, finding and expectation when a text is no expression") {
  struct Row {
    const char* subject;
    std::string text;
    std::size_t column;
    std::string_view found;
    std::string_view expected;
  };
  const std::string_view field_counts = "5 fields, 6 with seconds first or 7 with the year last";
  const std::string_view separators = "one of , - / or a space";
  const std::vector<Row> rows = {
      {"nothing", "", 1, "", field_counts},
      {"blanks", " \t ", 1, "", field_counts},
      {"too few fields", "* * * *", 8, "", field_counts},
      {"too many fields", "* * * * * * * 5x", 15, "5x", "no more than 7 fields"},
      {"a line break between fields", "* *\n* * *", 10, "", field_counts},
      {"a value too large", "0 24 * * *", 3, "24", "an hour 0-23"},
      {"a value too small", "0 0 0 * *", 5, "0", "a day of month 1-31 or L"},
      {"a value that is 1 in 32 bits", "4294967297 * * * *", 1, "4294967297", "a minute 0-59"},
      {"a value beyond 64 bits", "99999999999999999999 * * * *", 1, "99999999999999999999",
       "a minute 0-59"},
      {"a range beyond the field", "0-99999999 * * * *", 3, "99999999", "a minute 0-59"},
      {"a range without an end", "5- * * * *", 3, "", "a minute 0-59"},
      {"a range of three", "0-10-20 * * * *", 5, "-", "one of , / or a space"},
      {"a negative value", "-5 * * * *", 1, "-", "a minute 0-59"},
      {"a signed value", "0 +12 * * *", 3, "+", "an hour 0-23"},
      {"a star with a digit", "*5 * * * *", 2, "5", "one of , / or a space"},
      {"a range to a star", "5-* * * * *", 3, "*", "a minute 0-59"},
      {"a step of zero", "*/0 * * * *", 3, "0", "a step of 1-59"},
      {"a step beyond the field", "0 */24 * * *", 5, "24", "a step of 1-23"},
      {"a step without a number", "*/ * * * *", 3, "", "a step of 1-59"},
      {"a step that is a name", "0 0 1 1/FEB *", 9, "FEB", "a step of 1-12"},
      {"two steps", "0/10/2 * * * *", 5, "/", "one of , or a space"},
      {"a step of nothing", "/5 * * * *", 1, "/", "a minute 0-59"},
      {"an empty item", "1,,2 * * * *", 3, ",", "a minute 0-59"},
      {"a comma at the start", ",1 * * * *", 1, ",", "a minute 0-59"},
      {"a comma at the end", "* * * * 1,", 11, "", "a day of week 0-7 or SUN-SAT"},
      {"a letter after a number", "1k * * * *", 2, "k", separators},
      {"a number after a name", "0 0 1 JAN1 *", 10, "1", separators},
      {"a full name", "0 0 1 JANUARY *", 10, "UARY", separators},
      {"an unknown name", "0 0 * * SUT", 9, "SUT", "a day of week 0-7 or SUN-SAT"},
      {"a short name", "0 0 * * SU", 9, "SU", "a day of week 0-7 or SUN-SAT"},
      {"a name in the wrong field", "0 0 MON * *", 5, "MON", "a day of month 1-31 or L"},
      {"a question mark for an hour", "0 ? * * *", 3, "?", "an hour 0-23"},
      {"a question mark in a list", "0 0 ?,1 * *", 6, ",", "nothing beside the ?"},
      {"a question mark after a day", "0 0 1,? * *", 7, "?", "a day of month 1-31 or L"},
      {"L for a minute", "L * * * *", 1, "L", "a minute 0-59"},
      {"L for a weekday", "0 0 * * L", 9, "L", "a day of week 0-7 or SUN-SAT"},
      {"L after a day of month", "0 0 15L * *", 7, "L", "one of , - / W or a space"},
      {"L-31", "0 0 L-31 * *", 7, "31", "0-30 days before the last"},
      {"L with a step", "0 0 L/2 * *", 6, "/", "one of , - W or a space"},
      {"W alone", "0 0 W * *", 5, "W", "a day of month 1-31 or L"},
      {"W after a range", "0 0 1-5W * *", 8, "W", "one of , / or a space"},
      {"W with a step", "0 0 1W/2 * *", 7, "/", "one of , or a space"},
      {"W for a weekday", "0 0 * * 1W", 10, "W", "one of , - / # L or a space"},
      {"# without a number", "0 0 * * 1#", 11, "", "1-5 or L"},
      {"a sixth weekday", "0 0 * * 1#6", 11, "6", "1-5 or L"},
      {"# after a star", "0 0 * * *#1", 10, "#", "one of , / or a space"},
      {"# for a day of month", "0 0 1#1 * *", 6, "#", "one of , - / W or a space"},
      {"L after a range of weekdays", "0 0 * * 1-5L", 12, "L", "one of , / or a space"},
      {"a year too early", "0 0 0 1 1 ? 1969", 13, "1969", "a year 1970-2099"},
      {"a year too late", "0 0 0 1 1 ? 2090-2110", 18, "2110", "a year 1970-2099"},
      {"years backwards", "0 0 0 1 1 ? 2026-2024", 13, "2026",
       "a range of years that runs forwards"},
      {"30 February", "0 0 30 2 *", 5, "30", "a day that these months and years have"},
      {"31 of short months", "0 0 31 2,4,6,9,11 ?", 5, "31",
       "a day that these months and years have"},
      {"29 February in common years", "0 0 0 29 2 ? 2021-2023", 7, "29",
       "a day that these months and years have"},
      {"L-29 of February", "0 0 L-29 2 *", 5, "L-29", "a day that these months and years have"},
      {"a fifth Monday of a February that has four", "0 0 0 ? 2 MON#5 2023", 11, "MON#5",
       "a day that these months and years have"},
      {"a broken byte", "\xFF * * * *", 1, "\xFF", "a minute 0-59"},
      {"a NUL", std::string{"0 0 \0 * *", 9}, 5, std::string_view{"\0", 1},
       "a day of month 1-31 or L"},
      {"257 bytes", "* * * * *" + std::string(248, ' '), 257, " ", "at most 256 bytes"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject, row.text);
    const CronParse parsed = parse_cron(row.text);
    REQUIRE(parsed.failure);
    CHECK(parsed.failure.column == row.column);
    CHECK(parsed.failure.found == row.found);
    CHECK(parsed.failure.expected == row.expected);
  }
  CHECK(!parse_cron("* * * * *" + std::string(247, ' ')).failure);
}

TEST_CASE("parse_cron refuses what can never fire when both day fields are needed") {
  CHECK(!parse_cron("0 0 31 2 MON").failure);
  CHECK(parse_cron("0 0 31 2 MON", CronDayMatch::both).failure);
  CHECK(!parse_cron("0 0 1-7 * MON#2").failure);
  CHECK(parse_cron("0 0 1-7 * MON#2", CronDayMatch::both).failure);
  CHECK(!parse_cron("0 0 29 2 MON", CronDayMatch::both).failure);
  CHECK(parse_cron("0 0 1W * SAT", CronDayMatch::both).failure);
}

TEST_CASE("parse_cron takes the number of fields that is wanted, and no other") {
  struct Row {
    const char* subject;
    const char* text;
    CronFieldCount count;
    int field_count;  // 0 if it is refused
    std::size_t column;
    std::string_view found;
    std::string_view expected;
  };
  const std::string_view six = "6 fields, seconds first";
  const std::string_view seven = "7 fields, seconds first and the year last";
  const Row rows[] = {
      {"five of any", "* * * * *", CronFieldCount::any, 5, 1, "", ""},
      {"six of any", "* * * * * *", CronFieldCount::any, 6, 1, "", ""},
      {"seven of any", "* * * * * * *", CronFieldCount::any, 7, 1, "", ""},
      {"five", "* * * * *", CronFieldCount::five, 5, 1, "", ""},
      {"five between blanks", "\t* *  * * * ", CronFieldCount::five, 5, 1, "", ""},
      {"six", "* * * * * *", CronFieldCount::six, 6, 1, "", ""},
      {"seven", "* * * * * * *", CronFieldCount::seven, 7, 1, "", ""},
      {"a macro of five, for five", "@daily", CronFieldCount::five, 5, 1, "", ""},
      {"a macro of five, for six", "@daily", CronFieldCount::six, 5, 1, "", ""},
      {"a macro of six, for five", " @every_second ", CronFieldCount::five, 6, 1, "", ""},
      {"a macro of six, for seven", "@every_second", CronFieldCount::seven, 6, 1, "", ""},
      {"six for five", "* * * * * 5x", CronFieldCount::five, 0, 11, "5x", "5 fields"},
      {"seven for five", "* * * * * * 2024", CronFieldCount::five, 0, 11, "*", "5 fields"},
      {"four for five", "* * * *", CronFieldCount::five, 0, 8, "", "5 fields"},
      {"nothing for five", "", CronFieldCount::five, 0, 1, "", "5 fields"},
      {"five for six", "* * * * *", CronFieldCount::six, 0, 10, "", six},
      {"five and blanks for six", "* * * * *   ", CronFieldCount::six, 0, 10, "", six},
      {"seven for six", "* * * * * * 2024", CronFieldCount::six, 0, 13, "2024", six},
      {"six for seven", "* * * * * *", CronFieldCount::seven, 0, 12, "", seven},
      {"eight for seven", "* * * * * * * *", CronFieldCount::seven, 0, 15, "*",
       "no more than 7 fields"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const CronParse parsed = parse_cron(row.text, CronDayMatch::either, row.count);
    CHECK(parsed.field_count == row.field_count);
    CHECK(parsed.failure.column == row.column);
    CHECK(parsed.failure.found == row.found);
    CHECK(parsed.failure.expected == row.expected);
  }
}

TEST_CASE("parse_cron names a macro's alternatives when the macro is unknown") {
  for (const char* text :
       {"@", "@dail", "@dailyy", "@reboot", "@yearly !", "@daily 5", "@every 1h"}) {
    CAPTURE(text);
    const CronParse parsed = parse_cron(text);
    REQUIRE(parsed.failure);
    CHECK(parsed.failure.column == 1);
    CHECK(parsed.failure.found == text);
    CHECK(parsed.failure.expected.substr(0, 8) == "@yearly,");
  }
}

TEST_CASE("parse_cron runs at compile time when its text is constant") {
  static_assert(parse_cron("*/20 0-6/2 L-2,15W JAN-MAR 5#3 ").fields.minutes == 0x100'0010'0001);
  static_assert(parse_cron("0 0 30 2 *").failure.column == 5);
  CHECK(parse_cron("* * * * *").field_count == 5);
}

TEST_CASE("parse_cron accepts or points into the text when the text is random") {
  constexpr std::uint64_t seed = 7;
  INFO("seed " << seed);
  constexpr std::string_view alphabet = "0123456789*/-,?LW#  \tJANmonSAT@.\xC3";
  punctual::Random random{seed};
  std::string wrong = "none";
  for (int i = 0; i < 100'000; ++i) {
    std::string text = random.up_to(3) == 0 ? "" : "* 1-5 L * 2";
    for (auto changes = random.up_to(6); changes > 0; --changes) {
      const char c = alphabet[random.up_to(alphabet.size() - 1)];
      text.insert(text.begin() + static_cast<std::ptrdiff_t>(random.up_to(text.size())), c);
    }
    const CronParse parsed = parse_cron(text);
    if (!parsed.failure) {
      const bool has_values = parsed.fields.minutes != 0 && parsed.fields.hours != 0 &&
                              parsed.fields.seconds != 0 && parsed.fields.months != 0;
      if (!has_values || parsed.field_count < 5 || parsed.field_count > 7) wrong = text;
      continue;
    }
    const auto& failure = parsed.failure;
    const bool points_into_text =
        failure.column >= 1 && failure.column <= text.size() + 1 &&
        text.substr(failure.column - 1, failure.found.size()) == failure.found;
    if (!points_into_text || failure.expected.empty()) wrong = text;
  }
  CHECK(wrong == "none");
}

}  // namespace cron_parser_test
