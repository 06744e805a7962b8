// SPDX-License-Identifier: MIT
//
// Limits: how much of what a job says is kept.
//
// Everything that reaches a storage passes here once, in the scheduler, so that no row can grow
// without bound whatever a body returns, and every storage stores the same. What is cut says so.
//
// Thread-safety: pure functions.

#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "punctual/base/error.hpp"
#include "punctual/base/json.hpp"
#include "punctual/base/text.hpp"

namespace punctual {

inline constexpr std::size_t summary_bytes_max = 1024;
inline constexpr std::size_t error_message_bytes_max = 4096;
inline constexpr std::size_t description_bytes_max = 1024;
inline constexpr std::size_t reason_bytes_max = 1024;
inline constexpr std::size_t key_bytes_max = 200;  ///< actor, node, unique and concurrency keys
inline constexpr std::size_t details_bytes_max = 64 * 1024;
inline constexpr std::size_t details_depth_max = 16;
inline constexpr std::size_t details_keys_max = 1000;
inline constexpr std::size_t payload_bytes_max = 64 * 1024;

namespace detail {

/// Copies JSON within a budget; what does not fit is left out and `cut` set.
class DetailsClamp {
 public:
  [[nodiscard]] Json copy(const Json& source, std::size_t depth) {
    if (source.is_object() || source.is_array()) {
      if (depth >= details_depth_max) {
        cut = true;
        return nullptr;
      }
      return source.is_object() ? copy_object(source, depth) : copy_array(source, depth);
    }
    if (source.is_string()) return copy_string(source.get_ref<const std::string&>());
    if (source.is_binary()) {
      cut = true;
      return nullptr;
    }
    take(24);
    return source;
  }

  bool cut = false;

 private:
  bool take(std::size_t bytes) {
    if (bytes > budget_) {
      cut = true;
      budget_ = 0;
      return false;
    }
    budget_ -= bytes;
    return true;
  }

  Json copy_string(const std::string& text) {
    std::string clean = clamp_text(text, budget_ < 3 ? 3 : budget_);
    if (clean.size() < text.size()) cut = true;
    take(clean.size() + 2);
    return clean;
  }

  Json copy_object(const Json& source, std::size_t depth) {
    Json target = Json::object();
    for (const auto& [key, value] : source.items()) {
      if (keys_ == 0 || !take(key.size() + 4)) {
        cut = true;
        break;
      }
      --keys_;
      target[clamp_text(key, key_bytes_max)] = copy(value, depth + 1);
    }
    return target;
  }

  Json copy_array(const Json& source, std::size_t depth) {
    Json target = Json::array();
    for (const auto& value : source) {
      if (!take(1)) break;
      target.push_back(copy(value, depth + 1));
    }
    return target;
  }

  std::size_t budget_ = details_bytes_max;
  std::size_t keys_ = details_keys_max;
};

}  // namespace detail

/// Returns `details` within 64 KiB, depth 16 and 1,000 keys, its texts valid UTF-8.
///
/// What was cut is marked by a member `"_truncated": true`; details that are neither an object nor
/// null are wrapped as `{"value": …}`, so that a reader always finds an object.
[[nodiscard]] inline Json clamp_details(const Json& details) {
  if (details.is_null()) return nullptr;
  detail::DetailsClamp clamp;
  Json copy = clamp.copy(details, details.is_object() ? 0 : 1);
  if (!copy.is_object()) copy = Json::object({{"value", std::move(copy)}});
  if (clamp.cut) copy["_truncated"] = true;
  return copy;
}

/// Refuses a payload that is too large to store: cutting it would change what the job is asked to do.
///
/// Errors: INVALID_PAYLOAD -> its JSON text is longer than 64 KiB, or it holds invalid UTF-8.
inline void require_payload_fits(const Json& payload) {
  if (payload.is_null()) return;
  std::size_t size = 0;
  try {
    size = payload.dump().size();
  } catch (const Json::exception& error) {
    throw Error{"INVALID_PAYLOAD", std::string{"a payload must be valid JSON: "} + error.what()};
  }
  if (size <= payload_bytes_max) return;
  throw Error{"INVALID_PAYLOAD", "a payload is at most 65536 bytes of JSON, got " +
                                     std::to_string(size) +
                                     "; store the data elsewhere and pass a reference to it"};
}

/// Refuses a key or name that is too long or not printable, naming the field it came in.
///
/// Errors: INVALID_KEY -> longer than 200 bytes, invalid UTF-8, or with control characters.
inline void require_key_fits(const std::string& key, const char* field) {
  if (key.size() <= key_bytes_max && clamp_text(key, key_bytes_max) == key) return;
  throw Error{"INVALID_KEY", std::string{field} +
                                 " is at most 200 bytes of UTF-8 without control characters, got \"" +
                                 clamp_text(key, 64) + "\" (" + std::to_string(key.size()) +
                                 " bytes)"};
}

}  // namespace punctual
