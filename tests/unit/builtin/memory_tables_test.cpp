// SPDX-License-Identifier: MIT
//
// MemoryTables: every index says what the rows say, after any change.

#include "punctual/builtin/memory_tables.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "memory_rows.hpp"
#include "punctual/base/random.hpp"
#include "support/catch.hpp"

namespace memory_tables_test {

using punctual::claim_order;
using punctual::Duration;
using punctual::is_terminal;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::Random;
using punctual::RunId;
using punctual::ScheduleState;
using punctual::TimePoint;
using punctual::detail::lane_of;
using punctual::detail::MemoryJob;
using punctual::tests::end_run;
using punctual::tests::id_of;
using punctual::tests::memory_start;
using punctual::tests::MemoryTables;
using punctual::tests::pending_row;
using punctual::tests::skipped_row;
using punctual::tests::start_run;

namespace {

/// What the indexes hold, in values that compare.
struct Indexes {
  std::set<std::pair<TimePoint, std::string>> due;
  std::set<std::pair<TimePoint, std::string>> pending;
  std::set<std::pair<TimePoint, std::string>> pending_of_paused;
  std::set<std::pair<TimePoint, RunId>> heads;
  std::set<std::pair<TimePoint, RunId>> leases;
  std::set<RunId> history;

  friend bool operator==(const Indexes&, const Indexes&) = default;
};

Indexes indexes_of(const MemoryTables& tables) {
  Indexes found;
  for (const auto& [at, job] : tables.due()) found.due.emplace(at, job->state.job_name);
  for (const auto& [at, job] : tables.pending()) found.pending.emplace(at, job->state.job_name);
  for (const auto& [at, job] : tables.pending_of_paused()) {
    found.pending_of_paused.emplace(at, job->state.job_name);
  }
  for (const auto& head : tables.heads()) found.heads.emplace(std::get<0>(head), std::get<1>(head));
  for (const auto& lease : tables.leases()) found.leases.insert(lease);
  for (const auto& id : tables.history()) found.history.insert(id);
  return found;
}

/// The same, gathered from the rows; `ready` are the runs that were promoted and still wait.
Indexes gathered_from(const MemoryTables& tables, const std::set<RunId>& ready) {
  Indexes wanted;
  for (const auto& [name, job] : tables.jobs) {
    const ScheduleState& state = job->state;
    if (state.enabled && !state.paused && state.next_due_at) {
      wanted.due.emplace(*state.next_due_at, name);
    }
    std::optional<TimePoint> first_pending;
    std::map<punctual::detail::LaneKey, std::pair<TimePoint, RunId>> heads;
    for (const auto& [id, run] : tables.runs) {
      if (run.job_name != name) continue;
      if (is_terminal(run.status)) wanted.history.insert(id);
      if (run.status == JobStatus::running) wanted.leases.emplace(*run.lease_until_at, id);
      if (run.status != JobStatus::pending) continue;
      first_pending = std::min(first_pending.value_or(run.run_at), run.run_at);
      if (state.paused || !ready.contains(id)) continue;
      const std::pair head{claim_order(run.run_at, run.priority), id};
      const auto [place, is_new] = heads.emplace(lane_of(run), head);
      if (!is_new) place->second = std::min(place->second, head);
    }
    auto& pending = state.paused ? wanted.pending_of_paused : wanted.pending;
    if (first_pending) pending.emplace(*first_pending, name);
    for (const auto& [lane, head] : heads) wanted.heads.insert(head);
  }
  return wanted;
}

/// Changes tables at random, and keeps account of what no row says.
class Shuffler {
 public:
  explicit Shuffler(std::uint64_t seed) : random_(seed) {}

  MemoryTables tables;
  std::set<RunId> ready;

  void change_something() {
    switch (random_.up_to(9)) {
      case 0:
      case 1:
      case 2:
        insert();
        break;
      case 3:
        promote();
        break;
      case 4:
        change_state();
        break;
      case 5:
        if (JobRun* run = draw(JobStatus::pending)) start(*run);
        break;
      case 6:
        if (JobRun* run = draw(JobStatus::running)) tables.hand_back(*run);
        break;
      case 7:
        if (JobRun* run = draw(random_.up_to(2) == 0 ? JobStatus::pending : JobStatus::running)) {
          end(*run);
        }
        break;
      case 8:
        if (JobRun* run = draw(JobStatus::running)) {
          tables.set_lease(*run, draw_instant());
        }
        break;
      default:
        if (JobRun* run = draw(JobStatus::success)) tables.forget(run->id);
        break;
    }
  }

 private:
  TimePoint draw_instant() {
    return memory_start + Duration{static_cast<std::int64_t>(random_.up_to(20))};
  }

  std::string draw_job() { return std::string(1, "abc"[random_.up_to(2)]); }

