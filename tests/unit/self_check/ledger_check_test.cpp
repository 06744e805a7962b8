// SPDX-License-Identifier: MIT

#include "punctual/self_check/ledger_check.hpp"

#include <chrono>
#include <string>
#include <vector>

#include "punctual/base/iso8601.hpp"
#include "support/catch.hpp"
#include "support/ledger_sheet.hpp"

namespace ledger_check_test {

using namespace std::chrono_literals;
using punctual::CheckStatus;
using punctual::tests::LedgerSheet;

TEST_CASE("ledger_check passes when each due instant has one row") {
  LedgerSheet sheet{punctual::every(1h)};
  sheet.ran(1h);
  sheet.ran(2h);
  sheet.armed(3h);
  const auto report = punctual::ledger_check(sheet).run();
  CHECK(report.name == "validate-ledger");
  CHECK(report.result.status == CheckStatus::passed);
  CHECK(report.result.message == "each once: 2 due instants of 1 job");
  CHECK(report.result.details == punctual::Json{{"jobs", 1},
                                                {"rows", 2},
                                                {"instants", 2},
                                                {"faultCount", 0},
                                                {"faults", punctual::Json::array()}});
}

TEST_CASE("ledger_check fails with what is missing when some is") {
  LedgerSheet sheet{punctual::every(1h)};
  sheet.ran(1h);
  sheet.ran(5h);
  sheet.armed(7h);
  const auto report = punctual::ledger_check(sheet).run();
  CHECK(report.result.status == CheckStatus::failed);
  CHECK(report.result.message ==
        "job \"hourly\": no row answers 3 due instants, 2024-01-15T02:00:00.000Z to "
        "2024-01-15T04:00:00.000Z; 1 more");
  CHECK(report.result.details.at("faultCount") == 2);
  CHECK(report.result.details.at("faults").at(1) ==
        "job \"hourly\": no row answers 1 due instant, 2024-01-15T06:00:00.000Z");
}

TEST_CASE("ledger_check shows twenty faults at most") {
  LedgerSheet sheet{punctual::every(1h)};
  for (int hour = 2; hour <= 100; hour += 2) sheet.ran(std::chrono::hours{hour});
  sheet.armed(101h);
  const auto report = punctual::ledger_check(sheet).run();
  CHECK(report.result.details.at("faultCount") == 50);
  CHECK(report.result.details.at("faults").size() == 20);
}

TEST_CASE("ledger_check fails when it cannot read a schedule") {
  LedgerSheet sheet{punctual::every(1h)};
  sheet.job.schedule = {
      {"kind", "cron"}, {"expression", "0 2 * * *"}, {"timeZone", "Europe/Berlin"}};
  const auto report = punctual::ledger_check(sheet).run();
  CHECK(report.result.status == CheckStatus::failed);
  CHECK(report.result.message.find(
            "schedules that cannot be read here: hourly: INVALID_TIME_ZONE") == 0);
  CHECK(report.result.details.at("unread").size() == 1);
}

}  // namespace ledger_check_test
