// SPDX-License-Identifier: MIT
//
// StorageTrouble: ever longer pauses, up to half a minute, until the first success.

#include "punctual/core/storage_trouble.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <set>

#include "support/catch.hpp"

namespace storage_trouble_test {

using namespace std::chrono_literals;
using punctual::Duration;
using punctual::Random;
using punctual::detail::StorageTrouble;

TEST_CASE("StorageTrouble asks for no pause when nothing has failed") {
  StorageTrouble trouble{Random{1}};
  CHECK_FALSE(trouble.pause(0ms));
  CHECK_FALSE(trouble.succeeded());
  CHECK_FALSE(trouble.pause(1h));
}

TEST_CASE("StorageTrouble pauses for half of the ceiling at least and never beyond it") {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
    CAPTURE(seed);
    StorageTrouble trouble{Random{seed}};
    Duration now = 10s;
    for (int failure = 0; failure < 40; ++failure) {
      CAPTURE(failure);
      const Duration ceiling = std::min<Duration>(200ms * (1LL << std::min(failure, 10)), 30s);
      trouble.failed(now);
      const auto pause = trouble.pause(now);
      REQUIRE(pause);
      CHECK(*pause >= ceiling / 2);
      CHECK(*pause <= ceiling);
      now += *pause;
    }
  }
}

TEST_CASE("StorageTrouble differs between schedulers when their seeds differ") {
  std::set<Duration> pauses;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    StorageTrouble trouble{Random{seed}};
    for (int failure = 0; failure < 12; ++failure) trouble.failed(0ms);
    pauses.insert(trouble.pause(0ms).value());
  }
  CHECK(pauses.size() == 20);
}

TEST_CASE("StorageTrouble counts its pause down, and to zero when that is over") {
  const std::uint64_t seed = 7;
  CAPTURE(seed);
  StorageTrouble trouble{Random{seed}};
  trouble.failed(1s);
  const Duration pause = trouble.pause(1s).value();
  CHECK(trouble.pause(1s + pause - 1ms) == 1ms);
  CHECK(trouble.pause(1s + pause) == 0ms);
  CHECK(trouble.pause(1h) == 0ms);
}

TEST_CASE("StorageTrouble is over once and starts anew when the storage has answered") {
  const std::uint64_t seed = 8;
  CAPTURE(seed);
  StorageTrouble trouble{Random{seed}};
  for (int failure = 0; failure < 20; ++failure) trouble.failed(0ms);
  CHECK(trouble.pause(0ms).value() >= 15s);
  CHECK(trouble.succeeded());
  CHECK_FALSE(trouble.pause(0ms));
  CHECK_FALSE(trouble.succeeded());
  trouble.failed(0ms);
  CHECK(trouble.pause(0ms).value() <= 200ms);
}

TEST_CASE("StorageTrouble keeps pausing when it has failed for years") {
  const std::uint64_t seed = 9;
  CAPTURE(seed);
  StorageTrouble trouble{Random{seed}};
  for (int failure = 0; failure < 100'000; ++failure) trouble.failed(0ms);
  CHECK(trouble.pause(0ms).value() >= 15s);
  CHECK(trouble.pause(0ms).value() <= 30s);
}

}  // namespace storage_trouble_test
