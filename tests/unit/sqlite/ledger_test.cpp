// SPDX-License-Identifier: MIT

#include "punctual/sqlite/ledger.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "punctual/testing/row_difference.hpp"
#include "scratch.hpp"
#include "support/catch.hpp"

namespace ledger_test {

namespace {

using namespace std::chrono_literals;
namespace detail = punctual::sqlite::detail;

using detail::LedgerRow;
using punctual::Advance;
using punctual::JobDefinition;
using punctual::JobNames;
using punctual::PauseChange;
using punctual::ScheduleState;
using punctual::sqlite::test::Scratch;
using punctual::testing::difference;

JobDefinition definition(const Scratch& scratch, std::string name = "alpha") {
  JobDefinition job;
  job.name = std::move(name);
  job.description = "described";
  job.schedule = {{"kind", "interval"}, {"periodMs", 1000}};
  job.anchor_at = scratch.now;
  job.next_due_at = scratch.now + 1s;
  return job;
}

ScheduleState sync(Scratch& scratch, const JobDefinition& job) {
  return detail::sync_jobs(scratch.connection, {job}, scratch.now).at(0);
}

}  // namespace

TEST_CASE("synced keeps the armed instant unless the schedule changed or the job became enabled") {
  const Scratch scratch;
  struct Row {
    const char* what;
    std::uint64_t version;
    bool was_enabled;
    bool is_enabled;
    bool has_same_schedule;
    bool is_rearmed;
    std::uint64_t next_version;
  };
  const std::vector<Row> rows = {
      {"new", 0, true, true, true, true, 1},
      {"new and disabled", 0, true, false, true, true, 1},
      {"unchanged", 5, true, true, true, false, 5},
      {"still disabled", 5, false, false, true, false, 5},
      {"disabled", 5, true, false, true, false, 6},
      {"enabled", 5, false, true, true, true, 6},
      {"other schedule", 5, true, true, false, true, 6},
      {"other schedule, disabled", 5, true, false, false, true, 6},
  };
  const JobDefinition job = definition(scratch);
  for (const auto& row : rows) {
    CAPTURE(row.what);
    LedgerRow stored;
    stored.state = {.job_name = "alpha",
                    .version = row.version,
                    .enabled = row.was_enabled,
                    .anchor_at = scratch.now - 1h,
                    .next_due_at = scratch.now - 1min};
    stored.schedule = row.has_same_schedule ? job.schedule.dump() : "{}";
    stored.depends_on = "[]";
    JobDefinition wanted = job;
    wanted.enabled = row.is_enabled;
    const LedgerRow next = detail::synced(stored, wanted, scratch.now);
    CHECK(next.state.version == row.next_version);
    CHECK(next.state.enabled == row.is_enabled);
    CHECK(next.state.anchor_at == (row.is_rearmed ? job.anchor_at : stored.state.anchor_at));
    CHECK(next.state.next_due_at == (row.is_rearmed ? job.next_due_at : stored.state.next_due_at));
    CHECK((next.state.epoch_at == scratch.now) == row.is_rearmed);
  }
}

TEST_CASE("sync_jobs stores a job so that reading it back finds every value") {
  Scratch scratch;
  JobDefinition job = definition(scratch);
  job.after_finish_delay = 3s;
  job.retention = {.period = 5h, .keep_last = 7};
  const ScheduleState state = sync(scratch, job);
  const LedgerRow row = detail::read_ledger_row(scratch.connection, "alpha");
  CHECK(difference(state, row.state) == "");
  CHECK(row.description == "described");
  CHECK(row.schedule == job.schedule.dump());
  CHECK(row.after_finish_delay == job.after_finish_delay);
  CHECK(row.retention == job.retention);
  CHECK(detail::read_ledger_row(scratch.connection, "nobody").state.version == 0);
}

TEST_CASE("read_synced_jobs answers only when loading the definitions would change nothing") {
  Scratch scratch;
  const JobDefinition job = definition(scratch);
  CHECK_FALSE(detail::read_synced_jobs(scratch.connection, {job}, scratch.now));
  sync(scratch, job);
  JobDefinition again = job;
  again.anchor_at += 1h;
  again.next_due_at = std::nullopt;
  const auto states = detail::read_synced_jobs(scratch.connection, {again}, scratch.now);
  REQUIRE(states);
  CHECK(states->at(0).next_due_at == job.next_due_at);

  JobDefinition described = job;
  described.description = "otherwise";
  CHECK_FALSE(detail::read_synced_jobs(scratch.connection, {described}, scratch.now));
  JobDefinition kept = job;
  kept.retention.keep_last += 1;
  CHECK_FALSE(detail::read_synced_jobs(scratch.connection, {kept}, scratch.now));
  CHECK_FALSE(detail::read_synced_jobs(scratch.connection, {job, definition(scratch, "beta")},
                                       scratch.now));
}

TEST_CASE("due_schedules returns what is due, the earliest first, and nothing else") {
  Scratch scratch;
  for (const char* name : {"alpha", "beta", "delta", "gamma", "stranger"}) {
    JobDefinition job = definition(scratch, name);
    job.next_due_at = scratch.now - std::chrono::milliseconds{name[0]};
    sync(scratch, job);
  }
  const auto names = [&](const JobNames& jobs, std::size_t limit) {
    std::vector<std::string> found;
    for (const auto& state : detail::due_schedules(scratch.connection, jobs, limit, scratch.now)) {
      found.push_back(state.job_name);
    }
    return found;
  };
  using Names = std::vector<std::string>;
  CHECK(names({"alpha", "beta", "delta", "gamma"}, 9) == Names{"gamma", "delta", "beta", "alpha"});
  CHECK(names({"alpha", "beta", "delta", "gamma"}, 2) == Names{"gamma", "delta"});
  CHECK(names({"alpha"}, 9) == Names{"alpha"});
  CHECK(names({"alpha"}, 0).empty());
  CHECK(names({}, 9).empty());

  scratch.connection.exec("UPDATE {}jobs SET paused = 1 WHERE name = 'gamma'");
  scratch.connection.exec("UPDATE {}jobs SET enabled = 0 WHERE name = 'delta'");
  scratch.connection.exec("UPDATE {}jobs SET next_due_at = NULL WHERE name = 'beta'");
  CHECK(names({"alpha", "beta", "delta", "gamma"}, 9) == Names{"alpha"});
}

TEST_CASE("advance moves a schedule on only under the version that was read") {
  Scratch scratch;
  const ScheduleState state = sync(scratch, definition(scratch));
  Advance advance;
  advance.job_name = "alpha";
  advance.version = state.version;
  advance.next_due_at = scratch.now + 5s;
  advance.rows = {scratch.row("alpha"), scratch.row("alpha")};
  for (auto& row : advance.rows) row.due_at = scratch.now + 1s;
  const auto answer = detail::advance(scratch.connection, advance, scratch.now);
  CHECK(answer.advanced);
  CHECK(answer.conflict_count == 1);
  CHECK(scratch.number("SELECT count(*) FROM {}job_runs") == 1);

  advance.rows = {scratch.row("alpha")};
  advance.next_due_at = scratch.now + 9s;
  CHECK_FALSE(detail::advance(scratch.connection, advance, scratch.now).advanced);
  CHECK(scratch.number("SELECT count(*) FROM {}job_runs") == 1);
  const LedgerRow row = detail::read_ledger_row(scratch.connection, "alpha");
  CHECK(row.state.next_due_at == std::optional{scratch.now + 5s});
  CHECK(row.state.version == state.version + 1);
}

TEST_CASE("set_paused writes who and why, and takes them away again") {
  Scratch scratch;
  const ScheduleState state = sync(scratch, definition(scratch));
  PauseChange change;
  change.job_name = "alpha";
  change.version = state.version;
  change.actor = "olga";
  change.reason = "maintenance";
  change.next_due_at = scratch.now + 9h;  // of no meaning when pausing
  CHECK(detail::set_paused(scratch.connection, change, scratch.now));
  CHECK_FALSE(detail::set_paused(scratch.connection, change, scratch.now));
  LedgerRow row = detail::read_ledger_row(scratch.connection, "alpha");
  CHECK(row.state.paused);
  CHECK(row.state.paused_at == std::optional{scratch.now});
  CHECK(row.state.next_due_at == state.next_due_at);
  CHECK(scratch.number("SELECT paused_by = 'olga' AND paused_reason = 'maintenance' FROM {}jobs") ==
        1);

  change.version = row.state.version;
  change.paused = false;
  change.rows = {scratch.row("alpha")};
  CHECK(detail::set_paused(scratch.connection, change, scratch.now));
  row = detail::read_ledger_row(scratch.connection, "alpha");
  CHECK_FALSE(row.state.paused);
  CHECK(row.state.paused_at == std::nullopt);
  CHECK(row.state.next_due_at == change.next_due_at);
  CHECK(scratch.number("SELECT paused_by IS NULL AND paused_reason IS NULL FROM {}jobs") == 1);
  CHECK(scratch.number("SELECT count(*) FROM {}job_runs") == 1);
}

}  // namespace ledger_test
