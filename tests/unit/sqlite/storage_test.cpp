// SPDX-License-Identifier: MIT
//
// sqlite::Storage as a whole: what lies between its operations, the file and other connections.
// What each operation does is tried by the tests of its header and by the conformance suite.

#include "punctual/sqlite/storage.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/policy/storage.hpp"
#include "punctual/testing/row_difference.hpp"
#include "scratch.hpp"
#include "support/catch.hpp"
#include "temporary_file.hpp"

namespace storage_test {

static_assert(punctual::Storage<punctual::sqlite::Storage>);
static_assert(punctual::Storage<punctual::sqlite::Storage&>);

namespace {

using namespace std::chrono_literals;
namespace detail = punctual::sqlite::detail;

using punctual::Duration;
using punctual::Error;
using punctual::JobDefinition;
using punctual::JobNames;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::LeaseRef;
using punctual::RescueRequest;
using punctual::RunId;
using punctual::StorageHealth;
using punctual::TimePoint;
using punctual::sqlite::Options;
using punctual::sqlite::Storage;
using punctual::sqlite::test::claim_request;
using punctual::sqlite::test::make_rows;
using punctual::sqlite::test::TemporaryFile;
using punctual::testing::difference;

const TimePoint now{std::chrono::seconds{1'704'067'200}};
const JobNames jobs{"alpha"};

JobDefinition definition() {
  JobDefinition job;
  job.name = "alpha";
  job.schedule = {{"kind", "interval"}};
  job.next_due_at = now + 1h;
  return job;
}

/// Refuses at once where the default would wait: in a test nobody lets the lock go.
Options impatient(const TemporaryFile& file) {
  Options options = file.options();
  options.busy_timeout = Duration{1};
  return options;
}

template <class Operation>
Error refusal(Operation&& operation) {
  try {
    operation();
  } catch (const Error& error) {
    return error;
  }
  return {"NONE", "nothing was refused"};
}

/// Claims and finishes until nothing is left; returns what it claimed.
std::vector<RunId> work_off(Storage& storage, const std::string& node) {
  std::vector<RunId> ids;
  auto request = claim_request(jobs, 7);
  request.node = node;
  while (true) {
    const auto claimed = storage.claim(request, now);
    if (claimed.empty()) return ids;
    std::vector<punctual::Completion> ends;
    for (const auto& run : claimed) {
      ids.push_back(run.id);
      ends.push_back({.lease = {run.id, run.fence}});
    }
    storage.finish(ends, now);
  }
}

}  // namespace

TEST_CASE("Storage keeps everything when the file is opened again") {
  const TemporaryFile file;
  std::vector<JobRun> runs;
  std::string summary;
  {
    Storage storage{file.options()};
    storage.sync_jobs({definition()}, now);
    const auto rows = make_rows(3, now);
    storage.enqueue(rows, now);
    const auto claimed = storage.claim(claim_request(jobs, 2), now);
    REQUIRE(claimed.size() == 2);
    storage.finish({{.lease = {claimed[0].id, 1}, .details = {{"a", 1}}}}, now + 1s);
    runs = storage.runs({});
    summary = punctual::Json(storage.summaries().at(0)).dump();
  }
  Storage storage{file.path()};
  const auto again = storage.runs({});
  REQUIRE(again.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(difference(runs[i], again[i]) == "");
  CHECK(punctual::Json(storage.summaries().at(0)).dump() == summary);
  CHECK(storage.sync_jobs({definition()}, now).at(0).version == 1);
}

TEST_CASE("Storage refuses a file or options that it cannot work with") {
  const TemporaryFile file;
  SECTION("an option") {
    CHECK(refusal([] { Storage{Options{}}; }).code() == "INVALID_CONFIG");
    CHECK(refusal([&] { Storage{Options{.file = file.path(), .table_prefix = "1"}}; }).code() ==
          "INVALID_CONFIG");
  }
  SECTION("no directory") {
    CHECK(refusal([&] { Storage{file.path() + "/jobs.db"}; }).code() == "STORAGE_UNAVAILABLE");
  }
  SECTION("not a database") {
    file.write("This is a letter to somebody, and long enough to be looked at: " +
               std::string(5000, '.'));
    CHECK(refusal([&] { Storage{file.path()}; }).code() == "STORAGE_CORRUPT");
  }
  SECTION("a newer schema") {
    { const Storage storage{file.options()}; }
    detail::Connection connection{file.options(), detail::Access::write};
    connection.exec("INSERT INTO schema_version (version, name) VALUES (99, 'of the future')");
    CHECK(refusal([&] { Storage{file.path()}; }).code() == "SCHEMA_TOO_NEW");
  }
}

TEST_CASE("Storage answers STORAGE_BUSY to a write, and to nothing else, when the lock is held") {
  const TemporaryFile file;
  Storage storage{impatient(file)};
  storage.sync_jobs({definition()}, now);
  detail::Connection other{impatient(file), detail::Access::write};
  const auto rows = make_rows(2, now);
  {
    const detail::WriteTransaction held{other};
    const Error error = refusal([&] { storage.enqueue(rows, now); });
    CHECK(error.code() == "STORAGE_BUSY");
    CHECK(error.retryable());
    CHECK(storage.runs({}).empty());
    CHECK(storage.summaries().size() == 1);
    CHECK(storage.next_wake(jobs, now).due_at == definition().next_due_at);
    CHECK(storage.due_schedules(jobs, 10, now).empty());

    // What has nothing to write does not ask for the lock.
    CHECK(storage.claim(claim_request(jobs), now).empty());
    const RescueRequest rescue{.jobs = &jobs, .limit = 10, .lease = 1s};
    CHECK(storage.take_expired(rescue, now).empty());
    CHECK(storage.sync_jobs({definition()}, now).at(0).version == 1);
    CHECK(storage.prune(10, now) == 0);
    CHECK(storage.finish({}, now).empty());
  }
  storage.enqueue(rows, now);
  CHECK(storage.runs({}).size() == 2);
}

TEST_CASE("Storage stores no row of a batch when one of them is refused") {
  const TemporaryFile file;
  Storage storage{file.options()};
  auto rows = make_rows(3, now);
  rows[2].id = rows[0].id;
  const Error error = refusal([&] { storage.enqueue(rows, now); });
  CHECK(error.code() == "DUPLICATE_RUN_ID");
  CHECK_FALSE(error.retryable());
  CHECK_FALSE(error.in_doubt());
  CHECK(storage.runs({}).empty());
}

TEST_CASE("Storage hands each of 2,000 runs to one claim when two of them share a file") {
  const TemporaryFile file;
  Storage one{file.options()};
  Storage two{file.options()};
  const auto rows = make_rows(2000, now);
  one.enqueue(rows, now);
  std::vector<std::vector<RunId>> claimed(4);
  std::vector<std::string> problems(4);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      try {
        claimed[i] = work_off(i % 2 == 0 ? one : two, "node-" + std::to_string(i));
      } catch (const Error& error) {
        problems[i] = error.what();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::vector<RunId> all;
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(problems[i] == "");
    all.insert(all.end(), claimed[i].begin(), claimed[i].end());
  }
  std::sort(all.begin(), all.end());
  std::vector<RunId> expected;
  for (const auto& row : rows) expected.push_back(row.id);
  CHECK(all == expected);
  CHECK(one.runs({.status = JobStatus::success, .limit = 1000}).size() == 1000);
  CHECK(two.runs({.status = JobStatus::pending}).empty());
}

TEST_CASE("Storage sees what another one on the file has stored") {
  const TemporaryFile file;
  Storage one{file.options()};
  Storage two{file.options()};
  const auto rows = make_rows(1, now);
  one.enqueue(rows, now);
  CHECK(two.run(rows[0].id).has_value());
  CHECK(two.claim(claim_request(jobs), now).size() == 1);
  CHECK(one.run(rows[0].id)->status == JobStatus::running);
  CHECK(one.claim(claim_request(jobs), now).empty());
}

TEST_CASE("Storage keeps its tables apart from others when it has a prefix") {
  const TemporaryFile file;
  Options options = file.options();
  options.table_prefix = "app_";
  Storage prefixed{options};
  Storage plain{file.options()};
  prefixed.enqueue(make_rows(1, now), now);
  CHECK(prefixed.runs({}).size() == 1);
  CHECK(plain.runs({}).empty());
  CHECK(prefixed.health().problem == "");
}

TEST_CASE("Storage works in memory, where nobody else can store anything") {
  Storage storage{":memory:"};
  storage.enqueue(make_rows(2, now), now);
  CHECK(storage.claim(claim_request(jobs), now).size() == 2);
  CHECK(storage.runs({}).size() == 2);
  CHECK(storage.poll_period() == std::nullopt);
  CHECK(storage.health().writable);
}

TEST_CASE("Storage goes by the caller's clock and looks for others' rows every second") {
  const TemporaryFile file;
  const Storage storage{file.path()};
  CHECK(storage.now(now) == now);
  CHECK(storage.poll_period() == std::optional<Duration>{1s});
}

TEST_CASE("Storage can be moved") {
  const TemporaryFile file;
  Storage first{file.options()};
  first.enqueue(make_rows(1, now), now);
  Storage second{std::move(first)};
  CHECK(second.runs({}).size() == 1);
}

TEST_CASE("Storage's health says how it is and does not throw") {
  const TemporaryFile file;
  Storage storage{impatient(file)};
  StorageHealth health = storage.health();
  CHECK(health.kind == "sqlite");
  CHECK(health.writable);
  CHECK(health.schema_version == detail::schema_version_latest);
  CHECK(health.schema_expected == detail::schema_version_latest);
  CHECK(health.problem == "");

  detail::Connection other{impatient(file), detail::Access::write};
  {
    const detail::WriteTransaction held{other};
    health = storage.health();
    CHECK_FALSE(health.writable);
    CHECK(health.problem.find("STORAGE_BUSY") == 0);
  }
  CHECK(storage.health().writable);

  other.exec("INSERT INTO schema_version (version, name) VALUES (99, 'of the future')");
  health = storage.health();
  CHECK_FALSE(health.writable);
  CHECK(health.schema_version == 99);
  CHECK(health.problem.find("SCHEMA_TOO_NEW") == 0);
}

}  // namespace storage_test
