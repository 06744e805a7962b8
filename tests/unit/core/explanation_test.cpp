// SPDX-License-Identifier: MIT
//
// Explainer: the sentence for each thing that can have become of an instant, without a storage.

#include "punctual/core/explanation.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "punctual/base/iso8601.hpp"
#include "support/catch.hpp"

namespace explanation_test {

using namespace std::chrono_literals;
using punctual::Duration;
using punctual::Explanation;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::JobSummary;
using punctual::RunId;
using punctual::TimePoint;
using punctual::detail::span_in_words;
using Explainer = punctual::detail::Explainer<JobRun>;
using Kind = Explanation::Kind;

namespace {

/// Noon; the job runs at every full hour, and has been counted since six.
struct Scene {
  TimePoint now = punctual::parse_iso8601("2024-01-15T12:00:00.000Z").value();
  JobSummary job{};
  punctual::Schedule schedule = punctual::every(1h, now - 12h);
  std::optional<TimePoint> armed_at = now + 1h;
  std::vector<JobRun> attempts{};
  std::optional<JobRun> range{};

  Scene() { job.epoch_at = now - 6h; }

  [[nodiscard]] JobRun row(JobStatus status) const {
    JobRun run;
    run.due_at = now - 1h;
    run.run_at = now - 1h;
    run.status = status;
    return run;
  }

  void set_range(TimePoint first, TimePoint last) {
    JobRun run = row(JobStatus::skipped);
    run.due_at = first;
    run.summary = "2 due instants passed";
    run.message_code = "JOB_MISSED";
    run.details = {{"count", 2},
                   {"first", punctual::format_iso8601(first)},
                   {"last", punctual::format_iso8601(last)}};
    range = run;
  }

