// A year of a service in a test: its jobs, its outages, and what has to be true of its history.

#include <punctual/policy/ledger_audit.hpp>
#include <punctual/punctual.hpp>
#include <punctual/testing/run_until.hpp>

#include <cstdlib>
#include <iostream>

using namespace std::chrono_literals;
using namespace date::literals;

void require(bool condition, const char* what) {
  std::cout << (condition ? "ok   " : "FAIL ") << what << "\n";
  if (!condition) std::exit(1);
}

int main() {
  const auto first_day = date::sys_days{2024_y / 1 / 1};
  punctual::FakeClock clock{first_day};
  punctual::InMemoryStorage storage;
  int closings = 0;
  int reports = 0;

  const punctual::RetentionPolicy for_the_auditor{.period = 24h * 400};

  // The service as it is: the same jobs each time it starts.
  const auto run_service = [&](punctual::TimePoint until) {
    punctual::Scheduler scheduler{clock, storage, punctual::InlineExecutor{}};
    scheduler.register_job({.name = "close-day",
                            .schedule = punctual::cron("0 22 * * MON-FRI"),
                            .retry = {.max_attempts = 3},
                            .missed = punctual::MissedPolicy::run_all(),
                            .retention = for_the_auditor},
                           [&](punctual::JobContext& job) {
                             // The bank is closed on the first try of each month's last day.
                             const auto due = *job.due_at();
                             const date::year_month_day day{date::floor<date::days>(due)};
                             const bool is_last =
                                 day.day() == (day.year() / day.month() / date::last).day();
                             if (is_last && job.attempt() == 1) return job.failure("BANK_CLOSED");
                             ++closings;
                             return job.success();
                           });
    scheduler.register_job({.name = "report", .depends_on = {"close-day"}},
                           [&](punctual::JobContext& job) {
                             ++reports;
                             return job.success();
                           });
    scheduler.register_job(
        {.name = "poll", .schedule = punctual::every(1h), .retention = for_the_auditor},
        [](punctual::JobContext& job) { return job.success(); });
    punctual::testing::run_until(scheduler, clock, until);
  };

  run_service(first_day + 24h * 100);
  clock.advance(24h * 7);  // down for a week
  run_service(first_day + 24h * 366);

  require(closings == 262, "every working day of 2024 was closed, those of the week's outage too");
  require(reports == closings - 4, "a report followed each closing, and one the outage's five");

  int retries = 0;
  int missed = 0;
  int polls = 0;
  for (auto query = punctual::RunQuery{.limit = 1000};;) {
    const auto page = storage.runs(query);
    for (const auto& run : page) {
      if (run.trigger == punctual::RunTrigger::retry) ++retries;
      if (run.message_code == "JOB_MISSED") missed += run.details.at("count").get<int>();
      if (run.job_name == "poll" && run.status == punctual::JobStatus::success) ++polls;
    }
    if (page.size() < 1000) break;
    query.before = page.back().id;
  }
  require(retries == 8, "the eight month ends on a working day needed a second try");
  require(polls + missed == 366 * 24, "every hour has been polled, or is on record as missed");
  require(missed == 7 * 24 - 1, "the outage cost all its polls but the latest");

  const auto report = punctual::LedgerAudit{storage}.run();
  require(report.faults.empty(), "no due instant is without a row, none has two");
  std::cout << report.instant_count << " due instants, " << report.row_count << " rows\n";
}
