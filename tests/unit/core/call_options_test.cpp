// SPDX-License-Identifier: MIT
//
// The options of single calls: what they say when nothing is said.

#include "punctual/core/call_options.hpp"

#include "support/catch.hpp"

namespace call_options_test {

using punctual::Duration;
using punctual::EnqueueOptions;
using punctual::StopReport;
using punctual::TriggerOptions;

TEST_CASE("TriggerOptions waits without end and hands in nothing when left alone") {
  const TriggerOptions options;
  CHECK(options.payload.is_null());
  CHECK(options.actor.empty());
  CHECK(options.reason.empty());
  CHECK(options.wait == Duration::max());
}

TEST_CASE("EnqueueOptions takes now and the job's priority when left alone") {
  const EnqueueOptions options;
  CHECK_FALSE(options.run_at);
  CHECK_FALSE(options.priority);
  CHECK(options.unique_key.empty());
  CHECK(options.actor.empty());
  CHECK(options.reason.empty());
}

TEST_CASE("EnqueueItem and RetryOptions say nothing when left alone") {
  const punctual::EnqueueItem item;
  CHECK(item.payload.is_null());
  CHECK_FALSE(item.options.run_at);
  const punctual::RetryOptions retry;
  CHECK_FALSE(retry.run_at);
  CHECK(retry.actor.empty());
  CHECK(retry.reason.empty());
}

TEST_CASE("StopReport names no run when nothing was left behind") {
  CHECK(StopReport{}.abandoned.empty());
}

}  // namespace call_options_test
