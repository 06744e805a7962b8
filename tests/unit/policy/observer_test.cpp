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

using punctual::AnyObserver;
using punctual::Completion;
using punctual::JobRun;
using punctual::make_any_observer;
using punctual::Observer;

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

TEST_CASE("make_any_observer passes on what the observer has, and leaves out what it has not") {
  std::string told;
  const AnyObserver both = make_any_observer(Both{&told});
  JobRun run;
  run.job_name = "any";
  Completion end;
  end.message_code = "DONE";
  both.run_started(run);
  both.run_ended(run, end);
  CHECK(told == "started any;ended DONE");

  const AnyObserver start = make_any_observer(StartAlone{});
  CHECK(start.run_started);
  CHECK_FALSE(start.run_ended);
  const AnyObserver ending = make_any_observer(EndAlone{});
  CHECK_FALSE(ending.run_started);
  CHECK(ending.run_ended);
}

TEST_CASE("make_any_observer shares an observer that cannot be copied") {
  MoveOnly observer;
  const int* count = observer.count.get();
  const AnyObserver first = make_any_observer(std::move(observer));
  const AnyObserver second = first;
  first.run_started({});
  second.run_started({});
  CHECK(*count == 2);
}

TEST_CASE("make_any_observer lets what the observer throws through") {
  struct Thrower {
    void run_started(const JobRun&) const { throw std::runtime_error{"no"}; }
  };
  CHECK_THROWS_AS(make_any_observer(Thrower{}).run_started({}), std::runtime_error);
}

}  // namespace observer_test
