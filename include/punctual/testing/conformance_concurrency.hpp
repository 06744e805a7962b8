// SPDX-License-Identifier: MIT
//
// Checks with eight threads at once: every operation is atomic, so nothing is claimed, fired or
// counted twice, and nothing is lost.
//
// The threads race over a storage; what they found is put together when they have ended. A refusal
// that says it is retryable is retried, as a scheduler would.

#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <latch>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

inline constexpr std::size_t racer_count = 8;

/// Calls `operation` again while the storage refuses it for now, a thousand times at most.
template <class Operation>
auto retrying(Operation&& operation) {
  for (int refused = 0;; ++refused) {
    try {
      return operation();
    } catch (const Error& error) {
      if (!error.retryable() || refused == 1000) throw;
      std::this_thread::yield();
    }
  }
}

/// Calls `part(i)` on eight threads that set off together; notes what they threw.
inline void race(StorageTrial& trial, const std::function<void(std::size_t)>& part) {
  std::vector<std::string> troubles(racer_count);
  std::vector<std::thread> threads;
  std::latch start{static_cast<std::ptrdiff_t>(racer_count)};
  for (std::size_t i = 0; i < racer_count; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      try {
        part(i);
      } catch (const std::exception& error) {
        troubles[i] = error.what();
      } catch (...) {
        troubles[i] = "something thrown that is no std::exception";
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& trouble : troubles) trial.expect_equal("trouble of a thread", "", trouble);
}

/// Claims and finishes runs in batches until none is left; returns the ids it claimed.
inline std::vector<RunId> work_off(StorageTrial& trial, const std::string& node) {
  std::vector<RunId> claimed_ids;
  const JobNames jobs{"alpha", "beta"};
  ClaimRequest request = StorageTrial::request(jobs, 16);
  request.node = node;
  while (true) {
    const auto runs = retrying([&] { return trial.storage().claim(request, trial.now()); });
    if (runs.empty()) return claimed_ids;
    std::vector<Completion> ends;
    for (const auto& run : runs) {
      claimed_ids.push_back(run.id);
      ends.push_back(StorageTrial::completion(
          run, claimed_ids.size() % 4 == 0 ? JobStatus::failed : JobStatus::success));
    }
    retrying([&] { return trial.storage().finish(ends, trial.now()); });
  }
}

inline void expect_each_once(StorageTrial& trial, std::vector<RunId> wanted,
                             const std::vector<std::vector<RunId>>& claimed) {
  std::vector<RunId> got;
  for (const auto& ids : claimed) got.insert(got.end(), ids.begin(), ids.end());
  std::sort(got.begin(), got.end());
  std::sort(wanted.begin(), wanted.end());
  trial.expect_equal("number of runs claimed twice", 0,
                     got.end() - std::unique(got.begin(), got.end()));
  got.erase(std::unique(got.begin(), got.end()), got.end());
  trial.expect_equal("ids of claimed runs", wanted, got);
}

/// How many of eight threads won the advance of `state`.
inline std::size_t race_for_advance(StorageTrial& trial, const ScheduleState& state,
                                    TimePoint next) {
  std::vector<Advance> advances;
  for (std::size_t i = 0; i < racer_count; ++i) {
    advances.push_back({.job_name = state.job_name,
                        .version = state.version,
                        .next_due_at = next,
                        .rows = {trial.due_row(state.job_name, *state.next_due_at)}});
    advances.back().rows.front().skip_if_open = false;
  }
  std::atomic<std::size_t> winner_count{0};
  race(trial, [&](std::size_t i) {
    const auto answers =
        retrying([&] { return trial.storage().advance({advances[i]}, trial.now()); });
    if (answers.size() == 1 && answers.front().advanced) ++winner_count;
  });
  return winner_count.load();
}

}  // namespace detail

