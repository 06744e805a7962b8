// SPDX-License-Identifier: MIT

#include "punctual/core/scheduler.hpp"

#include <punctual/punctual.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace scheduler_test {

using namespace std::chrono_literals;
using namespace date::literals;
using punctual::JobContext;
using punctual::JobOutcome;
using punctual::JobResult;
using punctual::JobStatus;
using punctual::Json;
using punctual::RunTrigger;

namespace {

struct Fixture {
  punctual::FakeClock clock{date::sys_days{2024_y / 1 / 15} + 2h};
  punctual::InMemoryStorage storage;
  punctual::Scheduler<punctual::FakeClock&, punctual::InMemoryStorage&, punctual::InlineExecutor>
      scheduler{clock, storage, punctual::InlineExecutor{}, {.seed = 1}};

  /// Registers a job that succeeds and counts how often it ran.
  void add_counting(punctual::JobConfig config, int& count) {
    scheduler.register_job(std::move(config), [&count](JobContext&) { ++count; });
  }
};

/// Returns the code of the punctual::Error that `call` throws, or "none".
template <class Call>
std::string code_of(Call&& call) {
  try {
    call();
  } catch (const punctual::Error& error) {
    return error.code();
  }
  return "none";
}

struct ImportJob {
  std::unique_ptr<int> owned = std::make_unique<int>(7);  // move-only, as jobs may be

  [[nodiscard]] punctual::JobConfig config() const { return {.name = "import"}; }
  JobOutcome execute(JobContext& job) {
    return job.success("IMPORTED", "7 rows", {{"rows", *owned}});
  }
};

struct Report {
  std::string customer;
  int month = 0;
};
void to_json(Json& json, const Report& report) {
  json = Json{{"customer", report.customer}, {"month", report.month}};
}
void from_json(const Json& json, Report& report) {
  json.at("customer").get_to(report.customer);
  json.at("month").get_to(report.month);
}

}  // namespace

TEST_CASE("Scheduler runs a triggered job and returns what the body said") {
  Fixture f;
  f.scheduler.register_job({.name = "tidy"}, [&](JobContext& job) {
    f.clock.advance(1500ms);
    return job.success("TIDIED", "3 removed", {{"removed", 3}});
  });
  const JobResult result = f.scheduler.trigger("tidy", {.actor = "alice", .reason = "audit"});
  CHECK(result.status == JobStatus::success);
  CHECK(result.job_name == "tidy");
  CHECK(result.message_code == "TIDIED");
  CHECK(result.summary == "3 removed");
  CHECK(result.details == Json{{"removed", 3}});
  CHECK(result.duration == 1500ms);
  CHECK(result.started_at == date::sys_days{2024_y / 1 / 15} + 2h);
  CHECK(result.completed_at == date::sys_days{2024_y / 1 / 15} + 2h + 1500ms);
  CHECK(!result.error.has_value());

  const auto run = f.scheduler.run(result.job_id);
  REQUIRE(run.has_value());
  CHECK(run->trigger == RunTrigger::manual);
  CHECK(run->actor == "alice");
  CHECK(run->reason == "audit");
  CHECK(run->fence == 1);
  CHECK(run->node == f.scheduler.node());
}

TEST_CASE("Scheduler runs a job that is a move-only object") {
  Fixture f;
  f.scheduler.register_job(ImportJob{});
  CHECK(f.scheduler.trigger("import").details == Json{{"rows", 7}});
}

