// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_rate.hpp"

#include <algorithm>
#include <vector>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/broken_storages.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_rate_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

/// Keeps no rate where one run is asked for.
class IgnoresRatesOfOne : public InMemoryStorage {
 public:
  std::vector<JobRun> claim(ClaimRequest request, TimePoint now) {
    if (request.only) request.rates = nullptr;
    return InMemoryStorage::claim(request, now);
  }
};

/// Gives each job a bucket of its own.
class SharesNoBucket : public InMemoryStorage {
 public:
  std::vector<JobRun> claim(ClaimRequest request, TimePoint now) {
    std::vector<JobRate> rates = *request.rates;
    for (auto& rate : rates) rate.rate.key = rate.job_name;
    request.rates = &rates;
    return InMemoryStorage::claim(request, now);
  }
};

/// Looks at the jobs with a rate alone.
class StopsAtRates : public InMemoryStorage {
 public:
  std::vector<JobRun> claim(ClaimRequest request, TimePoint now) {
    JobNames jobs;
    if (request.rates != nullptr) {
      for (const auto& rate : *request.rates) jobs.push_back(rate.job_name);
      request.jobs = &jobs;
    }
    return InMemoryStorage::claim(request, now);
  }
};

/// Takes tokens for more than it starts.
class TakesTooManyTokens : public InMemoryStorage {
 public:
  std::vector<JobRun> claim(ClaimRequest request, TimePoint now) {
    const std::size_t limit = request.limit;
    request.limit = 100;
    request.rooms.clear();
    auto runs = InMemoryStorage::claim(request, now);
    while (runs.size() > limit) {
      InMemoryStorage::release({{runs.back().id, runs.back().fence}}, now);
      runs.pop_back();
    }
    return runs;
  }
};

/// Lets a bucket gain its tokens so much sooner or later.
template <int ms>
class MistimesTokens : public InMemoryStorage {
 public:
  std::vector<JobRun> claim(ClaimRequest request, TimePoint now) {
    std::vector<JobRate> rates = *request.rates;
    for (auto& rate : rates) {
      rate.rate.limit.period += Duration{ms} * static_cast<int>(rate.rate.limit.max);
    }
    request.rates = &rates;
    return InMemoryStorage::claim(request, now);
  }
};

}  // namespace

TEST_CASE("rate_checks pass on a storage that keeps rates") {
  CHECK(failed_checks<InMemoryStorage>(rate_checks).empty());
}

TEST_CASE("Each of rate_checks fails on a storage that breaks its promise") {
  CHECK(unfailed_checks<IgnoresRates, IgnoresRatesOfOne, SharesNoBucket, StopsAtRates,
                        TakesTooManyTokens>(rate_checks) == CheckNames{});
}

TEST_CASE("rate_checks fail on a storage whose tokens come a millisecond too early or too late") {
  const CheckNames mistimed{
      "claim starts one more when the bucket has gained a token, at its very instant",
      "claim waits for the next whole millisecond when a token comes within one"};
  CHECK(failed_checks<MistimesTokens<1>>(rate_checks) == mistimed);
  CHECK(failed_checks<MistimesTokens<-1>>(rate_checks) == mistimed);
}

}  // namespace conformance_rate_test
