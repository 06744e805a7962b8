// SPDX-License-Identifier: MIT
//
// SHA-256, HMAC-SHA-256, and comparing in constant time, by OpenSSL.
//
// Thread-safety: pure functions.

#pragma once

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "punctual/base/error.hpp"

namespace punctual::http {

using Digest = std::array<std::uint8_t, 32>;

/// Errors: CRYPTO_FAILED -> OpenSSL refuses. So for the functions below.
[[nodiscard]] inline Digest sha256(std::string_view bytes) {
  Digest digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    throw Error{"CRYPTO_FAILED", "OpenSSL does not compute SHA-256"};
  }
  return digest;
}

[[nodiscard]] inline Digest hmac_sha256(const Digest& key, std::string_view bytes) {
  Digest digest{};
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data, bytes.size(),
           digest.data(), nullptr) == nullptr) {
    throw Error{"CRYPTO_FAILED", "OpenSSL does not compute HMAC-SHA-256"};
  }
  return digest;
}

/// Returns bytes that nobody can guess.
[[nodiscard]] inline Digest random_digest() {
  Digest digest{};
  if (RAND_bytes(digest.data(), static_cast<int>(digest.size())) != 1) {
    throw Error{"CRYPTO_FAILED", "OpenSSL has no random bytes"};
  }
  return digest;
}

/// True if both are the same; takes as long whichever bytes differ.
[[nodiscard]] inline bool is_equal(const Digest& a, const Digest& b) noexcept {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

/// Returns the first `byte_count` bytes in hexadecimal digits.
[[nodiscard]] inline std::string to_hex(const Digest& digest, std::size_t byte_count) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  for (std::size_t i = 0; i < byte_count; ++i) {
    hex += digits[digest[i] >> 4U];
    hex += digits[digest[i] & 0xFU];
  }
  return hex;
}

/// Returns the digest that 64 hexadecimal digits spell, or nullopt.
[[nodiscard]] inline std::optional<Digest> parse_digest(std::string_view hex) {
  Digest digest{};
  if (hex.size() != 2 * digest.size()) return std::nullopt;
  for (std::size_t i = 0; i < hex.size(); ++i) {
    const char c = hex[i];
    unsigned value = 0;
    if (c >= '0' && c <= '9') {
      value = static_cast<unsigned>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      value = static_cast<unsigned>(c - 'a') + 10;
    } else if (c >= 'A' && c <= 'F') {
      value = static_cast<unsigned>(c - 'A') + 10;
    } else {
      return std::nullopt;
    }
    digest[i / 2] = static_cast<std::uint8_t>(digest[i / 2] * 16U + value);
  }
  return digest;
}

}  // namespace punctual::http
