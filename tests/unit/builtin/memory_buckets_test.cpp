// SPDX-License-Identifier: MIT
//
// Token buckets in memory: a bucket that is not there is full, whatever the instant.

#include "punctual/builtin/memory_buckets.hpp"

#include <string>

#include "memory_rows.hpp"
#include "support/catch.hpp"

namespace memory_buckets_test {

using punctual::Duration;
using punctual::KeyedRate;
using punctual::time_min;
using punctual::TimePoint;
using punctual::tests::memory_start;
using MemoryBuckets = decltype(punctual::detail::MemoryBuckets{});

namespace {

/// Two at once, and then one every half second.
KeyedRate rate_of(const std::string& key) {
  return {.key = key, .limit = {.max = 2, .period = Duration{1000}}};
}

}  // namespace

TEST_CASE("MemoryBuckets hand out what a bucket holds at once and the rest as it fills") {
  for (const TimePoint start : {memory_start, TimePoint{}, time_min}) {
    CAPTURE(start.time_since_epoch().count());
    MemoryBuckets buckets;
    CHECK(buckets.take(rate_of("a"), start) == start);
    CHECK(buckets.take(rate_of("a"), start) == start);
    CHECK(buckets.take(rate_of("a"), start) == start + Duration{500});
    CHECK(buckets.take(rate_of("a"), start) == start + Duration{1000});
    CHECK(buckets.take(rate_of("b"), start) == start);
  }
}

TEST_CASE("MemoryBuckets forget a bucket when it is full again, and not before") {
  MemoryBuckets buckets;
  buckets.take(rate_of("a"), memory_start);
  buckets.take(rate_of("b"), memory_start);
  buckets.take(rate_of("b"), memory_start);
  CHECK(buckets.level("a") == (memory_start + Duration{500}).time_since_epoch().count() * 1000);
  buckets.forget_full(memory_start + Duration{499});
  CHECK(buckets.size() == 2);
  buckets.forget_full(memory_start + Duration{500});
  CHECK(buckets.size() == 1);
  CHECK(buckets.level("a") < buckets.level("b"));
  buckets.forget_full(memory_start + Duration{1000});
  CHECK(buckets.size() == 0);
}

}  // namespace memory_buckets_test