inline constexpr StorageCheck concurrency_checks[] = {
    {"claim takes each of 2000 runs once when eight threads enqueue, claim and finish at once",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       trial.sync(trial.definition("beta"));
       constexpr std::size_t run_count = 2000;
       std::vector<NewRun> rows;
       std::vector<RunId> ids;
       for (std::size_t i = 0; i < run_count; ++i) {
         rows.push_back(trial.row(i % 3 == 0 ? "alpha" : "beta"));
         ids.push_back(rows.back().id);
       }
       std::vector<std::vector<RunId>> claimed(detail::racer_count + 1);
       detail::race(trial, [&](std::size_t i) {
         constexpr std::size_t share = run_count / detail::racer_count;
         constexpr std::size_t batch = 25;
         for (std::size_t first = i * share; first < (i + 1) * share; first += batch) {
           const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(first);
           const std::vector<NewRun> part(begin, begin + static_cast<std::ptrdiff_t>(batch));
           detail::retrying([&] { return trial.storage().enqueue(part, trial.now()); });
           for (const auto id : detail::work_off(trial, "node-" + std::to_string(i))) {
             claimed[i].push_back(id);
           }
         }
       });
       // What was locked while the others looked.
       claimed.back() = detail::work_off(trial, "node-last");
       detail::expect_each_once(trial, ids, claimed);
       const JobSummary alpha = trial.summary("alpha");
       const JobSummary beta = trial.summary("beta");
       trial.expect_equal("run_count of both", run_count, alpha.run_count + beta.run_count);
       trial.expect_equal("run_count of alpha", 667U, alpha.run_count);
       trial.expect_equal(
           "sum of counts", run_count,
           alpha.success_count + alpha.failure_count + beta.success_count + beta.failure_count);
     }},

    {"claim keeps exclusiveness and concurrency limits when eight threads claim at once",
     [](StorageTrial& trial) {
       for (int round = 0; round < 10; ++round) {
         std::vector<NewRun> rows;
         for (std::size_t i = 0; i < detail::racer_count; ++i) {
           rows.push_back(trial.row("alpha"));
           rows.back().exclusive = true;
           rows.push_back(trial.row("beta"));
           rows.back().concurrency_key = "shared";
           rows.back().concurrency_max = 3;
         }
         trial.storage().enqueue(rows, trial.now());
         std::vector<std::vector<JobRun>> claimed(detail::racer_count + 1);
         detail::race(trial, [&](std::size_t i) {
           const JobNames jobs{"alpha", "beta"};
           ClaimRequest request = StorageTrial::request(jobs, 4);
           request.node = "node-" + std::to_string(i);
           claimed[i] =
               detail::retrying([&] { return trial.storage().claim(request, trial.now()); });
         });
         claimed.back() = trial.claim({"alpha", "beta"});
         std::size_t exclusive_count = 0;
         std::size_t limited_count = 0;
         for (const auto& runs : claimed) {
           for (const auto& run : runs) ++(run.exclusive ? exclusive_count : limited_count);
         }
         trial.expect_equal("exclusive runs at once", 1U, exclusive_count);
         trial.expect_equal("limited runs at once", 3U, limited_count);
         for (const auto& runs : claimed) {
           for (const auto& run : runs) trial.finish(run);
         }
         for (const auto& row : rows) {
           trial.storage().request_cancel(row.id, "olga", trial.now());
         }
       }
     }},

    {"advance lets one of eight threads win when all read the same version",
     [](StorageTrial& trial) {
       JobDefinition job = trial.definition("alpha");
       job.next_due_at = trial.now() - std::chrono::hours{100};
       for (std::size_t round = 1; round <= 20; ++round) {
         const ScheduleState state = trial.sync(job);
         trial.require(state.next_due_at.has_value(), "an armed instant");
         const TimePoint next = *state.next_due_at + std::chrono::hours{1};
         trial.require_equal("number of winners", 1U, detail::race_for_advance(trial, state, next));
         trial.expect_equal("number of runs", round, trial.runs_of("alpha").size());
         trial.expect_equal("next_due_at", next, trial.sync(job).next_due_at);
       }
     }},

    {"enqueue stores one run when eight threads bring the same unique key",
     [](StorageTrial& trial) {
       for (std::size_t round = 1; round <= 10; ++round) {
         std::vector<NewRun> rows(detail::racer_count, trial.row("alpha"));
         for (auto& row : rows) {
           row.id = trial.next_id();
           row.unique_key = "report-" + std::to_string(round);
         }
         std::vector<EnqueueAnswer> answers(detail::racer_count);
         detail::race(trial, [&](std::size_t i) {
           answers[i] = detail::retrying([&] {
                          return trial.storage().enqueue({rows[i]}, trial.now());
                        }).at(0);
         });
         std::set<RunId> ids;
         std::size_t stored_count = 0;
         for (const auto& answer : answers) {
           ids.insert(answer.id);
           if (answer.kind == EnqueueAnswer::Kind::stored) ++stored_count;
         }
         trial.expect_equal("stored runs", 1U, stored_count);
         trial.expect_equal("different ids in the answers", 1U, ids.size());
         trial.expect_equal("number of runs", round, trial.runs_of("alpha").size());
       }
     }},

    {"finish records one end when eight threads end the same run",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       for (std::size_t round = 1; round <= 10; ++round) {
         const JobRun run = trial.start(trial.row("alpha"));
         std::atomic<std::size_t> done_count{0};
         detail::race(trial, [&](std::size_t) {
           const auto answers = detail::retrying([&] {
             return trial.storage().finish({StorageTrial::completion(run)}, trial.now());
           });
           if (answers.at(0) == FinishAnswer::done) ++done_count;
         });
         trial.expect_equal("threads whose end was recorded", 1U, done_count.load());
         trial.expect_equal("run_count", round, trial.summary("alpha").run_count);
       }
     }},

    {"take_expired gives each run to one node when eight threads ask at once",
     [](StorageTrial& trial) {
       std::vector<RunId> ids;
       for (int i = 0; i < 40; ++i) ids.push_back(trial.start(trial.row("alpha")).id);
       trial.advance(2 * trial.lease);
       std::vector<std::vector<RunId>> taken(detail::racer_count + 1);
       const auto take = [&](std::size_t i) {
         const JobNames jobs{"alpha"};
         const RescueRequest request{.jobs = &jobs, .limit = 100, .lease = StorageTrial::lease};
         taken[i] = StorageTrial::ids_of(
             detail::retrying([&] { return trial.storage().take_expired(request, trial.now()); }));
       };
       detail::race(trial, take);
       take(detail::racer_count);
       detail::expect_each_once(trial, ids, taken);
     }},
};

}  // namespace punctual::testing
