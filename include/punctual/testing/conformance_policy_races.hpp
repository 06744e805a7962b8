// SPDX-License-Identifier: MIT
//
// Checks with eight threads at once of what several runs share: buckets of tokens, work that others
// wait for, the jobs that depend on a job, the place of a running run.

#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "punctual/testing/conformance_after.hpp"
#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/conformance_concurrency.hpp"
#include "punctual/testing/conformance_depends_on.hpp"
#include "punctual/testing/conformance_expiry.hpp"
#include "punctual/testing/conformance_pace.hpp"
#include "punctual/testing/conformance_rate.hpp"
#include "punctual/testing/conformance_replaces_running.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

/// Starts a run of "alpha" for each of the eight threads.
inline std::vector<JobRun> start_eight(StorageTrial& trial) {
  std::vector<JobRun> runs;
  for (std::size_t i = 0; i < racer_count; ++i) runs.push_back(trial.start(trial.row("alpha")));
  return runs;
}

/// Lets each of eight threads end one of the runs; the first `failed_count` of them as failed.
inline void race_to_finish(StorageTrial& trial, const std::vector<JobRun>& runs,
                           std::size_t failed_count = 0) {
  race(trial, [&](std::size_t i) {
    const auto status = i < failed_count ? JobStatus::failed : JobStatus::success;
    retrying([&] {
      return trial.storage().finish({StorageTrial::completion(runs[i], status)}, trial.now());
    });
  });
}

}  // namespace detail

