// SPDX-License-Identifier: MIT
//
// Policies: the defaults of a job that nobody thought about, as the documentation gives them.

#include "punctual/domain/policies.hpp"

#include <cstdint>

#include "support/catch.hpp"

namespace policies_test {

using punctual::Backoff;
using punctual::ConcurrencyPolicy;
using punctual::Duration;
using punctual::MissedPolicy;
using punctual::RetentionPolicy;
using punctual::RetryPolicy;

TEST_CASE("RetryPolicy tries once when nothing is said") {
  const RetryPolicy retry;
  CHECK(retry.max_attempts == 1);
  CHECK(retry.backoff == Backoff::exponential(Duration{10'000}, Duration{3'600'000}, true));
}

TEST_CASE("RetryPolicy tries every error again when nothing is said") {
  const RetryPolicy retry;
  CHECK(retry.only.empty());
  CHECK(retry.except.empty());
}

TEST_CASE("MissedPolicy lets so many instants run, of so long a time") {
  struct Row {
    const char* subject;
    MissedPolicy policy;
    std::uint32_t limit;
    Duration window;
  };
  const Row rows[] = {
      {"once", MissedPolicy::run_once, 1, Duration::max()},
      {"not at all", MissedPolicy::skip, 1, Duration{60'000}},
      {"all", MissedPolicy::run_all(), 100, Duration::max()},
      {"some", MissedPolicy::run_all(7), 7, Duration::max()},
      {"none is one", MissedPolicy::run_all(0), 1, Duration::max()},
      {"more than there may be", MissedPolicy::run_all(5000), 1000, Duration::max()},
      {"of the last hour", MissedPolicy::run_all(7).within(Duration{3'600'000}), 7,
       Duration{3'600'000}},
      {"of a time to come", MissedPolicy::run_once.within(Duration{-1}), 1, Duration{0}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(row.policy.limit() == row.limit);
    CHECK(row.policy.window() == row.window);
    CHECK((row.policy == MissedPolicy::run_once) ==
          (row.limit == 1 && row.window == Duration::max()));
  }
}

TEST_CASE("ConcurrencyPolicy limits nothing when nothing is said") {
  const ConcurrencyPolicy concurrency;
  CHECK(concurrency.max == 0);
  CHECK(concurrency.key.empty());
}

TEST_CASE("RetentionPolicy keeps 90 days and the last 100 when nothing is said") {
  const RetentionPolicy retention;
  CHECK(retention.period == Duration{90LL * 24 * 3'600'000});
  CHECK(retention.keep_last == 100);
}

TEST_CASE("Policies equal others when all their values are the same") {
  CHECK(RetryPolicy{} == RetryPolicy{});
  CHECK_FALSE(RetryPolicy{} == RetryPolicy{.max_attempts = 2});
  CHECK_FALSE(RetryPolicy{} == RetryPolicy{.backoff = Backoff::fixed(Duration{10'000})});
  CHECK_FALSE(RetryPolicy{} == RetryPolicy{.only = {"TIMEOUT"}});
  CHECK_FALSE(RetryPolicy{} == RetryPolicy{.except = {"TIMEOUT"}});
  CHECK(ConcurrencyPolicy{} == ConcurrencyPolicy{});
  CHECK_FALSE(ConcurrencyPolicy{} == ConcurrencyPolicy{.max = 1});
  CHECK_FALSE(ConcurrencyPolicy{} == ConcurrencyPolicy{.key = "gpu"});
  CHECK(RetentionPolicy{} == RetentionPolicy{});
  CHECK_FALSE(RetentionPolicy{} == RetentionPolicy{.period = Duration{1}});
  CHECK_FALSE(RetentionPolicy{} == RetentionPolicy{.keep_last = 1});
}

}  // namespace policies_test
