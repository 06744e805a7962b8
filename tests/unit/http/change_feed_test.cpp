// SPDX-License-Identifier: MIT

#include "punctual/http/change_feed.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "punctual/base/random.hpp"
#include "punctual/base/uuid.hpp"
#include "punctual/schedule/schedule.hpp"
#include "support/catch.hpp"

namespace http_change_feed_test {

using namespace punctual;
using namespace punctual::http;
using namespace std::chrono_literals;

namespace {

/// A feed and what it is shown.
struct FeedScene {
  JobRun run(JobStatus status = JobStatus::running) {
    JobRun made;
    made.id = ids.next(TimePoint{1s} + Duration{++count});
    made.job_name = "import";
    made.status = status;
    return made;
  }
  static JobSummary job(const std::string& name) {
    JobSummary made;
    made.name = name;
    return made;
  }

  /// Takes what is seen, and returns what that tells: "run import running null", "job import",
  /// "reset".
  std::vector<std::string> take(Duration passed = 1s, bool hides_errors = false) {
    return told(feed.changes(seen, now += passed), hides_errors);
  }
  std::vector<std::string> take_health(const Json& health, Duration passed = 1s) {
    return told(feed.health_changes(health, now += passed), false);
  }
  [[nodiscard]] static std::vector<std::string> told(const std::vector<ChangeEvent>& events,
                                                     bool hides_errors) {
    std::vector<std::string> lines;
    for (const auto& event : events) {
      std::string line = event.name;
      const std::string& data =
          hides_errors && event.for_readers ? *event.for_readers : event.for_writers;
      const Json value = Json::parse(data, nullptr, false);
      if (line == "run") {
        line += " " + value["jobName"].get<std::string>() + " " +
                value["status"].get<std::string>() + " " + value["errorMessage"].dump();
      } else if (line == "job") {
        line += " " + value["name"].get<std::string>();
      }
      lines.push_back(line);
    }
    return lines;
  }

