// SPDX-License-Identifier: MIT
//
// Observer: which types are one, and how one is kept.

#include "punctual/policy/observer.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "support/catch.hpp"

namespace observer_test {

using punctual::Completion;
using punctual::JobContext;
using punctual::JobOutcome;
using punctual::JobRun;
using punctual::Middleware;
using punctual::NextBody;
using punctual::Observer;
using punctual::WrappedObserver;

namespace {

struct Both {
  std::string* told;
  void run_started(const JobRun& run) { *told += "started " + run.job_name + ";"; }
  void run_ended(const JobRun&, const Completion& end) { *told += "ended " + end.message_code; }
};
struct StartAlone {
  void run_started(const JobRun&) const {}
};
struct EndAlone {
  void run_ended(const JobRun&, const Completion&) const {}
};
struct MoveOnly {
  std::unique_ptr<int> count = std::make_unique<int>(0);
  void run_started(const JobRun&) { ++*count; }
};
struct Neither {};
struct OtherNames {
  void started(const JobRun&) {}
};
struct OtherArguments {
  void run_started(const std::string&) {}
  void run_ended(const JobRun&) {}
};

}  // namespace

static_assert(Observer<Both>);
static_assert(Observer<Both&>);
static_assert(Observer<StartAlone>);
static_assert(Observer<EndAlone>);
static_assert(Observer<MoveOnly>);
static_assert(!Observer<Neither>);
static_assert(!Observer<OtherNames>);
static_assert(!Observer<OtherArguments>);
static_assert(!Observer<int>);

static_assert(Middleware<JobOutcome (*)(JobContext&, const NextBody&)>);
static_assert(!Middleware<void (*)(JobContext&, const NextBody&)>);
static_assert(!Middleware<JobOutcome (*)(JobContext&)>);

TEST_CASE("WrappedObserver passes on what the observer wants, and nothing else") {
  std::string told;
  JobRun run;
  run.job_name = "any";
  Completion end;
  end.message_code = "DONE";
  WrappedObserver<Both> both{Both{&told}};
  both.run_started(run);
  both.run_ended(run, end);
  CHECK(told == "started any;ended DONE");

  WrappedObserver<StartAlone> start{StartAlone{}};
  start.run_ended(run, end);
  WrappedObserver<EndAlone> ending{EndAlone{}};
  ending.run_started(run);
  MoveOnly observer;
  const int* count = observer.count.get();
  WrappedObserver<MoveOnly> moved{std::move(observer)};
  moved.run_started(run);
  CHECK(*count == 1);
}

TEST_CASE("WrappedObserver lets what the observer throws through") {
  struct Thrower {
    void run_started(const JobRun&) const { throw std::runtime_error{"no"}; }
  };
  WrappedObserver<Thrower> thrower{Thrower{}};
  CHECK_THROWS_AS(thrower.run_started({}), std::runtime_error);
}

}  // namespace observer_test
