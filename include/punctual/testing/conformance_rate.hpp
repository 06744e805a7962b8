// SPDX-License-Identifier: MIT
//
// Checks of rates: a claim starts no more runs of a job than there are tokens in its bucket, and
// goes on with others behind them.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "punctual/domain/rate_limit.hpp"
#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

/// Claims with limits on the starts of some jobs.
class RatedClaims {
 public:
  /// `limits` are ordered by name.
  RatedClaims(StorageTrial& trial, std::vector<JobRate> limits)
      : rates(std::move(limits)),
        trial_(trial) {}

  [[nodiscard]] std::vector<JobRun> claim(const JobNames& jobs, std::size_t limit = 100,
                                          std::optional<RunId> only = std::nullopt) const {
    ClaimRequest request = trial_.request(jobs, limit);
    request.rates = &rates;
    request.only = only;
    return trial_.storage().claim(request, trial_.now());
  }

  std::vector<JobRate> rates;

 private:
  StorageTrial& trial_;
};

inline std::vector<RunId> enqueue_several(StorageTrial& trial, const std::string& job,
                                          std::size_t count) {
  std::vector<NewRun> rows;
  std::vector<RunId> ids;
  for (std::size_t i = 0; i < count; ++i) {
    rows.push_back(trial.row(job));
    ids.push_back(rows.back().id);
  }
  trial.storage().enqueue(rows, trial.now());
  return ids;
}

/// Expects that "alpha" gets its next run at `token_at` and no sooner.
///
/// Whether it is too early can be told only if the storage's clock has not come to `token_at` by
/// itself in the meantime.
inline void expect_next_start(StorageTrial& trial, const RatedClaims& claims, TimePoint token_at) {
  trial.advance(token_at - Duration{1} - trial.now());
  const auto early = claims.claim({"alpha"});
  const bool is_early = trial.now() < token_at;
  if (is_early) {
    trial.require_equal("runs claimed before there is a token", 0U, early.size());
    trial.advance(token_at - trial.now());
  }
  // One that came by itself may have come after the claim had looked.
  const auto claimed = early.empty() ? claims.claim({"alpha"}) : early;
  trial.require_equal("runs claimed when there is a token", 1U, claimed.size());
}

/// Two at once, and then one an hour.
inline JobRate two_at_once(std::string job, std::string key = "shared") {
  return {std::move(job), {std::move(key), {2, std::chrono::hours{2}}}};
}

}  // namespace detail