inline constexpr StorageCheck policy_race_checks[] = {
    {"claim starts as many runs as there are tokens when eight threads claim at once",
     [](StorageTrial& trial) {
       detail::enqueue_several(trial, "alpha", 120);
       const auto others = detail::enqueue_several(trial, "beta", 40);
       const std::vector<JobRate> rates{{"alpha", {"k", {25, std::chrono::hours{1000}}}}};
       std::atomic<std::size_t> alpha_count{0};
       std::atomic<std::size_t> beta_count{0};
       detail::race(trial, [&](std::size_t) {
         const JobNames jobs{"alpha", "beta"};
         ClaimRequest request = StorageTrial::request(jobs, 3);
         request.rates = &rates;
         while (true) {
           const auto runs =
               detail::retrying([&] { return trial.storage().claim(request, trial.now()); });
           if (runs.empty()) return;
           for (const auto& run : runs) ++(run.job_name == "alpha" ? alpha_count : beta_count);
         }
       });
       trial.expect_equal("runs under the rate", 25U, alpha_count.load());
       trial.expect_equal("runs under none", others.size(), beta_count.load());
     }},

    {"enqueue gives each paced run a token of its own when eight threads enqueue at once",
     [](StorageTrial& trial) {
       const TimePoint run_at = trial.now() + std::chrono::minutes{1};
       std::vector<NewRun> rows;
       for (std::size_t i = 0; i < 5 * detail::racer_count; ++i) {
         rows.push_back(detail::paced_row(trial, run_at));
       }
       detail::race(trial, [&](std::size_t i) {
         for (std::size_t k = i; k < rows.size(); k += detail::racer_count) {
           detail::retrying([&] { return trial.storage().enqueue({rows[k]}, trial.now()); });
         }
       });
       std::vector<TimePoint> got;
       std::vector<TimePoint> wanted;
       for (std::size_t i = 0; i < rows.size(); ++i) {
         got.push_back(trial.stored(rows[i].id).run_at);
         wanted.push_back(run_at + std::chrono::hours{i < 2 ? 0 : i - 1});
       }
       std::sort(got.begin(), got.end());
       trial.expect_equal("instants of the runs", wanted, got);
     }},

    {"finish makes a run ready once when eight threads end what it waits for",
     [](StorageTrial& trial) {
       for (int round = 0; round < 10; ++round) {
         const auto runs = detail::start_eight(trial);
         const RunId waiting =
             trial.enqueue(detail::row_after(trial, "gamma", StorageTrial::ids_of(runs)));
         detail::race_to_finish(trial, runs);
         // Which of them came last is known to the storage alone.
         const TimePoint run_at = trial.stored(waiting).run_at;
         const bool is_an_end = std::any_of(runs.begin(), runs.end(), [&](const JobRun& run) {
           return trial.stored(run.id).completed_at == run_at;
         });
         trial.expect(is_an_end, "run_at to be the end of a run that was waited for");
         detail::expect_ready(trial, waiting, run_at);
         detail::end_ready(trial, waiting, "gamma");
       }
     }},

    {"finish skips a chain once when eight threads fail what it waits for",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("gamma"));
       for (std::size_t round = 1; round <= 10; ++round) {
         const auto runs = detail::start_eight(trial);
         const NewRun first = detail::row_after(trial, "gamma", StorageTrial::ids_of(runs));
         const NewRun second = detail::row_after(trial, "gamma", {first.id, runs.front().id});
         trial.storage().enqueue({first, second}, trial.now());
         detail::race_to_finish(trial, runs, 6);
         detail::expect_dependency_failed(trial, first.id);
         detail::expect_dependency_failed(trial, second.id);
         trial.expect_equal("skipped_count", 2 * round, trial.summary("gamma").skipped_count);
       }
     }},

    {"enqueue forgets no waiting run when eight threads store some while the other ends",
     [](StorageTrial& trial) {
       for (int round = 0; round < 20; ++round) {
         const JobRun run = trial.start(trial.row("alpha"));
         std::vector<NewRun> rows;
         for (std::size_t i = 0; i < detail::racer_count; ++i) {
           rows.push_back(detail::row_after(trial, "gamma", {run.id}));
         }
         detail::race(trial, [&](std::size_t i) {
           if (i == 0) {
             detail::retrying([&] {
               return trial.storage().finish({StorageTrial::completion(run)}, trial.now());
             });
           }
           detail::retrying([&] { return trial.storage().enqueue({rows[i]}, trial.now()); });
         });
         for (const auto& row : rows) {
           trial.expect_equal("waits_for", 0U, trial.stored(row.id).waits_for);
         }
         const auto claimed = trial.claim({"gamma"});
         trial.expect_equal("claimed runs", rows.size(), claimed.size());
       }
     }},

    {"finish arms a job once a round when eight threads end runs of what it depends on",
     [](StorageTrial& trial) {
       const JobNames names{"a", "b", "c", "d", "e", "f", "g", "h"};
       const detail::DependentJob omega{trial, names};
       for (int round = 0; round < 10; ++round) {
         std::vector<JobRun> runs;
         for (const auto& name : names) runs.push_back(trial.start(trial.row(name)));
         const auto version = omega.state().version;
         detail::race_to_finish(trial, runs);
         const ScheduleState armed = omega.state();
         trial.expect_equal("version", version + 1, armed.version);
         trial.expect(armed.next_due_at.has_value(), "the job to be armed");
         omega.answer();
         omega.expect_idle("when it has been answered");
         trial.advance(std::chrono::minutes{1});
       }
     }},

    {"enqueue ends a running run once when eight threads bring what takes its place",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       for (std::size_t round = 1; round <= 10; ++round) {
         const JobRun run = trial.start(trial.exclusive_row("alpha"));
         std::vector<NewRun> rows;
         for (std::size_t i = 0; i < detail::racer_count; ++i) {
           rows.push_back(detail::replacing_row(trial));
         }
         std::atomic<std::size_t> stored_count{0};
         std::atomic<std::size_t> finished_count{0};
         detail::race(trial, [&](std::size_t i) {
           if (i == 0 && round % 2 == 0) {  // in each other round it also ends by itself
             const auto ends = detail::retrying([&] {
               return trial.storage().finish({StorageTrial::completion(run)}, trial.now());
             });
             if (ends.at(0) == FinishAnswer::done) ++finished_count;
           }
           const auto answers =
               detail::retrying([&] { return trial.storage().enqueue({rows[i]}, trial.now()); });
           if (answers.at(0).kind == EnqueueAnswer::Kind::stored) ++stored_count;
         });
         trial.expect_equal("rows that are to run", 1U, stored_count.load());
         const JobRun ended = trial.stored(run.id);
         trial.expect_equal("status of the run",
                            finished_count.load() == 1 ? JobStatus::success : JobStatus::failed,
                            ended.status);
         const JobSummary summary = trial.summary("alpha");
         trial.expect_equal("runs that ended by themselves or were replaced", 2 * round - 1,
                            summary.success_count + summary.failure_count);
         const auto claimed = trial.claim({"alpha"});
         trial.require_equal("claimed runs", 1U, claimed.size());
         trial.finish(claimed.front());
       }
     }},

    {"expire_unknown ends each run once when eight threads ask at once",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("gone"));
       const auto ids = detail::enqueue_several(trial, "gone", 100);
       trial.advance(detail::expiry_age + std::chrono::minutes{15});
       std::atomic<std::size_t> ended_count{0};
       detail::race(trial, [&](std::size_t) {
         const JobNames jobs{"alpha"};
         const ExpiryRequest request{.jobs = &jobs, .limit = 7, .age = detail::expiry_age};
         while (true) {
           const std::size_t count = detail::retrying(
               [&] { return trial.storage().expire_unknown(request, trial.now()); });
           if (count == 0) return;
           ended_count += count;
         }
       });
       trial.expect_equal("ended runs", ids.size(), ended_count.load());
       trial.expect_equal("failure_count", ids.size(), trial.summary("gone").failure_count);
     }},
};

}  // namespace punctual::testing
