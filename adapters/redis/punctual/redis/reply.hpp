// SPDX-License-Identifier: MIT
//
// Reply: what a command answered, read by position. ReplyFields: a list of names and values, read
// by name. What is not as expected reads as absent: what somebody damaged keeps nothing else from
// being read.
//
// Thread-safety: values. Views live as long as the reply they were taken from.

#pragma once

#include <hiredis/hiredis.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "punctual/base/json.hpp"
#include "punctual/base/time.hpp"
#include "punctual/base/uuid.hpp"

namespace punctual::redis::detail {

struct ReplyDeleter {
  void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};
using OwnedReply = std::unique_ptr<redisReply, ReplyDeleter>;

/// Returns the JSON that `text` spells, or `{"_undecodable": true}`.
[[nodiscard]] inline Json parse_json(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  return json.is_discarded() ? Json::object({{"_undecodable", true}}) : json;
}

/// A view of a reply or of one element of it.
class Reply {
 public:
  Reply() = default;
  explicit Reply(const redisReply* reply) : reply_(reply) {}
  explicit Reply(const OwnedReply& reply) : reply_(reply.get()) {}

  [[nodiscard]] std::size_t size() const noexcept {
    return reply_ != nullptr && reply_->type == REDIS_REPLY_ARRAY ? reply_->elements : 0;
  }
  [[nodiscard]] Reply operator[](std::size_t i) const noexcept {
    return i < size() ? Reply{reply_->element[i]} : Reply{};
  }

  [[nodiscard]] bool is_text() const noexcept {
    return reply_ != nullptr &&
           (reply_->type == REDIS_REPLY_STRING || reply_->type == REDIS_REPLY_STATUS);
  }
  [[nodiscard]] std::string_view view() const noexcept {
    return is_text() ? std::string_view{reply_->str, length()} : std::string_view{};
  }
  [[nodiscard]] std::string text() const { return std::string{view()}; }

  /// A number, whether it came as one or as text; nullopt if it is none, or does not fit.
  template <class Number = std::int64_t>
  [[nodiscard]] std::optional<Number> optional_number() const {
    if (reply_ != nullptr && reply_->type == REDIS_REPLY_INTEGER) {
      return static_cast<Number>(reply_->integer);
    }
    Number value{};
    const std::string_view text = view();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_number = error == std::errc{} && end == text.data() + text.size();
    return is_number ? std::optional{value} : std::nullopt;
  }
  template <class Number = std::int64_t>
  [[nodiscard]] Number number(Number otherwise = {}) const {
    return optional_number<Number>().value_or(otherwise);
  }

  [[nodiscard]] std::optional<TimePoint> optional_instant() const {
    const auto ms = optional_number();
    return ms ? std::optional{TimePoint{Duration{*ms}}} : std::nullopt;
  }
  [[nodiscard]] TimePoint instant() const { return TimePoint{Duration{number()}}; }
  [[nodiscard]] Uuid id() const { return Uuid::parse(view()).value_or(Uuid{}); }
  [[nodiscard]] Json json() const { return is_text() ? parse_json(view()) : Json(nullptr); }

 private:
  [[nodiscard]] std::size_t length() const noexcept {
    return static_cast<std::size_t>(reply_->len);  // an int in older releases of hiredis
  }

  const redisReply* reply_ = nullptr;
};

}  // namespace punctual::redis::detail
