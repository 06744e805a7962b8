// SPDX-License-Identifier: MIT
//
// RunDesk: triggering and waiting, enqueueing, cancelling.

#include "punctual/core/run_desk.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <latch>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "rig.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/spin.hpp"

namespace run_desk_test {

using namespace std::chrono_literals;
using punctual::CancelAnswer;
using punctual::Duration;
using punctual::EnqueueOptions;
using punctual::ErrorKind;
using punctual::FakeClock;
using punctual::InlineExecutor;
using punctual::JobConfig;
using punctual::JobContext;
using punctual::JobResult;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::Json;
using punctual::ManualExecutor;
using punctual::OverlapPolicy;
using punctual::RunId;
using punctual::RunTrigger;
using punctual::StopReason;
using punctual::TimePoint;
using punctual::TriggerOptions;
using punctual::WakeSignal;
using punctual::detail::Waiting;
using punctual::tests::code_of;
using punctual::tests::FailingStorage;
using punctual::tests::Rig;
using punctual::tests::StorageCall;
using punctual::tests::succeed;

namespace {

template <class ExecutorT = ManualExecutor>
struct Desk {
  Rig<ExecutorT> rig;
  punctual::detail::RunDesk<FakeClock&, FailingStorage&, ExecutorT&> desk{rig.deck, rig.engine};

  [[nodiscard]] std::size_t row_count() { return rig.memory.runs({.limit = 1000}).size(); }

