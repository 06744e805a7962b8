// SPDX-License-Identifier: MIT
//
// TemporarySchema: a schema that no other test has, on the server that PUNCTUAL_TEST_POSTGRES
// names; it is dropped at the end. Its clock can be shifted.

#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "punctual/base/error.hpp"
#include "punctual/base/random.hpp"
#include "punctual/postgres/connection.hpp"
#include "punctual/postgres/options.hpp"

namespace punctual::postgres::test {

/// Returns the server's conninfo; throws if there is none.
[[nodiscard]] inline std::string server_conninfo() {
  const char* conninfo = std::getenv("PUNCTUAL_TEST_POSTGRES");
  if (conninfo != nullptr) return conninfo;
  throw Error{"STORAGE_UNAVAILABLE",
              "PUNCTUAL_TEST_POSTGRES names no server; "
              "run the tests through tests/support/with_postgres"};
}

class TemporarySchema {
 public:
  TemporarySchema()
      : name_("punctual_" + std::to_string(Random::from_entropy()() % 1'000'000'000)) {}

  ~TemporarySchema() {
    try {
      detail::Connection{options()}.exec("DROP SCHEMA IF EXISTS " + name_ + " CASCADE");
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): it goes with the server
    }
  }

  TemporarySchema(const TemporarySchema&) = delete;
  TemporarySchema& operator=(const TemporarySchema&) = delete;

  [[nodiscard]] Options options() const {
    Options options;
    options.conninfo = server_conninfo();
    options.schema = name_;
    options.clock_shift_ms = shift_ms_;
    return options;
  }

  void shift_clock(Duration span) noexcept { shift_ms_->fetch_add(span.count()); }
  [[nodiscard]] Duration clock_shift() const noexcept { return Duration{shift_ms_->load()}; }

 private:
  std::string name_;
  std::shared_ptr<std::atomic<std::int64_t>> shift_ms_ =
      std::make_shared<std::atomic<std::int64_t>>(0);
};

}  // namespace punctual::postgres::test
