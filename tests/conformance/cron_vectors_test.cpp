// SPDX-License-Identifier: MIT
//
// The cron facts of other schedulers' test suites, held against cron schedules.
//
// `cron/vectors.csv` says which instants an expression names, `cron/invalid.csv` what must be
// refused; each row names the suite, file and line that it comes from. In a build without zones
// only the rows in UTC are looked at.

#include <array>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/iso8601.hpp"
#include "punctual/base/time.hpp"
#include "punctual/schedule/cron_expression.hpp"
#include "punctual/schedule/cron_parser.hpp"
#include "punctual/schedule/schedule.hpp"
#include "punctual/schedule/time_zone.hpp"
#ifdef PUNCTUAL_TESTS_HAVE_ZONES
#include "punctual/tz/zone.hpp"
#endif
#include "support/catch.hpp"

namespace cron_vectors_test {

namespace {

using punctual::CronDayMatch;
using punctual::CronExpression;
using punctual::CronFieldCount;
using punctual::Duration;
using punctual::Schedule;
using punctual::TimeZone;

using CsvRow = std::vector<std::string>;

/// Splits one line of CSV, in which a cell with a comma stands in double quotes.
CsvRow split_csv(std::string_view line) {
  CsvRow cells(1);
  bool is_quoted = false;
  for (const char c : line) {
    if (c == '"') {
      is_quoted = !is_quoted;
    } else if (c == ',' && !is_quoted) {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

/// Reads a file of facts without its header line.
std::vector<CsvRow> read_facts(const std::string& name) {
  std::ifstream file{std::string{PUNCTUAL_CRON_FACTS_DIR} + "/" + name};
  REQUIRE(file);
  std::vector<CsvRow> rows;
  std::string line;
  for (std::getline(file, line); std::getline(file, line);) rows.push_back(split_csv(line));
  return rows;
}

std::vector<std::string> split_instants(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == '|') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// Returns the zone of a fact, nullopt if this build knows no zones.
std::optional<TimeZone> find_zone(const std::string& name) {
#ifdef PUNCTUAL_TESTS_HAVE_ZONES
  return punctual::tz::zone(name);
#else
  return punctual::parse_fixed_zone(name);
#endif
}

struct Fact {
  std::string kind;
  std::string expression;
  std::string start;
  bool is_start_included;
  std::vector<std::string> expected;
};

/// Returns what speaks against `fact`, empty if nothing does.
std::string objection_to(const Fact& fact, const TimeZone& zone) {
  const auto parsed = punctual::parse_cron(fact.expression);
  if (parsed.failure) return fact.kind == "none" ? "" : "refused";
  const Schedule schedule = punctual::cron(fact.expression, zone);
  const auto start = punctual::parse_iso8601(fact.start);
  if (!start) return "unreadable start";

  const bool matches = schedule.next_after(*start - Duration{1}) == *start;
  if (fact.kind == "match") return matches ? "" : "does not match";
  if (fact.kind == "nomatch") return matches ? "matches" : "";
  if (fact.kind != "next" && fact.kind != "chain" && fact.kind != "none") return "unknown kind";

  auto instant = fact.is_start_included ? *start - Duration{1} : *start;
  for (const auto& text : fact.expected) {
    const auto expected = text == "none" ? std::nullopt : punctual::parse_iso8601(text);
    const auto found = schedule.next_after(instant);
    if (found != expected)
      return "fires at " + (found ? punctual::format_iso8601(*found) : "no instant");
    if (!found) break;
    // What comes next has what came before it.
    const auto back = schedule.previous_before(*found + Duration{1});
    if (back != found) return "is not found backwards from " + text;
    instant = *found;
  }
  return "";
}

/// Sets the zone of the host for as long as it lives.
class HostZone {
 public:
  explicit HostZone(const char* name) { set(name); }
  ~HostZone() { set("UTC"); }
  HostZone(const HostZone&) = delete;
  HostZone& operator=(const HostZone&) = delete;

 private:
  static void set(const char* name) {
    ::setenv("TZ", name, 1);
    ::tzset();
  }
};

}  // namespace

TEST_CASE("CronExpression fires as other schedulers' facts say under any zone of the host") {
  const auto rows = read_facts("vectors.csv");
  for (const char* host_zone : {"UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"}) {
    const HostZone host{host_zone};
    std::size_t checked_count = 0;
    for (const auto& row : rows) {
      REQUIRE(row.size() == 9);
      const auto zone = find_zone(row[4]);
      if (!zone) continue;
      const Fact fact{row[2], row[3], row[5], row[6] == "yes", split_instants(row[7])};
      const auto objection = objection_to(fact, *zone);
      INFO("row " << row[0] << " from " << row[1] << ": " << row[2] << " " << row[3] << " from "
                  << row[5] << " in " << row[4] << ", expected " << row[7] << ", host zone "
                  << host_zone);
      CHECK(objection == "");
      ++checked_count;
    }
#ifdef PUNCTUAL_TESTS_HAVE_ZONES
    CHECK(checked_count == 981);
#else
    CHECK(checked_count == 308);
#endif
  }
}

TEST_CASE("CronExpression refuses what other schedulers' facts call invalid") {
  const auto rows = read_facts("invalid.csv");
  for (const auto& row : rows) {
    REQUIRE(row.size() == 5);
    INFO("row " << row[0] << " from " << row[1] << ": " << row[2]);
    // The suites' readers take a fixed number of fields; ours do if they are told to.
    auto count = CronFieldCount::any;
    if (row[3] == "5" || row[3] == "6" || row[3] == "7") {
      count = static_cast<CronFieldCount>(row[3][0] - '0');
    }
    const auto parsed = punctual::parse_cron(row[2], CronDayMatch::either, count);
    CHECK(parsed.failure);
    CHECK_THROWS_AS(CronExpression::parse(row[2], CronDayMatch::either, count), punctual::Error);
    // Without being told, they refuse them too, but for a year that any reader may leave out.
    if (row[2] != "* * * * * * *") CHECK(punctual::parse_cron(row[2]).failure);
  }
  CHECK(rows.size() == 416);
}

}  // namespace cron_vectors_test
