// SPDX-License-Identifier: MIT
//
// The storage conformance suite on postgres::Storage, with a second one on the same tables. Time is
// the server's, which runs on this host, and what the harness adds to it.

#include <memory>
#include <optional>

#include "punctual/builtin/system_clock.hpp"
#include "punctual/postgres/storage.hpp"
#include "punctual/testing/storage_conformance.hpp"
#include "support/catch.hpp"
#include "unit/postgres/temporary_schema.hpp"

namespace postgres_conformance_test {

namespace {

using namespace punctual::testing;
using punctual::postgres::Storage;

/// A schema for each storage, which goes when the next one is made.
class SchemaHarness {
 public:
  using Handle = std::unique_ptr<Storage>;

  [[nodiscard]] Handle make() {
    schema_.emplace();
    return std::make_unique<Storage>(schema_->options());
  }
  [[nodiscard]] Handle second_handle(const Handle&) const {
    return std::make_unique<Storage>(schema_->options());
  }

  [[nodiscard]] punctual::TimePoint now() const noexcept {
    const auto shift = schema_ ? schema_->clock_shift() : punctual::Duration{0};
    return punctual::SystemClock{}.now() + shift;
  }
  void advance(punctual::Duration span) noexcept { schema_->shift_clock(span); }

 private:
  std::optional<punctual::postgres::test::TemporarySchema> schema_{};
};

static_assert(OpensSecondHandle<SchemaHarness>);

}  // namespace

TEST_CASE("postgres::Storage keeps the storage contract") {
  for (const auto& check : storage_conformance_checks<SchemaHarness>()) {
    DYNAMIC_SECTION(check.name) {
      SchemaHarness harness;
      const CheckResult result = run_storage_check(harness, check);
      INFO(result.message);
      CHECK(result.passed);
    }
  }
}

}  // namespace postgres_conformance_test