TEST_CASE("Scheduler records what a body returns or throws, whatever it is") {
  struct Row {
    const char* name;
    punctual::AnyBody body;
    JobStatus status;
    const char* message_code;
    const char* error_code;
    const char* error_message;
  };
  const std::vector<Row> rows{
      {"succeeds", [](JobContext& job) { return job.success(); }, JobStatus::success,
       "JOB_COMPLETED", "", ""},
      {"fails", [](JobContext& job) { return job.failure("NO_MAIL", "no mail server"); },
       JobStatus::failed, "NO_MAIL", "NO_MAIL", "no mail server"},
      {"skips", [](JobContext& job) { return job.skipped("NOTHING_NEW", "nothing new"); },
       JobStatus::skipped, "NOTHING_NEW", "", ""},
      {"throws-std", [](JobContext&) -> JobOutcome { throw std::runtime_error("disk full"); },
       JobStatus::failed, "JOB_EXECUTION_ERROR", "EXECUTION_ERROR", "disk full"},
      {"throws-int", [](JobContext&) -> JobOutcome { throw 42; }, JobStatus::failed,
       "JOB_EXECUTION_ERROR", "EXECUTION_ERROR",
       "the body threw something that is not a std::exception"},
      {"throws-error", [](JobContext& job) -> JobOutcome { return job.success("not a code"); },
       JobStatus::failed, "JOB_EXECUTION_ERROR", "INVALID_MESSAGE_CODE",
       "INVALID_MESSAGE_CODE: a message code is 1 to 64 characters of A-Z, 0-9 and _, a letter "
       "first, got \"not a code\""},
      {"interrupts-itself", [](JobContext& job) { return job.interrupted(); }, JobStatus::failed,
       "JOB_INTERRUPTED", "INTERRUPTED", "the body ended early, but no shutdown was under way"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    Fixture f;
    f.scheduler.register_job({.name = row.name}, row.body);
    const JobResult result = f.scheduler.trigger(row.name);
    CHECK(result.status == row.status);
    CHECK(result.message_code == row.message_code);
    CHECK(result.error.has_value() == (*row.error_code != '\0'));
    if (!result.error) continue;
    CHECK(result.error->code == row.error_code);
    CHECK(result.error->message == row.error_message);
  }
}

TEST_CASE("Scheduler goes on after a body threw") {
  Fixture f;
  int count = 0;
  f.scheduler.register_job({.name = "bad", .schedule = punctual::every(1min)}, [&](JobContext&) {
    ++count;
    throw 1;
  });
  for (int i = 0; i < 3; ++i) {
    f.clock.advance(1min);
    f.scheduler.run_due();
  }
  CHECK(count == 3);
  CHECK(f.scheduler.runs({.status = JobStatus::failed}).size() == 3);
}

TEST_CASE("Scheduler refuses to trigger an unknown job and lists near names") {
  Fixture f;
  f.scheduler.register_job({.name = "nightly-report"}, [](JobContext&) {});
  f.scheduler.register_job({.name = "import"}, [](JobContext&) {});
  try {
    f.scheduler.trigger("nigthly-report");
    FAIL("expected an error");
  } catch (const punctual::Error& error) {
    CHECK(error.code() == "JOB_NOT_FOUND");
    CHECK(std::string{error.what()} ==
          "JOB_NOT_FOUND: no job named \"nigthly-report\" is registered; did you mean "
          "\"nightly-report\"?");
  }
  CHECK(code_of([&] { f.scheduler.trigger("unknown"); }) == "JOB_NOT_FOUND");
  CHECK(f.scheduler.runs().empty());
}

TEST_CASE("Scheduler refuses bad registrations and registers nothing") {
  struct Row {
    const char* name;
    punctual::JobConfig config;
    const char* code;
  };
  punctual::JobConfig slow{.name = "slow"};
  slow.timeout = 0ms;
  punctual::JobConfig eager{.name = "eager"};
  eager.retry.max_attempts = 0;
  const std::vector<Row> rows{
      {"taken", {.name = "taken"}, "DUPLICATE_JOB"},
      {"empty", {.name = ""}, "INVALID_JOB_NAME"},
      {"upper case", {.name = "Nightly"}, "INVALID_JOB_NAME"},
      {"slash", {.name = "a/b"}, "INVALID_JOB_NAME"},
      {"too long", {.name = std::string(101, 'a')}, "INVALID_JOB_NAME"},
      {"timeout", slow, "INVALID_CONFIG"},
      {"attempts", eager, "INVALID_CONFIG"},
      {"priority", {.name = "urgent", .priority = 101}, "INVALID_CONFIG"},
  };
  Fixture f;
  f.scheduler.register_job({.name = "taken"}, [](JobContext&) {});
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CHECK(code_of([&] { f.scheduler.register_job(row.config, [](JobContext&) {}); }) == row.code);
  }
  CHECK(f.scheduler.status().total_jobs == 1);
  CHECK(code_of([] { (void)punctual::every(0ms); }) == "INVALID_SCHEDULE");
  CHECK(code_of([] { (void)punctual::every(-1ms); }) == "INVALID_SCHEDULE");
  CHECK(code_of([] { (void)punctual::every_after_finish(0ms); }) == "INVALID_SCHEDULE");
}

