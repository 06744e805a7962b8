// SPDX-License-Identifier: MIT
//
// Registry and make_any_body: entries by name, shared and never changed.

#include "punctual/core/registry.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace registry_test {

using punctual::AnyBody;
using punctual::JobContext;
using punctual::JobNames;
using punctual::JobOutcome;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::make_any_body;
using punctual::RegisteredJob;
using punctual::RegisteredJobPtr;
using punctual::Registry;
using punctual::tests::code_of;
using punctual::tests::error_of;

namespace {

RegisteredJobPtr entry(const std::string& name, const std::string& description = {}) {
  auto job = std::make_shared<RegisteredJob>();
  job->config.name = name;
  job->config.description = description;
  return job;
}

class QuietHost final : public punctual::RunHost {
 public:
  [[nodiscard]] punctual::TimePoint now() const override { return {}; }
  [[nodiscard]] punctual::StopReason stop_reason() override { return punctual::StopReason::none; }
  void report_progress(double, std::string) override {}
};

JobOutcome call(const AnyBody& body) {
  const JobRun run;
  QuietHost host;
  JobContext context{run, host, {}};
  return body(context);
}

}  // namespace

TEST_CASE("make_any_body succeeds with the default code when the body returns nothing") {
  int count = 0;
  const AnyBody body = make_any_body([&](JobContext&) { ++count; });
  const JobOutcome outcome = call(body);
  CHECK(count == 1);
  CHECK(outcome.status == JobStatus::success);
  CHECK(outcome.message_code == "JOB_COMPLETED");
}

TEST_CASE("make_any_body passes on the outcome when the body returns one") {
  const AnyBody body = make_any_body([](JobContext& job) { return job.failure("NO", "no"); });
  CHECK(call(body).message_code == "NO");
}

TEST_CASE("make_any_body keeps one body for all of its copies, also one that can only be moved") {
  auto counter = std::make_unique<int>(0);
  const int& count = *counter;
  const AnyBody body = make_any_body([counter = std::move(counter)](JobContext&) { ++*counter; });
  const AnyBody copy = body;  // NOLINT(performance-unnecessary-copy-initialization)
  call(body);
  call(copy);
  CHECK(count == 2);
}

TEST_CASE("Registry refuses a name that is taken and leaves the entry that has it") {
  Registry registry;
  registry.require_free("tidy");
  registry.add(entry("tidy", "first"));
  const auto second = entry("tidy", "second");
  CHECK(code_of([&] { registry.require_free("tidy"); }) == "DUPLICATE_JOB");
  CHECK(code_of([&] { registry.add(second); }) == "DUPLICATE_JOB");
  CHECK(registry.at("tidy")->config.description == "first");
  CHECK(second.use_count() == 1);
}

TEST_CASE("Registry returns the entry of exactly that name, or null") {
  Registry registry;
  const auto tidy = entry("tidy");
  registry.add(tidy);
  CHECK(registry.find("tidy") == tidy);
  CHECK(registry.at("tidy") == tidy);
  CHECK(registry.find("tid") == nullptr);
  CHECK(registry.find("tidy2") == nullptr);
  CHECK(registry.find("") == nullptr);
}

TEST_CASE("Registry hands the replaced entry to the caller when it replaces one") {
  Registry registry;
  const auto old_entry = entry("tidy", "old");
  registry.add(old_entry);
  const auto names_before = registry.names();
  RegisteredJobPtr replaced = registry.replace(entry("tidy", "new"));
  CHECK(replaced == old_entry);
  CHECK(old_entry.use_count() == 2);  // ours, and the one handed back
  CHECK(registry.at("tidy")->config.description == "new");
  CHECK(*registry.names() == *names_before);
}

TEST_CASE("Registry lists its names and entries in order whatever the order of registration") {
  Registry registry;
  REQUIRE(registry.names());
  CHECK(registry.names()->empty());
  for (const char* name : {"m", "a", "z"}) registry.add(entry(name));
  CHECK(*registry.names() == JobNames{"a", "m", "z"});
  std::vector<std::string> all;
  for (const auto& job : registry.all()) all.push_back(job->config.name);
  CHECK(all == std::vector<std::string>{"a", "m", "z"});
}

TEST_CASE("Registry leaves a list of names alone when jobs are added later") {
  Registry registry;
  registry.add(entry("b"));
  const auto before = registry.names();
  CHECK(registry.names() == before);  // collected once
  registry.add(entry("a"));
  CHECK(*before == JobNames{"b"});
  CHECK(*registry.names() == JobNames{"a", "b"});
}

TEST_CASE("Registry says which names resemble the wanted one when there is no such job") {
  struct Row {
    const char* subject;
    std::vector<std::string> known;
    std::string wanted;
    std::string message;
  };
  const Row rows[] = {
      {"no jobs at all",
       {},
       "tidy",
       "JOB_NOT_FOUND: no job named \"tidy\" is registered; there are no jobs yet"},
      {"nothing near", {"report"}, "tidy", "JOB_NOT_FOUND: no job named \"tidy\" is registered"},
      {"one near",
       {"tidy-up", "report"},
       "tidy-ups",
       "JOB_NOT_FOUND: no job named \"tidy-ups\" is registered; did you mean \"tidy-up\"?"},
      {"two near",
       {"tidy-a", "tidy-b", "report"},
       "tidy-c",
       "JOB_NOT_FOUND: no job named \"tidy-c\" is registered; did you mean \"tidy-a\" or "
       "\"tidy-b\"?"},
      {"control characters",
       {"report"},
       "a\x1b[31m",
       "JOB_NOT_FOUND: no job named \"a [31m\" is registered"},
  };
  for (const auto& row : rows) {
    INFO(row.subject);
    Registry registry;
    for (const auto& name : row.known) registry.add(entry(name));
    const auto error = error_of([&] { static_cast<void>(registry.at(row.wanted)); });
    REQUIRE(error);
    CHECK(error->code() == "JOB_NOT_FOUND");
    CHECK(error->what() == row.message);
    CHECK(registry.not_found(row.wanted).what() == row.message);
  }
}

TEST_CASE("Registry keeps its message short when the wanted name is long") {
  Registry registry;
  registry.add(entry("tidy"));
  const auto error = error_of([&] { static_cast<void>(registry.at(std::string(100'000, 'x'))); });
  REQUIRE(error);
  CHECK(std::string{error->what()}.size() < 300);
}

}  // namespace registry_test
