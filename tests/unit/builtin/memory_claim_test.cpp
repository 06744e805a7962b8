// SPDX-License-Identifier: MIT
//
// MemoryClaim: the pick, against one that walks over all rows in order.

#include "punctual/builtin/memory_claim.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "memory_rows.hpp"
#include "punctual/base/random.hpp"
#include "support/catch.hpp"

namespace memory_claim_test {

using punctual::claim_order;
using punctual::ClaimRequest;
using punctual::Duration;
using punctual::JobNames;
using punctual::JobRate;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::Random;
using punctual::RunId;
using punctual::TimePoint;
using punctual::detail::MemoryClaim;
using punctual::detail::MemoryRun;
using punctual::tests::id_of;
using punctual::tests::memory_start;
using punctual::tests::MemoryTables;
using punctual::tests::number_of;
using punctual::tests::pending_row;
using punctual::tests::start_run;

namespace {

std::vector<std::uint32_t> pick(MemoryTables& tables, const ClaimRequest& request,
                                TimePoint now = memory_start) {
  tables.pending.promote(now);
  std::vector<std::uint32_t> numbers;
  for (const MemoryRun* run : MemoryClaim{tables, request, now}.pick()) {
    numbers.push_back(number_of(run->id));
  }
  return numbers;
}

/// The same by the plain rule: all runs in claim order, each taken if every limit lets it.
std::vector<std::uint32_t> plain_pick(MemoryTables& tables, const ClaimRequest& request,
                                      TimePoint now) {
  std::vector<const MemoryRun*> rows;
  for (const auto& run : tables.runs()) {
    if (run.status == JobStatus::pending && run.run_at <= now) rows.push_back(&run);
  }
  std::sort(rows.begin(), rows.end(), [](const MemoryRun* a, const MemoryRun* b) {
    return std::pair{claim_order(a->run_at, a->priority), a->id} <
           std::pair{claim_order(b->run_at, b->priority), b->id};
  });
  std::vector<std::uint32_t> numbers;
  std::map<std::string, std::size_t> taken_of_job;
  std::map<std::string, std::uint32_t> taken_with_key;
  std::map<std::string, punctual::BucketLevel> levels;
  std::set<std::string> exclusive_jobs;
  for (const MemoryRun* run : rows) {
    if (numbers.size() == request.limit) break;
    const punctual::KeyedRate* rate = nullptr;
    for (const auto& entry : *request.rates) {
      if (entry.job_name == run->job->name && entry.rate.limit.max > 0) rate = &entry.rate;
    }
    const bool is_known =
        std::count(request.jobs->begin(), request.jobs->end(), run->job->name) > 0;
    if (!is_known || run->job->paused || !tables.running.may_start(*run)) continue;
    std::size_t room = request.limit;
    for (const auto& limit : request.rooms) {
      if (limit.job_name == run->job->name) room = limit.room;
    }
    if (taken_of_job[run->job->name] >= room) continue;
    if (rate != nullptr) {
      const auto level = levels.try_emplace(rate->key, tables.buckets.level(rate->key)).first;
      if (rate->limit.next_token_at(level->second, now) > now) continue;
    }
    if (run->exclusive && exclusive_jobs.count(run->job->name) > 0) continue;
    if (run->limit->max > 0 &&
        tables.running.count_with_key(run->limit->key) + taken_with_key[run->limit->key] >=
            run->limit->max) {
      continue;
    }
    numbers.push_back(number_of(run->id));
    ++taken_of_job[run->job->name];
    if (rate != nullptr) {
      levels[rate->key] = rate->limit.after_taking(levels[rate->key], now);
    }
    if (run->exclusive) exclusive_jobs.insert(run->job->name);
    if (run->limit->max > 0) ++taken_with_key[run->limit->key];
  }
  return numbers;
}

}  // namespace

TEST_CASE("MemoryClaim picks what the plain rule picks when rows and limits are drawn at random") {
  constexpr std::uint64_t seed = 31;
  CAPTURE(seed);
  Random random{seed};
  std::size_t picked_count = 0;
  for (int i = 0; i < 1500; ++i) {
    CAPTURE(i);
    MemoryTables tables;
    const auto run_count = static_cast<std::uint32_t>(random.up_to(30));
    for (std::uint32_t number = 1; number <= run_count; ++number) {
      JobRun run = pending_row(number, std::string(1, "abcd"[random.up_to(3)]),
                               memory_start + Duration{static_cast<int>(random.up_to(6)) * 30'000});
      run.priority = static_cast<int>(random.up_to(4)) - 2;
      run.exclusive = random.up_to(2) == 0;
      run.concurrency_max = static_cast<std::uint32_t>(random.up_to(3));
      run.concurrency_key = "k" + std::to_string(random.up_to(1));
      tables.insert(run);
      if (random.up_to(5) == 0) start_run(tables, number);
    }
    for (const std::string name : {"a", "b", "c", "d"}) {
      if (random.up_to(5) > 0) continue;
      tables.set_paused(tables.job_of(name), true);
    }
    JobNames jobs;
    for (const std::string name : {"a", "b", "c", "d"}) {
      if (random.up_to(4) > 0) jobs.push_back(name);
    }
    ClaimRequest request;
    request.jobs = &jobs;
    request.limit = random.up_to(12);
    for (const std::string name : {"a", "b", "e"}) {
      if (random.up_to(2) == 0) request.rooms.push_back({name, random.up_to(3)});
    }
    const TimePoint now = memory_start + Duration{static_cast<int>(random.up_to(7)) * 30'000};
    std::vector<JobRate> rates;
    for (const std::string name : {"a", "c", "d"}) {
      if (random.up_to(1) == 0) continue;
      const auto max = static_cast<std::uint32_t>(random.up_to(4));
      rates.push_back(
          {name,
           {"r" + std::to_string(random.up_to(1)), {.max = max, .period = Duration{60'000}}}});
      if (max > 0 && random.up_to(1) == 0) tables.buckets.take(rates.back().rate, now);
    }
    request.rates = &rates;
    // The clock may have been further on before.
    if (random.up_to(1) == 0) tables.pending.promote(now + Duration{60'000});
    const auto wanted = plain_pick(tables, request, now);
    REQUIRE(pick(tables, request, now) == wanted);
    picked_count += wanted.size();
  }
  CHECK(picked_count > 2000);
}

TEST_CASE("MemoryClaim passes over a job's runs when its rate leaves no token") {
  MemoryTables tables;
  for (const std::uint32_t number : {1U, 2U, 3U}) tables.insert(pending_row(number, "a"));
  for (const std::uint32_t number : {4U, 5U}) tables.insert(pending_row(number, "b"));
  for (const std::uint32_t number : {6U, 7U}) tables.insert(pending_row(number, "c"));
  const JobNames jobs = {"a", "b", "c"};
  // The first two share a bucket of three tokens; the pick itself takes none.
  const std::vector<JobRate> rates = {{"a", {"k", {.max = 3, .period = Duration{3000}}}},
                                      {"b", {"k", {.max = 3, .period = Duration{3000}}}},
                                      {"c", {"c", {.max = 0}}}};
  const ClaimRequest request{.jobs = &jobs, .limit = 10, .rates = &rates};
  CHECK(pick(tables, request) == std::vector<std::uint32_t>{1, 2, 3, 6, 7});
  CHECK(tables.buckets.size() == 0);
  tables.buckets.take(rates[0].rate, memory_start);
  CHECK(pick(tables, request) == std::vector<std::uint32_t>{1, 2, 6, 7});
  CHECK(pick(tables, request, memory_start + Duration{1000}) ==
        std::vector<std::uint32_t>{1, 2, 3, 6, 7});
}

TEST_CASE("rate_of finds the rate of a job when it has one that limits") {
  const JobNames jobs = {"a"};
  const std::vector<JobRate> rates = {
      {"a", {"x", {.max = 1}}}, {"b", {"y", {.max = 0}}}, {"c", {"z", {.max = 2}}}};
  ClaimRequest request{.jobs = &jobs};
  CHECK(punctual::detail::rate_of(request, "a") == nullptr);
  request.rates = &rates;
  CHECK(punctual::detail::rate_of(request, "a") == &rates[0].rate);
  CHECK(punctual::detail::rate_of(request, "c") == &rates[2].rate);
  for (const std::string name : {"", "aa", "b", "d"}) {
    CAPTURE(name);
    CHECK(punctual::detail::rate_of(request, name) == nullptr);
  }
}

TEST_CASE("MemoryClaim picks nothing and changes nothing when it is asked for none") {
  MemoryTables tables;
  tables.insert(pending_row(1, "a"));
  const JobNames jobs = {"a"};
  CHECK(pick(tables, {.jobs = &jobs, .limit = 0}).empty());
  CHECK(pick(tables, {.jobs = &jobs, .limit = 5}) == std::vector<std::uint32_t>{1});
  CHECK(pick(tables, {.jobs = &jobs, .limit = 5}) == std::vector<std::uint32_t>{1});
}

TEST_CASE("MemoryClaim passes over a job's blocked runs when others could start") {
  constexpr std::uint32_t blocked_count = 5000;
  MemoryTables tables;
  for (std::uint32_t number = 1; number <= blocked_count; ++number) {
    JobRun run = pending_row(number, "a");
    run.concurrency_max = 1;
    run.concurrency_key = "k";
    tables.insert(run);
  }
  JobRun other_key = pending_row(blocked_count + 1, "a");
  other_key.concurrency_max = 1;
  other_key.concurrency_key = "other";
  tables.insert(other_key);
  tables.insert(pending_row(blocked_count + 2, "b"));
  start_run(tables, 1);
  const JobNames jobs = {"a", "b"};
  CHECK(pick(tables, {.jobs = &jobs, .limit = 10}) ==
        std::vector<std::uint32_t>{blocked_count + 1, blocked_count + 2});
}

}  // namespace memory_claim_test
