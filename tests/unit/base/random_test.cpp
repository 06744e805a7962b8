// SPDX-License-Identifier: MIT
//
// Random: the published sequence of SplitMix64, and draws within bounds.

#include "punctual/base/random.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "support/catch.hpp"

namespace random_test {

using punctual::Random;

static_assert(std::uniform_random_bit_generator<Random>);

TEST_CASE("Random draws the published SplitMix64 sequence when it has the published seed") {
  struct Row {
    const char* subject;
    std::uint64_t seed;
    std::vector<std::uint64_t> wanted;
  };
  const std::vector<Row> rows = {
      {"seed 0", 0, {0xE220A8397B1DCDAFU, 0x6E789E6AA1B965F4U, 0x06C45D188009454FU}},
      {"seed 1234567",
       1234567,
       {6457827717110365317U, 3203168211198807973U, 9817491932198370423U, 4593380528125082431U,
        16408922859458223821U}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    Random random{row.seed};
    std::vector<std::uint64_t> drawn(row.wanted.size());
    for (auto& value : drawn) value = random();
    CHECK(drawn == row.wanted);
  }
}

TEST_CASE("Random draws every number up to the bound and none above when the bound is small") {
  constexpr std::uint64_t seed = 3;
  CAPTURE(seed);
  for (const std::uint64_t bound : {0U, 1U, 2U, 6U}) {
    CAPTURE(bound);
    Random random{seed};
    std::array<int, 7> counts{};
    for (int i = 0; i < 7000; ++i) {
      const auto value = random.up_to(bound);
      REQUIRE(value <= bound);
      ++counts[static_cast<std::size_t>(value)];
    }
    // Each of bound + 1 numbers is expected 7000 / (bound + 1) times, with a deviation below 45.
    for (std::size_t value = 0; value <= bound; ++value) {
      CAPTURE(value);
      CHECK(counts[value] > 7000 / static_cast<int>(bound + 1) - 250);
    }
  }
}

TEST_CASE("Random draws from all 64 bits when the bound is the largest number") {
  Random bounded{5};
  Random plain{5};
  for (int i = 0; i < 100; ++i) REQUIRE(bounded.up_to(UINT64_MAX) == plain());
}

TEST_CASE("Random differs from another one when both are seeded from entropy") {
  Random a = Random::from_entropy();
  Random b = Random::from_entropy();
  CHECK(a() != b());
}

}  // namespace random_test
