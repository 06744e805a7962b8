// SPDX-License-Identifier: MIT

#include "punctual/http/trigger_limits.hpp"

#include <chrono>
#include <string>

#include "support/catch.hpp"

namespace http_trigger_limits_test {

using namespace punctual;
using namespace punctual::http;
using namespace std::chrono_literals;

TEST_CASE("http: TriggerLimits lets one principal through ten times a minute") {
  TriggerLimits limits{{10, 1min}, {1000, 1s}};
  for (int i = 0; i < 10; ++i) CHECK(limits.take("ada", "job", 0ms) == 0ms);
  CHECK(limits.take("ada", "job", 0ms) == 6s);
  CHECK(limits.take("bob", "job", 0ms) == 0ms);
  CHECK(limits.take("ada", "job", 5999ms) == 1ms);
  CHECK(limits.take("ada", "job", 6s) == 0ms);
  CHECK(limits.take("ada", "job", 6s) == 6s);
  for (int i = 0; i < 10; ++i) CHECK(limits.take("ada", "job", 10min) == 0ms);
  CHECK(limits.take("ada", "job", 10min) == 6s);
}

TEST_CASE("http: TriggerLimits lets one job through once a second, whoever asks") {
  TriggerLimits limits{{100, 1min}, {1, 1s}};
  CHECK(limits.take("ada", "job", 0ms) == 0ms);
  CHECK(limits.take("bob", "job", 0ms) == 1s);
  CHECK(limits.take("bob", "other", 0ms) == 0ms);
  CHECK(limits.take("bob", "job", 1s) == 0ms);
}

TEST_CASE("http: TriggerLimits takes no token when it refuses") {
  TriggerLimits limits{{2, 1min}, {1, 1s}};
  CHECK(limits.take("ada", "job", 0ms) == 0ms);
  for (int i = 0; i < 5; ++i) CHECK(limits.take("ada", "job", 0ms) == 1s);
  CHECK(limits.take("ada", "other", 0ms) == 0ms);
  CHECK(limits.take("ada", "third", 0ms) == 30s);
}

TEST_CASE("http: TriggerLimits knows a principal and a job of one name apart") {
  TriggerLimits limits{{1, 1min}, {1, 1min}};
  CHECK(limits.take("same", "job", 0ms) == 0ms);
  CHECK(limits.take("ada", "same", 0ms) == 0ms);
}

TEST_CASE("http: TriggerLimits still counts when thousands have asked") {
  TriggerLimits limits{{1, 1min}, {1, 1s}};
  for (int i = 0; i < 5000; ++i) {
    CHECK(limits.take("p" + std::to_string(i), "j" + std::to_string(i), Duration{i * 10}) == 0ms);
  }
  CHECK(limits.take("p4999", "new", 50s) > 0ms);
  CHECK(limits.take("p0", "another", 3min) == 0ms);
}

}  // namespace http_trigger_limits_test
