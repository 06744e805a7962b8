// SPDX-License-Identifier: MIT
//
// What a run shows while it runs, and what is kept of it: progress and the log. On a fake clock.
// Compiled for each storage, which must make no difference.

#include <punctual/punctual.hpp>
#include <punctual/testing/run_until.hpp>

#include <chrono>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/policy_rows.hpp"

namespace progress_policies_test {

using namespace std::chrono_literals;
using punctual::FakeClock;
using punctual::InlineExecutor;
using punctual::JobContext;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::Json;
using punctual::ManualExecutor;
using punctual::Scheduler;
using punctual::tests::elsewhere;
using punctual::tests::midnight;
using Storage = punctual::tests::PolicyStorage;

TEST_CASE("Progress and the log of a run are seen within a second while it runs") {
  FakeClock clock{midnight};
  Storage storage;
  ManualExecutor executor;
  Scheduler scheduler{clock, storage, executor};
  std::vector<JobRun> seen;
  const auto look = [&](punctual::Duration later) {
    clock.advance(later);
    elsewhere([&] {
      const auto report = scheduler.tick();
      CHECK(report.next_wake_at);
    });
    seen.push_back(storage.runs({}).at(0));
  };
  scheduler.register_job({.name = "copy"}, [&](JobContext& job) {
    look(0ms);
    job.progress(0.25, "a quarter");
    job.log("opened");
    look(1s - 1ms);
    look(1ms);
    job.progress(0.5, "half");
    job.progress(0.75);
    look(500ms);
    look(500ms);
    job.log("closed");
    look(1s);
    return job.success();
  });
  scheduler.enqueue("copy");
  scheduler.tick();
  executor.drain();
  seen.push_back(storage.runs({}).at(0));

  struct Row {
    const char* subject;
    double progress;
    const char* note;
    std::size_t line_count;
  };
  const std::vector<Row> table = {
      {"nothing yet", 0.0, "", 0},
      {"not yet a second after the claim", 0.0, "", 0},
      {"a second after the claim", 0.25, "a quarter", 1},
      {"not yet a second after that", 0.25, "a quarter", 1},
      {"the newest of two", 0.75, "", 1},
      {"a line alone", 0.75, "", 2},
      {"the end", 0.75, "", 2},
  };
  REQUIRE(seen.size() == table.size());
  for (std::size_t i = 0; i < table.size(); ++i) {
    CAPTURE(table[i].subject);
    CHECK(seen[i].progress == table[i].progress);
    CHECK(seen[i].progress_note == table[i].note);
    const auto& log = seen[i].log;
    CHECK((log.is_null() ? 0 : log.at("lines").size()) == table[i].line_count);
  }
  CHECK(seen.back().status == JobStatus::success);
  CHECK(seen.back().log == Json::parse(R"({"lines": [
    {"at": "2024-01-15T00:00:00.000Z", "text": "opened"},
    {"at": "2024-01-15T00:00:02.000Z", "text": "closed"}], "dropped": 0})"));
}

TEST_CASE("Progress is held between nothing and all") {
  struct Row {
    const char* subject;
    double fraction;
    double shown;
  };
  const std::vector<Row> table = {
      {"nothing", 0.0, 0.0},
      {"all", 1.0, 1.0},
      {"below nothing", -0.5, 0.0},
      {"above all", 1.5, 1.0},
      {"no number", std::numeric_limits<double>::quiet_NaN(), 0.0},
      {"without end", std::numeric_limits<double>::infinity(), 1.0},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    ManualExecutor executor;
    Scheduler scheduler{clock, storage, executor};
    scheduler.register_job({.name = "copy"}, [&](JobContext& job) {
      job.progress(row.fraction, std::string(2000, 'n'));
      clock.advance(1s);
      elsewhere([&] { scheduler.tick(); });
    });
    scheduler.enqueue("copy");
    scheduler.tick();
    executor.drain();
    CHECK(storage.runs({}).at(0).progress == row.shown);
    CHECK(storage.runs({}).at(0).progress_note.size() == 1024);
  }
}

