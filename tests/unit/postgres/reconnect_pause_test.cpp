// SPDX-License-Identifier: MIT

#include "punctual/postgres/reconnect_pause.hpp"

#include <chrono>
#include <cstdint>
#include <string>

#include "punctual/base/random.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace postgres_reconnect_pause_test {

using namespace punctual;
using punctual::postgres::detail::make_connect_error;
using punctual::postgres::detail::NativeError;
using punctual::postgres::detail::ReconnectPause;

namespace {

Duration at(std::int64_t ms) {
  return Duration{ms};
}

bool is_over(const ReconnectPause& pause, Duration steady) {
  return !tests::error_of([&] { pause.require_over(steady); });
}

}  // namespace

TEST_CASE("postgres: ReconnectPause refuses nothing when nothing failed") {
  const ReconnectPause pause{Random{1}};
  CHECK(is_over(pause, at(0)));
}

TEST_CASE("postgres: ReconnectPause refuses with the last error while the pause lasts") {
  ReconnectPause pause{Random{1}};
  pause.failed(make_connect_error("the database system is starting up"), at(0));
  pause.failed(make_connect_error("Connection refused"), at(100));
  const Error error = tests::error_of([&] { pause.require_over(at(100)); }).value();
  CHECK(error.code() == "STORAGE_UNAVAILABLE");
  CHECK(error.retryable());
  CHECK(std::string{error.what()}.find("nobody listens") != std::string::npos);
}

TEST_CASE("postgres: ReconnectPause lasts twice as long after each failure, a second at most") {
  const NativeError error = make_connect_error("Connection refused");
  const std::int64_t whole_ms[] = {20, 40, 80, 160, 320, 640, 1000, 1000};
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    INFO("seed " << seed);
    ReconnectPause pause{Random{seed}};
    std::int64_t now_ms = 0;
    for (const std::int64_t ms : whole_ms) {
      INFO("pause of " << ms << " ms");
      pause.failed(error, at(now_ms));
      CHECK_FALSE(is_over(pause, at(now_ms + ms / 2 - 1)));
      CHECK(is_over(pause, at(now_ms + ms)));
      now_ms += ms;
    }
  }
}

TEST_CASE("postgres: ReconnectPause differs from node to node when a server comes back") {
  const NativeError error = make_connect_error("Connection refused");
  ReconnectPause pauses[] = {ReconnectPause{Random{1}}, ReconnectPause{Random{2}},
                             ReconnectPause{Random{3}}, ReconnectPause{Random{4}}};
  int early_count = 0;
  for (auto& pause : pauses) {
    for (int i = 0; i < 7; ++i) pause.failed(error, at(0));
    std::int64_t ms = 500;
    while (!is_over(pause, at(ms))) ++ms;
    if (ms < 1000) ++early_count;
  }
  CHECK(early_count >= 3);
}

TEST_CASE("postgres: ReconnectPause begins anew when a connection was made") {
  const NativeError error = make_connect_error("Connection refused");
  ReconnectPause pause{Random{1}};
  for (int i = 0; i < 7; ++i) pause.failed(error, at(0));
  CHECK_FALSE(is_over(pause, at(499)));
  pause.succeeded();
  CHECK(is_over(pause, at(0)));
  pause.failed(error, at(0));
  CHECK_FALSE(is_over(pause, at(9)));
  CHECK(is_over(pause, at(20)));
}

}  // namespace postgres_reconnect_pause_test
