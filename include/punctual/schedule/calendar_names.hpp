// SPDX-License-Identifier: MIT
//
// The English names of weekdays and months, and small numbers in words.
//
// Thread-safety: pure functions.

#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace punctual::detail {

/// `weekday` is 0..6 from Sunday.
[[nodiscard]] constexpr std::string_view weekday_name(int weekday) noexcept {
  constexpr std::array<std::string_view, 7> names = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                     "Thursday", "Friday", "Saturday"};
  return names[static_cast<std::size_t>(weekday)];
}

/// `month` is 1..12.
[[nodiscard]] constexpr std::string_view month_name(int month) noexcept {
  constexpr std::array<std::string_view, 12> names = {
      "January", "February", "March",     "April",   "May",      "June",
      "July",    "August",   "September", "October", "November", "December"};
  return names[static_cast<std::size_t>(month - 1)];
}

/// Returns `1st`, `2nd`, `3rd`, `4th`, `11th`, `21st`; `number` is 0..99.
[[nodiscard]] inline std::string ordinal(int number) {
  const bool is_teen = number / 10 == 1;
  const char* suffix = "th";
  if (!is_teen && number % 10 == 1) suffix = "st";
  if (!is_teen && number % 10 == 2) suffix = "nd";
  if (!is_teen && number % 10 == 3) suffix = "rd";
  return std::to_string(number) + suffix;
}

/// Returns the number with two digits.
[[nodiscard]] inline std::string two_digits(int number) {
  std::string text;
  text += static_cast<char>('0' + number / 10 % 10);
  text += static_cast<char>('0' + number % 10);
  return text;
}

}  // namespace punctual::detail
