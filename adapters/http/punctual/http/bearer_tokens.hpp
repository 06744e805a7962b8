// SPDX-License-Identifier: MIT
//
// BearerTokens: an authenticator for `Authorization: Bearer TOKEN`.
//
// Tokens are kept as SHA-256 only. A token that comes is hashed and compared with each of them, so
// that the time says nothing about which it is, or how much of it was right.
//
// Thread-safety: as a value; when all tokens are added, share it freely.
// Source: RFC 6750, 2.1.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/domain/limits.hpp"
#include "punctual/http/access.hpp"
#include "punctual/http/digest.hpp"

namespace punctual::http {

class BearerTokens {
 public:
  /// 256 bits, which is 43 characters of base64 and 64 of hexadecimal.
  static constexpr std::size_t token_bytes_min = 43;
  static constexpr std::size_t token_bytes_max = 512;

  /// Adds a token and whose it is.
  ///
  /// Errors: INVALID_CONFIG -> the token is shorter than 43 characters, longer than 512, holds
  ///         something else than visible ASCII, is one character over and over, or was added
  ///         before; the principal has no name. INVALID_KEY -> the name does not fit.
  BearerTokens& add(std::string_view token, Principal principal) {
    if (token.size() < token_bytes_min || token.size() > token_bytes_max || !is_visible(token) ||
        token.find_first_not_of(token.front()) == std::string_view::npos) {
      throw Error{
          "INVALID_CONFIG",
          "a bearer token is 43 to 512 visible ASCII characters, made of at least 32 random "
          "bytes, for example by `openssl rand -hex 32`; got " +
              std::to_string(token.size()) + " characters"};
    }
    return add_sha256(sha256(token), std::move(principal));
  }

  /// Adds the SHA-256 of a token, for hosts that keep no tokens themselves.
  BearerTokens& add_sha256(const Digest& digest, Principal principal) {
    if (principal.name.empty()) {
      throw Error{"INVALID_CONFIG", "the principal of a bearer token must have a name"};
    }
    require_key_fits(principal.name, "Principal.name");
    for (const auto& entry : entries_) {
      if (!is_equal(entry.digest, digest)) continue;
      throw Error{"INVALID_CONFIG", "the bearer token of \"" + principal.name + "\" is that of \"" +
                                        entry.principal.name + "\" too"};
    }
    entries_.push_back({digest, std::move(principal)});
    return *this;
  }

  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

  /// Says whose token the request carries.
  [[nodiscard]] Authentication operator()(const Request& request) const {
    const auto values = request.values_of("Authorization");
    // Hashed also when there is none, so that it takes as long.
    const std::string_view token = values.size() == 1 ? token_of(values.front()) : "";
    const Digest digest = sha256(token.substr(0, token_bytes_max + 1));
    const Entry* found = nullptr;
    for (const auto& entry : entries_) {
      if (is_equal(entry.digest, digest)) found = &entry;
    }
    if (found == nullptr || token.empty()) return {};
    return {found->principal, false};
  }

 private:
  struct Entry {
    Digest digest{};
    Principal principal{};
  };

  [[nodiscard]] static bool is_visible(std::string_view text) noexcept {
    for (const char c : text) {
      if (c < '!' || c > '~') return false;
    }
    return true;
  }

  [[nodiscard]] static std::string_view token_of(std::string_view value) noexcept {
    static constexpr std::string_view scheme = "Bearer ";
    if (!is_same_name(value.substr(0, scheme.size()), scheme)) return {};
    return value.substr(scheme.size());
  }

  std::vector<Entry> entries_{};
};

}  // namespace punctual::http