TEST_CASE("Scheduler answers a trigger of a disabled job by a recorded skipped run") {
  Fixture f;
  int count = 0;
  f.add_counting({.name = "off", .schedule = punctual::every(1min), .enabled = false}, count);
  const JobResult result = f.scheduler.trigger("off");
  CHECK(result.status == JobStatus::skipped);
  CHECK(result.message_code == "JOB_DISABLED");
  CHECK(f.scheduler.run(result.job_id).has_value());
  f.clock.advance(1h);
  f.scheduler.run_due();
  CHECK(count == 0);
  CHECK(f.scheduler.runs().size() == 1);

  SECTION("and of one that is disabled later, until it is enabled") {
    f.scheduler.enable("off");
    f.clock.advance(59s);
    f.scheduler.run_due();
    CHECK(count == 0);  // counted from the moment it was enabled
    f.clock.advance(1s);
    f.scheduler.run_due();
    CHECK(count == 1);
    f.scheduler.disable("off");
    CHECK(f.scheduler.trigger("off").message_code == "JOB_DISABLED");
  }
}

TEST_CASE("Scheduler skips a trigger while the job is still running") {
  punctual::FakeClock clock;
  punctual::InMemoryStorage storage;
  punctual::ManualExecutor executor;
  punctual::Scheduler scheduler{clock, storage, executor};
  scheduler.register_job({.name = "long"}, [](JobContext&) {});
  const JobResult first = scheduler.trigger("long", {.wait = 0ms});
  CHECK(first.status == JobStatus::running);
  const JobResult second = scheduler.trigger("long", {.wait = 0ms});
  CHECK(second.status == JobStatus::skipped);
  CHECK(second.message_code == "JOB_OVERLAPPED");
  executor.drain();
  CHECK(scheduler.run(first.job_id)->status == JobStatus::success);
}

TEST_CASE("Scheduler lets runs overlap where the job allows it") {
  punctual::FakeClock clock;
  punctual::InMemoryStorage storage;
  punctual::ManualExecutor executor;
  punctual::Scheduler scheduler{clock, storage, executor};
  scheduler.register_job({.name = "free", .overlap = punctual::OverlapPolicy::allow},
                         [](JobContext&) {});
  CHECK(scheduler.trigger("free", {.wait = 0ms}).status == JobStatus::running);
  CHECK(scheduler.trigger("free", {.wait = 0ms}).status == JobStatus::running);
  CHECK(executor.drain() == 2);
}

TEST_CASE("Scheduler makes a waiting trigger progress on a manual executor") {
  punctual::FakeClock clock;
  punctual::InMemoryStorage storage;
  punctual::Scheduler scheduler{clock, storage, punctual::ManualExecutor{}};
  scheduler.register_job({.name = "job"}, [](JobContext&) {});
  CHECK(scheduler.trigger("job").status == JobStatus::success);
}

