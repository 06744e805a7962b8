// SPDX-License-Identifier: MIT

#include "punctual/http/readings.hpp"

#include <chrono>
#include <string>

#include "support/catch.hpp"
#include "unit/http/facade_scene.hpp"

namespace http_readings_test {

using namespace punctual;
using namespace punctual::http;
using namespace std::chrono_literals;
using punctual::tests::FacadeScene;
using punctual::tests::json_of;

TEST_CASE("StatusReading makes each text once") {
  const StatusReading reading{SchedulerStatus{}, TimePoint{}, false};
  int made = 0;
  const auto make = [&] { return "text " + std::to_string(++made); };
  CHECK(reading.text(false, make) == "text 1");
  CHECK(reading.text(true, make) == "text 2");
  CHECK(reading.text(false, make) == "text 1");
}

TEST_CASE("Readings are shown until they are too old, or something is changed by the facade") {
  FakeClock clock{date::sys_days{date::year{2024} / 1 / 15}};
  InMemoryStorage storage;
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  scheduler.register_job({.name = "quick"}, [](JobContext& job) { return job.success(); });
  JobsController controller{scheduler, punctual::tests::scene_tokens()};
  const auto run_count = [&] {
    const auto response = controller.handle(FacadeScene::request("GET", "/admin/jobs/status"));
    return json_of(response)["data"]["registeredJobs"][0]["runCount"].get<int>();
  };
  CHECK(run_count() == 0);
  (void)scheduler.trigger("quick");
  CHECK(run_count() == 0);
  clock.advance(100ms);
  CHECK(run_count() == 1);
  CHECK(controller.handle(FacadeScene::request("POST", "/admin/jobs/trigger/quick")).status == 200);
  CHECK(run_count() == 2);
}

TEST_CASE("read_health counts what runs where, and survives a storage that does not answer") {
  FacadeScene scene;
  SchedulerBackend backend{scene.scheduler};
  const StatusReading well{SchedulerStatus{}, TimePoint{}, false};
  CHECK(read_health(backend, well).is_well);
  CHECK(read_health(backend, well).running_counts.at(scene.scheduler.node()) == 0);
  const StatusReading degraded{SchedulerStatus{}, TimePoint{}, true};
  CHECK(!read_health(backend, degraded).is_well);
  scene.storage.is_away = true;
  CHECK(!read_health(backend, well).is_well);
}

}  // namespace http_readings_test
