// SPDX-License-Identifier: MIT

#include "punctual/redis/history.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "punctual/base/random.hpp"
#include "punctual/base/uuid.hpp"
#include "punctual/redis/storage.hpp"
#include "support/catch.hpp"
#include "unit/redis/temporary_keys.hpp"

namespace redis_history_test {

using namespace punctual;
using namespace punctual::redis::detail;
using redis::Storage;
using redis::test::TemporaryKeys;

namespace {

NewRun row_of(Storage& storage, std::string job) {
  static UuidGenerator ids{Random{1}};
  NewRun row;
  row.id = ids.next(storage.now({}));
  row.job_name = std::move(job);
  return row;
}

}  // namespace

TEST_CASE("redis: find_runs goes on when a piece has found nothing") {
  TemporaryKeys keys;
  Storage storage{keys.options()};
  std::vector<NewRun> rows;
  for (std::size_t i = 0; i < 2 * piece_run_count + 10; ++i) {
    rows.push_back(row_of(storage, "alpha"));
  }
  rows.front().trigger = RunTrigger::backfill;
  rows[7].trigger = RunTrigger::backfill;
  storage.enqueue(rows, {});
  const auto found = storage.runs({.trigger = RunTrigger::backfill});
  REQUIRE(found.size() == 2);
  CHECK(found[0].id == rows[7].id);
  CHECK(found[1].id == rows.front().id);
  const auto one = storage.runs({.trigger = RunTrigger::backfill, .limit = 1});
  REQUIRE(one.size() == 1);
  CHECK(one[0].id == rows[7].id);
  CHECK(storage.runs({.job_name = "alpha", .trigger = RunTrigger::startup}).empty());
}

TEST_CASE("redis: find_runs pages through all runs of all statuses once") {
  TemporaryKeys keys;
  Storage storage{keys.options()};
  std::vector<RunId> wanted;
  for (int i = 0; i < 300; ++i) {
    NewRun row = row_of(storage, i % 3 == 0 ? "alpha" : "beta");
    if (i % 2 == 0) row.status = JobStatus::skipped;
    wanted.insert(wanted.begin(), row.id);
    storage.enqueue({row}, {});
  }
  RunQuery query;
  query.limit = 7;
  std::vector<RunId> got;
  while (true) {
    const auto page = storage.runs(query);
    if (page.empty()) break;
    for (const auto& run : page) got.push_back(run.id);
    query.before = got.back();
  }
  CHECK(got == wanted);
  CHECK(storage.runs({.job_name = "alpha"}).size() == 100);
  CHECK(storage.runs({.job_name = "alpha", .status = JobStatus::skipped}).size() == 50);
}

TEST_CASE("redis: summaries and prune go on when there are more jobs than a piece takes") {
  TemporaryKeys keys;
  Storage storage{keys.options()};
  const std::size_t job_count = 2 * piece_job_count + 1;
  std::vector<JobDefinition> definitions;
  std::vector<NewRun> rows;
  for (std::size_t i = 0; i < job_count; ++i) {
    const std::string name = "job-" + std::to_string(1000 + i);
    definitions.push_back({.name = name, .retention = {.period = Duration{1000}, .keep_last = 0}});
    rows.push_back(row_of(storage, name));
    rows.back().status = JobStatus::skipped;
  }
  storage.sync_jobs(definitions, {});
  storage.enqueue(rows, {});
  const auto summaries = storage.summaries();
  REQUIRE(summaries.size() == job_count);
  for (std::size_t i = 0; i < job_count; ++i) {
    CHECK(summaries[i].name == definitions[i].name);
    CHECK(summaries[i].skipped_count == 1);
  }
  keys.shift_clock(Duration{2000});
  CHECK(storage.prune(10, {}) == 10);
  CHECK(storage.prune(10'000, {}) == job_count - 10);
  CHECK(storage.prune(10'000, {}) == 0);
  CHECK(storage.runs({}).empty());
}

TEST_CASE("redis: prune leaves no key behind but those of the jobs") {
  TemporaryKeys keys;
  Storage storage{keys.options()};
  const JobNames jobs{"alpha"};
  storage.sync_jobs({{.name = "alpha", .retention = {.period = Duration{1}, .keep_last = 0}}}, {});
  NewRun first = row_of(storage, "alpha");
  first.due_at = storage.now({});
  first.unique_key = "one";
  first.concurrency_key = "shared";
  first.concurrency_max = 3;
  first.exclusive = true;
  first.workflow_id = first.id;
  NewRun second = row_of(storage, "alpha");
  second.after = {first.id};
  NewRun retry = row_of(storage, "alpha");
  retry.retry_of = first.id;
  retry.attempt = 2;
  storage.enqueue({first, second}, {});
  const auto end_one = [&](JobStatus status, std::vector<NewRun> follow_ups) {
    const auto runs = storage.claim(
        {.node = "a", .jobs = &jobs, .limit = 1, .lease = std::chrono::minutes{1}}, {});
    REQUIRE(runs.size() == 1);
    storage.finish({{.lease = {runs[0].id, runs[0].fence},
                     .status = status,
                     .follow_ups = std::move(follow_ups)}},
                   {});
  };
  end_one(JobStatus::failed, {retry});
  end_one(JobStatus::success, {});
  end_one(JobStatus::success, {});
  keys.shift_clock(Duration{1000});
  CHECK(storage.prune(100, {}) == 3);

  Connection connection{keys.options()};
  const OwnedReply all = connection.command({"KEYS", keys.prefix() + '*'});
  std::vector<std::string> names;
  for (std::size_t i = 0; i < Reply{all}.size(); ++i) {
    names.push_back(Reply{all}[i].text().substr(keys.prefix().size()));
  }
  std::sort(names.begin(), names.end());
  CHECK(names == std::vector<std::string>{"job:alpha", "jobs", "schema"});
  CHECK_FALSE(storage.summaries().at(0).last_run);
}

}  // namespace redis_history_test
