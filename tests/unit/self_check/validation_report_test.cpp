// SPDX-License-Identifier: MIT

#include "punctual/self_check/validation_report.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace validation_report_test {

using namespace std::chrono_literals;
using punctual::CheckReport;
using punctual::CheckResult;
using punctual::Json;
using punctual::ValidationReport;

namespace {

const punctual::TimePoint completed_at{1'705'284'015'000ms};  // 2024-01-15T02:00:15Z

ValidationReport report_of(std::vector<CheckReport> checks, std::string stopped_by = {}) {
  return {.environment = "production",
          .completed_at = completed_at,
          .checks = std::move(checks),
          .stopped_by = std::move(stopped_by)};
}

const CheckReport passed{"a", CheckResult::passed("fine", {{"n", 1}}), 5ms};
const CheckReport failed{"b", CheckResult::failed("empty: X", {{"n", 2}}), 7ms};
const CheckReport skipped{"c", CheckResult::skipped("no need"), 0ms};
const CheckReport error{"d", CheckResult::error("no such file"), 2ms};

}  // namespace

TEST_CASE("ValidationReport says what the checks found") {
  struct Row {
    std::string name;
    ValidationReport report;
    bool success;
    std::string summary;
  };
  const Row rows[] = {
      {"all passed", report_of({passed, passed, passed}), true,
       "Platform validation passed: 3/3 checks passed"},
      {"one had no need", report_of({passed, skipped}), true,
       "Platform validation passed: 1/2 checks passed, 1 skipped"},
      {"one failed", report_of({passed, failed, passed}), false,
       "Platform validation failed: 1/3 checks failed (b: empty: X)"},
      {"two failed", report_of({failed, failed}), false,
       "Platform validation failed: 2/2 checks failed (b: empty: X; b: empty: X)"},
      {"one in error", report_of({passed, error}), false,
       "Platform validation error: 1/2 checks could not be carried out (d: no such file)"},
      {"one in error, one failed", report_of({failed, error}), false,
       "Platform validation error: 1/2 checks could not be carried out (d: no such file), 1/2 "
       "checks failed (b: empty: X)"},
      {"stopped", report_of({passed, skipped}, "a cancel request"), false,
       "Platform validation error: 1/2 checks passed, 1 skipped, stopped by a cancel request"},
      {"failed, then stopped", report_of({failed, skipped}, "a cancel request"), false,
       "Platform validation failed: 1/2 checks failed (b: empty: X), stopped by a cancel request"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK(row.report.success() == row.success);
    CHECK(punctual::validation_summary(row.report) == row.summary);
    CHECK(Json(row.report).at("success") == row.success);
  }
}

TEST_CASE("ValidationReport has the seed's shape") {
  const Json json = report_of({{"validate-env", CheckResult::passed("x", {{"n", 1}}), 500ms},
                               {"validate-db", CheckResult::passed(), 2s},
                               {"validate-migrations", CheckResult::passed(), 10s}});
  CHECK(json == Json::parse(R"({
      "success": true,
      "timestamp": "2024-01-15T02:00:15.000Z",
      "environment": "production",
      "summary": {"total": 3, "passed": 3, "failed": 0, "skipped": 0, "totalDurationMs": 12500},
      "scripts": [
        {"name": "validate-env", "status": "passed", "durationMs": 500},
        {"name": "validate-db", "status": "passed", "durationMs": 2000},
        {"name": "validate-migrations", "status": "passed", "durationMs": 10000}
      ]})"));
}

TEST_CASE("ValidationReport explains the checks that did not pass") {
  const Json json = report_of({passed, failed, skipped, error});
  CHECK(json.at("summary") == Json::parse(R"({"total": 4, "passed": 1, "failed": 2, "skipped": 1,
                                              "totalDurationMs": 14})"));
  CHECK(json.at("scripts") == Json::parse(R"([
      {"name": "a", "status": "passed", "durationMs": 5},
      {"name": "b", "status": "failed", "durationMs": 7, "message": "empty: X",
       "details": {"n": 2}},
      {"name": "c", "status": "skipped", "durationMs": 0, "message": "no need"},
      {"name": "d", "status": "failed", "durationMs": 2, "message": "no such file", "error": true}
      ])"));
}

TEST_CASE("ValidationReport fits into the details of a run, whatever the checks say") {
  struct Row {
    std::string name;
    Json details;
    bool is_kept;
  };
  Json deep = 1;
  for (int i = 0; i < 10; ++i) deep = Json{{"x", deep}};
  Json keys = Json::object();
  for (int i = 0; i < 300; ++i) keys[std::to_string(i)] = 1;
  Json wide = Json::object();
  for (int i = 0; i < 30; ++i) wide[std::to_string(i)] = i;
  const Row rows[] = {
      {"none", nullptr, true},
      {"small", {{"n", 1}}, true},
      {"as deep as it may be", deep, true},
      {"some keys", wide, true},
      {"too deep", {{"x", deep}}, false},
      {"too long", {{"x", std::string(100'000, 'x')}}, false},
      {"too many keys", keys, false},
      {"invalid UTF-8 that grows", {{"x", std::string(9'000, '\xFF')}}, false},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    std::vector<CheckReport> checks;
    for (std::size_t i = 0; i < punctual::validation_checks_max; ++i) {
      const std::string name = std::string(97, 'n') + std::to_string(100 + i);
      checks.push_back({name, CheckResult::error(std::string(512, 'm'), row.details), 24h});
    }
    const Json json = report_of(std::move(checks));
    CHECK(punctual::clamp_details(json) == json);
    CHECK(json.at("scripts").size() == punctual::validation_checks_max);
    const Json& first = json.at("scripts").at(0);
    if (!row.is_kept) {
      CHECK(first.at("details") == Json{{"_truncated", true}});
    } else if (!row.details.is_null()) {
      CHECK(first.at("details") == row.details);
    }
  }
}

TEST_CASE("ValidationReport's summary is as long as a summary may be") {
  const std::vector<CheckReport> checks(
      20, CheckReport{"a", CheckResult::failed(std::string(500, 'm')), 1ms});
  const std::string summary = punctual::validation_summary(report_of(checks));
  CHECK(summary.size() <= punctual::summary_bytes_max);
  CHECK(summary.rfind("Platform validation failed: 20/20 checks failed (a: mmm", 0) == 0);
}

}  // namespace validation_report_test
