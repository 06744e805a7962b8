// SPDX-License-Identifier: MIT
//
// ZoneTable: spans without a gap, and 400 years that stand for all that follow.

#include "punctual/tz/zone_table.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/catch.hpp"

namespace zone_table_test {

using punctual::ZoneSpan;
using punctual::tz::ZoneTable;
using punctual::tz::ZoneTransition;

namespace {

constexpr std::int64_t day = 86'400;
constexpr std::int64_t cycle = ZoneTable::cycle;

/// Set forward and back by an hour every 180 days: once from day 0 to 720, and then for ever.
ZoneTable alternating(std::int64_t last) {
  std::vector<ZoneTransition> transitions;
  std::int64_t offset = 3600;
  for (std::int64_t at = 0; at < last; at += 180 * day) {
    transitions.push_back({at, offset});
    offset = 3600 - offset;
  }
  return {"Test/Zone", "2024a", 0, transitions, transitions.size()};
}

void check_unbroken(const ZoneTable& table, std::size_t span_count) {
  for (std::size_t number = 0; number < span_count; ++number) {
    const ZoneSpan span = table.span(number);
    const ZoneSpan next = table.span(number + 1);
    REQUIRE(span.begin < span.end);
    REQUIRE(span.end == next.begin);
    REQUIRE(span.offset_after == next.offset);
    REQUIRE(span.offset == next.offset_before);
    REQUIRE(table.span_at(span.end) == number + 1);
    REQUIRE(table.span_at(span.end - 1) == number);
  }
}

}  // namespace

TEST_CASE("ZoneTable has one endless span when the clocks are never set") {
  const ZoneTable table{"Test/Fixed", "", -7200, {}, 0};
  CHECK(table.name() == "Test/Fixed");
  CHECK(table.version().empty());
  CHECK(table.span_at(0) == 0);
  CHECK(table.span_at(std::int64_t{1} << 40) == 0);
  const ZoneSpan span = table.span(0);
  CHECK(span.begin == ZoneSpan::always_from);
  CHECK(span.end == ZoneSpan::always_until);
  CHECK(span.offset == -7200);
  CHECK(span.offset_before == -7200);
  CHECK(span.offset_after == -7200);
}

TEST_CASE("ZoneTable finds the span of an instant when the clocks are set now and then") {
  const ZoneTable table = alternating(721 * day);
  CHECK(table.version() == "2024a");
  struct Row {
    const char* subject;
    std::int64_t at;
    std::size_t number;
    std::int64_t offset;
  };
  const Row rows[] = {
      {"long before the first change", -10'000 * day, 0, 0},
      {"a second before it", -1, 0, 0},
      {"at it", 0, 1, 3600},
      {"a second before the next", 180 * day - 1, 1, 3600},
      {"at the next", 180 * day, 2, 0},
      {"at the last", 720 * day, 5, 3600},
      {"long after it", 1'000'000 * day, 5, 3600},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(table.span_at(row.at) == row.number);
    CHECK(table.span(table.span_at(row.at)).offset == row.offset);
  }
  check_unbroken(table, 5);
  CHECK(table.span(5).end == ZoneSpan::always_until);
}

TEST_CASE("ZoneTable finds spans that are shorter or longer than its steps") {
  // Two changes within minutes, and one after 50 years.
  const ZoneTable table{"Test/Odd", "", 0, {{0, 60}, {100, 120}, {200, 180}, {18'000 * day, 0}}, 4};
  check_unbroken(table, 4);
  CHECK(table.span(table.span_at(150)).offset == 120);
  CHECK(table.span(table.span_at(9'000 * day)).offset == 180);
}

TEST_CASE("ZoneTable repeats its last 400 years for ever") {
  const std::int64_t summer = 90 * day;
  const std::int64_t winter = 270 * day;
  std::vector<ZoneTransition> transitions = {{-5000 * day, 1800}, {-4000 * day, 0}};
  for (std::int64_t year = 0; year < 400; ++year) {
    const std::int64_t new_year = year * 365 * day + (year / 4) * day;
    transitions.push_back({new_year + summer, 3600});
    transitions.push_back({new_year + winter, 0});
  }
  const ZoneTable table{"Test/Cycle", "", 0, transitions, 2};
  check_unbroken(table, 2500);
  for (const std::int64_t cycles : {0, 1, 2, 19}) {
    CAPTURE(cycles);
    const std::int64_t at = summer + cycles * cycle;
    CHECK(table.span(table.span_at(at)).offset == 3600);
    CHECK(table.span(table.span_at(at)).begin == at);
    CHECK(table.span(table.span_at(at - 1)).offset == 0);
    CHECK(table.span_at(at) == 3 + static_cast<std::size_t>(cycles) * 800);
    CHECK(table.span(table.span_at(winter + cycles * cycle)).end == at + 365 * day);
  }
}

}  // namespace zone_table_test
