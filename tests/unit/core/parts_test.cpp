// SPDX-License-Identifier: MIT
//
// Parts: what is shared by all rooms: names, ids, events, and what a storage may throw.

#include "punctual/core/parts.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <latch>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "punctual/builtin/fake_clock.hpp"
#include "punctual/builtin/in_memory_storage.hpp"
#include "punctual/builtin/manual_executor.hpp"
#include "rig.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace parts_test {

using namespace std::chrono_literals;
using punctual::Error;
using punctual::ErrorKind;
using punctual::FakeClock;
using punctual::InMemoryStorage;
using punctual::ManualExecutor;
using punctual::Random;
using punctual::RunId;
using punctual::SchedulerOptions;
using punctual::TimePoint;
using punctual::UuidGenerator;
using punctual::tests::error_of;
using punctual::tests::EventLog;
using punctual::tests::FailingStorage;
using Kind = punctual::SchedulerEvent::Kind;
using BorrowedParts = punctual::detail::Parts<FakeClock&, FailingStorage&, ManualExecutor&>;
using OwnedParts = punctual::detail::Parts<FakeClock, InMemoryStorage, ManualExecutor>;

namespace {

struct Borrowed {
  explicit Borrowed(SchedulerOptions options = {})
      : parts{clock, storage, executor, std::move(options)} {}

  FakeClock clock;
  InMemoryStorage memory;
  FailingStorage storage{memory};
  ManualExecutor executor;
  BorrowedParts parts;
};

}  // namespace

TEST_CASE("Parts use the very parts that are lent, and keep those that are given") {
  Borrowed borrowed;
  CHECK(&borrowed.parts.clock == &borrowed.clock);
  CHECK(&borrowed.parts.storage == &borrowed.storage);
  CHECK(&borrowed.parts.executor == &borrowed.executor);

  FakeClock clock;
  clock.advance(5s);
  OwnedParts owned{std::move(clock), InMemoryStorage{}, ManualExecutor{3}, {}};
  CHECK(owned.clock.steady_now() == 5s);
  CHECK(owned.executor.room() == 3);
}

TEST_CASE("Parts name the node as the options do, with a random suffix") {
  const auto node_of = [](std::uint64_t seed) {
    return Borrowed{{.node = "billing", .seed = seed}}.parts.node;
  };
  const std::string node = node_of(1);
  REQUIRE(node.size() == std::string{"billing-"}.size() + 8);
  CHECK(node.substr(0, 8) == "billing-");
  CHECK(std::all_of(node.begin() + 8, node.end(),
                    [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }));
  std::set<std::string> nodes;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) nodes.insert(node_of(seed));
  CHECK(nodes.size() == 100);
  CHECK(node_of(1) == node);  // one seed, one sequence
}

TEST_CASE("Parts differ from any other node when no seed is given") {
  const Borrowed first;
  const Borrowed second;
  CHECK(first.parts.node != second.parts.node);
}

TEST_CASE("Parts go by the storage's clock") {
  Borrowed borrowed;
  CHECK(borrowed.parts.now() == borrowed.clock.now());
  borrowed.storage.skew = -90s;
  CHECK(borrowed.parts.now() == borrowed.clock.now() - 90s);
}

TEST_CASE("Parts make rising ids, also when the clock goes back") {
  Borrowed borrowed{{.seed = 5}};
  const RunId first = borrowed.parts.next_id(borrowed.clock.now());
  const RunId second = borrowed.parts.next_id(borrowed.clock.now());
  const RunId third = borrowed.parts.next_id(borrowed.clock.now() - 1h);
  CHECK(first < second);
  CHECK(second < third);
}