  [[nodiscard]] Explanation explain(Duration from_now) const {
    Explainer explainer{job, schedule, now};
    explainer.set_armed_at(armed_at);
    return explainer.explain(now + from_now, attempts, range ? &*range : nullptr);
  }
};

}  // namespace

TEST_CASE("span_in_words says the two largest units of a span") {
  struct Row {
    const char* subject;
    Duration span;
    const char* words;
  };
  const std::vector<Row> table = {
      {"nothing", 0ms, "0 ms"},
      {"below nothing", -5s, "0 ms"},
      {"milliseconds", 999ms, "999 ms"},
      {"seconds and milliseconds", 1001ms, "1 s 1 ms"},
      {"minutes and seconds", 2min + 3s + 4ms, "2 min 3 s"},
      {"hours alone", 5h, "5 h"},
      {"hours and a unit that does not follow", 5h + 7s, "5 h 7 s"},
      {"days and hours", 49h + 59min, "2 d 1 h"},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    CHECK(span_in_words(row.span) == row.words);
  }
}

TEST_CASE("Explainer explains an instant without rows by where it lies") {
  struct Row {
    const char* subject;
    void (*change)(Scene&);
    Duration from_now;
    Kind kind;
    const char* text;
  };
  const auto same = [](Scene&) {};
  const std::vector<Row> table = {
      {"to come", same, 1h, Kind::to_come, "2024-01-15T13:00:00.000Z lies ahead: it runs in 1 h"},
      {"due now", [](Scene& scene) { scene.armed_at = scene.now; }, 0h, Kind::overdue,
       "2024-01-15T12:00:00.000Z has not run yet: it is 0 ms late, and answered by the next tick "
       "of a scheduler that knows the job"},
      {"not armed and passed", same, -1h, Kind::forgotten,
       "2024-01-15T11:00:00.000Z was answered, but the history does not reach back so far"},
      {"at the moment that counting began", same, -6h, Kind::not_counted,
       "2024-01-15T06:00:00.000Z did not run: the schedule has been counted since "
       "2024-01-15T06:00:00.000Z only, when the job was registered, changed or enabled"},
      {"behind it", same, -5h, Kind::forgotten,
       "2024-01-15T07:00:00.000Z was answered, but the history does not reach back so far"},
      {"before that", same, -7h, Kind::not_counted,
       "2024-01-15T05:00:00.000Z did not run: the schedule has been counted since "
       "2024-01-15T06:00:00.000Z only, when the job was registered, changed or enabled"},
      {"disabled", [](Scene& scene) { scene.job.enabled = false; }, 1h, Kind::not_counted,
       "2024-01-15T13:00:00.000Z does not run: the job is disabled"},
      {"paused by nobody", [](Scene& scene) { scene.job.paused = true; }, -1h, Kind::overdue,
       "2024-01-15T11:00:00.000Z has not run: the job is paused; resuming answers it as "
       "JOB_PAUSED"},
      {"of no schedule", [](Scene& scene) { scene.schedule = {}; }, 1h, Kind::no_instant,
       "2024-01-15T13:00:00.000Z is no due instant of the job, which runs by hand"},
      {"of a job after others",
       [](Scene& scene) {
         scene.schedule = {};
         scene.job.depends_on = {"load"};
       },
       1h, Kind::no_instant,
       "2024-01-15T13:00:00.000Z is no due instant of the job, which runs after load"},
      {"of a schedule that is over",
       [](Scene& scene) { scene.schedule = punctual::at(scene.now - 2h); }, 1h, Kind::no_instant,
       "2024-01-15T13:00:00.000Z is no due instant of the job, which runs once at "
       "2024-01-15T10:00:00.000Z; the last one before is 2024-01-15T10:00:00.000Z"},
      {"of a schedule that has not begun",
       [](Scene& scene) { scene.schedule = punctual::at(scene.now + 2h); }, 1h, Kind::no_instant,
       "2024-01-15T13:00:00.000Z is no due instant of the job, which runs once at "
       "2024-01-15T14:00:00.000Z; the next one 2024-01-15T14:00:00.000Z"},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    Scene scene;
    row.change(scene);
    const auto explanation = scene.explain(row.from_now);
    CHECK(explanation.text == row.text);
    CHECK(explanation.kind == row.kind);
    CHECK_FALSE(explanation.run_id);
  }
}

TEST_CASE("Explainer explains an instant by the newest row that answers it") {
  struct Row {
    const char* subject;
    void (*change)(JobRun&, TimePoint now);
    JobStatus status;
    Kind kind;
    const char* text;
  };
  const std::vector<Row> table = {
      {"pending, later", [](JobRun& run, TimePoint now) { run.run_at = now + 90s; },
       JobStatus::pending, Kind::open, "2024-01-15T11:00:00.000Z runs in 1 min 30 s"},
      {"pending, ready", [](JobRun&, TimePoint) {}, JobStatus::pending, Kind::open,
       "2024-01-15T11:00:00.000Z is ready and waits for a free place"},
      {"running",
       [](JobRun& run, TimePoint now) {
         run.started_at = now - 59min;
         run.node = "node-1";
       },
       JobStatus::running, Kind::open,
       "2024-01-15T11:00:00.000Z is running; started 1 min after it was due on node-1"},
      {"success, with all there is to say",
       [](JobRun& run, TimePoint now) {
         run.started_at = now - 1h;
         run.node = "node-1";
         run.duration = 2s;
         run.message_code = "DONE";
         run.summary = "3 files";
       },
       JobStatus::success, Kind::answered,
       "2024-01-15T11:00:00.000Z ran: success DONE, \"3 files\"; started 0 ms after it was due on "
       "node-1, took 2 s"},
      {"failed, without a start",
       [](JobRun& run, TimePoint) {
         run.message_code = "JOB_NOT_FOUND";
         run.error = {"JOB_NOT_FOUND", "no node"};
       },
       JobStatus::failed, Kind::answered,
       "2024-01-15T11:00:00.000Z ran: failed JOB_NOT_FOUND, error JOB_NOT_FOUND: no node"},
      {"skipped without being run",
       [](JobRun& run, TimePoint) {
         run.message_code = "JOB_OVERLAPPED";
         run.summary = "another run is open";
       },
       JobStatus::skipped, Kind::answered,
       "2024-01-15T11:00:00.000Z did not run: another run is open (JOB_OVERLAPPED)"},
      {"skipped without a word", [](JobRun& run, TimePoint) { run.message_code = "JOB_CANCELLED"; },
       JobStatus::skipped, Kind::answered,
       "2024-01-15T11:00:00.000Z did not run: JOB_CANCELLED (JOB_CANCELLED)"},
      {"skipped by the body",
       [](JobRun& run, TimePoint now) {
         run.message_code = "NOTHING_NEW";
         run.started_at = now - 1h;
       },
       JobStatus::skipped, Kind::answered,
       "2024-01-15T11:00:00.000Z ran: skipped NOTHING_NEW; started 0 ms after it was due"},
      {"a further attempt", [](JobRun& run, TimePoint) { run.attempt = 3; }, JobStatus::pending,
       Kind::open, "2024-01-15T11:00:00.000Z is ready and waits for a free place; attempt 3"},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    Scene scene;
    JobRun run = scene.row(row.status);
    row.change(run, scene.now);
    scene.attempts = {run, scene.row(JobStatus::failed)};
    const auto explanation = scene.explain(-1h);
    CHECK(explanation.text == row.text);
    CHECK(explanation.kind == row.kind);
    CHECK(explanation.run_id == run.id);
  }
}

TEST_CASE("Explainer takes an instant for one of several when their row covers it") {
  struct Row {
    const char* subject;
    Duration first;
    Duration last;
    Duration instant;
    Kind kind;
  };
  const std::vector<Row> table = {
      {"within", -3h, -1h, -2h, Kind::answered},
      {"the last", -3h, -1h, -1h, Kind::answered},
      {"behind the last", -3h, -2h, -1h, Kind::forgotten},
      {"before the first", -2h, -1h, -3h, Kind::forgotten},
      {"between two", -3h, -1h, -90min, Kind::no_instant},
      {"of an earlier schedule, which may have named it", -9h, -7h, -8h + 30min, Kind::answered},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    Scene scene;
    scene.set_range(scene.now + row.first, scene.now + row.last);
    CHECK(scene.explain(row.instant).kind == row.kind);
  }
  Scene scene;
  scene.set_range(scene.now - 3h, scene.now - 1h);
  CHECK(scene.explain(-2h).text ==
        "2024-01-15T10:00:00.000Z did not run: 2 due instants passed (JOB_MISSED), this one among "
        "them, from 2024-01-15T09:00:00.000Z to 2024-01-15T11:00:00.000Z");
  CHECK(scene.explain(-2h).run_id == scene.range->id);
  scene.range->details = nullptr;  // a row of one instant
  CHECK(scene.explain(-2h).kind == Kind::forgotten);
}

}  // namespace explanation_test
