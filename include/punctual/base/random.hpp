// SPDX-License-Identifier: MIT
//
// Random: the one source of randomness in the library, seeded from outside.
//
// Ids and jitter draw from a generator that is handed in, so that a test with a fixed seed repeats
// itself exactly. Not for secrets: the sequence follows from the seed.
//
// Thread-safety: distinct objects only; the scheduler guards the one it owns.
// Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators" (2014), SplitMix64.

#pragma once

#include <cstdint>

#if __has_include(<sys/random.h>)
#include <sys/random.h>
#else
#include <random>  // costs every includer a tenth of a second to compile
#endif

#include "punctual/base/error.hpp"

namespace punctual {

/// A SplitMix64 generator; meets the standard's UniformRandomBitGenerator.
class Random {
 public:
  using result_type = std::uint64_t;

  explicit constexpr Random(std::uint64_t seed) noexcept : state_(seed) {}

  /// Returns a generator seeded from the operating system's entropy.
  [[nodiscard]] static Random from_entropy() {
#if __has_include(<sys/random.h>)
    std::uint64_t seed = 0;
    if (::getrandom(&seed, sizeof seed, 0) == sizeof seed) return Random{seed};
    throw Error{"NO_ENTROPY", "the system gave no random numbers to seed the generator with"};
#else
    std::random_device device;
    const auto high = static_cast<std::uint64_t>(device());
    return Random{(high << 32U) | device()};
#endif
  }

  constexpr std::uint64_t operator()() noexcept {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }

  /// Returns a number in [0, bound]; the bias of the modulo is below 2^-32 for bounds below 2^32.
  [[nodiscard]] constexpr std::uint64_t up_to(std::uint64_t bound) noexcept {
    const std::uint64_t value = (*this)();
    return bound == UINT64_MAX ? value : value % (bound + 1);
  }

  [[nodiscard]] static constexpr std::uint64_t min() noexcept {
    return 0;
  }
  [[nodiscard]] static constexpr std::uint64_t max() noexcept {
    return UINT64_MAX;
  }

 private:
  std::uint64_t state_;
};

}  // namespace punctual
