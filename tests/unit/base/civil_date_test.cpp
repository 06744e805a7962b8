// SPDX-License-Identifier: MIT
//
// CivilDate: every day of the years 1 to 9999, counted one by one.

#include "punctual/base/civil_date.hpp"

#include <date/date.h>

#include "support/catch.hpp"

namespace civil_date_test {

namespace {

using punctual::CivilDate;

}  // namespace

TEST_CASE("civil_date names every day of the years 1 to 9999 when they are counted one by one") {
  static_assert(punctual::days_since_epoch(1970, 1, 1) == 0);
  static_assert(punctual::days_since_epoch(1, 1, 1) == -719'162);
  static_assert(punctual::days_since_epoch(9999, 12, 31) == 2'932'896);

  CivilDate expected{1, 1, 1};
  int weekday = 1;  // 0001-01-01 was a Monday
  int wrong_count = 0;
  for (int day = -719'162; day <= 2'932'896; ++day) {
    const bool holds =
        punctual::civil_date(day) == expected && punctual::weekday_of(day) == weekday &&
        punctual::days_since_epoch(expected.year, expected.month, expected.day) == day;
    if (!holds) ++wrong_count;
    weekday = weekday == 6 ? 0 : weekday + 1;
    if (expected.day < punctual::month_length(expected.year, expected.month)) {
      ++expected.day;
    } else {
      expected = expected.month == 12 ? CivilDate{expected.year + 1, 1, 1}
                                      : CivilDate{expected.year, expected.month + 1, 1};
    }
  }
  CHECK(wrong_count == 0);
  CHECK(expected == CivilDate{10'000, 1, 1});
}

TEST_CASE("month_length agrees with date.h when asked for every month") {
  int wrong_count = 0;
  for (int year = punctual::civil_year_min; year <= punctual::civil_year_max; ++year) {
    if (punctual::is_leap_year(year) != date::year{year}.is_leap()) ++wrong_count;
    for (int month = 1; month <= 12; ++month) {
      const auto last = date::year{year} / month / date::last;
      const auto length = static_cast<int>(static_cast<unsigned>(last.day()));
      if (punctual::month_length(year, month) != length) ++wrong_count;
    }
  }
  CHECK(wrong_count == 0);
}

}  // namespace civil_date_test
