// SPDX-License-Identifier: MIT
//
// The storage conformance suite on sqlite::Storage: in a file, with a second one on the same file,
// and in memory.

#include <memory>
#include <optional>

#include "punctual/sqlite/storage.hpp"
#include "punctual/testing/embedded_harness.hpp"
#include "punctual/testing/storage_conformance.hpp"
#include "support/catch.hpp"
#include "unit/sqlite/temporary_file.hpp"

namespace sqlite_conformance_test {

namespace {

using namespace punctual::testing;
using punctual::sqlite::Storage;

/// A file for each storage, which goes when the next one is made.
class FileHarness : public EmbeddedHarness<Storage> {
 public:
  using Handle = std::unique_ptr<Storage>;

  [[nodiscard]] Handle make() {
    file_.emplace();
    return std::make_unique<Storage>(file_->options());
  }
  [[nodiscard]] Handle second_handle(const Handle&) const {
    return std::make_unique<Storage>(file_->options());
  }

 private:
  std::optional<punctual::sqlite::test::TemporaryFile> file_{};
};

class MemoryHarness : public EmbeddedHarness<Storage> {
 public:
  [[nodiscard]] std::unique_ptr<Storage> make() const {
    return std::make_unique<Storage>(":memory:");
  }
};

static_assert(OpensSecondHandle<FileHarness>);
static_assert(TurnsTimeBack<FileHarness>);
static_assert(!OpensSecondHandle<MemoryHarness>);

template <class Harness>
void check_contract() {
  for (const auto& check : storage_conformance_checks<Harness>()) {
    DYNAMIC_SECTION(check.name) {
      Harness harness;
      const CheckResult result = run_storage_check(harness, check);
      INFO(result.message);
      CHECK(result.passed);
    }
  }
}

}  // namespace

TEST_CASE("sqlite::Storage keeps the storage contract in a file") {
  check_contract<FileHarness>();
}

TEST_CASE("sqlite::Storage keeps the storage contract in memory") {
  check_contract<MemoryHarness>();
}

}  // namespace sqlite_conformance_test