TEST_CASE("The log of a run keeps its newest hundred lines, each cut to its limit") {
  struct Row {
    const char* subject;
    std::size_t written_count;
    std::size_t line_count;
    std::size_t dropped_count;
    const char* first;
  };
  const std::vector<Row> table = {
      {"one", 1, 1, 0, "line 1"},
      {"as many as are kept", 100, 100, 0, "line 1"},
      {"one more", 101, 100, 1, "line 2"},
      {"many more", 1234, 100, 1134, "line 1135"},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    scheduler.register_job({.name = "talk"}, [&](JobContext& job) {
      for (std::size_t i = 1; i <= row.written_count; ++i) job.log("line " + std::to_string(i));
    });
    scheduler.enqueue("talk");
    scheduler.run_due();
    const auto log = storage.runs({}).at(0).log;
    CHECK(log.at("lines").size() == row.line_count);
    CHECK(log.at("dropped") == row.dropped_count);
    CHECK(log.at("lines").at(0).at("text") == row.first);
    CHECK(log.at("lines").back().at("text") == "line " + std::to_string(row.written_count));
  }
}

TEST_CASE("A line of a log is kept as it is when it fits, and is cut and cleaned when not") {
  struct Row {
    const char* subject;
    std::string text;
    std::string kept;
  };
  const std::vector<Row> table = {
      {"nothing", "", ""},
      {"a text", "3 files, 1 left", "3 files, 1 left"},
      {"of letters beyond ASCII", "größer als 5 €", "größer als 5 €"},
      {"of the longest length", std::string(500, 'x'), std::string(500, 'x')},
      {"longer", std::string(501, 'x'), std::string(497, 'x') + "\xE2\x80\xA6"},
      {"with bytes that are no text", "a\xFFz", "a\xEF\xBF\xBDz"},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    scheduler.register_job({.name = "talk"}, [&](JobContext& job) { job.log(row.text); });
    scheduler.enqueue("talk");
    scheduler.run_due();
    const auto run = storage.runs({}).at(0);
    CHECK(run.status == JobStatus::success);
    CHECK(run.log.at("lines").at(0).at("text") == row.kept);
  }
}

TEST_CASE("A run keeps what it logged when it fails, is given up or throws") {
  struct Row {
    const char* subject;
    punctual::JobOutcome (*body)(JobContext&);
    const char* code;
  };
  const std::vector<Row> table = {
      {"fails", [](JobContext& job) { return job.failure("NO_ANSWER"); }, "NO_ANSWER"},
      {"throws", [](JobContext&) -> punctual::JobOutcome { throw 1; }, "JOB_EXECUTION_ERROR"},
      {"has nothing to do", [](JobContext& job) { return job.skipped(); }, "JOB_SKIPPED"},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    scheduler.register_job({.name = "talk"}, [&](JobContext& job) {
      job.log("so far");
      return row.body(job);
    });
    scheduler.enqueue("talk");
    scheduler.run_due();
    const auto run = storage.runs({}).at(0);
    CHECK(run.message_code == row.code);
    CHECK(run.log.at("lines").at(0).at("text") == "so far");
  }
  FakeClock clock{midnight};
  Storage storage;
  ManualExecutor executor;
  Scheduler scheduler{clock, storage, executor};
  scheduler.register_job({.name = "stuck"}, [&](JobContext& job) {
    job.log("so far");
    elsewhere([&] { punctual::testing::run_until(scheduler, clock, midnight + 1h + 10s); });
    job.log("nobody hears this");
  });
  scheduler.enqueue("stuck");
  scheduler.tick();
  executor.drain();
  const auto run = storage.runs({}).at(0);
  CHECK(run.message_code == "JOB_TIMEOUT");
  CHECK(run.log.at("lines").size() == 1);
}

TEST_CASE("A run that is handed back starts its log and its progress anew") {
  FakeClock clock{midnight};
  Storage storage;
  {
    ManualExecutor executor;
    Scheduler scheduler{clock, storage, executor};
    scheduler.register_job({.name = "copy"}, [&](JobContext& job) {
      job.progress(0.5, "half");
      job.log("the first time");
      clock.advance(1s);
      elsewhere([&] { scheduler.tick(); });
      scheduler.request_stop();
      return job.interrupted();
    });
    scheduler.enqueue("copy");
    scheduler.tick();
    executor.drain();
    const auto released = storage.runs({}).at(0);
    CHECK(released.status == JobStatus::pending);
    CHECK(released.progress == 0.0);
    CHECK(released.progress_note.empty());
  }
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  scheduler.register_job({.name = "copy"}, [](JobContext& job) { job.log("the second time"); });
  scheduler.run_due();
  const auto run = storage.runs({}).at(0);
  CHECK(run.status == JobStatus::success);
  REQUIRE(run.log.at("lines").size() == 1);
  CHECK(run.log.at("lines").at(0).at("text") == "the second time");
}

}  // namespace progress_policies_test
