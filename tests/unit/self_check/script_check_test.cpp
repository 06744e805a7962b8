// SPDX-License-Identifier: MIT

#include "punctual/self_check/script_check.hpp"

#include "support/catch.hpp"

#if PUNCTUAL_HAS_PROCESSES

#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "script_files.hpp"

namespace script_check_test {

using namespace std::chrono_literals;
using punctual::CheckHost;
using punctual::CheckReport;
using punctual::CheckStatus;
using punctual::Error;
using punctual::Json;
using punctual::ProcessOptions;

namespace {

const ProcessOptions impatient{.kill_grace = 200ms, .drain_timeout = 200ms};

CheckReport run_script(const std::string& text, punctual::Duration limit = 20s,
                       const CheckHost& host = {}) {
  const punctual::tests::ScriptFolder folder;
  return punctual::script_check("validate-x", {folder.script(text)}, impatient)
      .limited_to(limit)
      .run(host);
}

}  // namespace

TEST_CASE("script_check asks for exit code 0 and a verdict that does not object") {
  struct Row {
    std::string name;
    std::string script;
    CheckStatus status;
    std::string message;
  };
  const Row rows[] = {
      {"silent success", "exit 0", CheckStatus::passed, ""},
      {"success with text", "echo all well", CheckStatus::passed, ""},
      {"success that says so", "echo '{\"success\": true, \"message\": \"3 of 3\"}'",
       CheckStatus::passed, "3 of 3"},
      {"success without a verdict", "echo '{\"ok\": false}'", CheckStatus::passed, ""},
      {"failure", "exit 3", CheckStatus::failed, "exit code 3"},
      {"failure with a last word", "echo looking; echo no route to host >&2; exit 1",
       CheckStatus::failed, "exit code 1: no route to host"},
      {"failure with a message", "echo '{\"success\": false, \"message\": \"2 missing\"}'; exit 2",
       CheckStatus::failed, "exit code 2: 2 missing"},
      {"failure that says success", "echo '{\"success\": true}'; exit 1", CheckStatus::failed,
       "exit code 1"},
      {"success that says failure", "echo done; echo '{\"success\": false}'", CheckStatus::failed,
       "exit code 0, but success is false"},
      {"success that says failure and why",
       "echo '{\"success\": false, \"message\": \"disk full\"}'", CheckStatus::failed,
       "exit code 0, but success is false: disk full"},
      {"an unclear verdict", "echo '{\"success\": \"yes\"}'", CheckStatus::failed,
       "exit code 0, but success is neither true nor false"},
      {"a signal", "kill -9 $$", CheckStatus::failed, "ended by signal 9"},
      {"an escape sequence", "printf 'red \\033[31m\\377'; exit 1", CheckStatus::failed,
       "exit code 1: red  [31m\xEF\xBF\xBD"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const CheckReport report = run_script(row.script);
    CHECK(report.name == "validate-x");
    CHECK(report.result.status == row.status);
    CHECK(report.result.message == row.message);
  }
}

TEST_CASE("script_check keeps exit code, output and JSON in its details") {
  CHECK(run_script("echo checking; echo '{\"success\": false, \"n\": 2}'; exit 4").result.details ==
        Json{{"exitCode", 4},
             {"output", "checking\n{\"success\": false, \"n\": 2}\n"},
             {"outputTotalBytes", 36},
             {"result", {{"success", false}, {"n", 2}}}});
  CHECK(run_script("kill -9 $$").result.details ==
        Json{{"signal", 9}, {"output", ""}, {"outputTotalBytes", 0}});
}

TEST_CASE("script_check keeps the end of a long output, as text") {
  const Json details =
      run_script("head -c 100000 /dev/zero | tr '\\0' '\\377'; printf 'the end'; exit 1")
          .result.details;
  const auto output = details.at("output").get<std::string>();
  CHECK(output.size() <= punctual::script_output_bytes_max);
  CHECK(output.substr(output.size() - 10) == "\xEF\xBF\xBDthe end");
  CHECK(details.at("outputTotalBytes") == 100'007);
  CHECK_FALSE(details.dump().empty());  // valid UTF-8, or this would throw
}

TEST_CASE("script_check leaves out JSON that is too long to keep") {
  const Json details =
      run_script(
          "x=$(head -c 5000 /dev/zero | tr '\\0' x); echo '{\"success\": true, \"x\": \"'$x'\"}'")
          .result.details;
  CHECK(details.at("exitCode") == 0);
  CHECK_FALSE(details.contains("result"));
}

TEST_CASE("script_check fails when the script takes too long") {
  const CheckReport report = run_script("echo begun; exec sleep 600", 200ms);
  CHECK(report.result.status == CheckStatus::failed);
  CHECK(report.result.message == "did not end within 200 ms");
  CHECK(report.result.details.at("output") == "begun\n");
  CHECK(report.result.details.at("signal") == 15);
  CHECK(report.duration < 5s);
}

TEST_CASE("script_check that is stopped is skipped") {
  CheckHost host;
  host.stop_requested = [] { return true; };
  const CheckReport report = run_script("exec sleep 600", 1h, host);
  CHECK(report.result.status == CheckStatus::skipped);
  CHECK(report.result.message == "ended because a stop was requested");
}

TEST_CASE("script_check that cannot be started is in error") {
  const punctual::tests::ScriptFolder folder;
  struct Row {
    std::string name;
    std::string program;
    std::string code;
  };
  const Row rows[] = {
      {"missing", folder.path("missing"), "PROCESS_REFUSED"},
      {"world-writable", folder.write("open", "#!/bin/sh\n", 0777), "PROCESS_REFUSED"},
      {"no interpreter", folder.write("lost", "#!/nonexistent\n"), "PROCESS_NOT_STARTED"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const CheckReport report = punctual::script_check("validate-x", {row.program}).run();
    CHECK(report.result.status == CheckStatus::error);
    CHECK(report.result.message.rfind(row.code + ": \"", 0) == 0);
  }
}

TEST_CASE("script_check hands on its arguments and no secrets") {
  ::setenv("PUNCTUAL_TEST_SECRET", "s3cret", 1);
  const punctual::tests::ScriptFolder folder;
  const std::string script = folder.script("echo \"$1|$PUNCTUAL_TEST_SECRET\"; exit 1");
  CHECK(punctual::script_check("a", {script, "$(id); x"}).run().result.details.at("output") ==
        "$(id); x|\n");
}

TEST_CASE("script_check refuses when it is made what can never work") {
  CHECK_THROWS_AS(punctual::script_check("a", {}), Error);
  CHECK_THROWS_AS(punctual::script_check("a", {"script.sh"}), Error);
  CHECK_THROWS_AS(punctual::script_check("A", {"/bin/true"}), Error);
  CHECK_THROWS_AS(punctual::script_check("a", {"/bin/true"}, {.directory = "tmp"}), Error);
}

}  // namespace script_check_test

#endif
