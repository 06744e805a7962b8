// SPDX-License-Identifier: MIT
//
// Backoff: how the waits grow, where they stop, and how they are spread.

#include "punctual/schedule/backoff.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <vector>

#include "punctual/base/random.hpp"
#include "punctual/base/time.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace backoff_test {

using punctual::Backoff;
using punctual::Duration;
using punctual::Random;
using punctual::tests::code_of;

namespace {

constexpr auto last_attempt = std::numeric_limits<std::uint32_t>::max();

}  // namespace

TEST_CASE("Backoff doubles its ceiling up to the cap when it is exponential") {
  struct Row {
    const char* subject;
    Duration initial;
    Duration cap;
    std::vector<std::int64_t> ceilings_ms;  // from attempt 1 on
    Duration last;
  };
  const std::vector<Row> rows = {
      {"the cap is a power", Duration{10}, Duration{80}, {10, 20, 40, 80, 80, 80}, Duration{80}},
      {"the cap lies between", Duration{10}, Duration{70}, {10, 20, 40, 70, 70}, Duration{70}},
      {"an odd cap", Duration{1}, Duration{5}, {1, 2, 4, 5, 5}, Duration{5}},
      {"a cap just above a double", Duration{1}, Duration{3}, {1, 2, 3, 3}, Duration{3}},
      {"the cap at once", Duration{10}, Duration{10}, {10, 10, 10}, Duration{10}},
      {"no wait ever", Duration{0}, Duration{0}, {0, 0, 0}, Duration{0}},
      {"nothing to double", Duration{0}, Duration{1000}, {0, 0, 0}, Duration{0}},
      {"no cap to speak of", Duration{1}, Duration::max(), {1, 2, 4, 8, 16}, Duration::max()},
      {"beyond half of the longest",
       Duration::max() / 2 + Duration{1},
       Duration::max(),
       {Duration::max().count() / 2 + 1, Duration::max().count()},
       Duration::max()},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const Backoff backoff = Backoff::exponential(row.initial, row.cap);
    std::uint32_t attempt = 0;
    for (const auto ceiling_ms : row.ceilings_ms) {
      CAPTURE(++attempt);
      CHECK(backoff.ceiling(attempt) == Duration{ceiling_ms});
    }
    CHECK(backoff.ceiling(last_attempt) == row.last);
  }
}

TEST_CASE("Backoff waits the same before every attempt when it is fixed") {
  Random random{1};
  const Backoff backoff = Backoff::fixed(Duration{250});
  for (const std::uint32_t attempt : {1U, 2U, 1000U, last_attempt}) {
    CAPTURE(attempt);
    CHECK(backoff.ceiling(attempt) == Duration{250});
    CHECK(backoff.delay(attempt, random) == Duration{250});
  }
}

TEST_CASE("Backoff waits exactly its ceiling when jitter is switched off") {
  Random random{1};
  const Backoff backoff = Backoff::exponential(Duration{100}, Duration{1000}, false);
  for (const std::uint32_t attempt : {1U, 2U, 3U, 4U, 5U}) {
    CAPTURE(attempt);
    CHECK(backoff.delay(attempt, random) == backoff.ceiling(attempt));
  }
  CHECK(random() == Random{1}());  // and draws nothing
}

TEST_CASE("Backoff draws every wait from zero to its ceiling when it has full jitter") {
  constexpr std::uint64_t seed = 77;
  CAPTURE(seed);
  Random random{seed};
  const Backoff backoff = Backoff::exponential(Duration{4}, Duration{16});
  for (const std::uint32_t attempt : {1U, 2U, 3U, 4U}) {
    CAPTURE(attempt);
    std::set<Duration> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(backoff.delay(attempt, random));
    CHECK(*seen.begin() == Duration{0});
    CHECK(*seen.rbegin() == backoff.ceiling(attempt));
    CHECK(seen.size() == static_cast<std::size_t>(backoff.ceiling(attempt).count()) + 1);
  }
}

TEST_CASE("Backoff repeats its waits when the generator has the same seed") {
  Random a{5};
  Random b{5};
  const Backoff backoff = Backoff::exponential(Duration{1000}, Duration{3'600'000});
  std::set<Duration> seen;
  for (std::uint32_t attempt = 1; attempt <= 20; ++attempt) {
    const Duration delay = backoff.delay(attempt, a);
    REQUIRE(delay == backoff.delay(attempt, b));
    seen.insert(delay);
  }
  CHECK(seen.size() > 15);
}

TEST_CASE("Backoff draws from the whole range when the ceiling is the longest span") {
  Random random{6};
  const Backoff backoff = Backoff::exponential(Duration::max(), Duration::max());
  Duration longest{0};
  for (int i = 0; i < 100; ++i) {
    const Duration delay = backoff.delay(1, random);
    REQUIRE(delay >= Duration{0});
    longest = std::max(longest, delay);
  }
  CHECK(longest > Duration::max() / 2);
}

TEST_CASE("Backoff refuses its waits when they are negative or upside down") {
  struct Row {
    const char* subject;
    Duration initial;
    Duration cap;
    const char* code;
  };
  const Row rows[] = {
      {"no wait", Duration{0}, Duration{0}, ""},
      {"as long as the cap", Duration{5}, Duration{5}, ""},
      {"negative", Duration{-1}, Duration{5}, "INVALID_CONFIG"},
      {"both negative", Duration{-5}, Duration{-1}, "INVALID_CONFIG"},
      {"a cap below it", Duration{5}, Duration{4}, "INVALID_CONFIG"},
      {"a negative cap", Duration{0}, Duration{-1}, "INVALID_CONFIG"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(code_of([&] { (void)Backoff::exponential(row.initial, row.cap); }) == row.code);
  }
  CHECK(code_of([] { (void)Backoff::fixed(Duration{0}); }).empty());
  CHECK(code_of([] { (void)Backoff::fixed(Duration{-1}); }) == "INVALID_CONFIG");
}

TEST_CASE("Backoff equals another when waits and jitter are the same") {
  const auto backoff = Backoff::exponential(Duration{1}, Duration{9});
  CHECK(backoff == Backoff::exponential(Duration{1}, Duration{9}, true));
  CHECK_FALSE(backoff == Backoff::exponential(Duration{1}, Duration{9}, false));
  CHECK_FALSE(backoff == Backoff::exponential(Duration{2}, Duration{9}));
  CHECK_FALSE(backoff == Backoff::exponential(Duration{1}, Duration{8}));
  CHECK(Backoff::fixed(Duration{3}) == Backoff::exponential(Duration{3}, Duration{3}, false));
}

}  // namespace backoff_test
