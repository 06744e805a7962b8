// SPDX-License-Identifier: MIT
//
// The names of weekdays and months, and small numbers in words.

#include "punctual/schedule/calendar_names.hpp"

#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"

namespace calendar_names_test {

using punctual::detail::month_name;
using punctual::detail::ordinal;
using punctual::detail::two_digits;
using punctual::detail::weekday_name;

TEST_CASE("weekday_name counts from Sunday") {
  const std::vector<std::string_view> names = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                               "Thursday", "Friday", "Saturday"};
  int weekday = 0;
  for (const auto name : names) CHECK(weekday_name(weekday++) == name);
  static_assert(weekday_name(6) == "Saturday");
}

TEST_CASE("month_name counts from 1") {
  const std::vector<std::string_view> names = {"January",   "February", "March",    "April",
                                               "May",       "June",     "July",     "August",
                                               "September", "October",  "November", "December"};
  int month = 1;
  for (const auto name : names) CHECK(month_name(month++) == name);
  static_assert(month_name(12) == "December");
}

TEST_CASE("ordinal ends as English does when a day of the month is said") {
  const std::vector<std::string_view> days = {
      "1st",  "2nd",  "3rd",  "4th",  "5th",  "6th",  "7th",  "8th",  "9th",  "10th", "11th",
      "12th", "13th", "14th", "15th", "16th", "17th", "18th", "19th", "20th", "21st", "22nd",
      "23rd", "24th", "25th", "26th", "27th", "28th", "29th", "30th", "31st"};
  int day = 1;
  for (const auto name : days) CHECK(ordinal(day++) == name);
  CHECK(ordinal(0) == "0th");
  CHECK(ordinal(91) == "91st");
  CHECK(ordinal(99) == "99th");
}

TEST_CASE("two_digits has a leading zero when the number has one digit") {
  CHECK(two_digits(0) == "00");
  CHECK(two_digits(7) == "07");
  CHECK(two_digits(10) == "10");
  CHECK(two_digits(59) == "59");
  CHECK(two_digits(99) == "99");
}

}  // namespace calendar_names_test
