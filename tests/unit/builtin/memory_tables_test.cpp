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
using punctual::NewRun;
using punctual::Random;
using punctual::RunId;
using punctual::TimePoint;
using punctual::detail::ByLane;
using punctual::detail::MemoryJob;
using punctual::detail::MemoryRun;
using punctual::tests::end_run;
using punctual::tests::id_of;
using punctual::tests::memory_start;
using punctual::tests::MemoryTables;
using punctual::tests::new_row;
using punctual::tests::pending_row;
using punctual::tests::skipped_row;
using punctual::tests::start_run;

namespace {

/// What the indexes hold, in values that compare.
struct Indexes {
  std::set<std::pair<TimePoint, std::string>> due;
  std::set<std::tuple<bool, TimePoint, std::string>> pending;  // paused, the first, the job
  std::set<RunId> ready;
  std::set<std::pair<TimePoint, RunId>> heads;
  std::set<std::pair<TimePoint, RunId>> leases;
  std::set<RunId> history;
  std::set<std::pair<std::string, RunId>> open;
  std::set<std::pair<std::string, RunId>> ended;
  std::set<std::pair<std::string, RunId>> executed;
  std::set<std::tuple<std::string, TimePoint, RunId>> by_end;

  friend bool operator==(const Indexes&, const Indexes&) = default;
};

Indexes indexes_of(const MemoryTables& tables) {
  Indexes found;
  for (const auto* job : tables.due()) found.due.emplace(*job->next_due_at, job->name);
  for (const auto* job : tables.pending.jobs()) {
    found.pending.emplace(job->paused, *job->first_pending_at, job->name);
  }
  for (const auto* run : tables.pending.lanes()) found.ready.insert(run->id);
  for (const auto* run : tables.pending.heads()) {
    found.heads.emplace(claim_order(run->run_at, run->priority), run->id);
  }
  for (const auto* run : tables.running.leases()) {
    found.leases.emplace(*run->course->lease_until_at, run->id);
  }
  for (const auto* run : tables.ended.by_id()) found.history.insert(run->id);
  for (const auto* run : tables.open()) found.open.emplace(run->job->name, run->id);
  for (const auto& job : tables.jobs()) {
    for (const auto* run : job.past->ended) found.ended.emplace(job.name, run->id);
    for (const auto* run : job.past->executed) found.executed.emplace(job.name, run->id);
    for (const auto* run : job.past->by_end) {
      found.by_end.emplace(job.name, *run->course->completed_at, run->id);
    }
  }
  return found;
}

/// The same, gathered from the rows; `ready` are the runs that were promoted and still wait.
Indexes gathered_from(const MemoryTables& tables, const std::set<RunId>& ready) {
  Indexes wanted;
  wanted.ready = ready;
  for (const auto& job : tables.jobs()) {
    if (job.enabled && !job.paused && job.next_due_at) {
      wanted.due.emplace(*job.next_due_at, job.name);
    }
    std::optional<TimePoint> first_pending;
    using Lane = decltype(ByLane::lane(std::declval<const MemoryRun&>()));
    std::map<Lane, std::pair<TimePoint, RunId>> heads;
    for (const auto& run : tables.runs()) {
      if (run.job != &job) continue;
      (run.has_ended() ? wanted.ended : wanted.open).emplace(job.name, run.id);
      if (run.has_ended()) {
        if (run.course->started_at) wanted.executed.emplace(job.name, run.id);
        wanted.history.insert(run.id);
        wanted.by_end.emplace(job.name, *run.course->completed_at, run.id);
      }
      if (run.status == JobStatus::running) {
        wanted.leases.emplace(*run.course->lease_until_at, run.id);
      }
      if (run.status != JobStatus::pending) continue;
      first_pending = std::min(first_pending.value_or(run.run_at), run.run_at);
      if (job.paused || !ready.contains(run.id)) continue;
      const std::pair head{claim_order(run.run_at, run.priority), run.id};
      const auto [place, is_new] = heads.emplace(ByLane::lane(run), head);
      if (!is_new) place->second = std::min(place->second, head);
    }
    if (first_pending) wanted.pending.emplace(job.paused, *first_pending, job.name);
    for (const auto& [lane, head] : heads) wanted.heads.insert(head);
  }
  return wanted;
}

JobRun exclusive_row(std::uint32_t number, TimePoint run_at = memory_start) {
  JobRun run = pending_row(number, "a", run_at);
  run.exclusive = true;
  return run;
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
        if (MemoryRun* run = draw(JobStatus::pending)) start(*run);
        break;
      case 6:
        if (MemoryRun* run = draw(JobStatus::running)) tables.hand_back(*run);
        break;
      case 7:
        if (MemoryRun* run =
                draw(random_.up_to(2) == 0 ? JobStatus::pending : JobStatus::running)) {
          end(*run);
        }
        break;
      case 8:
        if (MemoryRun* run = draw(JobStatus::running)) {
          tables.running.set_lease(*run, draw_instant());
        }
        break;
      default:
        if (MemoryRun* run = draw(JobStatus::success)) tables.forget(run->id);
        break;
    }
  }

 private:
  TimePoint draw_instant() {
    return memory_start + Duration{static_cast<std::int64_t>(random_.up_to(20))};
  }

  std::string draw_job() { return std::string(1, "abc"[random_.up_to(2)]); }

  MemoryRun* draw(JobStatus status) {
    std::vector<MemoryRun*> found;
    for (const auto& run : tables.runs()) {
      if (run.status == status) found.push_back(tables.find_run(run.id));
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
    run.due_at = memory_start + Duration{static_cast<int>(number)};  // answered once
    tables.insert(run);
  }

  void promote() {
    const TimePoint now = draw_instant();
    tables.pending.promote(now);
    for (const auto& run : tables.runs()) {
      if (run.status == JobStatus::pending && run.run_at <= now) ready.insert(run.id);
    }
  }

  void change_state() {
    auto& job = tables.job_of(draw_job());
    tables.set_paused(job, random_.up_to(1) == 0);
    tables.change_state(job, [&](MemoryJob& state) {
      state.enabled = random_.up_to(3) > 0;
      state.next_due_at = random_.up_to(2) > 0 ? std::optional{draw_instant()} : std::nullopt;
    });
  }

  void start(MemoryRun& run) {
    ready.erase(run.id);
    run.course.write().started_at = memory_start;
    run.course.write().lease_until_at = draw_instant();
    tables.start(run);
  }

  void end(MemoryRun& run) {
    ready.erase(run.id);
    run.course.write().completed_at = draw_instant();
    tables.end(run, run.status == JobStatus::pending ? JobStatus::skipped : JobStatus::success);
  }

  Random random_;
};

