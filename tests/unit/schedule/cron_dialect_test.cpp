// SPDX-License-Identifier: MIT
//
// The tables of the dialect, and the ranges that are counted in them.

#include "punctual/schedule/cron_dialect.hpp"

#include <cstdint>
#include <vector>

#include "punctual/schedule/cron_parser.hpp"
#include "support/catch.hpp"

namespace cron_dialect_test {

namespace {

namespace detail = punctual::detail;

std::uint64_t bits(const std::vector<int>& values) {
  std::uint64_t set = 0;
  for (const int value : values) set |= std::uint64_t{1} << value;
  return set;
}

}  // namespace

TEST_CASE("cron_range counts on past the field's end when the range ends before it starts") {
  struct Row {
    const char* subject;
    detail::CronFieldIndex field;
    int first;
    int last;
    int step;
    std::vector<int> values;
  };
  const std::vector<Row> rows = {
      {"a range", detail::cron_hour, 3, 5, 1, {3, 4, 5}},
      {"one value", detail::cron_hour, 3, 3, 5, {3}},
      {"hours over midnight", detail::cron_hour, 22, 1, 1, {22, 23, 0, 1}},
      {"hours over midnight with a step", detail::cron_hour, 22, 1, 3, {22, 1}},
      {"the largest step", detail::cron_hour, 0, 23, 23, {0, 23}},
      {"days over the month's end", detail::cron_day, 30, 2, 1, {30, 31, 1, 2}},
      {"days over the month's end with a step", detail::cron_day, 20, 5, 5, {20, 25, 30, 4}},
      {"months over new year", detail::cron_month, 9, 8, 3, {9, 12, 3, 6}},
      {"weekdays up to Sunday", detail::cron_weekday, 5, 7, 1, {5, 6, 0}},
      {"Sunday as seven", detail::cron_weekday, 7, 7, 1, {0}},
      {"weekdays from Sunday as seven", detail::cron_weekday, 7, 2, 1, {0, 1, 2}},
      {"Sunday at both ends", detail::cron_weekday, 0, 7, 2, {0, 2, 4, 6}},
      {"weekdays over Sunday", detail::cron_weekday, 6, 2, 2, {6, 1}},
      {"minutes over the hour", detail::cron_minute, 59, 58, 20, {59, 19, 39}},
      {"seconds with a step", detail::cron_second, 0, 59, 30, {0, 30}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const auto& kind = detail::cron_field_kinds[row.field];
    CHECK(detail::cron_range(kind, row.first, row.last, row.step) == bits(row.values));
  }
}

TEST_CASE("cron_range covers a field and nothing else when it runs from end to end") {
  for (auto field : {detail::cron_second, detail::cron_minute, detail::cron_hour, detail::cron_day,
                     detail::cron_month, detail::cron_weekday}) {
    const auto& kind = detail::cron_field_kinds[field];
    std::uint64_t expected = 0;
    for (int value = kind.first; value <= kind.last; ++value) expected |= std::uint64_t{1} << value;
    CHECK(detail::cron_range(kind, kind.first, kind.last, 1) == expected);
    CHECK(detail::cron_range(kind, kind.last, kind.last - 1, 1) == expected);
  }
}

TEST_CASE("cron_field_kinds have three letters for each value when they have names") {
  for (const auto& kind : detail::cron_field_kinds) {
    if (kind.names.empty()) continue;
    CHECK(kind.names.size() == 3 * static_cast<std::size_t>(kind.last - kind.first + 1));
  }
}

TEST_CASE("cron_macros stand for valid expressions when expanded") {
  for (const auto& macro : detail::cron_macros) {
    CAPTURE(macro.name);
    CHECK(!punctual::parse_cron(macro.meaning).failure);
    CHECK(macro.name.front() == '@');
  }
}

}  // namespace cron_dialect_test