  void pause(const std::string& name) {
    punctual::PauseChange change;
    change.job_name = name;
    change.version = rig.engine->book().state_of(*rig.engine->book().job(name)).version;
    REQUIRE(rig.memory.set_paused(change, rig.clock.now()));
  }
};

JobConfig overlapping(std::string name) {
  JobConfig config{.name = std::move(name)};
  config.overlap = OverlapPolicy::allow;
  return config;
}

bool was_raised(WakeSignal& signal) {
  return signal.consume([](auto&, auto&, const auto&) {});
}

}  // namespace

TEST_CASE("RunDesk runs a triggered job and answers its recorded end") {
  Desk<InlineExecutor> desk;
  desk.rig.add({.name = "send"}, [&](JobContext& job) {
    CHECK(job.run().trigger == RunTrigger::manual);
    CHECK(job.run().actor == "ann");
    CHECK(job.run().reason == "by hand");
    desk.rig.clock.advance(3s);
    return job.success("SENT", "to " + job.payload<std::string>(), {{"sent", 1}});
  });
  const JobResult result =
      desk.desk.trigger("send", {.payload = "bob", .actor = "ann", .reason = "by hand"});
  CHECK(result.status == JobStatus::success);
  CHECK(result.job_name == "send");
  CHECK(result.message_code == "SENT");
  CHECK(result.summary == "to bob");
  CHECK(result.details == Json{{"sent", 1}});
  CHECK(result.duration == 3s);
  const JobRun row = desk.rig.row(result.job_id);
  CHECK(row.status == JobStatus::success);
  CHECK(row.payload == "bob");
}

TEST_CASE("RunDesk lets an executor that needs help make progress while it waits") {
  Desk<> desk;
  desk.rig.add({.name = "send"}, succeed);
  CHECK(desk.desk.trigger("send", {}).status == JobStatus::success);
  CHECK(desk.rig.executor.waiting_count() == 0);
}

TEST_CASE("RunDesk ticks while it waits where no loop does") {
  Desk<InlineExecutor> desk;
  JobConfig config = overlapping("send");
  config.concurrency.max = 1;
  const auto job = desk.rig.add(config, succeed);
  desk.rig.claim_as("gone", job, desk.rig.put(job));  // holds the only slot
  desk.rig.clock.advance(30s);                        // until its lease ends
  CHECK(desk.desk.trigger("send", {}).status == JobStatus::success);
  CHECK(desk.rig.memory.runs({.message_code = "JOB_ABANDONED"}).size() == 1);
}

TEST_CASE("RunDesk answers a trigger that cannot run by a skipped run that says why") {
  struct Row {
    const char* subject;
    std::function<void(Desk<>&)> prepare;
    std::string code;
  };
  const Row rows[] = {
      {"disabled",
       [](Desk<>& desk) {
         desk.rig.engine->book().change("send", [](JobConfig& config) { config.enabled = false; });
       },
       "JOB_DISABLED"},
      {"paused", [](Desk<>& desk) { desk.pause("send"); }, "JOB_PAUSED"},
      {"running", [](Desk<>& desk) { desk.rig.launch(desk.rig.engine->book().job("send")); },
       "JOB_OVERLAPPED"},
      {"ready to run", [](Desk<>& desk) { desk.rig.put(desk.rig.engine->book().job("send")); },
       "JOB_OVERLAPPED"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    Desk<> desk;
    int count = 0;
    desk.rig.add({.name = "send"}, [&](JobContext&) { ++count; });
    row.prepare(desk);
    const JobResult result = desk.desk.trigger("send", {.payload = 7, .actor = "ann"});
    CHECK(result.status == JobStatus::skipped);
    CHECK(result.message_code == row.code);
    CHECK(desk.rig.row(result.job_id).payload == 7);
    CHECK(desk.rig.row(result.job_id).actor == "ann");
    CHECK(count == 0);
  }
}

TEST_CASE("RunDesk refuses what it is not to store, and stores nothing") {
  struct Row {
    const char* subject;
    std::string name;
    TriggerOptions options;
    std::string code;
  };
  const std::vector<Row> rows = {
      {"an unknown job", "sent", {}, "JOB_NOT_FOUND"},
      {"a payload too large", "send", {.payload = std::string(70'000, 'x')}, "INVALID_PAYLOAD"},
      {"a payload that is no text", "send", {.payload = "\xFF"}, "INVALID_PAYLOAD"},
      {"an actor too long", "send", {.actor = std::string(201, 'a')}, "INVALID_KEY"},
      {"an actor with a control character", "send", {.actor = "a\x1b"}, "INVALID_KEY"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    Desk<> desk;
    desk.rig.add({.name = "send"}, succeed);
    CHECK(code_of([&] { desk.desk.trigger(row.name, row.options); }) == row.code);
    CHECK(desk.row_count() == 0);
  }
}

TEST_CASE("RunDesk keeps no more of a reason than its limit") {
  Desk<> desk;
  desk.rig.add({.name = "send"}, succeed);
  const auto result = desk.desk.trigger("send", {.reason = std::string(5000, 'r')});
  CHECK(desk.rig.row(result.job_id).reason.size() == 1024);
}

TEST_CASE("RunDesk answers a run as it is when it has waited as long as it was told to") {
  Desk<> desk;
  desk.rig.engine->set_has_loop(true);
  JobConfig config = overlapping("slow");
  config.concurrency.max = 1;
  const auto slow = desk.rig.add(config, succeed);
  desk.rig.claim_as("other", slow, desk.rig.put(slow));  // holds the only slot
  JobResult result = desk.desk.trigger("slow", {.wait = 0ms});
  CHECK(result.status == JobStatus::pending);
  CHECK_FALSE(result.started_at);
  auto answer =
      std::async(std::launch::async, [&] { return desk.desk.trigger("slow", {.wait = 5s}); });
  const TimePoint start = desk.rig.clock.now();
  while (answer.wait_for(0s) != std::future_status::ready) {
    // Only while it sleeps, so that it does not miss time that has passed.
    if (desk.rig.clock.waiter_count() > 0) desk.rig.clock.advance(100ms);
    std::this_thread::yield();
  }
  CHECK(answer.get().status == JobStatus::pending);
  CHECK(desk.rig.clock.now() >= start + 5s);
}

TEST_CASE("RunDesk wakes from its wait when the run ends, without the help of time") {
  Desk<> desk;
  desk.rig.engine->set_has_loop(true);
  std::latch in_body{1};
  std::latch may_end{1};
  desk.rig.add({.name = "slow"}, [&](JobContext& context) {
    in_body.count_down();
    may_end.wait();
    return context.success("SLOW");
  });
  // Another thread takes the work before the desk can help with it.
  std::thread worker;
  desk.rig.storage.on_call(StorageCall::run, [&] {
    if (worker.joinable()) return;
    worker = std::thread{[&] { desk.rig.executor.step(); }};
    in_body.wait();
  });
  auto answer = std::async(std::launch::async, [&] { return desk.desk.trigger("slow", {}); });
  tests::spin_until([&] { return desk.rig.clock.waiter_count() == 1; });
  may_end.count_down();
  CHECK(answer.get().message_code == "SLOW");
  worker.join();
}

TEST_CASE("RunDesk finds within a second that another node has ended the run") {
  Desk<> desk;
  const auto job = desk.rig.add({.name = "send"}, succeed);
  desk.rig.engine->set_has_loop(true);
  // The other node claims the run before this one can.
  desk.rig.storage.on_call(StorageCall::claim, [&] {
    desk.rig.storage.heal();
    desk.rig.claim_as("other", job, desk.rig.memory.runs({}).at(0).id);
  });
  auto answer = std::async(std::launch::async, [&] { return desk.desk.trigger("send", {}); });
  tests::spin_until([&] { return desk.rig.clock.waiter_count() == 1; });
  const JobRun run = desk.rig.memory.runs({}).at(0);
  punctual::Completion end;
  end.lease = {run.id, run.fence};
  end.message_code = "DONE_ELSEWHERE";
  desk.rig.memory.finish({end}, desk.rig.clock.now());
  desk.rig.clock.advance(1s);
  CHECK(answer.get().message_code == "DONE_ELSEWHERE");
}

TEST_CASE(
    "RunDesk goes on waiting while the storage does not answer, and throws when the wait is over") {
  Desk<InlineExecutor> desk;
  desk.rig.add({.name = "send"}, succeed);
  desk.rig.storage.fail_before(StorageCall::run, 1'000'000);
  CHECK(code_of([&] { desk.desk.trigger("send", {.wait = 0ms}); }) == "TEST_FAULT");
  CHECK(desk.rig.memory.runs({}).at(0).status == JobStatus::success);  // it went on without us

  desk.rig.engine->set_has_loop(true);
  auto answer = std::async(std::launch::async, [&] {
    return code_of([&] { desk.desk.trigger("send", {.wait = 2s}); });
  });
  while (answer.wait_for(0s) != std::future_status::ready) {
    if (desk.rig.clock.waiter_count() > 0) desk.rig.clock.advance(100ms);
    std::this_thread::yield();
  }
  CHECK(answer.get() == "TEST_FAULT");
  // Once for the wait of 0, and about once a second for the other one.
  CHECK(desk.rig.storage.count(StorageCall::run) <= 5);
}

TEST_CASE("RunDesk answers when the storage does again") {
  Desk<InlineExecutor> desk;
  desk.rig.add({.name = "send"}, succeed);
  desk.rig.engine->set_has_loop(true);
  desk.rig.storage.fail_before(StorageCall::run, 2);
  auto answer = std::async(std::launch::async, [&] { return desk.desk.trigger("send", {}); });
  while (answer.wait_for(0s) != std::future_status::ready) {
    if (desk.rig.clock.waiter_count() > 0) desk.rig.clock.advance(100ms);
    std::this_thread::yield();
  }
  CHECK(answer.get().status == JobStatus::success);
  CHECK(desk.rig.storage.count(StorageCall::run) == 3);
}

TEST_CASE("RunDesk throws what is permanent at once while it waits") {
  Desk<InlineExecutor> desk;
  desk.rig.add({.name = "send"}, succeed);
  desk.rig.storage.fail_before(StorageCall::run, 1, ErrorKind::permanent);
  CHECK(code_of([&] { desk.desk.trigger("send", {}); }) == "TEST_FAULT");
}

TEST_CASE("RunDesk says so when the run was pruned while it waited") {
  Desk<InlineExecutor> desk;
  JobConfig config{.name = "send"};
  config.retention = {1ms, 0};
  desk.rig.add(config, succeed);
  desk.rig.storage.on_call(StorageCall::run, [&] {
    desk.rig.clock.advance(1h);
    desk.rig.memory.prune(10, desk.rig.clock.now());
  });
  CHECK(code_of([&] { desk.desk.trigger("send", {}); }) == "RUN_NOT_FOUND");
}

TEST_CASE("RunDesk lets a waiting trigger go with the run as it is when the scheduler is closed") {
  Desk<> desk;
  JobConfig config = overlapping("slow");
  config.concurrency.max = 1;
  const auto slow = desk.rig.add(config, succeed);
  desk.rig.claim_as("other", slow, desk.rig.put(slow));
  desk.rig.engine->set_has_loop(true);
  auto answer = std::async(std::launch::async, [&] { return desk.desk.trigger("slow", {}); });
  tests::spin_until([&] { return desk.rig.clock.waiter_count() == 1; });
  desk.rig.engine->close();
  desk.rig.clock.advance(1s);
  CHECK(answer.get().status == JobStatus::pending);
}

TEST_CASE("RunDesk throws and leaves nothing when the storage refuses the triggered run") {
  Desk<> desk;
  desk.rig.add({.name = "send"}, succeed);
  desk.rig.storage.fail_before(StorageCall::enqueue);
  CHECK(code_of([&] { desk.desk.trigger("send", {}); }) == "TEST_FAULT");
  desk.rig.storage.fail_before(StorageCall::sync_jobs);
  CHECK(code_of([&] { desk.desk.trigger("send", {}); }) == "TEST_FAULT");
  CHECK(desk.row_count() == 0);
}

TEST_CASE("RunDesk runs a trigger from inside a body on the same thread and waits for nothing") {
  Desk<> desk;
  std::thread::id inner_thread;
  JobResult ran;
  JobResult blocked;
  desk.rig.add({.name = "inner"}, [&](JobContext&) { inner_thread = std::this_thread::get_id(); });
  JobConfig config = overlapping("blocked");
  config.concurrency = {1, "slot"};
  const auto holder = desk.rig.add(config, succeed);
  desk.rig.claim_as("other", holder, desk.rig.put(holder));
  desk.rig.add({.name = "outer"}, [&](JobContext&) {
    ran = desk.desk.trigger("inner", {});
    blocked = desk.desk.trigger("blocked", {});
  });
  CHECK(desk.desk.trigger("outer", {}).status == JobStatus::success);
  CHECK(ran.status == JobStatus::success);
  CHECK(inner_thread == std::this_thread::get_id());
  CHECK(blocked.status == JobStatus::pending);
}

TEST_CASE("RunDesk lets bodies trigger bodies sixteen deep") {
  Desk<InlineExecutor> desk;
  int depth = 0;
  std::string code;
  desk.rig.add(overlapping("deep"), [&](JobContext&) {
    ++depth;
    try {
      desk.desk.trigger("deep", {});
    } catch (const punctual::Error& error) {
      code = error.code();
    }
  });
  CHECK(desk.desk.trigger("deep", {}).status == JobStatus::success);
  CHECK(depth == 16);
  CHECK(code == "NESTED_TOO_DEEP");
  CHECK(desk.row_count() == 16);
}

TEST_CASE("RunDesk enqueues a run with everything that was said of it, and wakes the loop") {
  Desk<> desk;
  JobConfig config{.name = "send"};
  config.priority = 3;
  config.concurrency = {2, "smtp"};
  desk.rig.add(config, succeed);
  was_raised(desk.rig.deck->wake);
  const TimePoint now = desk.rig.clock.now();
  EnqueueOptions options;
  options.run_at = now + 1h;
  options.priority = -7;
  options.unique_key = "send-bob";
  options.actor = "ann";
  options.reason = "month's end";
  const RunId id = desk.desk.enqueue("send", {{"to", "bob"}}, options);
  CHECK(was_raised(desk.rig.deck->wake));
  const JobRun row = desk.rig.row(id);
  CHECK(row.status == JobStatus::pending);
  CHECK(row.trigger == RunTrigger::manual);
  CHECK(row.payload == Json{{"to", "bob"}});
  CHECK(row.run_at == now + 1h);
  CHECK(row.created_at == now);
  CHECK(row.priority == -7);
  CHECK(row.unique_key == "send-bob");
  CHECK(row.actor == "ann");
  CHECK(row.reason == "month's end");
  CHECK(row.concurrency_key == "smtp");
  CHECK(row.concurrency_max == 2);
  CHECK_FALSE(row.exclusive);
  const RunId plain = desk.desk.enqueue("send", nullptr, {});
  CHECK(desk.rig.row(plain).run_at == now);
  CHECK(desk.rig.row(plain).priority == 3);
}

TEST_CASE("RunDesk enqueues runs beside one another, for each has a payload of its own") {
  Desk<> desk;
  desk.rig.add({.name = "send"}, succeed);
  for (int i = 0; i < 3; ++i) {
    CHECK(desk.rig.status(desk.desk.enqueue("send", i, {})) == JobStatus::pending);
  }
  CHECK(desk.rig.engine->tick().claimed == 3);
}

TEST_CASE("RunDesk answers the open run when its unique key is taken, and stores another later") {
  Desk<> desk;
  desk.rig.add({.name = "send"}, succeed);
  const EnqueueOptions options{.unique_key = "report"};
  const RunId first = desk.desk.enqueue("send", 1, options);
  CHECK(desk.desk.enqueue("send", 2, options) == first);
  CHECK(desk.row_count() == 1);
  desk.rig.engine->tick();
  CHECK(desk.desk.enqueue("send", 3, options) == first);  // running is open as well
  desk.rig.executor.drain();
  CHECK(desk.desk.enqueue("send", 4, options) != first);
  CHECK(desk.row_count() == 2);
}

TEST_CASE("RunDesk waits for the open run when the unique key of a trigger is taken") {
  Desk<> desk;
  desk.rig.add(overlapping("report"), succeed);
  const RunId open = desk.desk.enqueue("report", nullptr, {.unique_key = "january"});
  TriggerOptions options{.wait = 0ms};
  options.unique_key = "january";
  const JobResult found = desk.desk.trigger("report", options);
  CHECK(found.job_id == open);
  CHECK(found.status == JobStatus::pending);
  CHECK(desk.row_count() == 1);
  options.unique_key = "february";
  const JobResult other = desk.desk.trigger("report", options);
  CHECK(other.job_id != open);
  CHECK(desk.rig.row(other.job_id).unique_key == "february");
  options.unique_key = std::string(201, 'k');
  CHECK(code_of([&] { desk.desk.trigger("report", options); }) == "INVALID_KEY");
  CHECK(desk.row_count() == 2);
}

TEST_CASE("RunDesk answers an enqueue for a disabled job by a skipped run") {
  Desk<> desk;
  JobConfig config{.name = "send"};
  config.enabled = false;
  desk.rig.add(config, succeed);
  const RunId id = desk.desk.enqueue("send", nullptr, {});
  CHECK(desk.rig.status(id) == JobStatus::skipped);
  CHECK(desk.rig.row(id).message_code == "JOB_DISABLED");
}

TEST_CASE(
    "RunDesk enqueues for a job that only other nodes know, and for no job that nobody knows") {
  Desk<> desk;
  punctual::JobDefinition theirs;
  theirs.name = "theirs";
  desk.rig.memory.sync_jobs({theirs}, desk.rig.clock.now());
  const RunId id = desk.desk.enqueue("theirs", 7, {});
  CHECK(desk.rig.status(id) == JobStatus::pending);
  CHECK(code_of([&] { desk.desk.enqueue("nobodys", 7, {}); }) == "JOB_NOT_FOUND");
  CHECK(code_of([&] { desk.desk.enqueue("../etc", 7, {}); }) == "INVALID_JOB_NAME");
  CHECK(desk.row_count() == 1);
}

TEST_CASE("RunDesk refuses to enqueue what is out of its limits, and stores nothing") {
  struct Row {
    const char* subject;
    Json payload;
    EnqueueOptions options;
    std::string code;
  };
  const std::vector<Row> rows = {
      {"a payload too large", std::string(70'000, 'x'), {}, "INVALID_PAYLOAD"},
      {"a key too long", 1, {.unique_key = std::string(201, 'k')}, "INVALID_KEY"},
      {"an actor too long", 1, {.actor = std::string(201, 'a')}, "INVALID_KEY"},
      {"a priority too high", 1, {.priority = 101}, "INVALID_CONFIG"},
      {"a priority too low", 1, {.priority = -101}, "INVALID_CONFIG"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    Desk<> desk;
    desk.rig.add({.name = "send"}, succeed);
    CHECK(code_of([&] { desk.desk.enqueue("send", row.payload, row.options); }) == row.code);
    CHECK(desk.row_count() == 0);
  }
}

TEST_CASE("RunDesk enqueues many runs by one call to the storage, in order") {
  Desk<> desk;
  desk.rig.add({.name = "send", .priority = 3}, succeed);
  desk.rig.storage.reset_counts();
  const auto later = desk.rig.clock.now() + 1h;
  const auto ids =
      desk.desk.enqueue_all("send", {{"ann", {}},
                                     {"bob", {.run_at = later, .priority = 7, .unique_key = "bob"}},
                                     {"bob again", {.unique_key = "bob"}}});
  CHECK(desk.rig.storage.count(StorageCall::enqueue) == 1);
  REQUIRE(ids.size() == 3);
  CHECK(desk.rig.row(ids[0]).payload == "ann");
  CHECK(desk.rig.row(ids[0]).priority == 3);
  CHECK(desk.rig.row(ids[1]).payload == "bob");
  CHECK(desk.rig.row(ids[1]).run_at == later);
  CHECK(desk.rig.row(ids[1]).priority == 7);
  CHECK(ids[2] == ids[1]);  // the key was taken by the one before
  CHECK(desk.row_count() == 2);
  CHECK(desk.desk.enqueue_all("send", {}).empty());
}

TEST_CASE("RunDesk stores none of many runs when one of them is refused") {
  Desk<> desk;
  desk.rig.add({.name = "send"}, succeed);
  CHECK(code_of([&] {
          desk.desk.enqueue_all("send", {{"ann", {}}, {"bob", {.priority = 101}}});
        }) == "INVALID_CONFIG");
  CHECK(code_of([&] {
          desk.desk.enqueue_all("send", {{"ann", {}}, {std::string(70'000, 'x'), {}}});
        }) == "INVALID_PAYLOAD");
  CHECK(code_of([&] { desk.desk.enqueue_all("sent", {{"ann", {}}}); }) == "JOB_NOT_FOUND");
  CHECK(code_of([&] {
          desk.desk.enqueue_all("send", std::vector<punctual::EnqueueItem>(10'001));
        }) == "INVALID_CONFIG");
  CHECK(desk.row_count() == 0);
}

TEST_CASE("RunDesk has a run that ended done once more, whatever attempts are left") {
  Desk<> desk;
  desk.rig.add({.name = "send"}, [](JobContext& job) {
    return job.attempt() < 2 ? job.failure("NO_ROUTE") : job.success();
  });
  const RunId first = desk.desk.enqueue("send", "bob", {.priority = 5, .actor = "ann"});
  desk.rig.engine->tick();
  desk.rig.executor.drain();
  REQUIRE(desk.rig.status(first) == JobStatus::failed);
  const RunId second = desk.desk.retry(first, {.actor = "olga", .reason = "the route is back"});
  const JobRun pending = desk.rig.row(second);
  CHECK(pending.status == JobStatus::pending);
  CHECK(pending.trigger == RunTrigger::retry);
  CHECK(pending.attempt == 2);
  CHECK(pending.retry_of == first);
  CHECK(pending.payload == "bob");
  CHECK(pending.priority == 5);
  CHECK(pending.actor == "olga");
  CHECK(pending.reason == "the route is back");
  CHECK(pending.run_at == desk.rig.clock.now());
  desk.rig.engine->tick();
  desk.rig.executor.drain();
  CHECK(desk.rig.status(second) == JobStatus::success);
  CHECK(desk.rig.status(first) == JobStatus::failed);  // the row stays as it was
  // Once more, later, and by whoever asked first.
  const auto later = desk.rig.clock.now() + 1h;
  const JobRun third = desk.rig.row(desk.desk.retry(second, {.run_at = later}));
  CHECK(third.attempt == 3);
  CHECK(third.retry_of == first);
  CHECK(third.run_at == later);
  CHECK(third.actor == "olga");
}

TEST_CASE("RunDesk has nothing done once more that is open, was skipped, or is not there") {
  Desk<> desk;
  JobConfig disabled{.name = "off"};
  disabled.enabled = false;
  desk.rig.add(disabled, succeed);
  desk.rig.add({.name = "send"}, succeed);
  const RunId skipped = desk.desk.enqueue("off", nullptr, {});
  const RunId open = desk.desk.enqueue("send", nullptr, {});
  const std::size_t count = desk.row_count();
  CHECK(code_of([&] { desk.desk.retry(skipped, {}); }) == "RUN_NOT_RETRYABLE");
  CHECK(code_of([&] { desk.desk.retry(open, {}); }) == "RUN_NOT_RETRYABLE");
  CHECK(code_of([&] { desk.desk.retry(RunId{}, {}); }) == "RUN_NOT_FOUND");
  CHECK(code_of([&] { desk.desk.retry(open, {.actor = std::string(300, 'x')}); }) == "INVALID_KEY");
  CHECK(desk.row_count() == count);
}

TEST_CASE("RunDesk cancels a pending run, and wakes who waits for it") {
  Desk<> desk;
  const auto job = desk.rig.add({.name = "send"}, succeed);
  const RunId id = desk.rig.put(job);
  Waiting waiting{desk.rig.deck->waiters, id};
  CHECK(desk.desk.cancel(id, "ann") == CancelAnswer::cancelled);
  CHECK(was_raised(waiting.signal));
  CHECK(desk.rig.status(id) == JobStatus::skipped);
  CHECK(desk.rig.row(id).message_code == "JOB_CANCELLED");
  CHECK(desk.rig.row(id).cancel_actor == "ann");
  CHECK(desk.desk.cancel(id, "bob") == CancelAnswer::ended);
}

TEST_CASE("RunDesk asks the body of a running run to stop, and marks one of another node") {
  Desk<> desk;
  StopReason reason = StopReason::none;
  CancelAnswer answer = CancelAnswer::not_found;
  const auto job = desk.rig.add(overlapping("send"), [&](JobContext& context) {
    answer = desk.desk.cancel(context.id(), "ann");
    reason = context.stop_reason();
    return context.interrupted();
  });
  const RunId id = desk.rig.launch(job);
  const RunId theirs = desk.rig.put(job);
  desk.rig.claim_as("other", job, theirs);
  desk.rig.executor.drain();
  CHECK(answer == CancelAnswer::requested);
  CHECK(reason == StopReason::cancelled);
  CHECK(desk.rig.row(id).message_code == "JOB_CANCELLED");
  CHECK(desk.desk.cancel(theirs, "ann") == CancelAnswer::requested);
  CHECK(desk.rig.status(theirs) == JobStatus::running);
  CHECK(desk.rig.row(theirs).cancel_requested);
}

TEST_CASE("RunDesk cancels nothing that nobody knows, and for nobody whose name does not fit") {
  Desk<> desk;
  const auto job = desk.rig.add({.name = "send"}, succeed);
  const RunId id = desk.rig.put(job);
  CHECK(desk.desk.cancel(RunId{}, "ann") == CancelAnswer::not_found);
  CHECK(code_of([&] { desk.desk.cancel(id, std::string(201, 'a')); }) == "INVALID_KEY");
  desk.rig.storage.fail_before(StorageCall::request_cancel);
  CHECK(code_of([&] { desk.desk.cancel(id, "ann"); }) == "TEST_FAULT");
  CHECK(desk.rig.status(id) == JobStatus::pending);
}

}  // namespace run_desk_test
