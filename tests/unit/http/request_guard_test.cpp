// SPDX-License-Identifier: MIT

#include "punctual/http/request_guard.hpp"

#include <atomic>
#include <chrono>

#include "support/catch.hpp"
#include "support/spin.hpp"

namespace request_guard_test {

using namespace std::chrono_literals;
using punctual::CheckContext;
using punctual::CheckHost;
using punctual::http::RequestGuard;

namespace {

struct FakeClient {
  std::atomic<int> stop_count{0};
  void stop() { ++stop_count; }
};

}  // namespace

TEST_CASE("RequestGuard stops the request when the time is up, and goes on doing so") {
  FakeClient client;
  const CheckContext context{20ms};
  const RequestGuard guard{client, context};
  tests::spin_until([&] { return client.stop_count >= 2; });
  CHECK(context.time_left() == 0ms);
  CHECK(guard.has_intervened());
}

TEST_CASE("RequestGuard stops the request when a stop is requested") {
  FakeClient client;
  std::atomic<bool> stop{false};
  CheckHost host;
  host.stop_requested = [&] { return stop.load(); };
  const CheckContext context{1h, host};
  const RequestGuard guard{client, context};
  CHECK(client.stop_count == 0);
  stop = true;
  tests::spin_until([&] { return client.stop_count >= 1; });
}

TEST_CASE("RequestGuard leaves a request alone that ends in time") {
  FakeClient client;
  const CheckContext context{1h};
  {
    const RequestGuard guard{client, context};
    CHECK_FALSE(guard.has_intervened());
  }
  CHECK(client.stop_count == 0);
}

}  // namespace request_guard_test
