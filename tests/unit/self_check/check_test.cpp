// SPDX-License-Identifier: MIT

#include "punctual/self_check/check.hpp"

#include <chrono>
#include <stdexcept>
#include <string>

#include "punctual/builtin/fake_clock.hpp"
#include "support/catch.hpp"

namespace check_test {

using namespace std::chrono_literals;
using punctual::Check;
using punctual::CheckContext;
using punctual::CheckHost;
using punctual::CheckResult;
using punctual::CheckStatus;
using punctual::Duration;
using punctual::Error;
using punctual::FakeClock;

namespace {

CheckHost host_of(FakeClock& clock) {
  CheckHost host;
  host.steady_now = [&clock] { return clock.steady_now(); };
  return host;
}

CheckResult pass(CheckContext&) {
  return CheckResult::passed();
}

}  // namespace

TEST_CASE("Check accepts names of the form of a job name, and refuses others") {
  struct Row {
    std::string name;
    std::string check_name;
    bool is_valid;
  };
  const Row rows[] = {
      {"the seed's", "validate-env", true},
      {"one character", "a", true},
      {"digits, dots, underscores", "3.b_c", true},
      {"100 characters", std::string(100, 'a'), true},
      {"empty", "", false},
      {"upper case", "Validate", false},
      {"a blank", "validate env", false},
      {"a hyphen first", "-env", false},
      {"a slash", "a/b", false},
      {"a line break", "a\nb", false},
      {"101 characters", std::string(101, 'a'), false},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    if (row.is_valid) {
      CHECK(Check(row.check_name, pass).name() == row.check_name);
    } else {
      CHECK_THROWS_AS(Check(row.check_name, pass), Error);
    }
  }
}

TEST_CASE("Check refuses limits out of range and a missing body") {
  struct Row {
    std::string name;
    Duration limit;
    bool is_valid;
  };
  const Row rows[] = {
      {"shortest", 1ms, true},  {"default", punctual::check_limit_default, true},
      {"longest", 24h, true},   {"zero", 0ms, false},
      {"negative", -1s, false}, {"too long", 24h + 1ms, false},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    if (row.is_valid) {
      CHECK(Check("a", pass, row.limit).limit() == row.limit);
    } else {
      CHECK_THROWS_AS(Check("a", pass, row.limit), Error);
      CHECK_THROWS_AS(Check("a", pass).limited_to(row.limit), Error);
    }
  }
  CHECK_THROWS_AS(Check("a", nullptr), Error);
  CHECK_THROWS_AS(Check("a", pass).named("A"), Error);
}

TEST_CASE("Check errors carry the code INVALID_CONFIG") {
  try {
    static_cast<void>(Check("Bad", pass));
    FAIL("accepted");
  } catch (const Error& error) {
    CHECK(error.code() == "INVALID_CONFIG");
  }
}

TEST_CASE("Check is copied under another name or limit and keeps the rest") {
  const Check check{"a", pass, 5s};
  CHECK(check.named("b").name() == "b");
  CHECK(check.named("b").limit() == 5s);
  CHECK(check.limited_to(7s).name() == "a");
  CHECK(check.limited_to(7s).limit() == 7s);
  CHECK(check.run().result.status == CheckStatus::passed);
}

TEST_CASE("Check turns what it throws into an error") {
  struct Row {
    std::string name;
    punctual::CheckBody body;
    std::string message;
  };
  const Row rows[] = {
      {"a standard exception",
       [](CheckContext&) -> CheckResult { throw std::runtime_error{"no route to host"}; },
       "no route to host"},
      {"an Error",
       [](CheckContext&) -> CheckResult {
         throw Error{"CODE", "text"};
       },
       "CODE: text"},
      {"anything else", [](CheckContext&) -> CheckResult { throw 42; },
       "threw something that is not a std::exception"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const auto report = Check{"a", row.body}.run();
    CHECK(report.result.status == CheckStatus::error);
    CHECK(report.result.message == row.message);
  }
}

TEST_CASE("Check that takes longer than its limit has failed") {
  struct Row {
    std::string name;
    Duration took;
    CheckResult says;
    CheckStatus status;
    std::string message;
  };
  const Row rows[] = {
      {"within", 9999ms, CheckResult::passed("fine"), CheckStatus::passed, "fine"},
      {"exactly at it", 10s, CheckResult::passed("fine"), CheckStatus::passed, "fine"},
      {"a millisecond over", 10'001ms, CheckResult::passed("fine"), CheckStatus::failed,
       "took 10.1 s, limit 10 s"},
      {"over, skipped", 12'300ms, CheckResult::skipped("no need"), CheckStatus::failed,
       "took 12.3 s, limit 10 s"},
      {"over, failed by itself", 12s, CheckResult::failed("hung"), CheckStatus::failed, "hung"},
      {"over, in error", 12s, CheckResult::error("no file"), CheckStatus::error, "no file"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    FakeClock clock;
    const Check check{"a",
                      [&](CheckContext&) {
                        clock.advance(row.took);
                        return row.says;
                      },
                      10s};
    const auto report = check.run(host_of(clock));
    CHECK(report.name == "a");
    CHECK(report.duration == row.took);
    CHECK(report.result.status == row.status);
    CHECK(report.result.message == row.message);
  }
}

TEST_CASE("Check keeps its message short and printable") {
  const Check check{"a", [](CheckContext&) {
                      return CheckResult::failed("bell \a, bad \xFF " + std::string(2000, 'x'));
                    }};
  const std::string message = check.run().result.message;
  CHECK(message.size() <= punctual::check_message_bytes_max);
  CHECK(message.rfind("bell  , bad \xEF\xBF\xBD x", 0) == 0);
}

}  // namespace check_test
