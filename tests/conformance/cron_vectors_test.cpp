// SPDX-License-Identifier: MIT
//
// The cron facts of other schedulers' test suites, held against CronExpression.
//
// `cron/vectors.csv` says which instants an expression names, `cron/invalid.csv` what must be
// refused; each row names the suite, file and line that it comes from. Rows in a zone that
// `find_rules` does not know are passed over, but their expressions must still parse.

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
#include "support/catch.hpp"

namespace cron_vectors_test {

namespace {

using punctual::CronExpression;
using punctual::Duration;
using punctual::TimePoint;

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

/// How the instants of an expression are found in one time zone.
struct ZoneRules {
  std::optional<TimePoint> (*next_after)(const CronExpression&, TimePoint);
  bool (*matches)(const CronExpression&, TimePoint);
};

std::optional<ZoneRules> find_rules(std::string_view zone) {
  if (zone != "UTC") return std::nullopt;
  return ZoneRules{
      [](const CronExpression& cron, TimePoint after) { return cron.next_after(after); },
      [](const CronExpression& cron, TimePoint at) { return cron.matches(at); }};
}

struct Fact {
  std::string kind;
  std::string expression;
  std::string start;
  bool is_start_included;
  std::vector<std::string> expected;
};

/// Returns what speaks against `fact`, empty if nothing does.
std::string objection_to(const Fact& fact, const ZoneRules& rules) {
  const auto parsed = punctual::parse_cron(fact.expression);
  if (parsed.failure) return fact.kind == "none" ? "" : "refused";
  const auto cron = CronExpression::parse(fact.expression);
  const auto start = punctual::parse_iso8601(fact.start);
  if (!start) return "unreadable start";

  if (fact.kind == "match") return rules.matches(cron, *start) ? "" : "does not match";
  if (fact.kind == "nomatch") return rules.matches(cron, *start) ? "matches" : "";
  if (fact.kind != "next" && fact.kind != "chain" && fact.kind != "none") return "unknown kind";

  auto instant = fact.is_start_included ? *start - Duration{1} : *start;
  for (const auto& text : fact.expected) {
    const auto expected = text == "none" ? std::nullopt : punctual::parse_iso8601(text);
    const auto found = rules.next_after(cron, instant);
    if (found != expected)
      return "fires at " + (found ? punctual::format_iso8601(*found) : "no instant");
    if (found) instant = *found;
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
    const HostZone zone{host_zone};
    std::size_t checked_count = 0;
    for (const auto& row : rows) {
      REQUIRE(row.size() == 9);
      const auto rules = find_rules(row[4]);
      if (!rules) continue;
      const Fact fact{row[2], row[3], row[5], row[6] == "yes", split_instants(row[7])};
      const auto objection = objection_to(fact, *rules);
      INFO("row " << row[0] << " from " << row[1] << ": " << row[2] << " " << row[3] << " from "
                  << row[5] << ", expected " << row[7] << ", host zone " << host_zone);
      CHECK(objection == "");
      ++checked_count;
    }
    CHECK(checked_count == 308);
  }
}

TEST_CASE("CronExpression parses other schedulers' expressions when their zone is unknown") {
  std::size_t parsed_count = 0;
  std::size_t never_count = 0;
  for (const auto& row : read_facts("vectors.csv")) {
    REQUIRE(row.size() == 9);
    if (find_rules(row[4])) continue;
    const auto parsed = punctual::parse_cron(row[3]);
    if (row[2] == "none" && parsed.failure) {
      ++never_count;
      continue;
    }
    INFO("row " << row[0] << " from " << row[1] << ": " << row[3]);
    CHECK(!parsed.failure);
    ++parsed_count;
  }
  CHECK(parsed_count == 668);
  CHECK(never_count == 5);
}

TEST_CASE("CronExpression refuses what other schedulers' facts call invalid") {
  std::size_t refused_count = 0;
  std::size_t other_count = 0;
  for (const auto& row : read_facts("invalid.csv")) {
    REQUIRE(row.size() == 5);
    const auto parsed = punctual::parse_cron(row[2]);
    INFO("row " << row[0] << " from " << row[1] << ": " << row[2]);
    if (!parsed.failure) {
      // Invalid only for a reader that insists on another number of fields.
      CHECK(std::to_string(parsed.field_count) != row[3]);
      ++other_count;
      continue;
    }
    CHECK_THROWS_AS(CronExpression::parse(row[2]), punctual::Error);
    ++refused_count;
  }
  CHECK(refused_count == 414);
  CHECK(other_count == 2);
}

}  // namespace cron_vectors_test
