// SPDX-License-Identifier: MIT
//
// JobBook: what it takes to register a job, and what the ledger knows of it.

#include "punctual/core/job_book.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rig.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace job_book_test {

using namespace std::chrono_literals;
using punctual::ErrorKind;
using punctual::JobConfig;
using punctual::JobContext;
using punctual::JobNames;
using punctual::make_any_body;
using punctual::TimePoint;
using punctual::WakeSignal;
using punctual::tests::code_of;
using punctual::tests::Rig;
using punctual::tests::StorageCall;
using punctual::tests::succeed;
using Kind = punctual::SchedulerEvent::Kind;

namespace {

JobConfig hourly(std::string name = "tidy") {
  return {.name = std::move(name), .description = "Tidies up", .schedule = punctual::every(1h)};
}

bool was_raised(WakeSignal& signal) {
  return signal.consume([](auto&, auto&, const auto&) {});
}

/// Another node on the storage of `rig`.
std::shared_ptr<Rig<>::Deck> other_deck(Rig<>& rig) {
  return std::make_shared<Rig<>::Deck>(rig.clock, rig.storage, rig.executor,
                                       punctual::SchedulerOptions{.seed = 99});
}

}  // namespace

TEST_CASE("JobBook tells the ledger of a job by one call and keeps it under its name") {
  Rig<> rig;
  const auto job = rig.add(hourly(), succeed);
  CHECK(rig.storage.count(StorageCall::sync_jobs) == 1);
  CHECK(rig.storage.total_count() == 1);
  CHECK(job->config.name == "tidy");
  CHECK(rig.engine->book().find_job("tidy") == job);
  CHECK(rig.engine->book().find_job("other") == nullptr);
  CHECK(*rig.engine->book().names() == JobNames{"tidy"});
  CHECK(was_raised(rig.deck->wake));  // the loop may have to wake earlier now
  const auto summaries = rig.memory.summaries();
  REQUIRE(summaries.size() == 1);
  CHECK(summaries.front().name == "tidy");
  CHECK(summaries.front().description == "Tidies up");
  CHECK(summaries.front().enabled);
  CHECK(summaries.front().schedule ==
        punctual::Json{{"kind", "interval"}, {"periodMs", 3'600'000}});
  CHECK(summaries.front().next_run_at == rig.clock.now() + 1h);
}

namespace {

/// A zone of one name whose clocks are as far ahead as the zone database of the day says.
class RevisedZone final : public punctual::ZoneRules {
 public:
  explicit RevisedZone(std::chrono::hours offset) : offset_(std::chrono::seconds{offset}.count()) {}

  [[nodiscard]] const std::string& name() const noexcept override { return name_; }
  [[nodiscard]] const std::string& version() const noexcept override { return version_; }
  [[nodiscard]] std::size_t span_at(std::int64_t) const noexcept override { return 0; }
  [[nodiscard]] punctual::ZoneSpan span(std::size_t) const noexcept override {
    return {.offset = offset_, .offset_before = offset_, .offset_after = offset_};
  }

 private:
  std::string name_ = "Test/Island";
  std::string version_ = "2024a";
  std::int64_t offset_;
};

JobConfig daily_in_zone(std::chrono::hours offset) {
  const punctual::TimeZone zone{std::make_shared<const RevisedZone>(offset)};
  return {.name = "tidy", .schedule = punctual::cron("0 12 * * *", zone)};
}

}  // namespace