inline constexpr StorageCheck rate_checks[] = {
    {"claim starts as many runs as there are tokens when more are ready",
     [](StorageTrial& trial) {
       const auto ids = detail::enqueue_several(trial, "alpha", 5);
       const detail::RatedClaims claims{trial, {detail::two_at_once("alpha")}};
       trial.expect_equal("ids of claimed runs", {ids[0], ids[1]},
                          trial.ids_of(claims.claim({"alpha"})));
       trial.expect_equal("runs of a second claim", 0U, claims.claim({"alpha"}).size());
     }},

    {"claim starts one more when the bucket has gained a token, at its very instant",
     [](StorageTrial& trial) {
       detail::enqueue_several(trial, "alpha", 6);
       const detail::RatedClaims claims{trial, {detail::two_at_once("alpha")}};
       const auto first = claims.claim({"alpha"});
       trial.require_equal("runs claimed at once", 2U, first.size());
       const TimePoint started_at = *first.front().started_at;
       for (int hour = 1; hour <= 3; ++hour) {
         detail::expect_next_start(trial, claims, started_at + std::chrono::hours{hour});
       }
     }},

    {"claim waits for the next whole millisecond when a token comes within one",
     [](StorageTrial& trial) {
       detail::enqueue_several(trial, "alpha", 9);
       const RateLimit limit{7, std::chrono::hours{1}};
       const detail::RatedClaims claims{trial, {{"alpha", {"k", limit}}}};
       const auto first = claims.claim({"alpha"});
       trial.require_equal("runs claimed at once", 7U, first.size());
       BucketLevel full_at = 0;
       for (const auto& run : first) full_at = limit.after_taking(full_at, *run.started_at);
       const TimePoint token_at = limit.next_token_at(full_at, *first.front().started_at);
       trial.require(token_at.time_since_epoch().count() * 1000 !=
                         full_at - (3'600'000'000 - limit.token_us()),
                     "a token between two milliseconds");
       detail::expect_next_start(trial, claims, token_at);
     }},

    {"claim starts no more than the bucket holds when it was idle for long",
     [](StorageTrial& trial) {
       detail::enqueue_several(trial, "alpha", 8);
       const detail::RatedClaims claims{trial, {detail::two_at_once("alpha")}};
       trial.require_equal("runs claimed at once", 2U, claims.claim({"alpha"}).size());
       trial.advance(std::chrono::hours{24 * 30});
       trial.expect_equal("runs a month later", 2U, claims.claim({"alpha"}).size());
       trial.expect_equal("runs after that", 0U, claims.claim({"alpha"}).size());
     }},

    {"claim takes tokens from one bucket when several jobs name its key",
     [](StorageTrial& trial) {
       const RunId alpha = detail::enqueue_several(trial, "alpha", 1).front();
       const RunId beta = detail::enqueue_several(trial, "beta", 3).front();
       detail::enqueue_several(trial, "alpha", 3);
       detail::RatedClaims claims{trial,
                                  {detail::two_at_once("alpha"), detail::two_at_once("beta")}};
       trial.expect_equal("ids of claimed runs", {alpha, beta},
                          trial.ids_of(claims.claim({"alpha", "beta"})));
       trial.expect_equal("runs of alpha alone", 0U, claims.claim({"alpha"}).size());
       claims.rates[1].rate.key = "another";
       trial.expect_equal("runs from another bucket", 2U, claims.claim({"alpha", "beta"}).size());
     }},

    {"claim keeps a rate when it asks for one run only",
     [](StorageTrial& trial) {
       const auto ids = detail::enqueue_several(trial, "alpha", 4);
       const detail::RatedClaims claims{trial, {detail::two_at_once("alpha")}};
       trial.expect_equal("runs of the first", 1U, claims.claim({"alpha"}, 1, ids[3]).size());
       trial.expect_equal("runs of the second", 1U, claims.claim({"alpha"}, 1, ids[2]).size());
       trial.expect_equal("runs of the third", 0U, claims.claim({"alpha"}, 1, ids[1]).size());
       trial.expect_equal("runs of any", 0U, claims.claim({"alpha"}).size());
     }},

    {"claim takes the runs behind when hundreds wait for a token",
     [](StorageTrial& trial) {
       detail::enqueue_several(trial, "alpha", 400);
       const auto behind = detail::enqueue_several(trial, "beta", 3);
       const detail::RatedClaims claims{trial, {detail::two_at_once("alpha")}};
       trial.require_equal("runs of alpha", 2U, claims.claim({"alpha"}).size());
       trial.expect_equal("ids of claimed runs", behind,
                          trial.ids_of(claims.claim({"alpha", "beta"})));
     }},

    {"claim fills its limit from other jobs when the tokens run out within it",
     [](StorageTrial& trial) {
       auto wanted = detail::enqueue_several(trial, "alpha", 300);
       const auto others = detail::enqueue_several(trial, "beta", 5);
       wanted.resize(2);
       wanted.insert(wanted.end(), others.begin(), others.begin() + 4);
       const detail::RatedClaims claims{trial, {detail::two_at_once("alpha")}};
       trial.expect_equal("ids of claimed runs", wanted,
                          trial.ids_of(claims.claim({"alpha", "beta"}, 6)));
     }},

    {"claim takes a token only for what it starts when less is wanted or another limit holds",
     [](StorageTrial& trial) {
       detail::enqueue_several(trial, "alpha", 3);
       const detail::RatedClaims claims{trial, {detail::two_at_once("alpha")}};
       trial.expect_equal("runs of a claim for none", 0U, claims.claim({"alpha"}, 0).size());
       trial.require_equal("runs of a claim for one", 1U, claims.claim({"alpha"}, 1).size());
       const JobNames jobs{"alpha"};
       ClaimRequest full = trial.request(jobs);
       full.rates = &claims.rates;
       full.rooms = {{"alpha", 0}};
       trial.expect_equal("runs without room", 0U, trial.storage().claim(full, trial.now()).size());
       trial.expect_equal("runs of the next claim", 1U, claims.claim({"alpha"}).size());
     }},

    {"claim goes by no rate when there is none, or one without a limit, or of another job",
     [](StorageTrial& trial) {
       detail::enqueue_several(trial, "beta", 5);
       detail::RatedClaims claims{trial, {{"beta", {"k", {0, std::chrono::hours{1}}}}}};
       trial.expect_equal("runs without a limit", 5U, claims.claim({"beta"}).size());
       detail::enqueue_several(trial, "beta", 5);
       claims.rates = {detail::two_at_once("alpha"), detail::two_at_once("gamma")};
       trial.expect_equal("runs beside limited jobs", 5U, claims.claim({"beta"}).size());
       detail::enqueue_several(trial, "beta", 5);
       claims.rates.clear();
       trial.expect_equal("runs under no rates", 5U, claims.claim({"beta"}).size());
     }},

    {"release gives no token back when a run is handed back",
     [](StorageTrial& trial) {
       detail::enqueue_several(trial, "alpha", 2);
       const detail::RatedClaims claims{trial, {detail::two_at_once("alpha")}};
       for (const auto& run : claims.claim({"alpha"})) trial.release(run);
       trial.expect_equal("runs claimed again", 0U, claims.claim({"alpha"}).size());
     }},

    {"prune leaves a bucket as it is when it is not full",
     [](StorageTrial& trial) {
       detail::enqueue_several(trial, "alpha", 4);
       detail::enqueue_several(trial, "beta", 1);
       const JobRate soon_full{"beta", {"another", {1, std::chrono::minutes{1}}}};
       const detail::RatedClaims claims{trial, {detail::two_at_once("alpha"), soon_full}};
       trial.require_equal("runs claimed at once", 3U, claims.claim({"alpha", "beta"}).size());
       trial.advance(std::chrono::minutes{30});
       (void)trial.storage().prune(100, trial.now());
       trial.expect_equal("runs after half an hour", 0U, claims.claim({"alpha"}).size());
       trial.advance(std::chrono::minutes{50});
       (void)trial.storage().prune(100, trial.now());
       trial.expect_equal("runs after more than an hour", 1U, claims.claim({"alpha"}).size());
     }},
};

}  // namespace punctual::testing
