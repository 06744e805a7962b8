// SPDX-License-Identifier: MIT
//
// describe_cron: expressions of every form, and what is said of them.

#include "punctual/schedule/cron_words.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "punctual/schedule/cron_expression.hpp"
#include "support/catch.hpp"

namespace cron_words_test {

namespace {

using punctual::CronDayMatch;
using punctual::CronExpression;
using punctual::describe_cron;
using punctual::detail::WordList;

struct Row {
  const char* expression;
  const char* words;
};

void check(const std::vector<Row>& rows, CronDayMatch match = CronDayMatch::either) {
  for (const auto& row : rows) {
    CAPTURE(row.expression);
    CHECK(describe_cron(CronExpression::parse(row.expression, match)) == row.words);
  }
}

}  // namespace

TEST_CASE("describe_cron says one pace when it goes on evenly from hour to hour") {
  check({
      {"* * * * *", "every minute"},
      {"*/1 * * * *", "every minute"},
      {"0-59 * * * *", "every minute"},
      {"*/5 * * * *", "every 5 minutes"},
      {"*/30 * * * *", "every 30 minutes"},
      {"0,30 * * * *", "every 30 minutes"},
      {"0,20,40 * * * *", "every 20 minutes"},
      {"0 * * * *", "every hour"},
      {"@hourly", "every hour"},
  });
}

TEST_CASE("describe_cron says the minutes of an hour when they begin anew with each") {
  check({
      {"5 * * * *", "at minute 5 of every hour"},
      {"5,35 * * * *", "at minutes 5 and 35 of every hour"},
      {"0,59 * * * *", "at minutes 0 and 59 of every hour"},
      {"*/59 * * * *", "at minutes 0 and 59 of every hour"},
      {"10/15 * * * *", "at minutes 10, 25, 40 and 55 of every hour"},
      {"0-29 * * * *", "at minutes 0 to 29 of every hour"},
      {"10-20,40-50 * * * *", "at minutes 10 to 20 and 40 to 50 of every hour"},
      {"0-30/10 * * * *", "at minutes 0, 10, 20 and 30 of every hour"},
      {"*/7 * * * *", "every 7 minutes from minute 0 of every hour"},
      {"1-59/2 * * * *", "every 2 minutes from minute 1 of every hour"},
      {"0-40/5 * * * *", "every 5 minutes from minute 0 to 40 of every hour"},
  });
}

TEST_CASE("describe_cron lists the times of a day when they are few") {
  check({
      {"0 0 * * *", "at 00:00 every day"},
      {"30 2 * * *", "at 02:30 every day"},
      {"0 9,17 * * *", "at 09:00 and 17:00 every day"},
      {"0,30 9,17 * * *", "at 09:00, 09:30, 17:00 and 17:30 every day"},
      {"*/10 9 * * *", "at 09:00, 09:10, 09:20, 09:30, 09:40 and 09:50 every day"},
      {"0 */6 * * *", "at 00:00, 06:00, 12:00 and 18:00 every day"},
      {"0 */5 * * *", "at 00:00, 05:00, 10:00, 15:00 and 20:00 every day"},
      {"30 8-10,14-16 * * *", "at 08:30, 09:30, 10:30, 14:30, 15:30 and 16:30 every day"},
      {"0 12-13 * * *", "at 12:00 and 13:00 every day"},
      {"15 30 2 * * *", "at 02:30:15 every day"},
      {"0 30 2 * * *", "at 02:30 every day"},
      {"15 30 2,3 * * *", "at 02:30:15 and 03:30:15 every day"},
  });
}

TEST_CASE("describe_cron says the first and the last time when there are many in a day") {
  check({
      {"0 9-17 * * *", "every hour from 09:00 to 17:00 every day"},
      {"30 9-17 * * *", "every hour from 09:30 to 17:30 every day"},
      {"0 */2 * * *", "every 2 hours from 00:00 to 22:00 every day"},
      {"30 */2 * * *", "every 2 hours from 00:30 to 22:30 every day"},
      {"0 */3 * * *", "every 3 hours from 00:00 to 21:00 every day"},
      {"0 1-23/2 * * *", "every 2 hours from 01:00 to 23:00 every day"},
      {"15 30 9-17 * * *", "every hour from 09:30:15 to 17:30:15 every day"},
      {"* 9 * * *", "every minute from 09:00 to 09:59 every day"},
      {"*/7 9 * * *", "every 7 minutes from 09:00 to 09:56 every day"},
      {"0-29 9 * * *", "every minute from 09:00 to 09:29 every day"},
      {"*/5 9-17 * * *", "every 5 minutes from 09:00 to 17:55 every day"},
      {"* 0-11 * * *", "every minute from 00:00 to 11:59 every day"},
      {"0,15,30,45 9,17 * * *",
       "every 15 minutes from 09:00 to 09:45 and from 17:00 to 17:45 every day"},
      {"*/10 8-10,14-16 * * *",
       "every 10 minutes from 08:00 to 10:50 and from 14:00 to 16:50 every day"},
      {"*/5 22-5 * * *", "every 5 minutes from 00:00 to 05:55 and from 22:00 to 23:55 every day"},
      {"0 22-5 * * *", "every hour from 00:00 to 05:00 and from 22:00 to 23:00 every day"},
      {"0 8-10,12,14-16 * * *", "at minute 0 of the hours 08 to 10, 12 and 14 to 16 every day"},
      {"15,45 9-17 * * *", "at minutes 15 and 45 of every hour from 09:15 to 17:45 every day"},
      {"5,20,50 9,17,20 * * *", "at minutes 5, 20 and 50 of the hours 09, 17 and 20 every day"},
      {"*/7 9-10 * * *",
       "every 7 minutes from minute 0 of every hour from 09:00 to 10:56 every day"},
      {"1-10,30-40 9 * * *", "at minutes 1 to 10 and 30 to 40 of the hour 09 every day"},
      {"*/5 */2 * * *", "every 5 minutes in every 2nd hour from 00:00 to 22:55 every day"},
      {"* */2 * * *", "every minute in every 2nd hour from 00:00 to 22:59 every day"},
      {"15,45 */2 * * *", "at minutes 15 and 45 of every 2nd hour from 00:15 to 22:45 every day"},
      {"*/5 1,3-5,9,20 * * *", "every 5 minutes in the hours 01, 03 to 05, 09 and 20 every day"},
      {"*/5 1,3-5,9 * * *",
       "every 5 minutes from 01:00 to 01:55, from 03:00 to 05:55 and from 09:00 to 09:55 every "
       "day"},
  });
}

TEST_CASE("describe_cron says seconds when there are any") {
  check({
      {"* * * * * *", "every second"},
      {"0 * * * * *", "every minute"},
      {"*/10 * * * * *", "every 10 seconds"},
      {"10 * * * * *", "at second 10 of every minute"},
      {"10,40 * * * * *", "at seconds 10 and 40 of every minute"},
      {"10-20 * * * * *", "at seconds 10 to 20 of every minute"},
      {"*/7 * * * * *", "every 7 seconds from second 0 of every minute"},
      {"30 5 * * * *", "at second 30 of minute 5 of every hour"},
      {"30 5,35 * * * *", "at second 30 of minutes 5 and 35 of every hour"},
      {"*/10 0 * * * *", "every 10 seconds in minute 0 of every hour"},
      {"*/10 */5 * * * *", "every 10 seconds in every 5th minute"},
      {"15 */7 * * * *", "at second 15 of every 7th minute from minute 0 of every hour"},
      {"* * 2 * * *", "every second from 02:00:00 to 02:59:59 every day"},
      {"*/10 * 9-17 * * *", "every 10 seconds from 09:00:00 to 17:59:50 every day"},
      {"10 * 2 * * *", "at second 10 of every minute from 02:00:10 to 02:59:10 every day"},
      {"*/10 0 2 * * *", "every 10 seconds in the minute 02:00 every day"},
      {"10-20 30 2,3 * * *", "at seconds 10 to 20 of the minutes 02:30 and 03:30 every day"},
      {"15 */5 2 * * *", "at second 15 of every 5th minute from 02:00:15 to 02:55:15 every day"},
      {"*/10 5,35 9-17 * * *",
       "every 10 seconds in minutes 5 and 35 of every hour from 09:05:00 to 17:35:50 every day"},
  });
}

TEST_CASE("describe_cron says days of the month when they are restricted") {
  check({
      {"0 2 1 * *", "at 02:00 on the 1st of every month"},
      {"0 2 1,15 * *", "at 02:00 on the 1st and 15th of every month"},
      {"0 2 1-7,15 * *", "at 02:00 on the 1st to 7th and 15th of every month"},
      {"0 2 1-31 * *", "at 02:00 every day"},
      {"0 2 */10 * *", "at 02:00 on the 1st, 11th, 21st and 31st of every month"},
      {"0 2 */2 * *", "at 02:00 on every 2nd day from the 1st to the 31st of every month"},
      {"0 2 1-15/2 * *", "at 02:00 on every 2nd day from the 1st to the 15th of every month"},
      {"0 2 L * *", "at 02:00 on the last day of every month"},
      {"0 2 L-0 * *", "at 02:00 on the last day of every month"},
      {"0 2 L-1 * *", "at 02:00 on the day before the last of every month"},
      {"0 2 L-3,L * *", "at 02:00 on the last day and the 3rd day before the last of every month"},
      {"0 2 1,L * *", "at 02:00 on the 1st and the last day of every month"},
      {"0 2 15W * *", "at 02:00 on the weekday nearest the 15th of every month"},
      {"0 2 1W,15W * *",
       "at 02:00 on the weekday nearest the 1st and the weekday nearest the 15th of every month"},
      {"0 2 LW * *", "at 02:00 on the last weekday of every month"},
      {"0 2 L-1W * *", "at 02:00 on the weekday nearest the day before the last of every month"},
      {"0 2 L-2W,20 * *",
       "at 02:00 on the 20th and the weekday nearest the 2nd day before the last of every month"},
      {"*/5 * 1 * *", "every 5 minutes on the 1st of every month"},
      {"0 * 1 * *", "every hour on the 1st of every month"},
  });
}

TEST_CASE("describe_cron says weekdays when they are restricted") {
  check({
      {"0 2 * * 1-5", "at 02:00 on Mondays to Fridays"},
      {"0 2 * * MON", "at 02:00 on Mondays"},
      {"0 2 * * 0", "at 02:00 on Sundays"},
      {"0 2 * * 7", "at 02:00 on Sundays"},
      {"0 2 * * 6,0", "at 02:00 on Saturdays and Sundays"},
      {"0 2 * * 1,3,5", "at 02:00 on Mondays, Wednesdays and Fridays"},
      {"0 2 * * 1-3,5", "at 02:00 on Mondays to Wednesdays and Fridays"},
      {"0 2 * * SAT-TUE", "at 02:00 on Saturdays to Tuesdays"},
      {"0 2 * * 0,1", "at 02:00 on Sundays and Mondays"},
      {"0 2 * * 0-6", "at 02:00 every day"},
      {"0 2 ? * ?", "at 02:00 every day"},
      {"0 2 * * FRI#2", "at 02:00 on the 2nd Friday of every month"},
      {"0 2 * * MON#1,MON#3", "at 02:00 on the 1st Monday and the 3rd Monday of every month"},
      {"0 2 * * FRIL", "at 02:00 on the last Friday of every month"},
      {"0 2 * * MON,FRI#2", "at 02:00 on Mondays and the 2nd Friday of every month"},
      {"*/5 9-17 * * MON-FRI", "every 5 minutes from 09:00 to 17:55 on Mondays to Fridays"},
      {"5 * * * MON", "at minute 5 of every hour on Mondays"},
      {"* * * * MON", "every minute on Mondays"},
  });
}

TEST_CASE("describe_cron says or when a day of the month or a weekday suffices") {
  check({
      {"0 0 13 * FRI", "at 00:00 on the 13th of every month or on Fridays"},
      {"0 0 13 1 FRI", "at 00:00 on the 13th of January or on Fridays in January"},
      {"0 0 15 * FRI#2", "at 00:00 on the 15th or on the 2nd Friday of every month"},
      {"0 0 15 3 FRI#2", "at 00:00 on the 15th or on the 2nd Friday of March"},
      {"0 0 15W,L * MON#1,FRIL",
       "at 00:00 on the last day and the weekday nearest the 15th or on the 1st Monday and the "
       "last Friday of every month"},
  });
}

TEST_CASE("describe_cron says if when a day of the month must be a weekday as well") {
  check(
      {
          {"0 0 13 * FRI", "at 00:00 on the 13th of every month, if that falls on Friday"},
          {"0 0 13 1,7 FRI", "at 00:00 on the 13th of January and July, if that falls on Friday"},
          {"0 0 1-7 * MON", "at 00:00 on the 1st to 7th of every month, if that falls on Monday"},
          {"0 0 L * MON-FRI",
           "at 00:00 on the last day of every month, if that falls on Monday to Friday"},
          {"0 0 13 * MON,WED,FRI",
           "at 00:00 on the 13th of every month, if that falls on Monday, Wednesday or Friday"},
          {"0 0 1-3,L * MON#1",
           "at 00:00 on the 1st to 3rd and the last day of every month, if that falls on the 1st "
           "Monday"},
          {"0 0 * * FRI", "at 00:00 on Fridays"},
          {"0 0 13 * *", "at 00:00 on the 13th of every month"},
      },
      CronDayMatch::both);
}

TEST_CASE("describe_cron says months when they are restricted") {
  check({
      {"0 0 * 2 *", "at 00:00 every day in February"},
      {"* * * 2 *", "every minute in February"},
      {"0 0 1 1 *", "at 00:00 on the 1st of January"},
      {"0 0 29 2 *", "at 00:00 on the 29th of February"},
      {"0 0 1 */3 *", "at 00:00 on the 1st of January, April, July and October"},
      {"0 0 1 6-8 *", "at 00:00 on the 1st of every month from June to August"},
      {"0 0 1 11-2 *", "at 00:00 on the 1st of every month from November to February"},
      {"0 0 * 12,1 *", "at 00:00 every day in December and January"},
      {"0 0 ? 6-8,12 MON", "at 00:00 on Mondays in June to August and December"},
      {"0 0 * 6-8 MON", "at 00:00 on Mondays from June to August"},
      {"0 0 L 2 *", "at 00:00 on the last day of February"},
      {"0 0 1 1-12 *", "at 00:00 on the 1st of every month"},
  });
}

TEST_CASE("describe_cron says years when they are restricted") {
  check({
      {"0 0 2 * * * 2024", "at 02:00 every day in 2024"},
      {"0 0 2 * * * 2024,2025", "at 02:00 every day in 2024 and 2025"},
      {"0 0 2 * * * 2024,2026", "at 02:00 every day in 2024 and 2026"},
      {"0 0 2 * * * 2024-2026", "at 02:00 every day from 2024 to 2026"},
      {"0 0 2 * * * 2024,2026-2030", "at 02:00 every day in 2024 and 2026 to 2030"},
      {"0 0 2 * * * 2024/2", "at 02:00 every day in every 2nd year from 2024 to 2098"},
      {"0 0 2 1 1 ? 2024", "at 02:00 on the 1st of January in 2024"},
      {"0 0 2 * * * *", "at 02:00 every day"},
      {"0 0 2 * * * 1970-2099", "at 02:00 every day from 1970 to 2099"},
      {"* * * * * * 2024", "every second in 2024"},
      {"0 0 0 ? 1 MON 2099", "at 00:00 on Mondays in January in 2099"},
  });
}

TEST_CASE("describe_cron says what a macro stands for") {
  check({
      {"@yearly", "at 00:00 on the 1st of January"},
      {"@monthly", "at 00:00 on the 1st of every month"},
      {"@weekly", "at 00:00 on Sundays"},
      {"@daily", "at 00:00 every day"},
      {"@midnight", "at 00:00 every day"},
      {"@every_minute", "every minute"},
      {"@every_second", "every second"},
  });
}

TEST_CASE("describe_cron says the same when expressions are written differently") {
  struct Pair {
    const char* one;
    const char* other;
  };
  const Pair pairs[] = {
      {"*/15 * * * *", "0,15,30,45 * * * *"},
      {"0 2 * * MON-FRI", "0 0 2 ? * 1,2,3,4,5 *"},
      {"@daily", "0 0 ? * 0-6"},
      {"0 0 1 */3 *", "0 0 1 JAN,APR,JUL,OCT *"},
      {"0 0 * * FRIL", "0 0 * * 5#L"},
      {"59-1 * * * *", "0,1,59 * * * *"},
  };
  for (const auto& pair : pairs) {
    CAPTURE(pair.one, pair.other);
    CHECK(describe_cron(CronExpression::parse(pair.one)) ==
          describe_cron(CronExpression::parse(pair.other)));
  }
}

TEST_CASE("WordList joins items with commas and a word before the last when there are several") {
  WordList list;
  CHECK(list.is_empty());
  CHECK(list.text().empty());
  list.add("one");
  CHECK_FALSE(list.is_empty());
  CHECK(list.text() == "one");
  list.add("two");
  CHECK(list.text() == "one and two");
  list.add("three");
  CHECK(list.text() == "one, two and three");

  WordList choices{" or "};
  choices.add("one");
  choices.add("two");
  CHECK(choices.text() == "one or two");
}

TEST_CASE("add_values says three neighbours or more as a stretch, and not two") {
  struct SetRow {
    const char* subject;
    std::uint64_t set;
    const char* words;
  };
  const SetRow rows[] = {
      {"nothing", 0, ""},
      {"one", 0b1000, "3"},
      {"two neighbours", 0b1100, "2 and 3"},
      {"three neighbours", 0b1110, "1 to 3"},
      {"stretches and single values", 0b1110'1011'0111, "0 to 2, 4, 5, 7 and 9 to 11"},
      {"up to the last bit", 0xE000'0000'0000'0001, "0 and 61 to 63"},
      {"every bit", 0xFFFF'FFFF'FFFF'FFFF, "0 to 63"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    WordList list;
    punctual::detail::add_values(list, row.set, [](int value) { return std::to_string(value); });
    CHECK(list.text() == row.words);
  }
}

TEST_CASE("add_round says one stretch when it goes over the end") {
  struct SetRow {
    const char* subject;
    std::uint64_t set;  // of 0 to 6
    const char* words;
  };
  const SetRow rows[] = {
      {"nothing", 0, ""},
      {"all", 0b111'1111, "0 to 6"},
      {"within", 0b000'1110, "1 to 3"},
      {"over the end", 0b110'0011, "5 to 1"},
      {"two over the end", 0b100'0001, "6 and 0"},
      {"over the end, and another", 0b110'0101, "5 to 0 and 2"},
      {"the last alone", 0b100'0000, "6"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    WordList list;
    punctual::detail::add_round(list, row.set, 7, [](int value) { return std::to_string(value); });
    CHECK(list.text() == row.words);
  }
}

TEST_CASE("describe_cron says every day when one of two day fields leaves nothing to the other") {
  check({
      {"0 0 1-31 * MON", "at 00:00 every day"},
      {"0 0 */1 * MON", "at 00:00 every day"},
      {"0 0 13 * SUN-SAT", "at 00:00 every day"},
      {"0 0 13 * 0-7", "at 00:00 every day"},
      {"0 0 1-31 2 MON", "at 00:00 every day in February"},
  });
  check({{"0 0 1-31 * MON", "at 00:00 on Mondays"}}, CronDayMatch::both);
}

}  // namespace cron_words_test
