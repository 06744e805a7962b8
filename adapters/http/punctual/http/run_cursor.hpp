// SPDX-License-Identifier: MIT
//
// RunCursor: where the next page of runs begins, as a text that only the facade can make.
//
// It is the id of the page's last run with a MAC over it and over the filters, so a cursor cannot
// be used to ask for something that no page has led to, nor with other filters.
//
// Thread-safety: as a value; share it freely.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "punctual/base/uuid.hpp"
#include "punctual/http/digest.hpp"

namespace punctual::http {

class RunCursor {
 public:
  /// Several processes that share a `key` take each other's cursors.
  explicit RunCursor(const Digest& key) : key_(key) {}

  [[nodiscard]] std::string make(Uuid last, std::string_view filters) const {
    const std::string id = last.to_string();
    return id + "." + mac_of(id, filters);
  }

  /// Returns the id in a cursor; nullopt if the cursor was not made by make() with these filters.
  [[nodiscard]] std::optional<Uuid> read(std::string_view cursor, std::string_view filters) const {
    static constexpr std::size_t id_length = 36;
    if (cursor.size() != id_length + 1 + mac_length || cursor[id_length] != '.') {
      return std::nullopt;
    }
    const std::string_view id = cursor.substr(0, id_length);
    const std::string expected = mac_of(id, filters);
    if (!is_equal(sha256(expected), sha256(cursor.substr(id_length + 1)))) return std::nullopt;
    return Uuid::parse(id);
  }

 private:
  static constexpr std::size_t mac_length = 32;

  /// 128 bits of it, which nobody can guess.
  [[nodiscard]] std::string mac_of(std::string_view id, std::string_view filters) const {
    const Digest digest = hmac_sha256(key_, std::string{id} + "\n" + std::string{filters});
    return to_hex(digest, mac_length / 2);
  }

  Digest key_;
};

}  // namespace punctual::http
