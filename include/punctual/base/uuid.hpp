// SPDX-License-Identifier: MIT
//
// Uuid and UuidGenerator: identifiers that sort by the time they were made (version 7).
//
// Ordered ids keep the newest rows of a history together in every index, and serve as the key by
// which long lists are paged. A generator never goes back: when the clock does, it stays at the
// highest millisecond it has seen and counts on.
//
// Thread-safety: Uuid is a value; one UuidGenerator belongs to one thread at a time.
// Source: RFC 9562, section 5.7 (layout) and 6.2 method 1 (counter).

#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "punctual/base/random.hpp"
#include "punctual/base/time.hpp"

namespace punctual {

/// Sixteen bytes; the default one is nil (all zero) and stands for "no id".
class Uuid {
 public:
  constexpr Uuid() = default;
  explicit constexpr Uuid(const std::array<std::uint8_t, 16>& bytes) : bytes_(bytes) {}

  /// Returns the id that `text` spells (8-4-4-4-12 hexadecimal digits, either case), or nullopt.
  [[nodiscard]] static std::optional<Uuid> parse(std::string_view text) noexcept;

  /// Returns an id below all that UuidGenerator makes at `instant`, and above all from before it;
  /// nil before 1970.
  [[nodiscard]] static Uuid lowest_at(TimePoint instant) noexcept;

  /// Returns the 36 characters of the canonical lower-case form.
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] constexpr bool is_nil() const noexcept { return *this == Uuid{}; }
  [[nodiscard]] constexpr const std::array<std::uint8_t, 16>& bytes() const noexcept {
    return bytes_;
  }

  /// Orders by bytes, which for version 7 is the order of creation.
  friend constexpr std::strong_ordering operator<=>(const Uuid& a, const Uuid& b) noexcept {
    const auto x = a.numbers();
    const auto y = b.numbers();
    return x[0] != y[0] ? x[0] <=> y[0] : x[1] <=> y[1];
  }
  friend constexpr bool operator==(const Uuid&, const Uuid&) = default;

 private:
  /// Two numbers that order as the sixteen bytes do, and are compared in a fraction of the time:
  /// an index in memory does little else.
  [[nodiscard]] constexpr std::array<std::uint64_t, 2> numbers() const noexcept {
    auto halves = std::bit_cast<std::array<std::uint64_t, 2>>(bytes_);
    if constexpr (std::endian::native == std::endian::little) {
      for (auto& half : halves) half = __builtin_bswap64(half);
    }
    return halves;
  }

  std::array<std::uint8_t, 16> bytes_{};
};

/// Makes version 7 ids: 48 bits of milliseconds, a 12-bit counter, 62 random bits.
class UuidGenerator {
 public:
  explicit UuidGenerator(Random random) noexcept : random_(random) {}

  /// Returns an id greater than every one this generator made before, also if `now` went back.
  [[nodiscard]] Uuid next(TimePoint now) noexcept;

 private:
  Random random_;
  std::uint64_t last_ms_ = 0;
  std::uint32_t counter_ = 0;
};

inline std::optional<Uuid> Uuid::parse(std::string_view text) noexcept {
  if (text.size() != 36) return std::nullopt;
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::array<std::uint8_t, 16> bytes{};
  std::size_t nibble = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int value = digit(text[i]);
    if (value < 0) return std::nullopt;
    const auto shift = nibble % 2 == 0 ? 4U : 0U;
    bytes[nibble / 2] =
        static_cast<std::uint8_t>(bytes[nibble / 2] | (static_cast<unsigned>(value) << shift));
    ++nibble;
  }
  return Uuid{bytes};
}

inline Uuid Uuid::lowest_at(TimePoint instant) noexcept {
  const auto since_epoch = instant.time_since_epoch().count();
  const std::uint64_t ms = since_epoch > 0 ? static_cast<std::uint64_t>(since_epoch) : 0;
  Uuid lowest;
  for (std::size_t i = 0; i < 6; ++i) {
    lowest.bytes_[i] = static_cast<std::uint8_t>(ms >> (40U - 8U * i));
  }
  return lowest;
}

inline std::string Uuid::to_string() const {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < bytes_.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text.push_back('-');
    text.push_back(digits[bytes_[i] >> 4U]);
    text.push_back(digits[bytes_[i] & 0x0FU]);
  }
  return text;
}

inline Uuid UuidGenerator::next(TimePoint now) noexcept {
  const auto since_epoch = now.time_since_epoch().count();
  const std::uint64_t now_ms = since_epoch > 0 ? static_cast<std::uint64_t>(since_epoch) : 0;
  if (now_ms > last_ms_) {
    last_ms_ = now_ms;
    counter_ = static_cast<std::uint32_t>(random_() & 0x7FFU);  // half the range left to count in
  } else if (++counter_ > 0xFFFU) {
    ++last_ms_;  // borrowed from the next millisecond, as RFC 9562 section 6.2 allows
    counter_ = 0;
  }
  auto bytes = Uuid::lowest_at(TimePoint{Duration{static_cast<std::int64_t>(last_ms_)}}).bytes();
  bytes[6] = static_cast<std::uint8_t>(0x70U | (counter_ >> 8U));
  bytes[7] = static_cast<std::uint8_t>(counter_);
  const std::uint64_t tail = random_();
  for (std::size_t i = 0; i < 8; ++i) bytes[8 + i] = static_cast<std::uint8_t>(tail >> (8U * i));
  bytes[8] = static_cast<std::uint8_t>(0x80U | (bytes[8] & 0x3FU));
  return Uuid{bytes};
}

/// Wire: the canonical text, or null for nil.
template <class BasicJson>
void to_json(BasicJson& json, const Uuid& id) {
  if (id.is_nil()) {
    json = nullptr;
  } else {
    json = id.to_string();
  }
}

}  // namespace punctual

/// Hashes the random half, which is already uniform.
template <>
struct std::hash<punctual::Uuid> {
  std::size_t operator()(const punctual::Uuid& id) const noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 8; i < 16; ++i) value = (value << 8U) | id.bytes()[i];
    return static_cast<std::size_t>(value);
  }
};
