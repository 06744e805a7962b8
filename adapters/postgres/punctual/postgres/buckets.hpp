// SPDX-License-Identifier: MIT
//
// The token buckets of rates and retry budgets; one that has no row is full.
//
// Thread-safety: as the Connection. Only `write_bucket` and `forget_full_buckets` write.

#pragma once

#include <string>

#include "punctual/base/time.hpp"
#include "punctual/domain/rate_limit.hpp"
#include "punctual/postgres/query.hpp"

namespace punctual::postgres::detail {

[[nodiscard]] inline BucketLevel read_bucket(Connection& connection, const std::string& key) {
  Query query{connection, "SELECT full_at_us FROM {}rate_buckets WHERE key = ?"};
  return query.bind(key).step() ? query.integer() : 0;
}

inline void write_bucket(Connection& connection, const std::string& key, BucketLevel full_at) {
  Query{connection,
        "INSERT INTO {}rate_buckets (key, full_at_us) VALUES (?, ?)"
        " ON CONFLICT (key) DO UPDATE SET full_at_us = excluded.full_at_us"}
      .bind(key, full_at)
      .run();
}

/// Takes a token, waiting for it if there is none; returns when there is one, not before `at`.
[[nodiscard]] inline TimePoint take_token(Connection& connection, const KeyedRate& rate,
                                          TimePoint at) {
  const BucketLevel full_at = read_bucket(connection, rate.key);
  const TimePoint token_at = rate.limit.next_token_at(full_at, at);
  write_bucket(connection, rate.key, rate.limit.after_taking(full_at, token_at));
  return token_at;
}

[[nodiscard]] inline bool has_full_buckets(Connection& connection, TimePoint now) {
  Query query{connection, "SELECT 1 FROM {}rate_buckets WHERE full_at_us <= ? * 1000 LIMIT 1"};
  return query.bind(now).step();
}

inline void forget_full_buckets(Connection& connection, TimePoint now) {
  Query{connection, "DELETE FROM {}rate_buckets WHERE full_at_us <= ? * 1000"}.bind(now).run();
}

}  // namespace punctual::postgres::detail