/// Returns what is said of one job that is not as its rows say; empty if all is.
std::string mistakes_in(MemoryTables& tables, const MemoryJob& job) {
  std::size_t open_count = 0;
  std::optional<TimePoint> first_exclusive;
  const MemoryRun* first_pending = nullptr;
  std::set<RunId> running_exclusive;
  std::string mistakes;
  for (const auto& run : tables.runs()) {
    if (run.job != &job) continue;
    if (!run.has_ended()) ++open_count;
    if (tables.answers.find(job, *run.due_at) != &run) mistakes += "answers ";
    if (run.status == JobStatus::running && run.exclusive) running_exclusive.insert(run.id);
    if (run.status != JobStatus::pending) continue;
    if (first_pending == nullptr || run.run_at < first_pending->run_at) first_pending = &run;
    if (run.exclusive) {
      first_exclusive = std::min(first_exclusive.value_or(run.run_at), run.run_at);
    }
  }
  std::set<RunId> found_exclusive;
  for (const auto* run : tables.running.exclusive_of(job)) found_exclusive.insert(run->id);
  if (job.open_count != open_count) mistakes += "open_count ";
  if (job.past.is_written() && job.past->ended.empty() && job.past->earlier_answers.empty()) {
    mistakes += "past ";
  }
  if (tables.pending.first_of(job) != first_pending) mistakes += "first pending ";
  if (tables.pending.first_of(job, true) != first_exclusive) mistakes += "first exclusive ";
  if (found_exclusive != running_exclusive) mistakes += "running exclusive ";
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
      for (const auto& run : tables.runs()) {
        if (run.status == JobStatus::running && run.limit->max > 0) ++running[run.limit->key];
      }
      for (const std::string key : {"k0", "k1"}) {
        REQUIRE(tables.running.count_with_key(key) == running[key]);
      }
      for (const auto& job : tables.jobs()) REQUIRE(mistakes_in(tables, job) == "");
    }
    CHECK(tables.runs().size() > 100);
    CHECK(tables.jobs().size() == 3);
  }
}

TEST_CASE("MemoryTables make a job's row when it is first named") {
  MemoryTables tables;
  CHECK(tables.find_job("a") == nullptr);
  MemoryJob& job = tables.job_of("a");
  CHECK(job.name == "a");
  CHECK(job.number == 0);
  CHECK(job.version == 0);
  CHECK(tables.job_of("b").number == 1);
  CHECK(&tables.job_of("a") == &job);
  CHECK(tables.find_job("a") == &job);
}

