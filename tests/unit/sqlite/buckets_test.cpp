// SPDX-License-Identifier: MIT

#include "punctual/sqlite/buckets.hpp"

#include <chrono>
#include <limits>

#include "punctual/domain/rate_limit.hpp"
#include "scratch.hpp"
#include "support/catch.hpp"

namespace buckets_test {

namespace {

using namespace std::chrono_literals;
namespace detail = punctual::sqlite::detail;

using punctual::BucketLevel;
using punctual::KeyedRate;
using punctual::sqlite::test::Scratch;

BucketLevel micros(punctual::TimePoint instant) {
  return instant.time_since_epoch().count() * 1000;
}

}  // namespace

TEST_CASE("read_bucket reads what write_bucket wrote last, and a bucket without a row as full") {
  Scratch scratch;
  CHECK(detail::read_bucket(scratch.connection, "a") == 0);
  for (const BucketLevel level : {BucketLevel{1'704'067'200'000'001}, BucketLevel{-1},
                                  std::numeric_limits<BucketLevel>::max()}) {
    detail::write_bucket(scratch.connection, "a", level);
    CHECK(detail::read_bucket(scratch.connection, "a") == level);
    CHECK(detail::read_bucket(scratch.connection, "A") == 0);
  }
  CHECK(scratch.number("SELECT count(*) FROM {}buckets") == 1);
}

TEST_CASE("take_token returns the instant of each token and leaves the bucket without it") {
  Scratch scratch;
  const KeyedRate rate{"a", {.max = 2, .period = 2h}};
  CHECK(detail::take_token(scratch.connection, rate, scratch.now) == scratch.now);
  CHECK(detail::take_token(scratch.connection, rate, scratch.now) == scratch.now);
  CHECK(detail::take_token(scratch.connection, rate, scratch.now) == scratch.now + 1h);
  CHECK(detail::take_token(scratch.connection, rate, scratch.now + 1h) == scratch.now + 2h);
  CHECK(detail::read_bucket(scratch.connection, "a") == micros(scratch.now + 4h));
  CHECK(detail::take_token(scratch.connection, rate, scratch.now + 99h) == scratch.now + 99h);
}

TEST_CASE("forget_full_buckets forgets those that are full, and has_full_buckets tells of them") {
  Scratch scratch;
  CHECK_FALSE(detail::has_full_buckets(scratch.connection, scratch.now));
  detail::write_bucket(scratch.connection, "later", micros(scratch.now) + 1);
  CHECK_FALSE(detail::has_full_buckets(scratch.connection, scratch.now));
  detail::write_bucket(scratch.connection, "now", micros(scratch.now));
  CHECK(detail::has_full_buckets(scratch.connection, scratch.now));
  detail::forget_full_buckets(scratch.connection, scratch.now);
  CHECK_FALSE(detail::has_full_buckets(scratch.connection, scratch.now));
  CHECK(detail::read_bucket(scratch.connection, "now") == 0);
  CHECK(detail::read_bucket(scratch.connection, "later") == micros(scratch.now) + 1);
}

}  // namespace buckets_test
