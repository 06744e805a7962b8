// SPDX-License-Identifier: MIT

#include "punctual/http/change_feed.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "punctual/base/random.hpp"
#include "punctual/base/uuid.hpp"
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

  /// Takes what is seen, and returns what that tells: "run import running", "job import", "reset".
  std::vector<std::string> take(Duration passed = 1s, bool hides_errors = false) {
    const std::uint64_t before = feed.newest();
    feed.take(seen, now += passed);
    return told_after(before, hides_errors);
  }
  std::vector<std::string> take_health(const Json& health, Duration passed = 1s) {
    const std::uint64_t before = feed.newest();
    feed.take_health(health, now += passed);
    return told_after(before, false);
  }
  [[nodiscard]] std::vector<std::string> told_after(std::uint64_t position,
                                                    bool hides_errors) const {
    std::vector<std::string> told;
    std::string text = feed.after(position, "f", hides_errors, SIZE_MAX).text;
    while (!text.empty()) {
      const std::size_t name = text.find("event: ") + 7;
      const std::size_t data = text.find("\ndata: ", name);
      const std::size_t end = text.find("\n\n", data);
      std::string line = text.substr(name, data - name);
      const Json value = Json::parse(text.substr(data + 7, end - data - 7), nullptr, false);
      if (line == "run") {
        line += " " + value["jobName"].get<std::string>() + " " +
                value["status"].get<std::string>() + " " + value["errorMessage"].dump();
      } else if (line == "job") {
        line += " " + value["name"].get<std::string>();
      }
      told.push_back(line);
      text.erase(0, end + 2);
    }
    return told;
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

TEST_CASE("ChangeFeed keeps what an error says from those who only look") {
  FeedScene scene;
  (void)scene.take();
  JobRun failed = scene.run(JobStatus::failed);
  failed.error = RunError{"EXECUTION_ERROR", "db.internal"};
  scene.seen.newest_runs = {failed};
  (void)scene.take();
  CHECK(scene.told_after(0, true) == Told{"run import failed null"});
  CHECK(scene.told_after(0, false) == Told{"run import failed \"db.internal\""});
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

TEST_CASE("ChangeFeed replays what a listener missed, in pages, as far back as it goes") {
  FeedScene scene;
  const std::size_t events = ChangeFeed::events_max + 1;
  for (std::size_t i = 0; i < events; ++i) {
    scene.feed.take_health({{"overdueJobs", Json::array()}, {"turn", i}}, scene.now);
  }
  REQUIRE(scene.feed.newest() == events);
  CHECK(scene.told_after(events, false).empty());
  CHECK(scene.told_after(events - 2, false) == Told{"health", "health"});
  CHECK(scene.feed.after(1, "f", false).text.substr(0, 8) == "id: f-2\n");

  const auto page = scene.feed.after(1, "f", false, 1000);
  CHECK(page.text.size() < 1200);
  CHECK(page.position > 1);
  CHECK(scene.feed.after(page.position, "f", false).text.substr(0, 6) == "id: f-");

  for (const std::uint64_t unknown : {std::uint64_t{0}, std::uint64_t{events + 1}, UINT64_MAX}) {
    CHECK(scene.told_after(unknown, false) == Told{"reset"});
    CHECK(scene.feed.after(unknown, "f", false).position == events);
  }
}

TEST_CASE("ChangeFeed sends each event in lines that no text can break") {
  FeedScene scene;
  (void)scene.take();
  JobRun run = scene.run(JobStatus::success);
  run.summary = "one\ntwo\r\n\nevent: reset\ndata: x";
  scene.seen.newest_runs = {run};
  (void)scene.take();
  const std::string text = scene.feed.after(0, "f", false).text;
  CHECK(std::count(text.begin(), text.end(), '\n') == 4);
  CHECK(text.find('\r') == std::string::npos);
}

}  // namespace http_change_feed_test
