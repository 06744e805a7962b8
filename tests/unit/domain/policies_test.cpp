// SPDX-License-Identifier: MIT
//
// Policies: the defaults of a job that nobody thought about, as the documentation gives them.

#include "punctual/domain/policies.hpp"

#include "support/catch.hpp"

namespace policies_test {

using punctual::Backoff;
using punctual::ConcurrencyPolicy;
using punctual::Duration;
using punctual::RetentionPolicy;
using punctual::RetryPolicy;

TEST_CASE("RetryPolicy tries once when nothing is said") {
  const RetryPolicy retry;
  CHECK(retry.max_attempts == 1);
  CHECK(retry.backoff == Backoff::exponential(Duration{10'000}, Duration{3'600'000}, true));
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
  CHECK(ConcurrencyPolicy{} == ConcurrencyPolicy{});
  CHECK_FALSE(ConcurrencyPolicy{} == ConcurrencyPolicy{.max = 1});
  CHECK_FALSE(ConcurrencyPolicy{} == ConcurrencyPolicy{.key = "gpu"});
  CHECK(RetentionPolicy{} == RetentionPolicy{});
  CHECK_FALSE(RetentionPolicy{} == RetentionPolicy{.period = Duration{1}});
  CHECK_FALSE(RetentionPolicy{} == RetentionPolicy{.keep_last = 1});
}

}  // namespace policies_test
