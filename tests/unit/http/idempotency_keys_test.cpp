// SPDX-License-Identifier: MIT

#include "punctual/http/idempotency_keys.hpp"

#include <chrono>
#include <string>

#include "punctual/base/random.hpp"
#include "support/catch.hpp"

namespace http_idempotency_keys_test {

using namespace punctual;
using namespace punctual::http;
using namespace std::chrono_literals;
using State = IdempotencyKeys::State;

TEST_CASE("http: IdempotencyKeys leads to the run of the first request for a day") {
  UuidGenerator ids{Random{1}};
  const RunId run = ids.next(TimePoint{});
  const Digest request = sha256("request");
  IdempotencyKeys keys;
  CHECK(keys.take("k", request, 0ms).state == State::taken);
  CHECK(keys.take("k", request, 0ms).state == State::busy);
  keys.put("k", run);
  CHECK(keys.take("k", request, 24h - 1ms).run_id == run);
  CHECK(keys.take("k", request, 24h - 1ms).state == State::known);
  CHECK(keys.take("k", sha256("another"), 1h).state == State::misused);
  CHECK(keys.take("other", request, 1h).state == State::taken);
  CHECK(keys.take("k", request, 24h).state == State::taken);
}

TEST_CASE("http: IdempotencyKeys gives a key back that led to nothing") {
  IdempotencyKeys keys;
  CHECK(keys.take("k", sha256("a"), 0ms).state == State::taken);
  keys.drop("k");
  keys.drop("k");
  CHECK(keys.take("k", sha256("b"), 0ms).state == State::taken);
}

TEST_CASE("http: IdempotencyKeys forgets the oldest when there are too many") {
  IdempotencyKeys keys;
  const Digest request = sha256("a");
  for (std::size_t i = 0; i <= IdempotencyKeys::keys_max; ++i) {
    CHECK(keys.take("k" + std::to_string(i), request, 0ms).state == State::taken);
  }
  CHECK(keys.take("k10000", request, 0ms).state == State::busy);
  CHECK(keys.take("k0", request, 0ms).state == State::taken);
}

}  // namespace http_idempotency_keys_test
