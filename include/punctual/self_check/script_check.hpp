// SPDX-License-Identifier: MIT
//
// script_check: a check that is a program of its own, in any language.
//
// The command line is a list of arguments, fixed when the check is made, and no shell reads it:
// what a request or a job's payload says can never become part of it.
//
// Thread-safety: as Check.

#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/json.hpp"
#include "punctual/base/text.hpp"
#include "punctual/self_check/check.hpp"
#include "punctual/self_check/output_tail.hpp"
#include "punctual/self_check/process_options.hpp"
#include "punctual/self_check/script_verdict.hpp"
#include "punctual/self_check/span_text.hpp"
#include "punctual/self_check/subprocess.hpp"

namespace punctual {

/// Of a script's output, and of its JSON, so much goes into the details of the check.
inline constexpr std::size_t script_output_bytes_max = 4096;

/// Returns a check that runs `argv[0]`, an absolute path, with the arguments that follow.
///
/// It passes if the program exits with 0 within the limit and, where its output ends with a JSON
/// object that has a member `success` (see `read_verdict`), that is true. It is in error if the
/// program could not be started. `limited_to(…)` sets another limit than 30 s.
///
/// Wire:   details `{"exitCode" or "signal", "output", "outputTotalBytes", "result"}`; `output` is
///         the end of it, `result` the JSON object if it has at most 4 KiB.
/// Errors: INVALID_CONFIG -> the name, `argv` or `options`, see `require_valid`.
/// Blocks: up to the limit and what `run_process` needs to end the program.
[[nodiscard]] Check script_check(std::string name, std::vector<std::string> argv,
                                 ProcessOptions options = {});

namespace detail {

[[nodiscard]] inline Json script_details(const ProcessResult& process,
                                         const ScriptVerdict& verdict) {
  Json details{{"output", tail_text(process.output, script_output_bytes_max)},
               {"outputTotalBytes", process.output_total_bytes}};
  if (process.exit_code) details["exitCode"] = *process.exit_code;
  if (process.signal) details["signal"] = *process.signal;
  if (!verdict.json.is_null() && verdict.json.dump().size() <= script_output_bytes_max) {
    details["result"] = verdict.json;
  }
  return details;
}

/// Adds to `what` the reason that the script itself gives: its JSON message or its last line.
[[nodiscard]] inline std::string with_reason(std::string what, const ProcessResult& process,
                                             const ScriptVerdict& verdict) {
  std::string_view reason = verdict.message;
  if (verdict.json.is_null()) reason = last_line(process.output);
  if (!reason.empty()) what += ": " + clamp_text(reason, 200);
  return what;
}

[[nodiscard]] inline CheckResult judge_script(const ProcessResult& process, Duration limit) {
  const ScriptVerdict verdict = read_verdict(process.output);
  Json details = script_details(process, verdict);
  if (process.timed_out) {
    return CheckResult::failed("did not end within " + span_text(limit), std::move(details));
  }
  if (process.stopped) {
    return CheckResult::skipped("ended because a stop was requested", std::move(details));
  }
  if (process.signal) {
    return CheckResult::failed("ended by signal " + std::to_string(*process.signal),
                               std::move(details));
  }
  if (!process.exit_code) {
    return CheckResult::error(
        "its exit code is not known; this process ignores SIGCHLD or reaps its children elsewhere",
        std::move(details));
  }
  if (*process.exit_code != 0) {
    return CheckResult::failed(
        with_reason("exit code " + std::to_string(*process.exit_code), process, verdict),
        std::move(details));
  }
  switch (verdict.kind) {
    case ScriptVerdict::Kind::none:
    case ScriptVerdict::Kind::success:
      return CheckResult::passed(verdict.message, std::move(details));
    case ScriptVerdict::Kind::failure:
      return CheckResult::failed(with_reason("exit code 0, but success is false", process, verdict),
                                 std::move(details));
    case ScriptVerdict::Kind::unclear:
      break;
  }
  return CheckResult::failed("exit code 0, but success is neither true nor false",
                             std::move(details));
}

}  // namespace detail

inline Check script_check(std::string name, std::vector<std::string> argv, ProcessOptions options) {
  require_valid(argv, options);
  return {std::move(name),
          [argv = std::move(argv), options = std::move(options)](CheckContext& context) {
            return detail::judge_script(run_process(argv, options, context), context.limit());
          }};
}

}  // namespace punctual
