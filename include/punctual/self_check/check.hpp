// SPDX-License-Identifier: MIT
//
// Check: one named look at the platform, with a time limit.
//
// A check is a value: a name and a function. Ready-made ones come from `environment_check`,
// `database_check`, `migrations_check` and `script_check`; any function makes another:
//
//   Check disk{"validate-disk", [](CheckContext&) {
//     return disk_is_full() ? CheckResult::failed("disk is full") : CheckResult::passed();
//   }};
//
// Thread-safety: immutable; runs of one check may overlap if its function allows it.

#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <string>
#include <utility>

#include "punctual/base/error.hpp"
#include "punctual/base/text.hpp"
#include "punctual/base/time.hpp"
#include "punctual/domain/job_name.hpp"
#include "punctual/self_check/check_context.hpp"
#include "punctual/self_check/check_result.hpp"
#include "punctual/self_check/span_text.hpp"

namespace punctual {

inline constexpr Duration check_limit_default = std::chrono::seconds{30};
inline constexpr Duration check_limit_max = std::chrono::hours{24};
inline constexpr std::size_t check_message_bytes_max = 512;

/// What a check does.
using CheckBody = std::function<CheckResult(CheckContext&)>;

class Check {
 public:
  /// Errors: INVALID_CONFIG -> the name is not of the form of a job name (domain/job_name.hpp), the
  ///         body is empty, or the limit is not 1 ms to 24 h.
  Check(std::string name, CheckBody body, Duration limit = check_limit_default)
      : name_(std::move(name)),
        body_(std::move(body)),
        limit_(limit) {
    if (!is_job_name(name_)) {
      refuse(
          "a check's name is 1 to 100 characters of a-z, 0-9, '.', '_' and '-', the first of "
          "them a letter or digit");
    }
    if (!body_) refuse("a check needs a function to call");
    if (limit_ <= Duration{0} || limit_ > check_limit_max) {
      refuse("a check's limit must be 1 ms to 24 h, got " + std::to_string(limit_.count()) + " ms");
    }
  }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] Duration limit() const noexcept { return limit_; }

  /// Returns this check under another name, e.g. where two databases are checked.
  ///
  /// Errors: INVALID_CONFIG -> as the constructor.
  [[nodiscard]] Check named(std::string name) const { return {std::move(name), body_, limit_}; }

  /// Returns this check with another limit.
  ///
  /// Errors: INVALID_CONFIG -> as the constructor.
  [[nodiscard]] Check limited_to(Duration limit) const { return {name_, body_, limit}; }

  /// Carries the check out and says what came of it; throws nothing of the check's own.
  ///
  /// A check that throws is in error. One that took longer than its limit has failed, whatever it
  /// says, for the next time it may not come back at all; its own word on a failure is kept.
  ///
  /// Blocks: as long as the check does.
  [[nodiscard]] CheckReport run(const CheckHost& host = {}) const {
    CheckContext context{limit_, host};
    CheckResult result = carry_out(context);
    const Duration took = context.elapsed();
    const bool found_nothing =
        result.status == CheckStatus::passed || result.status == CheckStatus::skipped;
    if (took > limit_ && found_nothing) {
      result.status = CheckStatus::failed;
      result.message = "took " + span_text(took) + ", limit " + span_text(limit_);
    }
    result.message = clamp_text(result.message, check_message_bytes_max);
    return {name_, std::move(result), took};
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw Error{"INVALID_CONFIG", "check \"" + clamp_text(name_, 120) + "\": " + what};
  }

  [[nodiscard]] CheckResult carry_out(CheckContext& context) const {
    try {
      return body_(context);
    } catch (const std::exception& error) {
      return CheckResult::error(what_of(error));
    } catch (...) {
      return CheckResult::error("threw something that is not a std::exception");
    }
  }

  std::string name_;
  CheckBody body_;
  Duration limit_;
};

}  // namespace punctual
