// SPDX-License-Identifier: MIT
//
// RateLimit: when a bucket has a token, and what taking one makes of it.

#include "punctual/domain/rate_limit.hpp"

#include <chrono>
#include <cstdint>
#include <vector>

#include "support/catch.hpp"

namespace rate_limit_test {

using namespace std::chrono_literals;
using punctual::BucketLevel;
using punctual::Duration;
using punctual::RateLimit;
using punctual::TimePoint;

TEST_CASE("RateLimit sets no limit when nothing is said") {
  const RateLimit limit;
  CHECK(limit.max == 0);
  CHECK(limit.period == 1s);
}

TEST_CASE("RateLimit gains a token in its share of the period, and a microsecond at least") {
  struct Row {
    const char* subject;
    RateLimit limit;
    std::int64_t token_us;
  };
  const std::vector<Row> table = {
      {"one a second", {.max = 1, .period = 1s}, 1'000'000},
      {"four a second", {.max = 4, .period = 1s}, 250'000},
      {"three a second, rounded down", {.max = 3, .period = 1s}, 333'333},
      {"a million a second", {.max = 1'000'000, .period = 1s}, 1},
      {"more than one a microsecond", {.max = 1'000'000, .period = 1ms}, 1},
      {"one a year", {.max = 1, .period = 24h * 366}, 31'622'400'000'000},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    CHECK(row.limit.token_us() == row.token_us);
  }
}

TEST_CASE("RateLimit gives tokens at the instants that the period sets when all are asked for") {
  struct Row {
    const char* subject;
    RateLimit limit;
    std::vector<Duration> asked;
    std::vector<Duration> given;
  };
  const std::vector<Row> table = {
      {"one after another", {.max = 1, .period = 10s}, {0s, 0s, 0s}, {0s, 10s, 20s}},
      {"as many as it holds at once",
       {.max = 3, .period = 30s},
       {0s, 0s, 0s, 0s, 0s},
       {0s, 0s, 0s, 10s, 20s}},
      {"full again after the period",
       {.max = 2, .period = 10s},
       {0s, 0s, 10s, 10s, 10s},
       {0s, 0s, 10s, 10s, 15s}},
      {"no more than full after a longer time",
       {.max = 2, .period = 10s},
       {0s, 100s, 100s, 100s},
       {0s, 100s, 100s, 105s}},
      {"a part of one is kept", {.max = 1, .period = 10s}, {0s, 4s, 25s}, {0s, 10s, 25s}},
      {"at the next millisecond, never before",
       {.max = 3, .period = 1s},
       {0s, 0s, 0s, 0s, 0s, 0s},
       {0ms, 0ms, 0ms, 334ms, 667ms, 1000ms}},
      {"several in a millisecond",
       {.max = 3000, .period = 1s},
       std::vector<Duration>(3002, 0s),
       {}},
  };
  const TimePoint start{std::chrono::hours{24 * 19'737}};
  for (const auto& row : table) {
    CAPTURE(row.subject);
    BucketLevel full_at = 0;  // as one that has no row
    std::vector<Duration> given;
    for (const Duration asked : row.asked) {
      const TimePoint at = row.limit.next_token_at(full_at, start + asked);
      CHECK(row.limit.next_token_at(full_at, at) == at);
      full_at = row.limit.after_taking(full_at, at);
      given.push_back(at - start);
    }
    if (row.given.empty()) {
      CHECK(given[2999] == 0ms);
      CHECK(given[3000] == 1ms);
      CHECK(given[3001] == 1ms);
    } else {
      CHECK(given == row.given);
    }
  }
}

TEST_CASE("RateLimit waits on when the clock is set back, for no longer than it is behind") {
  const RateLimit limit{.max = 1, .period = 10s};
  const TimePoint start{std::chrono::hours{24 * 19'737}};
  const BucketLevel full_at = limit.after_taking(0, start);
  CHECK(limit.next_token_at(full_at, start - 1h) == start + 10s);
}

TEST_CASE("RateLimit holds a bucket to a full period's wait when the clock was ahead") {
  const RateLimit limit{.max = 2, .period = std::chrono::minutes{1}};
  const TimePoint at{std::chrono::hours{1}};
  const std::int64_t at_us = 3'600'000'000;
  CHECK(limit.level_at(0, at) == 0);
  CHECK(limit.level_at(at_us + 60'000'000, at) == at_us + 60'000'000);
  CHECK(limit.level_at(at_us + 86'400'000'000, at) == at_us + 60'000'000);
}

TEST_CASE("RateLimit is the same when both of its values are") {
  CHECK(RateLimit{.max = 1, .period = 1s} == RateLimit{.max = 1, .period = 1s});
  CHECK_FALSE(RateLimit{.max = 1, .period = 1s} == RateLimit{.max = 2, .period = 1s});
  CHECK_FALSE(RateLimit{.max = 1, .period = 1s} == RateLimit{.max = 1, .period = 2s});
}

}  // namespace rate_limit_test
