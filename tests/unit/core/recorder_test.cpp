// SPDX-License-Identifier: MIT
//
// Recorder: every end finds its place once, whatever the storage answers on the way.

#include "punctual/core/recorder.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <latch>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "rig.hpp"
#include "support/catch.hpp"

namespace recorder_test {

using namespace std::chrono_literals;
using punctual::Completion;
using punctual::ErrorKind;
using punctual::FinishAnswer;
using punctual::FlightRecord;
using punctual::JobConfig;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::NewRun;
using punctual::RegisteredJobPtr;
using punctual::RunError;
using punctual::RunId;
using punctual::RunTrigger;
using punctual::SchedulerOptions;
using punctual::tests::Rig;
using punctual::tests::StorageCall;
using punctual::tests::succeed;
using Kind = punctual::SchedulerEvent::Kind;

namespace {

/// A recorder on the parts of a rig, and what it has said of each run.
struct Desk {
  using Parts = decltype(Rig<>::Deck::parts);

  explicit Desk(SchedulerOptions options = {}) : rig(std::move(options)) {
    JobConfig config{.name = "send"};
    config.overlap = punctual::OverlapPolicy::allow;
    job = rig.add(config, succeed);
    rig.storage.reset_counts();
  }

  /// Claims a run and puts its end into the recorder.
  RunId put(const std::string& code = "SENT", bool has_follow_up = false) {
    const JobRun run = rig.claim(job);
    put_end_of(run, code, has_follow_up);
    return run.id;
  }

  void put_end_of(const JobRun& run, const std::string& code, bool has_follow_up = false) {
    punctual::detail::OutboxItem item;
    item.flight = std::make_shared<FlightRecord>(run, job, *rig.deck);
    item.completion.lease = {run.id, run.fence};
    item.completion.status = JobStatus::success;
    item.completion.message_code = code;
    item.completion.duration = 3s;
    if (has_follow_up) {
      item.completion.follow_ups.push_back(
          punctual::planner::make_run(job->config, RunTrigger::retry, rig.clock.now() + 1h,
                                      rig.deck->parts.next_id(rig.clock.now())));
    }
    recorder.put(std::move(item));
  }

  [[nodiscard]] std::size_t settled_count(RunId id) const {
    return static_cast<std::size_t>(std::count_if(
        settled.begin(), settled.end(), [&](const auto& entry) { return entry.first == id; }));
  }
  [[nodiscard]] bool is_settled(RunId id, FinishAnswer answer) const {
    return settled_count(id) == 1 &&
           std::find(settled.begin(), settled.end(), std::pair{id, answer}) != settled.end();
  }
  [[nodiscard]] std::size_t finish_count() const { return rig.storage.count(StorageCall::finish); }

  Rig<> rig;
  RegisteredJobPtr job;
  std::vector<std::pair<RunId, FinishAnswer>> settled;
  punctual::detail::Recorder<Parts> recorder{
      rig.deck->parts, [this](const punctual::detail::OutboxItem& item, FinishAnswer answer) {
        settled.emplace_back(item.flight->run.id, answer);
      }};
};

}  // namespace

TEST_CASE("Recorder asks the storage nothing when there is nothing to record") {
  Desk desk;
  CHECK(desk.recorder.is_empty());
  desk.recorder.flush();
  CHECK(desk.rig.storage.total_count() == 0);
}

TEST_CASE("Recorder stores ends together, in batches of the options' size, and tells of each") {
  Desk desk{{.batch_max = 3}};
  std::vector<RunId> ids;
  for (int i = 0; i < 7; ++i) ids.push_back(desk.put());
  CHECK_FALSE(desk.recorder.is_empty());
  desk.recorder.flush();
  CHECK(desk.finish_count() == 3);
  CHECK(desk.recorder.is_empty());
  REQUIRE(desk.settled.size() == 7);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    CHECK(desk.settled[i] == std::pair{ids[i], FinishAnswer::done});
    CHECK(desk.rig.row(ids[i]).message_code == "SENT");
    CHECK(desk.rig.row(ids[i]).duration == 3s);
  }
  CHECK(desk.rig.events.all().empty());
}

TEST_CASE("Recorder says which run was lost when another node has taken it") {
  Desk desk;
  const JobRun run = desk.rig.claim(desk.job);
  desk.rig.memory.release({{run.id, run.fence}}, desk.rig.clock.now());
  const JobRun again = desk.rig.claim_as("other", desk.job, run.id);
  REQUIRE(again.fence == run.fence + 1);
  desk.put_end_of(run, "TOO_LATE");
  const RunId kept = desk.put();
  desk.recorder.flush();
  CHECK(desk.is_settled(run.id, FinishAnswer::lost));
  CHECK(desk.is_settled(kept, FinishAnswer::done));
  CHECK(desk.rig.status(run.id) == JobStatus::running);
}