  JobRun* draw(JobStatus status) {
    std::vector<JobRun*> found;
    for (auto& [id, run] : tables.runs) {
      if (run.status == status) found.push_back(&run);
    }
    return found.empty() ? nullptr : found[random_.up_to(found.size() - 1)];
  }

  void insert() {
    // Ids in no order, as they come from several nodes.
    const auto number = static_cast<std::uint32_t>(random_());
    if (tables.find_run(id_of(number)) != nullptr) return;
    JobRun run = random_.up_to(4) == 0 ? skipped_row(number, draw_job(), draw_instant())
                                       : pending_row(number, draw_job(), draw_instant());
    run.priority = static_cast<int>(random_.up_to(2)) - 1;
    run.exclusive = random_.up_to(1) == 0;
    run.concurrency_max = static_cast<std::uint32_t>(random_.up_to(2));
    run.concurrency_key = "k" + std::to_string(random_.up_to(1));
    tables.insert(run);
  }

  void promote() {
    const TimePoint now = draw_instant();
    tables.promote(now);
    for (const auto& [id, run] : tables.runs) {
      if (run.status == JobStatus::pending && run.run_at <= now) ready.insert(id);
    }
  }

  void change_state() {
    auto& job = tables.job_of(draw_job());
    tables.change_state(job, [&](ScheduleState& state) {
      state.enabled = random_.up_to(3) > 0;
      state.paused = random_.up_to(1) == 0;
      state.next_due_at = random_.up_to(2) > 0 ? std::optional{draw_instant()} : std::nullopt;
    });
  }

  void start(JobRun& run) {
    ready.erase(run.id);
    run.started_at = memory_start;
    run.lease_until_at = draw_instant();
    tables.start(run);
  }

  void end(JobRun& run) {
    ready.erase(run.id);
    run.completed_at = draw_instant();
    tables.end(run, run.status == JobStatus::pending ? JobStatus::skipped : JobStatus::success);
  }

  Random random_;
};

/// Returns what of the job's own indexes is not as its rows say; empty if all is.
std::string mistakes_in(MemoryTables& tables, const MemoryJob& job) {
  std::set<RunId> open;
  std::set<RunId> ended;
  std::set<RunId> executed;
  std::set<std::pair<TimePoint, RunId>> pending;
  std::multiset<TimePoint> pending_exclusive;
  std::set<RunId> running_exclusive;
  for (const auto& [id, run] : tables.runs) {
    if (run.job_name != job.state.job_name) continue;
    (is_terminal(run.status) ? ended : open).insert(id);
    if (is_terminal(run.status) && run.started_at) executed.insert(id);
    if (run.status == JobStatus::pending) pending.insert({run.run_at, id});
    if (run.status == JobStatus::pending && run.exclusive) pending_exclusive.insert(run.run_at);
    if (run.status == JobStatus::running && run.exclusive) running_exclusive.insert(id);
  }
  std::string mistakes;
  if (job.open != open) mistakes += "open ";
  if (job.ended != ended) mistakes += "ended ";
  if (job.executed != executed) mistakes += "executed ";
  if (job.ended_by_time.size() != ended.size()) mistakes += "ended_by_time ";
  if (job.pending != pending) mistakes += "pending ";
  if (job.pending_exclusive != pending_exclusive) mistakes += "pending_exclusive ";
  if (job.running_exclusive != running_exclusive) mistakes += "running_exclusive ";
  for (const auto& [key, lane] : job.lanes) {
    if (lane.ready.empty()) mistakes += "empty lane ";
  }
  return mistakes;
}

}  // namespace

TEST_CASE("MemoryTables keep every index true when rows change at random") {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
    CAPTURE(seed);
    Shuffler shuffler{seed};
    MemoryTables& tables = shuffler.tables;
    for (int i = 0; i < 800; ++i) {
      CAPTURE(i);
      shuffler.change_something();
      REQUIRE(indexes_of(tables) == gathered_from(tables, shuffler.ready));
      std::map<std::string, std::uint32_t> running;
      for (const auto& [id, run] : tables.runs) {
        if (run.status == JobStatus::running && run.concurrency_max > 0) {
          ++running[run.concurrency_key];
        }
      }
      for (const std::string key : {"k0", "k1"}) {
        REQUIRE(tables.running_with_key(key) == running[key]);
      }
      for (const auto& [name, job] : tables.jobs) {
        REQUIRE(mistakes_in(tables, *job) == "");
      }
    }
    CHECK(tables.runs.size() > 100);
    CHECK(tables.jobs.size() == 3);
  }
}

TEST_CASE("MemoryTables make a job's row when it is first named") {
  MemoryTables tables;
  CHECK(tables.find_job("a") == nullptr);
  MemoryJob& job = tables.job_of("a");
  CHECK(job.state.job_name == "a");
  CHECK(job.state.version == 0);
  CHECK(&tables.job_of("a") == &job);
  CHECK(tables.find_job("a") == &job);
}