TEST_CASE("JobBook arms a schedule anew when the zone database has changed since it was armed") {
  Rig<> rig;  // 02:00 UTC
  rig.add(daily_in_zone(1h), succeed);
  CHECK(rig.memory.summaries().at(0).next_run_at == rig.clock.now() + 9h);
  struct Row {
    const char* subject;
    std::chrono::hours offset;
    std::chrono::hours next;
    std::size_t advance_count;
  };
  for (const auto& row : {Row{"as it was", 1h, 9h, 0}, Row{"an hour further ahead", 2h, 8h, 1},
                          Row{"behind UTC", -3h, 13h, 1}}) {
    CAPTURE(row.subject);
    const auto deck = other_deck(rig);
    Rig<>::Book book{*deck};
    rig.storage.reset_counts();
    book.add(daily_in_zone(row.offset), make_any_body(succeed));
    CHECK(rig.memory.summaries().at(0).next_run_at == rig.clock.now() + row.next);
    CHECK(rig.storage.count(StorageCall::advance) == row.advance_count);
    CHECK(rig.memory.runs({}).empty());  // nothing was due, so nothing is answered
  }
}

TEST_CASE("JobBook arms a schedule that nothing is armed of although instants are to come") {
  Rig<> rig;
  rig.add(hourly(), succeed);
  punctual::Advance advance;  // what a schedule that finds no more instants leaves behind
  advance.job_name = "tidy";
  advance.version = rig.engine->book().state_of(*rig.engine->book().job("tidy")).version;
  REQUIRE(rig.memory.advance({advance}, rig.clock.now()).at(0).advanced);
  REQUIRE_FALSE(rig.memory.summaries().at(0).next_run_at);
  const auto deck = other_deck(rig);
  Rig<>::Book book{*deck};
  book.add(hourly(), make_any_body(succeed));
  CHECK(rig.memory.summaries().at(0).next_run_at == rig.clock.now() + 1h);
}

TEST_CASE("JobBook leaves an instant to the missed-run policy when it has passed already") {
  Rig<> rig;
  rig.add(daily_in_zone(1h), succeed);
  const TimePoint armed = rig.clock.now() + 9h;
  rig.clock.advance(10h);
  const auto deck = other_deck(rig);
  Rig<>::Book book{*deck};
  book.add(daily_in_zone(2h), make_any_body(succeed));
  CHECK(rig.memory.summaries().at(0).next_run_at == armed);
}

TEST_CASE("JobBook counts a job's instants from where the ledger has them, over restarts") {
  Rig<> rig;
  rig.add(hourly(), succeed);
  const TimePoint registered_at = rig.clock.now();
  rig.clock.advance(25min);
  const auto deck = other_deck(rig);
  punctual::detail::JobBook book{*deck};
  book.add(hourly(), make_any_body(succeed));
  const auto state = book.state_of(*book.job("tidy"));
  CHECK(state.anchor_at == registered_at);
  CHECK(state.next_due_at == registered_at + 1h);
  CHECK(book.job("tidy")->config.schedule.next_after(rig.clock.now()) == registered_at + 1h);
}

TEST_CASE("JobBook arms a job anew when its schedule has changed since") {
  Rig<> rig;
  rig.add(hourly(), succeed);
  rig.clock.advance(25min);
  const auto deck = other_deck(rig);
  punctual::detail::JobBook book{*deck};
  JobConfig changed = hourly();
  changed.schedule = punctual::every(2h);
  book.add(changed, make_any_body(succeed));
  const auto state = book.state_of(*book.job("tidy"));
  CHECK(state.anchor_at == rig.clock.now());
  CHECK(state.next_due_at == rig.clock.now() + 2h);
}

