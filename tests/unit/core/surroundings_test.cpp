// SPDX-License-Identifier: MIT
//
// Surroundings: who is called, in which order, and what of it reaches the run.

#include "punctual/core/surroundings.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace surroundings_test {

using punctual::AnyBody;
using punctual::Completion;
using punctual::JobContext;
using punctual::JobOutcome;
using punctual::JobRun;
using punctual::NextBody;
using punctual::StopReason;
using punctual::detail::Surroundings;
using Words = std::vector<std::string>;

namespace {

struct Host final : punctual::RunHost {
  [[nodiscard]] punctual::TimePoint now() const override { return {}; }
  [[nodiscard]] StopReason stop_reason() override { return StopReason::none; }
  void report_progress(double, std::string) override {}
};

struct Stage {
  Host host;
  JobRun run;
  JobContext job{run, host, std::stop_token{}};
  Words told;
  Surroundings surroundings;

  [[nodiscard]] AnyBody body() {
    return [this](JobContext& context) {
      told.emplace_back("body");
      return context.success("DONE");
    };
  }

  void use(const std::string& name) {
    surroundings.use([this, name](JobContext&, const NextBody& next) {
      told.push_back("into " + name);
      JobOutcome outcome = next();
      told.push_back("out of " + name);
      return outcome;
    });
  }
};

}  // namespace

TEST_CASE("Surroundings call the body alone when there is nothing around it") {
  Stage stage;
  CHECK(stage.surroundings.call(stage.body(), stage.job).message_code == "DONE");
  CHECK(stage.told == Words{"body"});
  stage.surroundings.tell_started(stage.run);
  stage.surroundings.tell_ended(stage.run, {});
  CHECK(stage.told == Words{"body"});
}

TEST_CASE("Surroundings call middlewares from the first added to the last, then the body") {
  Stage stage;
  stage.use("a");
  stage.use("b");
  stage.use("c");
  CHECK(stage.surroundings.call(stage.body(), stage.job).message_code == "DONE");
  CHECK(stage.told ==
        Words{"into a", "into b", "into c", "body", "out of c", "out of b", "out of a"});
}

TEST_CASE("Surroundings let a middleware answer, call again, or throw") {
  struct Row {
    const char* subject;
    JobOutcome (*middleware)(JobContext&, const NextBody&);
    std::string code;  ///< "" if it throws
    Words told;
  };
  const std::vector<Row> table = {
      {"answer",
       [](JobContext& job, const NextBody&) { return job.skipped("NO"); },
       "NO",
       {"into outer", "out of outer"}},
      {"call again",
       [](JobContext&, const NextBody& next) {
         (void)next();
         return next();
       },
       "DONE",
       {"into outer", "body", "body", "out of outer"}},
      {"throw", [](JobContext&, const NextBody&) -> JobOutcome { throw 1; }, "", {"into outer"}},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    Stage stage;
    stage.use("outer");
    stage.surroundings.use(row.middleware);
    std::string code;
    try {
      code = stage.surroundings.call(stage.body(), stage.job).message_code;
    } catch (int) {
    }
    CHECK(code == row.code);
    CHECK(stage.told == row.told);
  }
}

TEST_CASE("Surroundings tell each observer what it wants to know, whatever others throw") {
  Stage stage;
  struct Both {
    Words& told;
    void run_started(const JobRun& run) { told.push_back("started " + run.job_name); }
    void run_ended(const JobRun&, const Completion& end) {
      told.push_back("ended " + end.message_code);
    }
  };
  struct Thrower {
    void run_started(const JobRun&) { throw std::runtime_error{"no"}; }
    void run_ended(const JobRun&, const Completion&) { throw 1; }
  };
  struct StartAlone {
    std::unique_ptr<int> movable_only{};
    Words& told;
    void run_started(const JobRun&) { told.emplace_back("start alone"); }
  };
  stage.surroundings.observe(Thrower{});
  stage.surroundings.observe(Both{stage.told});
  stage.surroundings.observe(StartAlone{nullptr, stage.told});
  stage.run.job_name = "any";
  Completion end;
  end.message_code = "DONE";
  stage.surroundings.tell_started(stage.run);
  stage.surroundings.tell_ended(stage.run, end);
  CHECK(stage.told == Words{"started any", "start alone", "ended DONE"});
}

TEST_CASE("Surroundings keep for a run under way what it began with") {
  Stage stage;
  stage.surroundings.use([&](JobContext&, const NextBody& next) {
    stage.use("late");  // while the call is under way
    return next();
  });
  (void)stage.surroundings.call(stage.body(), stage.job);
  CHECK(stage.told == Words{"body"});
  stage.told.clear();
  (void)stage.surroundings.call(stage.body(), stage.job);
  CHECK(stage.told == Words{"into late", "body", "out of late"});
}

}  // namespace surroundings_test
