// SPDX-License-Identifier: MIT
//
// Waiters: those who wait for a run are woken by its end, and by no other's.

#include "punctual/core/waiters.hpp"

#include <latch>
#include <optional>
#include <thread>
#include <vector>

#include "punctual/base/random.hpp"
#include "support/catch.hpp"

namespace waiters_test {

using punctual::RunId;
using punctual::UuidGenerator;
using punctual::WakeSignal;
using punctual::detail::Waiters;
using punctual::detail::Waiting;

namespace {

bool was_raised(WakeSignal& signal) {
  return signal.consume([](auto&, auto&, const auto&) {});
}

struct Ids {
  UuidGenerator generator{punctual::Random{1}};
  RunId next() { return generator.next(punctual::TimePoint{}); }
};

}  // namespace

TEST_CASE("Waiters raise every signal that waits for the run and no other when it ends") {
  Ids ids;
  const RunId ended = ids.next();
  const RunId other = ids.next();
  Waiters waiters;
  Waiting first{waiters, ended};
  Waiting second{waiters, ended};
  Waiting stranger{waiters, other};
  waiters.notify(ended);
  CHECK(was_raised(first.signal));
  CHECK(was_raised(second.signal));
  CHECK_FALSE(was_raised(stranger.signal));
  waiters.notify(other);
  CHECK_FALSE(was_raised(first.signal));
  CHECK(was_raised(stranger.signal));
}

TEST_CASE("Waiters keep waking the others when one of them has left") {
  Ids ids;
  const RunId run = ids.next();
  Waiters waiters;
  Waiting first{waiters, run};
  std::optional<Waiting<punctual::RunId>> second;
  second.emplace(waiters, run);
  Waiting third{waiters, run};
  second.reset();
  waiters.notify(run);
  CHECK(was_raised(first.signal));
  CHECK(was_raised(third.signal));
}

TEST_CASE("Waiters do nothing when nobody waits for the run") {
  Ids ids;
  const RunId run = ids.next();
  Waiters waiters;
  WakeSignal never_added;
  waiters.remove(run, never_added);
  { const Waiting gone{waiters, run}; }
  waiters.notify(run);
  Waiting late{waiters, run};
  // A wake-up is a hint to look; one from before the wait is not kept.
  CHECK_FALSE(was_raised(late.signal));
}

TEST_CASE("Waiters lose nobody when threads come, wait and leave at once") {
  constexpr int thread_count = 4;
  constexpr int round_count = 200;
  Ids ids;
  std::vector<RunId> runs;
  for (int i = 0; i < thread_count; ++i) runs.push_back(ids.next());
  Waiters waiters;
  std::latch begin{thread_count};
  std::vector<std::thread> threads;
  std::vector<int> woken(thread_count, 0);
  for (int i = 0; i < thread_count; ++i) {
    threads.emplace_back([&, i] {
      const auto self = static_cast<std::size_t>(i);
      begin.arrive_and_wait();
      for (int round = 0; round < round_count; ++round) {
        Waiting waiting{waiters, runs[self]};
        std::thread notifier{[&] { waiters.notify(runs[self]); }};
        waiting.signal.consume(
            [](auto& lock, auto& condition, const auto& raised) { condition.wait(lock, raised); });
        notifier.join();
        ++woken[self];
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (const int count : woken) CHECK(count == round_count);
}

}  // namespace waiters_test