TEST_CASE("Parts make the same ids when they have the same seed") {
  const TimePoint now{1'705'284'000s};
  Borrowed first{{.seed = 5}};
  Borrowed second{{.seed = 5}};
  Borrowed other{{.seed = 6}};
  const RunId id = first.parts.next_id(now);
  CHECK(id == second.parts.next_id(now));
  CHECK(id != other.parts.next_id(now));
}

TEST_CASE("Parts make no id twice when threads ask at once") {
  constexpr std::size_t thread_count = 4;
  constexpr std::size_t id_count = 500;
  Borrowed borrowed{{.seed = 5}};
  const TimePoint now = borrowed.clock.now();
  std::vector<std::vector<RunId>> made(thread_count);
  std::latch begin{thread_count};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < thread_count; ++t) {
    threads.emplace_back([&, t] {
      begin.arrive_and_wait();
      for (std::size_t i = 0; i < id_count; ++i) {
        made[t].push_back(i % 2 == 0
                              ? borrowed.parts.next_id(now)
                              : borrowed.parts.with_generators(
                                    [&](UuidGenerator& ids, Random&) { return ids.next(now); }));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::set<RunId> ids;
  for (const auto& one : made) ids.insert(one.begin(), one.end());
  CHECK(ids.size() == thread_count * id_count);
}

TEST_CASE("Parts drop what an event handler throws, whatever its type") {
  int call_count = 0;
  SchedulerOptions options;
  options.on_event = [&](const punctual::SchedulerEvent&) {
    if (++call_count == 1) throw std::runtime_error{"no"};
    throw 42;
  };
  Borrowed borrowed{std::move(options)};
  borrowed.parts.emit(Kind::lease_lost, "tidy", {}, "one");
  borrowed.parts.emit(Kind::lease_lost, "tidy", {}, "two");
  CHECK(call_count == 2);
  Borrowed silent;
  silent.parts.emit(Kind::lease_lost, "tidy", {}, "nobody listens");
}

TEST_CASE("Parts tell the whole event") {
  EventLog log;
  SchedulerOptions options;
  options.on_event = log.handler();
  Borrowed borrowed{std::move(options)};
  const RunId id = borrowed.parts.next_id(borrowed.clock.now());
  borrowed.parts.emit(Kind::run_stuck, "tidy", id, "no answer");
  const auto events = log.all();
  REQUIRE(events.size() == 1);
  CHECK(events.front().kind == Kind::run_stuck);
  CHECK(events.front().job_name == "tidy");
  CHECK(events.front().run_id == id);
  CHECK(events.front().message == "no answer");
}

TEST_CASE("Parts tell of every failure and of the first success after it") {
  EventLog log;
  SchedulerOptions options;
  options.on_event = log.handler();
  Borrowed borrowed{std::move(options)};
  auto& parts = borrowed.parts;
  parts.note_success();
  CHECK(log.all().empty());
  CHECK_FALSE(parts.trouble.pause(borrowed.clock.steady_now()));
  parts.note_failure(Error{"STORAGE_BUSY", "locked", ErrorKind::retryable});
  parts.note_failure(Error{"STORAGE_BUSY", "locked", ErrorKind::retryable});
  CHECK(log.count(Kind::storage_failed) == 2);
  CHECK(log.all().front().message == "STORAGE_BUSY: locked");
  CHECK(parts.trouble.pause(borrowed.clock.steady_now()).value() > 0ms);
  parts.note_success();
  parts.note_success();
  CHECK(log.count(Kind::storage_recovered) == 1);
  CHECK_FALSE(parts.trouble.pause(borrowed.clock.steady_now()));
}

TEST_CASE("Parts make an Error of whatever a storage throws") {
  struct Row {
    const char* subject;
    std::function<int()> operation;
    std::string what;
    bool retryable;
    bool in_doubt;
  };
  const Row rows[] = {
      {"permanent",
       []() -> int {
         throw Error{"BAD", "bad"};
       },
       "BAD: bad", false, false},
      {"retryable",
       []() -> int {
         throw Error{"BUSY", "busy", ErrorKind::retryable};
       },
       "BUSY: busy", true, false},
      {"in doubt",
       []() -> int {
         throw Error{"LOST", "lost", ErrorKind::in_doubt};
       },
       "LOST: lost", false, true},
      {"a standard exception", []() -> int { throw std::out_of_range{"row"}; },
       "STORAGE_ERROR: row", false, true},
      {"an int", []() -> int { throw 42; },
       "STORAGE_ERROR: the storage threw something that is not a std::exception", false, true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const auto error = error_of(
        [&] { static_cast<void>(BorrowedParts::guarded([&] { return row.operation(); })); });
    REQUIRE(error);
    CHECK(error->what() == row.what);
    CHECK(error->retryable() == row.retryable);
    CHECK(error->in_doubt() == row.in_doubt);
  }
  CHECK(BorrowedParts::guarded([] { return 7; }) == 7);
}

}  // namespace parts_test
