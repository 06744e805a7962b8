// SPDX-License-Identifier: MIT
//
// Limits: how much of what a job says is kept.
//
// Everything that reaches a storage passes here once, in the scheduler, so that no row can grow
// without bound whatever a body returns, and every storage stores the same. What is cut says so.
//
// Thread-safety: pure functions.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
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
inline constexpr std::size_t details_bytes_max = std::size_t{64} * 1024;
inline constexpr std::size_t details_depth_max = 16;
inline constexpr std::size_t details_keys_max = 1000;
inline constexpr std::size_t payload_bytes_max = std::size_t{64} * 1024;
inline constexpr std::size_t payload_depth_max = 100;

namespace detail {

/// True if lists and objects lie within one another more than `depth_max` deep. Looks no deeper.
template <class BasicJson>
[[nodiscard]] bool is_nested_deeper(const BasicJson& value, std::size_t depth_max) {
  if (!value.is_structured()) return false;
  if (depth_max == 0) return true;
  return std::any_of(value.begin(), value.end(), [&](const BasicJson& element) {
    return is_nested_deeper(element, depth_max - 1);
  });
}

/// Returns how many bytes `text`, already clean, takes within the quotes of JSON.
[[nodiscard]] inline std::size_t json_bytes(std::string_view text) {
  const auto is_escaped = [](char c) { return c == '"' || c == '\\' || c == '\t' || c == '\n'; };
  return text.size() +
         static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_escaped));
}

/// Copies JSON within a budget of the bytes of its text; what does not fit is left out and `cut`
/// set.
template <class BasicJson>
class DetailsClamp {
 public:
  [[nodiscard]] BasicJson copy(const BasicJson& source, std::size_t depth) {
    if (source.is_structured()) {
      if (depth >= details_depth_max) return leave_out();
      take(2);
      return source.is_object() ? copy_object(source, depth) : copy_array(source, depth);
    }
    if (source.is_string()) return copy_string(source.template get_ref<const std::string&>());
    if (source.is_binary() || source.is_discarded()) return leave_out();
    return copy_scalar(source);
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

  BasicJson leave_out() {
    cut = true;
    take(4);
    return nullptr;
  }

  BasicJson copy_scalar(const BasicJson& source) {
    if (source.is_number_unsigned()) {
      take(std::to_string(source.template get<std::uint64_t>()).size());
    } else if (source.is_number_integer()) {
      take(std::to_string(source.template get<std::int64_t>()).size());
    } else if (source.is_number_float()) {
      take(float_bytes_max);
      // JSON knows no such number, so a storage of texts would read back null.
      if (!std::isfinite(source.template get<double>())) return nullptr;
    } else {
      take(5);
    }
    return source;
  }

  BasicJson copy_string(const std::string& source) {
    const std::size_t room = std::max<std::size_t>(budget_, 5) - 2;
    FitText fit = fit_text(source, room);
    const std::size_t escape_count = json_bytes(fit.text) - fit.text.size();
    if (fit.text.size() + escape_count > room) {
      // Either way it fits: a shorter text has no more to escape, and none more than twice its
      // size.
      const std::size_t shorter = std::max(room - std::min(room, escape_count), room / 2);
      fit = fit_text(source, std::max<std::size_t>(shorter, 3));
    }
    if (fit.is_cut) cut = true;
    take(json_bytes(fit.text) + 2);
    return std::move(fit.text);
  }

  BasicJson copy_object(const BasicJson& source, std::size_t depth) {
    BasicJson target = BasicJson::object();
    for (const auto& [key, value] : source.items()) {
      const FitText name = fit_text(key, key_bytes_max);
      if (name.is_cut) cut = true;
      if (keys_ == 0 || !take(json_bytes(name.text) + 4)) {
        cut = true;
        break;
      }
      --keys_;
      if (target.contains(name.text)) {  // two that differ only in what was cut or replaced
        cut = true;
        continue;
      }
      target[name.text] = copy(value, depth + 1);
    }
    return target;
  }

  BasicJson copy_array(const BasicJson& source, std::size_t depth) {
    BasicJson target = BasicJson::array();
    for (const auto& value : source) {
      if (!take(1)) break;
      target.push_back(copy(value, depth + 1));
    }
    return target;
  }

  static constexpr std::size_t float_bytes_max = 24;  // -2.2250738585072014e-308

  /// Room for the wrapper, the mark, and the one value that is found not to fit when it is there.
  static constexpr std::size_t reserve_bytes = 64;

  std::size_t budget_ = details_bytes_max - reserve_bytes;
  std::size_t keys_ = details_keys_max;
};

}  // namespace detail

/// Returns `details` within 64 KiB of JSON text, depth 16 and 1,000 keys, its texts valid UTF-8.
///
/// What was cut is marked by a member `"_truncated": true`; details that are neither an object nor
/// null are wrapped as `{"value": …}`, so that a reader always finds an object.
template <class BasicJson = Json>
[[nodiscard]] BasicJson clamp_details(const BasicJson& details) {
  if (details.is_null()) return nullptr;
  detail::DetailsClamp<BasicJson> clamp;
  BasicJson copy = clamp.copy(details, details.is_object() ? 0 : 1);
  if (!copy.is_object()) copy = BasicJson::object({{"value", std::move(copy)}});
  if (clamp.cut) copy["_truncated"] = true;
  return copy;
}

/// Refuses a payload that is too large to store: cutting it would change what the job is asked to
/// do.
///
/// Errors: INVALID_PAYLOAD -> its JSON text is longer than 64 KiB, it is nested more than 100 deep,
/// or it holds what JSON cannot
/// say:
///         invalid UTF-8, binary values, numbers that are not finite.
template <class BasicJson = Json>
void require_payload_fits(const BasicJson& payload) {
  if (payload.is_null()) return;
  if (detail::is_nested_deeper(payload, payload_depth_max)) {
    throw Error{"INVALID_PAYLOAD", "a payload is nested 100 deep at most, got more"};
  }
  std::string text;
  try {
    text = payload.dump();
  } catch (const typename BasicJson::exception& error) {
    throw Error{"INVALID_PAYLOAD", std::string{"a payload must be valid JSON: "} + error.what()};
  }
  if (text.size() > payload_bytes_max) {
    throw Error{"INVALID_PAYLOAD", "a payload is at most 65536 bytes of JSON, got " +
                                       std::to_string(text.size()) +
                                       "; store the data elsewhere and pass a reference to it"};
  }
  // Some storages keep texts: the body must read there what it reads from memory.
  if (BasicJson::parse(text, nullptr, false) == payload) return;
  throw Error{"INVALID_PAYLOAD",
              "a payload must be what JSON can say: no binary values, no infinity, no NaN"};
}

/// Refuses a key or name that is too long or not printable, naming the field it came in.
///
/// Errors: INVALID_KEY -> longer than 200 bytes, invalid UTF-8, or with control characters.
inline void require_key_fits(const std::string& key, const char* field) {
  const bool is_one_line = key.find_first_of("\t\n") == std::string::npos;
  if (key.size() <= key_bytes_max && is_one_line && clamp_text(key, key_bytes_max) == key) return;
  throw Error{"INVALID_KEY",
              std::string{field} +
                  " is at most 200 bytes of UTF-8 without control characters, got \"" +
                  clamp_text(key, 64) + "\" (" + std::to_string(key.size()) + " bytes)"};
}

}  // namespace punctual