TEST_CASE("Scheduler hands payloads to bodies") {
  Fixture f;
  std::vector<std::string> sent;
  f.scheduler.register_job({.name = "send-report"}, [&](JobContext& job) {
    const auto report = job.payload<Report>();
    sent.push_back(report.customer + "/" + std::to_string(report.month));
  });
  const auto id = f.scheduler.enqueue("send-report", Report{"acme", 1},
                                      {.run_at = f.clock.now() + 1h, .unique_key = "acme-1"});
  SECTION("at their time") {
    f.scheduler.run_due();
    CHECK(sent.empty());
    f.clock.advance(1h);
    f.scheduler.run_due();
    CHECK(sent == std::vector<std::string>{"acme/1"});
    CHECK(f.scheduler.run(id)->payload == Json{{"customer", "acme"}, {"month", 1}});
  }
  SECTION("once per unique key while a run is open") {
    CHECK(f.scheduler.enqueue("send-report", Report{"acme", 1}, {.unique_key = "acme-1"}) == id);
    f.clock.advance(1h);
    f.scheduler.run_due();
    CHECK(f.scheduler.enqueue("send-report", Report{"acme", 1}, {.unique_key = "acme-1"}) != id);
  }
  SECTION("and fails the run if they do not fit") {
    const auto bad = f.scheduler.enqueue("send-report", Json{{"customer", 3}});
    f.scheduler.run_due();
    CHECK(f.scheduler.run(bad)->error->code == "INVALID_PAYLOAD");
  }
}

TEST_CASE("Scheduler runs handed-in runs by priority and in parallel to the schedule") {
  Fixture f;
  std::vector<int> order;
  f.scheduler.register_job({.name = "work"},
                           [&](JobContext& job) { order.push_back(job.payload<int>()); });
  f.scheduler.enqueue("work", 1);
  f.scheduler.enqueue("work", 2, {.priority = 5});
  f.scheduler.enqueue("work", 3, {.priority = -5});
  f.scheduler.enqueue("work", 4);
  f.scheduler.run_due();
  CHECK(order == std::vector<int>{2, 1, 4, 3});
}