TEST_CASE("MemoryTables raise the version by one when a state changes") {
  MemoryTables tables;
  MemoryJob& job = tables.job_of("a");
  for (std::uint64_t version = 1; version <= 3; ++version) {
    tables.change_state(job, [](MemoryJob&) {});
    CHECK(job.version == version);
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
  CHECK((*job.past->executed.rbegin())->id == id_of(3));
  for (const std::uint32_t number : {1U, 2U, 3U, 4U}) tables.forget(id_of(number));
  CHECK(job.success_count == 1);
  CHECK(job.failure_count == 1);
  CHECK(job.skipped_count == 2);
  CHECK_FALSE(job.past.is_written());
  CHECK(tables.runs().size() == 1);
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
  CHECK(tables.answers.find(job, memory_start)->id == id_of(1));
  CHECK(tables.answers.find(job, memory_start + Duration{1}) == nullptr);
  tables.forget(id_of(2));
  CHECK(tables.answers.find(job, memory_start) != nullptr);
  tables.forget(id_of(1));
  CHECK(tables.answers.find(job, memory_start) == nullptr);
}

TEST_CASE("MemoryTables see an exclusive run as open when it is running or its time has come") {
  struct Row {
    const char* subject;
    void (*prepare)(MemoryTables&);
    bool is_waiting;
    bool is_open;
  };
  const Row rows[] = {
      {"not exclusive", [](MemoryTables& t) { t.insert(pending_row(1, "a")); }, false, false},
      {"for later", [](MemoryTables& t) { t.insert(exclusive_row(1, memory_start + Duration{1})); },
       false, false},
      {"ready", [](MemoryTables& t) { t.insert(exclusive_row(1)); }, true, true},
      {"running",
       [](MemoryTables& t) {
         t.insert(exclusive_row(1));
         start_run(t, 1);
       },
       false, true},
      {"ended",
       [](MemoryTables& t) {
         t.insert(exclusive_row(1));
         start_run(t, 1);
         end_run(t, 1);
       },
       false, false},
      {"waiting for another run",
       [](MemoryTables& t) {
         JobRun run = exclusive_row(1);
         run.waits_for = 1;
         t.insert(run);
       },
       false, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    MemoryTables tables;
    row.prepare(tables);
    CHECK(tables.has_waiting_exclusive(*tables.find_job("a"), memory_start) == row.is_waiting);
    NewRun next = new_row(9, "a");
    const auto overlaps = [&] { return tables.overlaps(next, memory_start); };
    next.skip_if_waiting = true;
    CHECK_FALSE(overlaps());  // it is not exclusive itself
    next.exclusive = true;
    CHECK(overlaps() == row.is_waiting);
    next.skip_if_open = true;
    CHECK(overlaps() == row.is_open);
    next.skip_if_waiting = false;
    CHECK(overlaps() == row.is_open);
    next.status = JobStatus::skipped;
    CHECK_FALSE(overlaps());
  }
}

TEST_CASE("MemoryTables share the terms of jobs when they are equal") {
  MemoryTables tables;
  MemoryJob& a = tables.job_of("a");
  MemoryJob& b = tables.job_of("b");
  CHECK(a.terms().schedule.is_null());
  tables.set_terms(a, {.schedule = "daily"});
  tables.set_terms(b, {.schedule = "daily"});
  CHECK(a.shared_terms == b.shared_terms);
  tables.set_terms(b, {.schedule = "hourly"});
  CHECK(a.terms().schedule == "daily");
  CHECK(b.terms().schedule == "hourly");
}

TEST_CASE("MemoryTables say whether a work is open, and which attempt is its last") {
  MemoryTables tables;
  CHECK_FALSE(tables.is_open(id_of(1)));
  CHECK(tables.last_attempt(id_of(1)) == nullptr);
  tables.insert(pending_row(1, "a"));
  CHECK(tables.is_open(id_of(1)));
  start_run(tables, 1);
  CHECK(tables.is_open(id_of(1)));
  end_run(tables, 1, JobStatus::failed);
  CHECK_FALSE(tables.is_open(id_of(1)));
  JobRun retry = pending_row(2, "a");
  retry.retry_of = id_of(1);
  retry.attempt = 2;
  tables.insert(retry);
  CHECK(tables.is_open(id_of(1)));
  CHECK(tables.last_attempt(id_of(1))->id == id_of(2));
  CHECK(tables.work_of(id_of(2)) == id_of(1));
  CHECK(tables.work_of(id_of(3)) == id_of(3));
  tables.forget(id_of(1));
  CHECK(tables.is_open(id_of(1)));
  end_run(tables, 2, JobStatus::failed);
  tables.forget(id_of(2));
  CHECK(tables.attempts.size() == 0);
}

TEST_CASE("MemoryTables see another attempt beside a run only while it is open") {
  MemoryTables tables;
  const auto is_open_beside = [&](std::uint32_t number) {
    return tables.is_open_beside(*tables.find_run(id_of(number)));
  };
  tables.insert(pending_row(1, "a"));
  start_run(tables, 1);
  end_run(tables, 1, JobStatus::failed);
  CHECK_FALSE(is_open_beside(1));
  JobRun retry = pending_row(2, "a");
  retry.retry_of = id_of(1);
  retry.attempt = 2;
  tables.insert(retry);
  CHECK(is_open_beside(1));
  start_run(tables, 2);
  CHECK(is_open_beside(1));
  end_run(tables, 2, JobStatus::failed);
  CHECK_FALSE(is_open_beside(1));
  CHECK_FALSE(is_open_beside(2));
}

TEST_CASE("MemoryTables return each run that has ended once, in the order of their ends") {
  MemoryTables tables;
  CHECK(tables.next_ended() == nullptr);
  tables.insert(pending_row(1, "a"));
  tables.insert(skipped_row(2, "a"));
  end_run(tables, 1, JobStatus::skipped);
  CHECK(tables.next_ended()->id == id_of(2));
  CHECK(tables.next_ended()->id == id_of(1));
  CHECK(tables.next_ended() == nullptr);
}

}  // namespace memory_tables_test