TEST_CASE("MemoryTables raise the version by one when a state changes") {
  MemoryTables tables;
  MemoryJob& job = tables.job_of("a");
  for (std::uint64_t version = 1; version <= 3; ++version) {
    tables.change_state(job, [](ScheduleState&) {});
    CHECK(job.state.version == version);
  }
}

TEST_CASE("MemoryTables count ended runs by status when they end, and keep the counts") {
  MemoryTables tables;
  tables.insert(skipped_row(1, "a"));
  for (const std::uint32_t number : {2U, 3U, 4U, 5U}) tables.insert(pending_row(number, "a"));
  start_run(tables, 2);
  end_run(tables, 2, JobStatus::success);
  start_run(tables, 3);
  end_run(tables, 3, JobStatus::failed);
  end_run(tables, 4, JobStatus::skipped);
  const MemoryJob& job = *tables.find_job("a");
  CHECK(job.success_count == 1);
  CHECK(job.failure_count == 1);
  CHECK(job.skipped_count == 2);
  CHECK(job.executed == std::set<RunId>{id_of(2), id_of(3)});
  for (const std::uint32_t number : {1U, 2U, 3U, 4U}) tables.forget(id_of(number));
  CHECK(job.success_count == 1);
  CHECK(job.failure_count == 1);
  CHECK(job.skipped_count == 2);
  CHECK(job.executed.empty());
  CHECK(tables.runs.size() == 1);
}

TEST_CASE("MemoryTables know an open run by its key until it ends") {
  MemoryTables tables;
  JobRun run = pending_row(1, "a");
  run.unique_key = "report";
  tables.insert(run);
  CHECK(tables.open_with_key("report") == id_of(1));
  CHECK_FALSE(tables.open_with_key("repor"));
  start_run(tables, 1);
  CHECK(tables.open_with_key("report") == id_of(1));
  end_run(tables, 1);
  CHECK_FALSE(tables.open_with_key("report"));
  JobRun ended = skipped_row(2, "a");
  ended.unique_key = "other";
  tables.insert(ended);
  CHECK_FALSE(tables.open_with_key("other"));
}

TEST_CASE("MemoryTables know an answered instant until its first attempt is forgotten") {
  MemoryTables tables;
  JobRun first = skipped_row(1, "a");
  first.due_at = memory_start;
  JobRun retry = skipped_row(2, "a");
  retry.due_at = memory_start + Duration{1};
  retry.attempt = 2;
  tables.insert(first);
  tables.insert(retry);
  const MemoryJob& job = *tables.find_job("a");
  CHECK(job.answered == std::map<TimePoint, RunId>{{memory_start, id_of(1)}});
  tables.forget(id_of(2));
  CHECK(job.answered.size() == 1);
  tables.forget(id_of(1));
  CHECK(job.answered.empty());
}

TEST_CASE("MemoryTables see an open exclusive run when it is running or its time has come") {
  MemoryTables tables;
  MemoryJob& job = tables.job_of("a");
  const auto is_open = [&] { return tables.has_open_exclusive(job, memory_start); };
  tables.insert(pending_row(1, "a"));  // not exclusive
  CHECK_FALSE(is_open());
  JobRun later = pending_row(2, "a", memory_start + Duration{1});
  later.exclusive = true;
  tables.insert(later);
  CHECK_FALSE(is_open());
  CHECK(tables.has_open_exclusive(job, memory_start + Duration{1}));
  JobRun now = pending_row(3, "a");
  now.exclusive = true;
  tables.insert(now);
  CHECK(is_open());
  start_run(tables, 3);
  CHECK(is_open());
  end_run(tables, 3);
  CHECK_FALSE(is_open());
}

TEST_CASE("MemoryTables let a run start when neither exclusiveness nor its key holds it back") {
  MemoryTables tables;
  MemoryJob& job = tables.job_of("a");
  JobRun exclusive = pending_row(1, "a");
  exclusive.exclusive = true;
  JobRun limited = pending_row(2, "a");
  limited.concurrency_max = 2;
  limited.concurrency_key = "k";
  CHECK(tables.may_start(job, exclusive));
  CHECK(tables.may_start(job, limited));
  tables.insert(exclusive);
  start_run(tables, 1);
  CHECK_FALSE(tables.may_start(job, exclusive));
  CHECK(tables.may_start(job, limited));
  for (const std::uint32_t number : {3U, 4U}) {
    CHECK(tables.may_start(job, limited));
    JobRun run = limited;
    run.id = id_of(number);
    run.job_name = "b";  // the key is shared by jobs
    tables.insert(run);
    start_run(tables, number);
  }
  CHECK_FALSE(tables.may_start(job, limited));
  end_run(tables, 3);
  CHECK(tables.may_start(job, limited));
}

}  // namespace memory_tables_test
