// SPDX-License-Identifier: MIT
//
// Payloads of the host's own types over versions of its program, and what is taken out of runs
// before they are stored. Compiled for each storage, which must make no difference.

#include <punctual/punctual.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/policy_rows.hpp"

namespace payload_policies_test {

using namespace std::chrono_literals;
using punctual::FakeClock;
using punctual::InlineExecutor;
using punctual::JobConfig;
using punctual::JobContext;
using punctual::JobOutcome;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::Json;
using punctual::ManualExecutor;
using punctual::RedactedPart;
using punctual::Scheduler;
using punctual::tests::elsewhere;
using punctual::tests::midnight;
using Storage = punctual::tests::PolicyStorage;

namespace {

/// Without versions.
struct Plain {
  std::string to{};
};

/// Of version 3, which knows what versions 0 to 2 wrote.
struct Report {
  static constexpr std::uint32_t payload_version = 3;
  static Json upgrade(Json payload, std::uint32_t from) {
    if (from < 2) payload["to"] = payload.value("address", "nobody");
    payload["from_version"] = from;
    return payload;
  }
  std::string to{};
  std::uint32_t from_version = 3;
};

/// Of version 2, which reads version 1 as it is.
struct Letter {
  static constexpr std::uint32_t payload_version = 2;
  std::string to{};
};

void to_json(Json& json, const Plain& plain) {
  json = {{"to", plain.to}};
}
void from_json(const Json& json, Plain& plain) {
  json.at("to").get_to(plain.to);
}
void from_json(const Json& json, Letter& letter) {
  json.at("to").get_to(letter.to);
}
void to_json(Json& json, const Report& report) {
  json = {{"to", report.to}};
}
void from_json(const Json& json, Report& report) {
  json.at("to").get_to(report.to);
  report.from_version = json.value("from_version", Report::payload_version);
}

/// Says what a body reads from its payload as a `T`.
template <class T>
std::string read_as(JobContext& job) {
  const T value = job.payload<T>();
  if constexpr (std::is_same_v<T, Report>) {
    return value.to + " from " + std::to_string(value.from_version);
  } else {
    return value.to;
  }
}

}  // namespace

TEST_CASE("A payload is stored with the version of its type and read by any later one") {
  using SchedulerT = Scheduler<FakeClock&, Storage&, InlineExecutor>;
  using Hand = std::function<void(SchedulerT&)>;
  struct Row {
    const char* subject;
    Hand hand_in;
    std::string (*read)(JobContext&);
    std::uint32_t stored_version;
    const char* seen;   ///< by the body
    const char* error;  ///< its code
  };
  const auto json = [](Json payload, std::uint32_t version) -> Hand {
    return [=](SchedulerT& scheduler) {
      scheduler.enqueue("read", payload, {.payload_version = version});
    };
  };
  const Json old = {{"address", "eve"}};
  const Json current = {{"to", "eve"}};
  const std::vector<Row> table = {
      {"of a type without versions",
       [](SchedulerT& scheduler) { scheduler.enqueue("read", Plain{"eve"}); }, read_as<Plain>, 0,
       "eve", ""},
      {"of this version", [](SchedulerT& scheduler) { scheduler.enqueue("read", Report{"eve"}); },
       read_as<Report>, 3, "eve from 3", ""},
      {"of this version, triggered",
       [](SchedulerT& scheduler) {
         scheduler.trigger("read", {.payload = Report{"eve"}, .payload_version = 3});
       },
       read_as<Report>, 3, "eve from 3", ""},
      {"of an earlier one", json(current, 2), read_as<Report>, 2, "eve from 2", ""},
      {"of one with another form", json(old, 1), read_as<Report>, 1, "eve from 1", ""},
      {"of the time before versions", json(old, 0), read_as<Report>, 0, "eve from 0", ""},
      {"of a later one", json(current, 4), read_as<Report>, 4, "", "PAYLOAD_TOO_NEW"},
      {"of an earlier one, without an upgrade", json(current, 1), read_as<Letter>, 1, "eve", ""},
      {"of a later one, without an upgrade", json(current, 3), read_as<Letter>, 3, "",
       "PAYLOAD_TOO_NEW"},
      {"of any version, by a type without them", json(current, 9), read_as<Plain>, 9, "eve", ""},
      {"of another form", json(old, 2), read_as<Letter>, 2, "", "INVALID_PAYLOAD"},
      {"of no form", json("eve", 0), read_as<Plain>, 0, "", "INVALID_PAYLOAD"},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    SchedulerT scheduler{clock, storage, InlineExecutor{}};
    std::string seen;
    JobConfig config{.name = "read"};
    config.retry = {.max_attempts = 2, .backoff = punctual::Backoff::fixed(0ms)};
    scheduler.register_job(config, [&](JobContext& job) { seen = row.read(job); });
    row.hand_in(scheduler);
    scheduler.run_due();
    CHECK(seen == row.seen);
    const auto runs = storage.runs({});
    const bool fails = *row.error != '\0';
    REQUIRE(runs.size() == (fails ? 2 : 1));
    for (const auto& run : runs) {  // a retry carries the version on
      CHECK(run.payload_version == row.stored_version);
      CHECK(run.message_code == (fails ? "JOB_EXECUTION_ERROR" : "JOB_COMPLETED"));
      CHECK((run.error ? run.error->code : "") == row.error);
    }
  }
}

TEST_CASE("A payload of a later version names both versions in its error") {
  FakeClock clock{midnight};
  Storage storage;
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  scheduler.register_job({.name = "read"}, [&](JobContext& job) { (void)job.payload<Report>(); });
  scheduler.enqueue("read", Json{{"to", "eve"}}, {.payload_version = 7});
  scheduler.run_due();
  CHECK(storage.runs({}).at(0).error->message ==
        "PAYLOAD_TOO_NEW: the payload is of version 7, this program reads versions up to 3");
}

TEST_CASE("Secrets are taken out of every part of a run before it is stored") {
  struct Row {
    const char* subject;
    bool redact_payload;
    punctual::RedactionHook hook;
    Json payload;
    Json details;
    const char* summary;
    const char* error;
    const char* line;
    const char* note;
  };
  const Json payload = {{"token", "abc"}, {"id", 7}, {"pins", 3}};
  const Json hidden = {{"token", "[redacted]"}, {"id", 7}, {"pins", 3}};
  const std::vector<Row> table = {
      {"by their names",
       true,
       {},
       hidden,
       {{"password", "[redacted]"}, {"tokens", 5}},
       "token=[redacted] failed",
       "secret: [redacted]",
       "cookie=[redacted]",
       "token=[redacted]"},
      {"but not out of the payload, if the job says so",
       false,
       {},
       payload,
       {{"password", "[redacted]"}, {"tokens", 5}},
       "token=[redacted] failed",
       "secret: [redacted]",
       "cookie=[redacted]",
       "token=[redacted]"},
      {"and what the job's hook names",
       true,
       [](RedactedPart part, Json& value) {
         if (part == RedactedPart::payload) value.erase("id");
         if (part == RedactedPart::details) value = Json{{"part", "details"}};
         if (part == RedactedPart::summary) value = "a summary";
         if (part == RedactedPart::error) value = "an error";
         if (part == RedactedPart::log && value.is_string()) value = "a note";
         if (part == RedactedPart::log && value.is_object()) value["lines"][0]["text"] = "a line";
       },
       {{"token", "[redacted]"}, {"pins", 3}},
       {{"part", "details"}},
       "a summary",
       "an error",
       "a line",
       "a note"},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    ManualExecutor executor;
    Scheduler scheduler{clock, storage, executor};
    JobConfig config{.name = "leaky"};
    config.redact_payload = row.redact_payload;
    config.redact = row.hook;
    std::string seen_by_body;
    scheduler.register_job(config, [&](JobContext& job) {
      seen_by_body = job.run().payload.value("token", "");
      job.log("cookie=crumbs");
      job.progress(0.5, "token=abc");
      clock.advance(1s);
      elsewhere([&] { scheduler.tick(); });
      JobOutcome outcome =
          job.failure("FAILED", "token=abc failed", {{"password", "hunter2"}, {"tokens", 5}});
      outcome.error->message = "secret: x";
      return outcome;
    });
    std::vector<punctual::RunId> ids;
    ids.push_back(scheduler.enqueue("leaky", payload));
    ids.push_back(scheduler.enqueue_all("leaky", {{.payload = payload}}).at(0));
    ids.push_back(
        scheduler.enqueue_workflow({.steps = {{.name = "leaky", .payload = payload}}}).steps.at(0));
    for (const auto id : ids) CHECK(scheduler.run(id)->payload == row.payload);
    const auto result = scheduler.trigger("leaky", {.payload = payload});
    scheduler.tick();
    executor.drain();
    ids.push_back(result.job_id);
    CHECK(seen_by_body == (row.redact_payload ? "[redacted]" : "abc"));
    for (const auto id : ids) {
      const auto run = scheduler.run(id);
      CHECK(run->payload == row.payload);
      CHECK(run->details == row.details);
      CHECK(run->summary == row.summary);
      CHECK(run->error->message == row.error);
      CHECK(run->log.at("lines").at(0).at("text") == row.line);
      CHECK(run->progress_note == row.note);
    }
  }
}

TEST_CASE("A hook that throws takes all of its part out, and the run is recorded") {
  FakeClock clock{midnight};
  Storage storage;
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  JobConfig config{.name = "leaky"};
  config.redact = [](RedactedPart, Json&) { throw std::runtime_error{"cannot"}; };
  scheduler.register_job(config, [](JobContext& job) -> JobOutcome {
    job.log("a line");
    throw std::runtime_error{"what it says"};
  });
  const auto id = scheduler.enqueue("leaky", Json{{"id", 7}});
  scheduler.run_due();
  const auto run = scheduler.run(id);
  CHECK(run->status == JobStatus::failed);
  CHECK(run->message_code == "JOB_EXECUTION_ERROR");
  CHECK(run->payload == "[redacted]");
  CHECK(run->details == nullptr);
  CHECK(run->summary == "[redacted]");
  CHECK(run->error == punctual::RunError{"EXECUTION_ERROR", "[redacted]"});
  CHECK(run->log == "[redacted]");
}

TEST_CASE("A secret that is longer than a line is taken out before the line is cut") {
  FakeClock clock{midnight};
  Storage storage;
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  const std::string token = "eyJ" + std::string(800, 'a') + "." + std::string(800, 'b') + ".c";
  scheduler.register_job({.name = "call"}, [&](JobContext& job) {
    job.log("got " + token + " from them");
    job.progress(0.5, "with " + std::string(2000, 'x') + token);
    return job.success();
  });
  scheduler.enqueue("call");
  scheduler.run_due();
  const auto run = storage.runs({}).at(0);
  CHECK(run.log.at("lines").at(0).at("text") == "got [redacted] from them");
  CHECK(run.progress_note.find("eyJ") == std::string::npos);
}

TEST_CASE("The names of a scheduler take the place of those that are built in when it says so") {
  FakeClock clock{midnight};
  Storage storage;
  Scheduler scheduler{
      clock, storage, InlineExecutor{},
      punctual::SchedulerOptions{.redaction = {.by_name = false, .keys = {"iban"}}}};
  scheduler.register_job({.name = "pay"}, [](JobContext& job) {
    return job.success("PAID", "iban=DE1 token=abc https://a:b@c/");
  });
  scheduler.enqueue("pay", Json{{"iban", "DE1"}, {"token", "abc"}});
  scheduler.run_due();
  const auto run = storage.runs({}).at(0);
  CHECK(run.payload == Json{{"iban", "[redacted]"}, {"token", "abc"}});
  CHECK(run.summary == "iban=[redacted] token=abc https://[redacted]@c/");
}

}  // namespace payload_policies_test
