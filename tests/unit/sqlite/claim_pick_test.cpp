// SPDX-License-Identifier: MIT

#include "punctual/sqlite/claim_pick.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "punctual/sqlite/queue.hpp"
#include "punctual/sqlite/run_store.hpp"
#include "scratch.hpp"
#include "support/catch.hpp"

namespace claim_pick_test {

namespace {

using namespace std::chrono_literals;
namespace detail = punctual::sqlite::detail;

using detail::ClaimPick;
using punctual::ClaimRequest;
using punctual::JobNames;
using punctual::NewRun;
using punctual::Random;
using punctual::RunId;
using punctual::TimePoint;
using punctual::sqlite::test::claim_request;
using punctual::sqlite::test::Scratch;
using punctual::sqlite::test::StepCounter;

using Ids = std::vector<std::string>;

Ids pick(Scratch& scratch, const ClaimRequest& request) {
  return ClaimPick{scratch.connection, request, scratch.now}.pick(request.limit);
}

RunId store(Scratch& scratch, const NewRun& row) {
  detail::store_run(scratch.connection, row, scratch.now);
  return row.id;
}

/// Stores `count` runs that all wait for one slot, which a running one holds, or that are of a job
/// which is paused.
void store_blocked(Scratch& scratch, int count, bool is_paused) {
  NewRun row = scratch.row("blocked");
  row.run_at -= 1h;
  row.concurrency_max = is_paused ? 0 : 1;
  row.concurrency_key = "slot";
  store(scratch, row);
  if (is_paused) {
    scratch.connection.exec("UPDATE {}jobs SET paused = 1 WHERE name = 'blocked'");
  } else {
    const JobNames jobs{"blocked"};
    REQUIRE(detail::claim(scratch.connection, claim_request(jobs), scratch.now).size() == 1);
  }
  for (int i = 0; i < count; ++i) {
    row.id = scratch.ids.next(scratch.now);
    row.priority = i % 3;
    store(scratch, row);
  }
}

}  // namespace

TEST_CASE("ClaimPick follows the claim order when priorities and instants are drawn at random") {
  Scratch scratch;
  Random random{7};
  std::vector<std::pair<TimePoint, std::string>> ready;
  for (int i = 0; i < 400; ++i) {
    NewRun row = scratch.row(i % 2 == 0 ? "alpha" : "beta");
    row.priority = static_cast<int>(random.up_to(6)) - 3;
    row.run_at += std::chrono::seconds{static_cast<int>(random.up_to(600)) - 300};
    store(scratch, row);
    if (row.run_at > scratch.now) continue;
    ready.emplace_back(punctual::claim_order(row.run_at, row.priority), row.id.to_string());
  }
  std::sort(ready.begin(), ready.end());
  REQUIRE(ready.size() > 100);
  const JobNames jobs{"alpha", "beta"};
  for (const std::size_t limit : {0U, 1U, 7U, 100U, 1000U}) {
    CAPTURE(limit);
    Ids expected;
    for (std::size_t i = 0; i < std::min(limit, ready.size()); ++i) {
      expected.push_back(ready[i].second);
    }
    CHECK(pick(scratch, claim_request(jobs, limit)) == expected);
  }
}

TEST_CASE("ClaimPick gives what stands behind a backlog that cannot start, and at little cost") {
  for (const bool is_paused : {false, true}) {
    CAPTURE(is_paused);
    std::vector<std::int64_t> costs;
    for (const int count : {1000, 4000}) {
      Scratch scratch;
      store_blocked(scratch, count, is_paused);
      const std::string other = store(scratch, scratch.row("other")).to_string();
      NewRun unlimited = scratch.row("blocked");
      const std::string same_job = store(scratch, unlimited).to_string();
      const JobNames jobs{"blocked", "other"};
      const StepCounter counter{scratch.connection};
      CHECK(pick(scratch, claim_request(jobs)) == (is_paused ? Ids{other} : Ids{other, same_job}));
      costs.push_back(counter.step_count());
    }
    CHECK(costs[1] < costs[0] + costs[0] / 10);
  }
}

TEST_CASE("ClaimPick never looks at the runs of later") {
  std::vector<std::int64_t> costs;
  for (const int count : {1000, 4000}) {
    Scratch scratch;
    for (int i = 0; i < count; ++i) {
      NewRun row = scratch.row("alpha");
      row.run_at += 1min;
      row.priority = i % 2 == 0 ? 0 : 100;  // 100 minutes earlier in the claim order
      store(scratch, row);
    }
    const std::string ready = store(scratch, scratch.row("alpha")).to_string();
    const JobNames jobs{"alpha"};
    const StepCounter counter{scratch.connection};
    CHECK(pick(scratch, claim_request(jobs)) == Ids{ready});
    costs.push_back(counter.step_count());
  }
  CHECK(costs[0] == costs[1]);
}

TEST_CASE("ClaimPick counts what it has picked against every limit") {
  Scratch scratch;
  Ids expected;
  const auto offer = [&](const char* job, bool is_picked, bool exclusive, std::uint32_t max) {
    NewRun row = scratch.row(job);
    row.exclusive = exclusive;
    row.concurrency_max = max;
    row.concurrency_key = max > 0 ? "slots" : "";
    store(scratch, row);
    if (is_picked) expected.push_back(row.id.to_string());
  };
  offer("alpha", true, true, 0);
  offer("alpha", false, true, 0);
  offer("alpha", true, false, 0);
  offer("beta", true, false, 2);
  offer("gamma", true, false, 2);
  offer("beta", false, false, 2);
  offer("gamma", true, false, 3);
  offer("delta", true, false, 0);
  offer("delta", false, false, 0);
  offer("stranger", false, false, 0);
  const JobNames jobs{"alpha", "beta", "delta", "gamma"};
  ClaimRequest request = claim_request(jobs);
  request.rooms = {{"delta", 1}, {"nobody", 0}};
  CHECK(pick(scratch, request) == expected);
}

TEST_CASE("ClaimPick takes one named run whatever its place, if nothing keeps it from starting") {
  struct Row {
    const char* what;
    std::string change;
    JobNames jobs;
    bool is_picked;
  };
  const std::vector<Row> rows = {
      {"ready", "", {"alpha"}, true},
      {"of later", "UPDATE {}job_runs SET run_at = run_at + 1", {"alpha"}, false},
      {"running", "UPDATE {}job_runs SET status = 'running', lease_until_at = 0", {"alpha"}, false},
      {"of a paused job", "UPDATE {}jobs SET paused = 1", {"alpha"}, false},
      {"of an unknown job", "", {"beta"}, false},
      {"of no known job", "", {}, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Scratch scratch;
    for (int i = 0; i < 5; ++i) store(scratch, scratch.row("alpha"));
    const RunId last = store(scratch, scratch.row("alpha"));
    if (!row.change.empty()) scratch.connection.exec(row.change);
    ClaimRequest request = claim_request(row.jobs, 1);
    request.rooms = {{"alpha", 0}};  // who asks for one run has room for it
    request.only = last;
    CHECK(pick(scratch, request) == (row.is_picked ? Ids{last.to_string()} : Ids{}));
  }
}

}  // namespace claim_pick_test
