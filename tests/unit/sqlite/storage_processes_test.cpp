// SPDX-License-Identifier: MIT
//
// sqlite::Storage in several processes on one file, and what a process leaves that dies in the
// middle.

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "punctual/sqlite/storage.hpp"
#include "scratch.hpp"
#include "support/catch.hpp"
#include "temporary_file.hpp"

namespace storage_processes_test {

namespace {

using namespace std::chrono_literals;
namespace detail = punctual::sqlite::detail;

using punctual::Completion;
using punctual::JobNames;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::RescueRequest;
using punctual::TimePoint;
using punctual::sqlite::Storage;
using punctual::sqlite::test::claim_request;
using punctual::sqlite::test::make_rows;
using punctual::sqlite::test::TemporaryFile;

const TimePoint now{std::chrono::seconds{1'704'067'200}};
const JobNames jobs{"alpha"};

/// Starts a process that does `work` and dies at once, with nothing cleaned up.
///
/// Requires: no connection is open here. SQLite's must not be carried into another process.
pid_t start_process(const std::function<void()>& work) {
  const pid_t child = fork();
  if (child != 0) return child;
  try {
    work();
  } catch (...) {
    _exit(1);
  }
  _exit(0);
}

/// Waits for the process; returns whether its work went well.
bool join(pid_t child) {
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

void work_off(const TemporaryFile& file, const std::string& node) {
  Storage storage{file.options()};
  auto request = claim_request(jobs, 5);
  request.node = node;
  while (true) {
    const auto claimed = storage.claim(request, now);
    if (claimed.empty()) return;
    std::vector<Completion> ends;
    for (const auto& run : claimed) ends.push_back({.lease = {run.id, run.fence}});
    storage.finish(ends, now);
  }
}

}  // namespace

TEST_CASE("Storage hands each run to one process when several work off a file") {
  const TemporaryFile file;
  { Storage{file.options()}.enqueue(make_rows(300, now), now); }
  std::vector<pid_t> children;
  for (const char* node : {"node-a", "node-b", "node-c"}) {
    children.push_back(start_process([&] { work_off(file, node); }));
  }
  for (const pid_t child : children) CHECK(join(child));

  Storage storage{file.options()};
  const auto runs = storage.runs({.limit = 1000});
  REQUIRE(runs.size() == 300);
  for (const auto& run : runs) {
    CHECK(run.status == JobStatus::success);
    CHECK(run.fence == 1);  // a second claim would have raised it
  }
}

TEST_CASE("Storage makes the tables once when several processes open a new file") {
  const TemporaryFile file;
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(start_process([&] { const Storage storage{file.options()}; }));
  }
  for (const pid_t child : children) CHECK(join(child));
  CHECK(Storage{file.options()}.health().problem == "");
}

TEST_CASE("Storage keeps nothing of a transaction in which its process died") {
  const TemporaryFile file;
  const auto rows = make_rows(2, now);
  { Storage{file.options()}.enqueue({rows[0]}, now); }
  CHECK(join(start_process([&] {
    detail::Connection connection{file.options(), detail::Access::write};
    const detail::WriteTransaction unfinished{connection};
    (void)detail::enqueue(connection, {rows[1]}, now);
    (void)detail::claim(connection, claim_request(jobs), now);
    _exit(0);
  })));

  Storage storage{file.options()};  // the lock died with its holder
  const auto runs = storage.runs({});
  REQUIRE(runs.size() == 1);
  CHECK(runs[0].id == rows[0].id);
  CHECK(runs[0].status == JobStatus::pending);
}

TEST_CASE("Storage gives a run to another node when the process that claimed it died") {
  const TemporaryFile file;
  { Storage{file.options()}.enqueue(make_rows(1, now), now); }
  CHECK(join(start_process([&] {
    Storage storage{file.options()};
    if (storage.claim(claim_request(jobs), now).size() != 1) _exit(1);
    _exit(0);
  })));

  Storage storage{file.options()};
  const RescueRequest rescue{.jobs = &jobs, .limit = 10, .lease = 30s};
  CHECK(storage.take_expired(rescue, now + 29s).empty());
  const auto taken = storage.take_expired(rescue, now + 30s);
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].node == "node-a");
  CHECK(taken[0].fence == 2);
}

}  // namespace storage_processes_test