TEST_CASE("Recorder says lost when the run has ended under another fence") {
  Desk desk;
  const JobRun run = desk.rig.claim(desk.job);
  desk.rig.memory.release({{run.id, run.fence}}, desk.rig.clock.now());
  const JobRun again = desk.rig.claim_as("other", desk.job, run.id);
  Completion end;
  end.lease = {again.id, again.fence};
  end.message_code = "OTHERS";
  desk.rig.memory.finish({end}, desk.rig.clock.now());
  desk.put_end_of(run, "TOO_LATE");
  desk.recorder.flush();
  CHECK(desk.is_settled(run.id, FinishAnswer::lost));
  CHECK(desk.rig.row(run.id).message_code == "OTHERS");
}

TEST_CASE("Recorder tries again what was refused for now, in order and once each") {
  Desk desk;
  desk.rig.storage.fail_before(StorageCall::finish, 2);
  const RunId first = desk.put("FIRST");
  const RunId second = desk.put("SECOND");
  desk.recorder.flush();
  CHECK(desk.settled.empty());
  CHECK_FALSE(desk.recorder.is_empty());
  CHECK(desk.finish_count() == 1);  // not at once again
  CHECK(desk.rig.storage.count(StorageCall::run) == 0);
  CHECK(desk.rig.event_count(Kind::storage_failed) == 1);
  CHECK(desk.rig.deck->parts.trouble.pause(desk.rig.clock.steady_now()).value() > 0ms);
  desk.recorder.flush();
  CHECK(desk.settled.empty());
  const RunId third = desk.put("THIRD");
  desk.recorder.flush();
  CHECK(desk.settled == std::vector<std::pair<RunId, FinishAnswer>>{{first, FinishAnswer::done},
                                                                    {second, FinishAnswer::done},
                                                                    {third, FinishAnswer::done}});
  CHECK(desk.finish_count() == 3);
  CHECK(desk.rig.event_count(Kind::storage_failed) == 2);
  CHECK(desk.rig.event_count(Kind::storage_recovered) == 1);
  CHECK(desk.recorder.is_empty());
}

TEST_CASE(
    "Recorder reads again and repeats nothing when a commit whose answer was lost went through") {
  Desk desk;
  desk.rig.storage.fail_after(StorageCall::finish);
  const RunId first = desk.put("FIRST", true);
  const RunId second = desk.put("SECOND");
  desk.recorder.flush();
  CHECK(desk.is_settled(first, FinishAnswer::done));
  CHECK(desk.is_settled(second, FinishAnswer::done));
  CHECK(desk.finish_count() == 1);
  CHECK(desk.rig.storage.count(StorageCall::run) == 2);
  CHECK(desk.recorder.is_empty());
  CHECK(desk.rig.memory.runs({.trigger = RunTrigger::retry}).size() == 1);
}

TEST_CASE("Recorder tries again when a commit whose answer was lost did not go through") {
  Desk desk;
  desk.rig.storage.fail_before(StorageCall::finish, 1, ErrorKind::in_doubt);
  const RunId id = desk.put("FIRST", true);
  desk.recorder.flush();
  CHECK(desk.settled.empty());
  CHECK_FALSE(desk.recorder.is_empty());
  CHECK(desk.rig.status(id) == JobStatus::running);
  desk.recorder.flush();
  CHECK(desk.is_settled(id, FinishAnswer::done));
  CHECK(desk.rig.memory.runs({.trigger = RunTrigger::retry}).size() == 1);
}

TEST_CASE("Recorder knows its own end again when it could not be read at once") {
  Desk desk;
  desk.rig.storage.fail_after(StorageCall::finish);
  desk.rig.storage.fail_before(StorageCall::run);
  const RunId id = desk.put("FIRST", true);
  desk.recorder.flush();
  CHECK(desk.settled.empty());
  CHECK_FALSE(desk.recorder.is_empty());
  desk.recorder.flush();
  CHECK(desk.is_settled(id, FinishAnswer::done));
  CHECK(desk.rig.row(id).message_code == "FIRST");
  CHECK(desk.rig.memory.runs({.trigger = RunTrigger::retry}).size() == 1);
}

TEST_CASE("Recorder takes what no storage should throw for an answer in doubt") {
  const std::map<std::string, std::function<void()>> throwers = {
      {"a standard exception", [] { throw std::runtime_error{"socket"}; }},
      {"an int", [] { throw 42; }},
  };
  for (const auto& [subject, thrower] : throwers) {
    INFO(subject);
    Desk desk;
    desk.rig.storage.on_call(StorageCall::finish, thrower);
    const RunId id = desk.put();
    desk.recorder.flush();
    CHECK(desk.settled.empty());
    CHECK(desk.rig.storage.count(StorageCall::run) == 1);
    CHECK(desk.rig.event_count(Kind::storage_failed) == 1);
    desk.rig.storage.heal();
    desk.recorder.flush();
    CHECK(desk.is_settled(id, FinishAnswer::done));
  }
}