  UuidGenerator ids{Random{7}};
  int count = 0;
  ChangeFeed feed;
  Observation seen;
  Duration now = 1h;
};

using Told = std::vector<std::string>;

}  // namespace

TEST_CASE("ChangeFeed tells nothing of what it sees first") {
  FeedScene scene;
  scene.seen.jobs = {FeedScene::job("import")};
  scene.seen.newest_runs = {scene.run()};
  CHECK(scene.take().empty());
  CHECK(scene.take().empty());
}

TEST_CASE("ChangeFeed tells of a run when something about it changes") {
  struct Row {
    const char* what;
    std::function<void(JobRun&)> change;
    std::size_t events;
  };
  const Row rows[] = {
      {"nothing", [](JobRun&) {}, 0},
      {"its end", [](JobRun& run) { run.status = JobStatus::success; }, 1},
      {"progress", [](JobRun& run) { run.progress = 0.5; }, 1},
      {"a note", [](JobRun& run) { run.progress_note = "half"; }, 1},
      {"a cancel", [](JobRun& run) { run.cancel_requested = true; }, 1},
      {"another claim", [](JobRun& run) { ++run.fence; }, 1},
      {"a later start", [](JobRun& run) { run.run_at += 1s; }, 1},
      {"a renewed lease", [](JobRun& run) { run.lease_until_at = TimePoint{9h}; }, 0},
  };
  for (const bool is_new : {true, false}) {
    for (const auto& row : rows) {
      INFO(row.what << (is_new ? ", among the newest" : ", an older one"));
      FeedScene scene;
      auto& runs = is_new ? scene.seen.newest_runs : scene.seen.other_runs;
      runs = {scene.run()};
      (void)scene.take();
      row.change(runs.front());
      CHECK(scene.take().size() == row.events);
      CHECK(scene.take().empty());
    }
  }
}

TEST_CASE("ChangeFeed tells of new runs, the oldest first") {
  FeedScene scene;
  (void)scene.take();
  const JobRun first = scene.run(JobStatus::success);
  const JobRun second = scene.run();
  scene.seen.newest_runs = {second, first};
  CHECK(scene.take() == Told{"run import success null", "run import running null"});
}

TEST_CASE("ChangeFeed tells of a run once that is seen twice in one look") {
  FeedScene scene;
  (void)scene.take();
  scene.seen.newest_runs = {scene.run()};
  scene.seen.other_runs = scene.seen.newest_runs;
  CHECK(scene.take().size() == 1);
}

TEST_CASE("ChangeFeed names the open runs that a look does not show") {
  FeedScene scene;
  const JobRun open = scene.run(JobStatus::pending);
  const JobRun ended = scene.run(JobStatus::success);
  const JobRun kept = scene.run();
  scene.seen.newest_runs = {kept, ended, open};
  (void)scene.take();
  Observation next;
  next.other_runs = {kept};
  CHECK(scene.feed.missing_from(next) == std::vector<RunId>{open.id});
}

TEST_CASE("ChangeFeed tells of jobs that are new, changed or gone") {
  struct Row {
    const char* what;
    std::function<void(std::vector<JobSummary>&)> change;
    Told told;
  };
  const Row rows[] = {
      {"nothing", [](auto&) {}, {}},
      {"new", [](auto& jobs) { jobs.push_back(FeedScene::job("other")); }, {"job other"}},
      {"paused", [](auto& jobs) { jobs[0].paused = true; }, {"job import"}},
      {"disabled", [](auto& jobs) { jobs[0].enabled = false; }, {"job import"}},
      {"counted", [](auto& jobs) { ++jobs[0].run_count; }, {"job import"}},
      {"armed", [](auto& jobs) { jobs[0].next_run_at = TimePoint{1h}; }, {"job import"}},
      {"rescheduled",
       [](auto& jobs) {
         jobs[0].schedule = {{"kind", "at"}};
       },
       {"job import"}},
      {"gone", [](auto& jobs) { jobs.clear(); }, {"reset"}},
  };
  for (const auto& row : rows) {
    INFO(row.what);
    FeedScene scene;
    scene.seen.jobs = {FeedScene::job("import")};
    (void)scene.take();
    row.change(scene.seen.jobs);
    CHECK(scene.take() == row.told);
    CHECK(scene.take().empty());
  }
}

TEST_CASE("ChangeFeed has everything read anew when a look cannot hold what is new") {
  FeedScene scene;
  const auto fill = [&](std::size_t count) {
    auto& runs = scene.seen.newest_runs;
    for (std::size_t i = 0; i < count; ++i) runs.insert(runs.begin(), scene.run());
    if (runs.size() > ChangeFeed::newest_runs_max) runs.resize(ChangeFeed::newest_runs_max);
  };
  fill(ChangeFeed::newest_runs_max);
  (void)scene.take();
  fill(ChangeFeed::newest_runs_max - 1);
  CHECK(scene.take().size() == ChangeFeed::newest_runs_max - 1);
  fill(ChangeFeed::newest_runs_max);
  CHECK(scene.take() == Told{"reset"});
  // Not more often than every five seconds, but never left out.
  fill(ChangeFeed::newest_runs_max);
  CHECK(scene.take(1s).empty());
  CHECK(scene.take(4s) == Told{"reset"});
  fill(1);
  CHECK(scene.take() == Told{"run import running null"});
}

TEST_CASE("ChangeFeed has everything read anew after a look that was partial, but the first") {
  FeedScene scene;
  scene.seen.is_partial = true;
  CHECK(scene.take().empty());
  CHECK(scene.take() == Told{"reset"});
  scene.seen.is_partial = false;
  CHECK(scene.take().empty());
}

TEST_CASE("ChangeFeed keeps what an error says from those who only look") {
  for (const bool hides_errors : {true, false}) {
    FeedScene scene;
    (void)scene.take();
    JobRun failed = scene.run(JobStatus::failed);
    failed.error = RunError{"EXECUTION_ERROR", "db.internal"};
    scene.seen.newest_runs = {failed};
    CHECK(scene.take(1s, hides_errors) ==
          Told{hides_errors ? "run import failed null" : "run import failed \"db.internal\""});
  }
}

TEST_CASE("ChangeFeed outlives a host's `zones` that throw what they like") {
  ChangeFeed feed{[](std::string_view) -> TimeZone { throw std::runtime_error{"no such zone"}; }};
  Observation seen;
  (void)feed.changes(seen, 1s);
  seen.jobs = {FeedScene::job("import")};
  seen.jobs[0].schedule = cron("0 2 * * *").to_json();
  seen.jobs[0].schedule["timeZone"] = "Mars/Olympus";
  CHECK(feed.changes(seen, 2s).size() == 1);
}

TEST_CASE("ChangeFeed tells the health when it changes, and every five seconds") {
  FeedScene scene;
  const Json well = {{"degraded", false}, {"time", "a"}, {"overdueJobs", Json::array()}};
  CHECK(scene.take_health(well) == Told{"health"});
  Json later = well;
  later["time"] = "b";
  later["loopLagMs"] = 7;
  CHECK(scene.take_health(later).empty());
  later["degraded"] = true;
  CHECK(scene.take_health(later) == Told{"health"});
  CHECK(scene.take_health(later, 4999ms).empty());
  CHECK(scene.take_health(later, 1ms) == Told{"health"});
}

TEST_CASE("ChangeFeed does not take passing time for a change of an overdue job") {
  FeedScene scene;
  Json health = {{"overdueJobs", Json::array({{{"jobName", "import"}, {"lateMs", 5000}}})}};
  CHECK(scene.take_health(health) == Told{"health"});
  health["overdueJobs"][0]["lateMs"] = 6000;
  CHECK(scene.take_health(health).empty());
  health["overdueJobs"][0]["jobName"] = "other";
  CHECK(scene.take_health(health) == Told{"health"});
}

TEST_CASE("ChangeFeed tells each event in a line that no text can break") {
  FeedScene scene;
  (void)scene.take();
  JobRun run = scene.run(JobStatus::success);
  run.summary = "one\ntwo\r\n\nevent: reset\ndata: x";
  scene.seen.newest_runs = {run};
  const auto events = scene.feed.changes(scene.seen, 2h);
  REQUIRE(events.size() == 1);
  CHECK(events[0].for_writers.find_first_of("\r\n") == std::string::npos);
}

}  // namespace http_change_feed_test
