// SPDX-License-Identifier: MIT

#include "punctual/policy/ledger_audit.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/ledger_sheet.hpp"

namespace ledger_audit_test {

using namespace std::chrono_literals;
using punctual::LedgerAudit;
using punctual::LedgerReport;
using punctual::tests::LedgerSheet;

namespace {

/// Says the faults as "missing 02:00-04:00 x3".
std::vector<std::string> faults_of(const LedgerReport& report) {
  std::vector<std::string> texts;
  for (const auto& fault : report.faults) {
    static const char* const kinds[] = {"missing", "duplicate", "foreign"};
    texts.push_back(std::string{kinds[static_cast<int>(fault.kind)]} + " " +
                    punctual::format_iso8601(fault.first).substr(11, 5) + "-" +
                    punctual::format_iso8601(fault.last).substr(11, 5) + " x" +
                    std::to_string(fault.count.count));
  }
  return texts;
}

}  // namespace

TEST_CASE("LedgerAudit finds what is answered by no row, or by two") {
  struct Row {
    const char* subject;
    std::function<void(LedgerSheet&)> write;
    std::vector<std::string> faults;
  };
  const std::vector<Row> table = {
      {"nothing has been due yet", [](LedgerSheet& sheet) { sheet.armed(1h); }, {}},
      {"each has its row",
       [](LedgerSheet& sheet) {
         sheet.ran(1h);
         sheet.ran(2h);
         sheet.armed(3h);
       },
       {}},
      {"a row that answers many",
       [](LedgerSheet& sheet) {
         sheet.ran(1h);
         sheet.missed(2h, 5h);
         sheet.ran(6h);
         sheet.armed(7h);
       },
       {}},
      {"the first is missing",
       [](LedgerSheet& sheet) {
         sheet.ran(2h);
         sheet.armed(3h);
       },
       {"missing 01:00-01:00 x1"}},
      {"those between two rows are missing",
       [](LedgerSheet& sheet) {
         sheet.ran(1h);
         sheet.ran(5h);
         sheet.armed(6h);
       },
       {"missing 02:00-04:00 x3"}},
      {"the last ones are missing",
       [](LedgerSheet& sheet) {
         sheet.ran(1h);
         sheet.armed(4h);
       },
       {"missing 02:00-03:00 x2"}},
      {"all are missing", [](LedgerSheet& sheet) { sheet.armed(3h); }, {"missing 01:00-02:00 x2"}},
      {"nothing is armed although there are more to come",
       [](LedgerSheet& sheet) { sheet.ran(1h); },
       {"missing 02:00-02:00 x1"}},
      {"one is answered twice",
       [](LedgerSheet& sheet) {
         sheet.ran(1h);
         sheet.ran(1h);
         sheet.armed(2h);
       },
       {"duplicate 01:00-01:00 x1"}},
      {"a range overlaps a run",
       [](LedgerSheet& sheet) {
         sheet.missed(1h, 3h);
         sheet.ran(3h);
         sheet.armed(4h);
       },
       {"duplicate 03:00-03:00 x1"}},
      {"a row for another instant",
       [](LedgerSheet& sheet) {
         sheet.ran(1h);
         sheet.ran(1h + 30min);
         sheet.armed(2h);
       },
       {"foreign 01:30-01:30 x0"}},
      {"a body's own details make no range",
       [](LedgerSheet& sheet) {
         punctual::JobRun& run = sheet.missed(1h, 99h);
         run.message_code = "NOTHING_NEW";
         run.started_at = *run.due_at;
         sheet.ran(2h);
         sheet.armed(3h);
       },
       {}},
      {"retries and backfills do not count",
       [](LedgerSheet& sheet) {
         sheet.missed(1h, 2h);
         sheet.add(1h, punctual::JobStatus::success).attempt = 2;
         sheet.add(2h, punctual::JobStatus::success).trigger = punctual::RunTrigger::backfill;
         sheet.armed(3h);
       },
       {}},
      {"the oldest rows have been pruned",
       [](LedgerSheet& sheet) {
         sheet.ran(3h);
         sheet.ran(4h);
         sheet.armed(5h);
         sheet.job.run_count = 4;
       },
       {}},
      {"all rows have been pruned",
       [](LedgerSheet& sheet) {
         sheet.armed(5h);
         sheet.job.run_count = 4;
       },
       {}},
      {"rows of an earlier epoch do not count",
       [](LedgerSheet& sheet) {
         sheet.ran(30min);
         sheet.job.epoch_at += 45min;
         sheet.ran(1h);
         sheet.armed(2h);
       },
       {}},
      {"while it is paused only what lies before the last row is known",
       [](LedgerSheet& sheet) {
         sheet.ran(2h);
         sheet.job.paused = true;
       },
       {"missing 01:00-01:00 x1"}},
      {"while it is disabled likewise",
       [](LedgerSheet& sheet) {
         sheet.ran(1h);
         sheet.job.enabled = false;
       },
       {}},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    LedgerSheet sheet{punctual::every(1h)};
    row.write(sheet);
    const LedgerReport report = LedgerAudit{sheet}.run();
    CHECK(faults_of(report) == row.faults);
    CHECK(report.job_count == 1);
  }
}

TEST_CASE("LedgerAudit leaves out jobs whose schedule names no instants") {
  for (const auto& schedule : {punctual::Schedule{}, punctual::every_after_finish(1h)}) {
    LedgerSheet sheet{schedule};
    sheet.ran(3h);
    const LedgerReport report = LedgerAudit{sheet}.run();
    CHECK(report.job_count == 0);
    CHECK(report.faults.empty());
  }
}

TEST_CASE("LedgerAudit reads page by page when there are many rows") {
  LedgerSheet sheet{punctual::every(1min)};
  for (int minute = 1; minute <= 2500; ++minute) sheet.ran(std::chrono::minutes{minute});
  sheet.armed(2501min);
  const LedgerReport report = LedgerAudit{sheet}.run();
  CHECK(report.row_count == 2500);
  CHECK(report.instant_count == 2500);
  CHECK(report.faults.empty());
}

TEST_CASE("LedgerFault is said with its instants") {
  LedgerSheet sheet{punctual::every(1h)};
  sheet.ran(1h);
  sheet.ran(1h);
  sheet.ran(1h + 30min);
  sheet.armed(3h);
  const auto faults = LedgerAudit{sheet}.run().faults;
  REQUIRE(faults.size() == 3);
  CHECK(punctual::describe(faults[0]) ==
        "job \"hourly\": two rows answer 1 due instant, 2024-01-15T01:00:00.000Z");
  CHECK(punctual::describe(faults[1]) ==
        "job \"hourly\": a row answers 2024-01-15T01:30:00.000Z, which the schedule does not name");
  CHECK(punctual::describe(faults[2]) ==
        "job \"hourly\": no row answers 1 due instant, 2024-01-15T02:00:00.000Z");
}

}  // namespace ledger_audit_test