TEST_CASE("JobBook refuses a job that is not valid and tells nobody of it") {
  struct Row {
    const char* subject;
    std::function<void(JobConfig&)> change;
    std::string code;
  };
  const Row rows[] = {
      {"no name", [](JobConfig& c) { c.name = ""; }, "INVALID_JOB_NAME"},
      {"upper case", [](JobConfig& c) { c.name = "Tidy"; }, "INVALID_JOB_NAME"},
      {"a way up", [](JobConfig& c) { c.name = ".."; }, "INVALID_JOB_NAME"},
      {"no timeout at all", [](JobConfig& c) { c.timeout = 0ms; }, "INVALID_CONFIG"},
      {"negative grace", [](JobConfig& c) { c.timeout_grace = -1ms; }, "INVALID_CONFIG"},
      {"no attempt", [](JobConfig& c) { c.retry.max_attempts = 0; }, "INVALID_CONFIG"},
      {"priority out of range", [](JobConfig& c) { c.priority = 101; }, "INVALID_CONFIG"},
      {"no retention", [](JobConfig& c) { c.retention.period = 0ms; }, "INVALID_CONFIG"},
      {"a key too long", [](JobConfig& c) { c.concurrency.key = std::string(201, 'k'); },
       "INVALID_KEY"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    Rig<> rig;
    JobConfig config = hourly();
    row.change(config);
    CHECK(code_of([&] { rig.engine->book().add(config, make_any_body(succeed)); }) == row.code);
    CHECK(rig.storage.total_count() == 0);
    CHECK(rig.engine->book().names()->empty());
  }
}

TEST_CASE("JobBook refuses a name that is taken, changes nothing, and holds no lock meanwhile") {
  Rig<> rig;
  rig.add(hourly(), succeed);
  rig.storage.reset_counts();
  // The refused body is user code: its end may use the book.
  std::size_t name_count = 0;
  struct Guest {
    std::function<void()> on_end;
    ~Guest() { on_end(); }
  };
  {
    auto guest = std::make_shared<Guest>();
    guest->on_end = [&] { name_count = rig.engine->book().names()->size(); };
    JobConfig other = hourly();
    other.schedule = punctual::every(1s);
    CHECK(code_of([&] {
            rig.engine->book().add(other,
                                   make_any_body([guest = std::move(guest)](JobContext&) {}));
          }) == "DUPLICATE_JOB");
  }
  CHECK(name_count == 1);
  CHECK(rig.storage.total_count() == 0);
  CHECK(rig.engine->book().job("tidy")->config.schedule.period() == 1h);
}

TEST_CASE("JobBook keeps no more of a description than its limit, everywhere the same") {
  Rig<> rig;
  JobConfig config = hourly();
  config.description = std::string(5000, 'd');
  const auto job = rig.add(config, succeed);
  CHECK(job->config.description.size() == 1024);
  CHECK(rig.memory.summaries().at(0).description == job->config.description);
}

TEST_CASE(
    "JobBook registers a job although the storage does not answer, and tells the ledger later") {
  for (const ErrorKind kind : {ErrorKind::retryable, ErrorKind::in_doubt}) {
    CAPTURE(static_cast<int>(kind));
    Rig<> rig;
    rig.storage.fail_before(StorageCall::sync_jobs, 2, kind);
    const auto job = rig.add(hourly(), succeed);
    CHECK(rig.event_count(Kind::storage_failed) == 1);
    CHECK(rig.memory.summaries().empty());
    CHECK(*rig.engine->book().names() == JobNames{"tidy"});
    rig.clock.advance(10min);
    CHECK(code_of([&] { rig.engine->book().sync_leftovers(); }) == "TEST_FAULT");
    CHECK(rig.memory.summaries().empty());
    rig.engine->book().sync_leftovers();
    CHECK(rig.memory.summaries().at(0).next_run_at == rig.clock.now() + 1h);
    // The entry counts from where the ledger does.
    CHECK(rig.engine->book().job("tidy")->config.schedule.next_after(rig.clock.now()) ==
          rig.clock.now() + 1h);
    CHECK(rig.engine->book().job("tidy")->body == job->body);
    rig.storage.reset_counts();
    rig.engine->book().sync_leftovers();
    CHECK(rig.storage.total_count() == 0);
  }
}

TEST_CASE("JobBook registers nothing when the storage refuses the job for good") {
  Rig<> rig;
  rig.storage.fail_before(StorageCall::sync_jobs, 1, ErrorKind::permanent);
  CHECK(code_of([&] { rig.add(hourly(), succeed); }) == "TEST_FAULT");
  CHECK(rig.engine->book().names()->empty());
  rig.add(hourly(), succeed);  // the name is free
  CHECK(rig.engine->book().names()->size() == 1);
}

TEST_CASE(
    "JobBook changes a job here and in the ledger, and leaves runs the entry they began with") {
  Rig<> rig;
  const auto before = rig.add(hourly(), succeed);
  was_raised(rig.deck->wake);
  rig.engine->book().change("tidy", [](JobConfig& config) { config.enabled = false; });
  CHECK(before->config.enabled);
  CHECK_FALSE(rig.engine->book().job("tidy")->config.enabled);
  CHECK(rig.engine->book().job("tidy")->body == before->body);
  CHECK_FALSE(rig.memory.summaries().at(0).enabled);
  CHECK(was_raised(rig.deck->wake));
  rig.clock.advance(25min);
  rig.engine->book().change("tidy", [](JobConfig& config) { config.enabled = true; });
  CHECK(rig.memory.summaries().at(0).enabled);
  // Enabled again, it counts from now.
  CHECK(rig.memory.summaries().at(0).next_run_at == rig.clock.now() + 1h);
  CHECK(rig.engine->book().job("tidy")->config.schedule.next_after(rig.clock.now()) ==
        rig.clock.now() + 1h);
}

TEST_CASE("JobBook changes nothing when the ledger cannot be told or nobody knows the job") {
  Rig<> rig;
  rig.add(hourly(), succeed);
  rig.storage.fail_before(StorageCall::sync_jobs);
  const auto disable = [](JobConfig& config) { config.enabled = false; };
  CHECK(code_of([&] { rig.engine->book().change("tidy", disable); }) == "TEST_FAULT");
  CHECK(rig.engine->book().job("tidy")->config.enabled);
  CHECK(code_of([&] { rig.engine->book().change("tidi", disable); }) == "JOB_NOT_FOUND");
  CHECK(code_of([&] { static_cast<void>(rig.engine->book().job("tidi")); }) == "JOB_NOT_FOUND");
  CHECK(std::string{rig.engine->book().not_found("tidi").what()}.find("did you mean \"tidy\"?") !=
        std::string::npos);
}

TEST_CASE("JobBook lists the jobs that are still to run on startup") {
  Rig<> rig;
  JobConfig on_startup = hourly("warm-up");
  on_startup.run_on_startup = true;
  JobConfig disabled = hourly("disabled");
  disabled.run_on_startup = true;
  disabled.enabled = false;
  rig.add(on_startup, succeed);
  rig.add(disabled, succeed);
  rig.add(hourly("other"), succeed);
  CHECK(rig.engine->book().startups() == std::vector<std::string>{"warm-up"});
  rig.engine->book().startup_done("warm-up");
  CHECK(rig.engine->book().startups().empty());
}

TEST_CASE("JobBook proposes what the schedule says to the ledger, for every kind") {
  struct Row {
    const char* subject;
    punctual::Schedule schedule;
    std::optional<std::chrono::milliseconds> next;  ///< from the registration
  };
  const Row rows[] = {
      {"by hand", {}, std::nullopt},
      {"a period", punctual::every(7min), 7min},
      {"a delay after the finish", punctual::every_after_finish(5min), 5min},
      {"once", punctual::at(punctual::tests::instant("2024-01-15T02:30:00Z")), 30min},
      {"once, in the past", punctual::at(punctual::tests::instant("2024-01-15T01:30:00Z")),
       std::nullopt},
      {"once, now", punctual::at(punctual::tests::instant("2024-01-15T02:00:00Z")), std::nullopt},
      {"a cron expression", punctual::cron("0 3 * * *"), 1h},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    Rig<> rig;  // at 2024-01-15T02:00
    const auto job = rig.add({.name = "tidy", .schedule = row.schedule}, succeed);
    const auto next_due_at = rig.engine->book().state_of(*job).next_due_at;
    CHECK(next_due_at.has_value() == row.next.has_value());
    if (next_due_at && row.next) CHECK(*next_due_at == rig.clock.now() + *row.next);
  }
}

}  // namespace job_book_test