TEST_CASE("Scheduler refuses what cannot be enqueued and stores nothing") {
  Fixture f;
  f.scheduler.register_job({.name = "work"}, [](JobContext&) {});
  CHECK(code_of([&] { f.scheduler.enqueue("wrok", 1); }) == "JOB_NOT_FOUND");
  CHECK(code_of([&] { f.scheduler.enqueue("a b", 1); }) == "INVALID_JOB_NAME");
  CHECK(code_of([&] { f.scheduler.enqueue("work", std::string(70'000, 'x')); }) ==
        "INVALID_PAYLOAD");
  CHECK(code_of([&] { f.scheduler.enqueue("work", 1, {.priority = 101}); }) == "INVALID_CONFIG");
  CHECK(code_of([&] { f.scheduler.enqueue("work", 1, {.unique_key = std::string(201, 'k')}); }) ==
        "INVALID_KEY");
  CHECK(code_of([&] { (void)f.scheduler.runs({.limit = 0}); }) == "INVALID_QUERY");
  CHECK(f.scheduler.runs().empty());
}

TEST_CASE("Scheduler enqueues for jobs that only another node of the storage knows") {
  Fixture f;
  int count = 0;
  punctual::Scheduler worker{f.clock, f.storage, punctual::InlineExecutor{}};
  worker.register_job({.name = "elsewhere"}, [&](JobContext&) { ++count; });
  const auto id = f.scheduler.enqueue("elsewhere", 1);
  f.scheduler.run_due();
  CHECK(count == 0);
  worker.run_due();
  CHECK(count == 1);
  CHECK(f.scheduler.run(id)->node == worker.node());
}

TEST_CASE("Scheduler tries a failed run again as its policy says") {
  Fixture f;
  int count = 0;
  punctual::JobConfig config{.name = "flaky"};
  config.retry = {.max_attempts = 3, .backoff = punctual::Backoff::fixed(10s)};
  f.scheduler.register_job(config, [&](JobContext& job) {
    return ++count < 3 ? job.failure("NOT_YET") : job.success();
  });
  const JobResult first = f.scheduler.trigger("flaky");
  CHECK(first.status == JobStatus::failed);
  f.clock.advance(9999ms);
  f.scheduler.run_due();
  CHECK(count == 1);
  f.clock.advance(1ms);
  f.scheduler.run_due();
  CHECK(count == 2);
  f.clock.advance(10s);
  f.scheduler.run_due();
  f.clock.advance(1h);
  f.scheduler.run_due();
  CHECK(count == 3);

  const auto runs = f.scheduler.runs({.job_name = "flaky"});
  REQUIRE(runs.size() == 3);
  CHECK(runs[0].attempt == 3);
  CHECK(runs[0].status == JobStatus::success);
  CHECK(runs[0].trigger == RunTrigger::retry);
  CHECK(runs[0].retry_of == first.job_id);
  CHECK(runs[1].attempt == 2);
  CHECK(runs[1].retry_of == first.job_id);
  CHECK(runs[2].id == first.job_id);
}

TEST_CASE("Scheduler records a body that overran its timeout as JOB_TIMEOUT") {
  Fixture f;
  punctual::JobConfig config{.name = "slow"};
  config.timeout = 5s;
  f.scheduler.register_job(config, [&](JobContext& job) {
    f.clock.advance(4999ms);
    CHECK(!job.stop_requested());
    f.clock.advance(1ms);
    CHECK(job.stop_requested());
    CHECK(job.stop_reason() == punctual::StopReason::timeout);
    return job.success();
  });
  const JobResult result = f.scheduler.trigger("slow");
  CHECK(result.status == JobStatus::failed);
  CHECK(result.message_code == "JOB_TIMEOUT");
  CHECK(result.error->message == "ran longer than its timeout of 5000 ms");
}

TEST_CASE("Scheduler runs startup jobs once, and not again for a restart right after") {
  punctual::FakeClock clock;
  punctual::InMemoryStorage storage;
  int count = 0;
  const auto start_and_stop = [&] {
    punctual::Scheduler scheduler{clock, storage, punctual::InlineExecutor{}};
    scheduler.register_job({.name = "warm-up", .run_on_startup = true},
                           [&](JobContext&) { ++count; });
    scheduler.run_due();
    scheduler.run_due();
  };
  start_and_stop();
  CHECK(count == 1);
  clock.advance(59s);
  start_and_stop();
  CHECK(count == 1);
  clock.advance(1s);
  start_and_stop();
  CHECK(count == 2);
  punctual::Scheduler reader{clock, storage, punctual::InlineExecutor{}};
  CHECK(reader.runs({.trigger = RunTrigger::startup}).size() == 2);
}

TEST_CASE("Scheduler pauses and resumes a job, answering what passed by one row") {
  Fixture f;
  int count = 0;
  f.add_counting({.name = "tick", .schedule = punctual::every(1min)}, count);
  f.scheduler.pause("tick", "bob", "database move");
  CHECK(f.scheduler.trigger("tick").message_code == "JOB_PAUSED");
  f.clock.advance(10min + 30s);
  f.scheduler.run_due();
  CHECK(count == 0);
  CHECK(f.scheduler.next_runs("tick", 3).empty());
  const auto summary = f.scheduler.status().registered_jobs.at(0);
  CHECK(summary.paused);
  CHECK(summary.paused_by == "bob");
  CHECK(summary.paused_reason == "database move");

  f.scheduler.resume("tick", "bob");
  f.scheduler.run_due();
  CHECK(count == 0);
  const auto rows = f.scheduler.runs({.trigger = RunTrigger::schedule});
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].message_code == "JOB_PAUSED");
  CHECK(rows[0].details.at("count") == 10);
  f.clock.advance(30s);
  f.scheduler.run_due();
  CHECK(count == 1);
}

TEST_CASE("Scheduler cancels pending and running runs") {
  punctual::FakeClock clock;
  punctual::InMemoryStorage storage;
  punctual::ManualExecutor executor;
  punctual::Scheduler scheduler{clock, storage, executor};
  punctual::StopReason seen = punctual::StopReason::none;
  scheduler.register_job({.name = "work"}, [&](JobContext& job) {
    if (job.payload<bool>()) scheduler.cancel(job.id(), "carol");
    seen = job.stop_reason();
    return job.failure("STOPPED");
  });
  const auto pending = scheduler.enqueue("work", false, {.run_at = clock.now() + 1h});
  CHECK(scheduler.cancel(pending, "carol") == punctual::CancelAnswer::cancelled);
  CHECK(scheduler.run(pending)->status == JobStatus::skipped);
  CHECK(scheduler.run(pending)->message_code == "JOB_CANCELLED");
  CHECK(scheduler.cancel(pending) == punctual::CancelAnswer::ended);
  CHECK(scheduler.cancel(punctual::RunId{}) == punctual::CancelAnswer::not_found);

  const auto running = scheduler.enqueue("work", true);
  scheduler.run_due();
  executor.drain();
  CHECK(seen == punctual::StopReason::cancelled);
  CHECK(scheduler.run(running)->status == JobStatus::failed);
  CHECK(scheduler.run(running)->message_code == "JOB_CANCELLED");
  CHECK(scheduler.run(running)->cancel_actor == "carol");
}

TEST_CASE("Scheduler shows progress while a run runs") {
  punctual::FakeClock clock;
  punctual::InMemoryStorage storage;
  punctual::ManualExecutor executor;
  punctual::Scheduler scheduler{clock, storage, executor};
  std::vector<double> shown;
  scheduler.register_job({.name = "work"}, [&](JobContext& job) {
    job.progress(0.5, "half");
    clock.advance(1s);
    scheduler.tick();  // inside a body: nothing
    shown.push_back(scheduler.run(job.id())->progress);
  });
  const JobResult begun = scheduler.trigger("work", {.wait = 0ms});
  executor.drain();
  CHECK(shown == std::vector<double>{0.0});
  CHECK(scheduler.run(begun.job_id)->status == JobStatus::success);
}

TEST_CASE("Scheduler shows its status in the agreed shape") {
  Fixture f;
  f.scheduler.register_job(
      {.name = "platform-self-check", .description = "Nightly", .schedule = punctual::every(24h)},
      [](JobContext& job) { return job.success("PASSED", "3/3"); });
  f.scheduler.register_job({.name = "by-hand", .enabled = false}, [](JobContext&) {});
  const JobResult result = f.scheduler.trigger("platform-self-check");
  const Json status = f.scheduler.status();
  CHECK(status.at("totalJobs") == 2);
  CHECK(status.at("enabledJobs") == 1);
  CHECK(status.at("recentRuns").size() == 1);
  CHECK(status.at("recentRuns").at(0).at("id") == result.job_id.to_string());
  CHECK(status.at("registeredJobs").at(0).at("name") == "by-hand");
  const Json& job = status.at("registeredJobs").at(1);
  CHECK(job.at("scheduleIntervalMs") == 86'400'000);
  CHECK(job.at("nextRunAt") == "2024-01-16T02:00:00.000Z");
  CHECK(job.at("runCount") == 1);
  CHECK(job.at("successCount") == 1);
  CHECK(job.at("failureCount") == 0);
  CHECK(job.at("lastRun").at("jobId") == result.job_id.to_string());
  CHECK(job.at("lastRun").at("status") == "success");
  CHECK(job.at("lastRun").at("summary") == "3/3");
  CHECK(job.at("lastRun").at("startedAt") == "2024-01-15T02:00:00.000Z");
}

TEST_CASE("Scheduler bounds what it keeps of a body's words") {
  Fixture f;
  f.scheduler.register_job({.name = "talks"}, [](JobContext& job) {
    return job.success("DONE", std::string(5000, 's') + "\xFF",
                       {{"big", std::string(100'000, 'd')}});
  });
  const JobResult result = f.scheduler.trigger("talks");
  CHECK(result.summary.size() <= punctual::summary_bytes_max);
  CHECK(result.details.at("_truncated") == true);
  CHECK(result.details.dump().size() <= punctual::details_bytes_max + 100);
}

}  // namespace scheduler_test