TEST_CASE(
    "Recorder stores the others when one end is refused for good, and that one without its words") {
  Desk desk;
  desk.rig.storage.refuse_completions(
      [](const Completion& end) { return end.message_code == "POISON"; });
  const RunId before = desk.put("BEFORE");
  const RunId poison = desk.put("POISON", true);
  const RunId after = desk.put("AFTER");
  desk.recorder.flush();
  CHECK(desk.recorder.is_empty());
  CHECK(desk.is_settled(before, FinishAnswer::done));
  CHECK(desk.is_settled(poison, FinishAnswer::done));
  CHECK(desk.is_settled(after, FinishAnswer::done));
  CHECK(desk.rig.row(before).message_code == "BEFORE");
  CHECK(desk.rig.row(after).message_code == "AFTER");
  const JobRun row = desk.rig.row(poison);
  CHECK(row.status == JobStatus::failed);
  CHECK(row.message_code == "JOB_EXECUTION_ERROR");
  CHECK(row.error == RunError{"NOT_RECORDABLE", "the storage refused what the body returned"});
  CHECK(row.duration == 3s);
  CHECK(row.details.is_null());
  CHECK(desk.rig.event_count(Kind::storage_failed) == 1);
}

TEST_CASE("Recorder leaves a run to its lease when not even the bare end is taken") {
  Desk desk;
  const RunId poison = desk.put("POISON");
  desk.rig.storage.refuse_completions(
      [&](const Completion& end) { return end.lease.run_id == poison; });
  const RunId other = desk.put("OTHER");
  desk.recorder.flush();
  CHECK(desk.recorder.is_empty());
  CHECK(desk.is_settled(poison, FinishAnswer::lost));
  CHECK(desk.is_settled(other, FinishAnswer::done));
  CHECK(desk.rig.status(poison) == JobStatus::running);
}

TEST_CASE("Recorder keeps a refused end when the storage goes away while it is tried alone") {
  Desk desk;
  desk.rig.storage.refuse_completions(
      [](const Completion& end) { return end.message_code == "POISON"; });
  const RunId poison = desk.put("POISON");
  int call_count = 0;
  desk.rig.storage.on_call(StorageCall::finish, [&] {
    // The first call refuses the batch, the second the end alone; the third is the bare one.
    if (++call_count == 3) throw punctual::Error{"BUSY", "busy", ErrorKind::retryable};
  });
  desk.recorder.flush();
  CHECK(desk.settled.empty());
  CHECK_FALSE(desk.recorder.is_empty());
  desk.recorder.flush();
  CHECK(desk.is_settled(poison, FinishAnswer::done));
  CHECK(desk.rig.row(poison).error->code == "NOT_RECORDABLE");
}

TEST_CASE("Recorder holds no lock while it tells of an end") {
  Rig<> rig;
  JobConfig config{.name = "send"};
  config.overlap = punctual::OverlapPolicy::allow;
  const auto job = rig.add(config, succeed);
  using Recorder = punctual::detail::Recorder<decltype(Rig<>::Deck::parts)>;
  Recorder* self = nullptr;
  std::vector<RunId> settled;
  const auto item_of = [&](const JobRun& run) {
    punctual::detail::OutboxItem item;
    item.flight = std::make_shared<FlightRecord>(run, job, *rig.deck);
    item.completion.lease = {run.id, run.fence};
    return item;
  };
  const JobRun first = rig.claim(job);
  const JobRun second = rig.claim(job);
  Recorder recorder{rig.deck->parts, [&](const punctual::detail::OutboxItem& item, FinishAnswer) {
                      settled.push_back(item.flight->run.id);
                      if (item.flight->run.id != first.id) return;
                      std::thread{[&] {
                        self->put(item_of(second));
                        self->flush();  // returns at once: the other one takes it along
                      }}.join();
                    }};
  self = &recorder;
  recorder.put(item_of(first));
  recorder.flush();
  CHECK(settled == std::vector<RunId>{first.id, second.id});
  CHECK(recorder.is_empty());
}

TEST_CASE("Recorder lets more ends share a trip while the storage is slow") {
  Desk desk;
  std::latch storing{1};
  std::latch may_go{1};
  bool is_first = true;
  desk.rig.storage.on_call(StorageCall::finish, [&] {
    if (!std::exchange(is_first, false)) return;
    storing.count_down();
    may_go.wait();
  });
  desk.put();
  std::thread carrier{[&] { desk.recorder.flush(); }};
  storing.wait();
  for (int i = 0; i < 5; ++i) {
    desk.put();
    desk.recorder.flush();
  }
  CHECK(desk.finish_count() == 1);
  may_go.count_down();
  carrier.join();
  CHECK(desk.finish_count() == 2);
  CHECK(desk.settled.size() == 6);
}

}  // namespace recorder_test
