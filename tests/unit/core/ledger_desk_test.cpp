// SPDX-License-Identifier: MIT
//
// LedgerDesk: what it asks the storage, in pages, and what it makes of the answers. The rows by
// each policy are in conformance/backfill_policies_test.cpp.

#include "punctual/core/ledger_desk.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "rig.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace ledger_desk_test {

using namespace std::chrono_literals;
using punctual::Explanation;
using punctual::FakeClock;
using punctual::InlineExecutor;
using punctual::JobConfig;
using punctual::JobStatus;
using punctual::tests::code_of;
using punctual::tests::FailingStorage;
using punctual::tests::Rig;
using punctual::tests::StorageCall;
using punctual::tests::succeed;

namespace {

struct DeskRig : Rig<InlineExecutor> {
  using Desk = punctual::detail::LedgerDesk<FakeClock&, FailingStorage&, InlineExecutor&>;

  DeskRig() {
    add({.name = "minutely", .schedule = punctual::every(1min, clock.now())}, succeed);
    storage.reset_counts();
  }

  Desk desk{deck, engine};
};

}  // namespace

TEST_CASE("LedgerDesk looks through a long history in pages when it backfills") {
  DeskRig rig;
  const auto start = rig.clock.now();
  rig.clock.advance(25h);
  const auto first = rig.desk.backfill("minutely", start, start + 25h, {.limit = 10'000});
  CHECK(first.runs.size() == 1500);
  CHECK(rig.storage.count(StorageCall::runs) == 1);
  CHECK(rig.storage.count(StorageCall::enqueue) == 1);
  rig.storage.reset_counts();
  const auto second = rig.desk.backfill("minutely", start, start + 25h, {});
  CHECK(second.runs.empty());
  CHECK(second.answered_count == 1500);
  CHECK(second.next_from == std::nullopt);
  CHECK(rig.storage.count(StorageCall::runs) == 2);
}

TEST_CASE("LedgerDesk counts for answered what another node has handed in meanwhile") {
  DeskRig rig;
  DeskRig::Desk other{rig.deck, rig.engine};
  const auto start = rig.clock.now();
  rig.clock.advance(10min);
  rig.storage.on_call(StorageCall::enqueue, [&] {
    rig.storage.on_call(StorageCall::enqueue, {});
    CHECK(other.backfill("minutely", start + 5min, start + 10min, {}).runs.size() == 5);
  });
  const auto report = rig.desk.backfill("minutely", start, start + 10min, {});
  CHECK(report.runs.size() == 5);
  CHECK(report.answered_count == 5);
  CHECK(rig.memory.runs({}).size() == 10);
}

TEST_CASE("LedgerDesk stores nothing when the storage fails under a backfill") {
  struct Row {
    const char* subject;
    StorageCall call;
  };
  const std::vector<Row> table = {{"as it reads the ledger", StorageCall::sync_jobs},
                                  {"as it reads the history", StorageCall::runs},
                                  {"as it stores the runs", StorageCall::enqueue}};
  for (const auto& row : table) {
    CAPTURE(row.subject);
    DeskRig rig;
    const auto start = rig.clock.now();
    rig.clock.advance(10min);
    rig.storage.fail_before(row.call);
    CHECK(code_of([&] { rig.desk.backfill("minutely", start, start + 10min, {}); }) ==
          "TEST_FAULT");
    CHECK(rig.memory.runs({}).empty());
  }
}

TEST_CASE("LedgerDesk explains an instant by few questions, and changes nothing") {
  DeskRig rig;
  const auto start = rig.clock.now();
  rig.clock.advance(90s);
  CHECK(rig.desk.explain("minutely", start + 1min).kind == Explanation::Kind::overdue);
  CHECK(rig.storage.count(StorageCall::runs) == 2);
  CHECK(rig.storage.count(StorageCall::summaries) == 1);
  CHECK(rig.memory.runs({}).empty());
  rig.engine->tick();
  CHECK(rig.desk.explain("minutely", start + 1min).kind == Explanation::Kind::answered);
  CHECK(rig.desk.explain("minutely", start + 2min).kind == Explanation::Kind::to_come);
  CHECK(code_of([&] { rig.desk.explain("hourly", start); }) == "JOB_NOT_FOUND");
  rig.storage.fail_before(StorageCall::summaries);
  CHECK(code_of([&] { rig.desk.explain("minutely", start); }) == "TEST_FAULT");
}

}  // namespace ledger_desk_test
