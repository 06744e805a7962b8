// SPDX-License-Identifier: MIT
//
// Leases in memory: who holds a run, and what is left of it when it changes hands.

#include "punctual/builtin/memory_lease.hpp"

#include <optional>
#include <string>
#include <vector>

#include "memory_rows.hpp"
#include "support/catch.hpp"

namespace memory_lease_test {

using punctual::ClaimRequest;
using punctual::Duration;
using punctual::FinishAnswer;
using punctual::JobNames;
using punctual::JobRate;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::LeaseRef;
using punctual::Renewal;
using punctual::RenewAnswer;
using punctual::RescueRequest;
using punctual::TimePoint;
using punctual::tests::end_run;
using punctual::tests::id_of;
using punctual::tests::memory_start;
using punctual::tests::MemoryTables;
using punctual::tests::number_of;
using punctual::tests::pending_row;
using punctual::tests::start_run;
using punctual::tests::stored_run;
namespace detail = punctual::detail;

namespace {

constexpr Duration lease{30'000};
const JobNames jobs = {"a"};
const std::vector<JobRate> rates = {{"a", {"k", {.max = 1, .period = Duration{1000}}}}};

ClaimRequest request_of(const std::string& node) {
  return {.node = node, .jobs = &jobs, .limit = 10, .lease = lease};
}

}  // namespace

TEST_CASE("find_held finds a run only when it is running under the fence named") {
  MemoryTables tables;
  tables.insert(pending_row(1, "a"));
  CHECK(detail::find_held(tables, {id_of(1), 0}) == nullptr);
  start_run(tables, 1);  // fence 1
  CHECK(detail::find_held(tables, {id_of(1), 0}) == nullptr);
  CHECK(detail::find_held(tables, {id_of(1), 2}) == nullptr);
  CHECK(detail::find_held(tables, {id_of(2), 1}) == nullptr);
  CHECK(detail::find_held(tables, {id_of(1), 1}) == tables.find_run(id_of(1)));
  end_run(tables, 1);
  CHECK(detail::find_held(tables, {id_of(1), 1}) == nullptr);
}

TEST_CASE("find_claimable finds just one run when only that is asked for and may start") {
  struct Row {
    const char* subject;
    void (*spoil)(MemoryTables&);
    bool is_found;
  };
  const Row rows[] = {
      {"pending", [](MemoryTables&) {}, true},
      {"behind another run", [](MemoryTables& t) { t.insert(pending_row(0, "a")); }, true},
      {"running", [](MemoryTables& t) { start_run(t, 1); }, false},
      {"ended", [](MemoryTables& t) { end_run(t, 1, JobStatus::skipped); }, false},
      {"of a paused job", [](MemoryTables& t) { t.set_paused(t.job_of("a"), true); }, false},
      {"beside an exclusive run",
       [](MemoryTables& t) {
         JobRun other = pending_row(2, "a");
         other.exclusive = true;
         t.insert(other);
         start_run(t, 2);
       },
       false},
      {"waiting for another run",
       [](MemoryTables& t) {
         end_run(t, 1, JobStatus::skipped);
         t.forget(id_of(1));
         JobRun run = pending_row(1, "a");
         run.waits_for = 1;
         t.insert(run);
       },
       false},
      {"without a token",
       [](MemoryTables& t) { t.buckets.take(rates[0].rate, memory_start + Duration{1}); }, false},
      {"forgotten",
       [](MemoryTables& t) {
         end_run(t, 1, JobStatus::skipped);
         t.forget(id_of(1));
       },
       false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    MemoryTables tables;
    JobRun run = pending_row(1, "a");
    run.exclusive = true;
    tables.insert(run);
    row.spoil(tables);
    ClaimRequest request = request_of("n1");
    request.only = id_of(1);
    request.rates = &rates;
    const auto found = detail::find_claimable(tables, request, memory_start);
    CHECK(found.size() == (row.is_found ? 1U : 0U));
    if (!found.empty()) CHECK(found[0]->id == id_of(1));
    CHECK(detail::find_claimable(tables, request, memory_start - Duration{1}).empty());
    const JobNames others = {"b"};
    request.jobs = &others;
    CHECK(detail::find_claimable(tables, request, memory_start).empty());
  }
}

TEST_CASE("claim_runs writes node, fence, start and lease when it takes a run") {
  MemoryTables tables;
  tables.insert(pending_row(1, "a"));
  const TimePoint now = memory_start + Duration{7};
  const auto claimed = detail::claim_runs(tables, request_of("n1"), now);
  REQUIRE(claimed.size() == 1);
  CHECK(claimed[0].status == JobStatus::running);
  CHECK(claimed[0].node == "n1");
  CHECK(claimed[0].fence == 1);
  CHECK(claimed[0].started_at == now);
  CHECK(claimed[0].lease_until_at == now + lease);
  CHECK(tables.find_run(id_of(1))->status == JobStatus::running);
  CHECK(detail::claim_runs(tables, request_of("n2"), now).empty());
}

TEST_CASE("claim_runs takes a token for each run when the job has a rate") {
  MemoryTables tables;
  tables.insert(pending_row(1, "a"));
  tables.insert(pending_row(2, "a"));
  ClaimRequest request = request_of("n1");
  request.rates = &rates;
  CHECK(detail::claim_runs(tables, request, memory_start).size() == 1);
  CHECK(detail::claim_runs(tables, request, memory_start + Duration{999}).empty());
  CHECK(detail::claim_runs(tables, request, memory_start + Duration{1000}).size() == 1);
}

TEST_CASE("renew_lease extends the lease and shows progress when the run is held") {
  MemoryTables tables;
  tables.insert(pending_row(1, "a"));
  start_run(tables, 1, memory_start + lease);
  const TimePoint now = memory_start + Duration{20'000};
  const auto& run = tables.find_run(id_of(1))->course;
  const Renewal plain{.lease = {id_of(1), 1}};
  CHECK(detail::renew_lease(tables, plain, lease, now) == RenewAnswer::kept);
  CHECK(run->lease_until_at == std::optional{now + lease});
  CHECK(*(*tables.running.leases().begin())->course->lease_until_at == now + lease);
  const Renewal with_progress{.lease = {id_of(1), 1}, .progress = 0.5, .progress_note = "half"};
  CHECK(detail::renew_lease(tables, with_progress, lease, now) == RenewAnswer::kept);
  CHECK(run->remarks->progress == 0.5);
  CHECK(run->remarks->progress_note == "half");
  CHECK(detail::renew_lease(tables, plain, lease, now) == RenewAnswer::kept);
  CHECK(run->remarks->progress == 0.5);  // none given, none changed
  CHECK(run->remarks->log.is_null());
  CHECK(detail::renew_lease(tables, {.lease = {id_of(1), 1}, .log = "one"}, lease, now) ==
        RenewAnswer::kept);
  CHECK(detail::renew_lease(tables, plain, lease, now) == RenewAnswer::kept);
  CHECK(run->remarks->log == "one");
  tables.find_run(id_of(1))->course.write().remarks.write().cancel_requested = true;
  CHECK(detail::renew_lease(tables, plain, lease, now) == RenewAnswer::cancel_requested);
  CHECK(detail::renew_lease(tables, {.lease = {id_of(1), 2}}, lease, now) == RenewAnswer::lost);
}

TEST_CASE("release_lease leaves nothing of the start but the fence when a run is handed back") {
  MemoryTables tables;
  tables.insert(pending_row(1, "a"));
  REQUIRE(detail::claim_runs(tables, request_of("n1"), memory_start).size() == 1);
  auto& remarks = tables.find_run(id_of(1))->course.write().remarks.write();
  remarks.progress = 0.5;
  remarks.progress_note = "half";
  remarks.log = "one";
  CHECK(detail::release_lease(tables, {id_of(1), 2}) == FinishAnswer::lost);
  CHECK(stored_run(tables, 1).status == JobStatus::running);
  CHECK(detail::release_lease(tables, {id_of(1), 1}) == FinishAnswer::done);
  const JobRun run = stored_run(tables, 1);
  CHECK(run.status == JobStatus::pending);
  CHECK(run.message_code == "JOB_INTERRUPTED");
  CHECK(run.node.empty());
  CHECK_FALSE(run.lease_until_at);
  CHECK_FALSE(run.started_at);
  CHECK(run.progress == 0.0);
  CHECK(run.progress_note.empty());
  CHECK(run.log == "one");
  CHECK(run.fence == 1);
  CHECK(run.attempt == 1);
  CHECK(tables.running.leases().empty());
  CHECK(detail::release_lease(tables, {id_of(1), 1}) == FinishAnswer::lost);
}

TEST_CASE(
    "take_expired_runs takes the first to expire of known jobs when their leases have ended") {
  MemoryTables tables;
  for (const std::uint32_t number : {1U, 2U, 3U, 4U}) {
    tables.insert(pending_row(number, number == 4 ? "b" : "a"));
    tables.find_run(id_of(number))->course.write().node = "lost";
  }
  start_run(tables, 1, memory_start + Duration{3});
  start_run(tables, 2, memory_start + Duration{1});
  start_run(tables, 3, memory_start + Duration{4});
  start_run(tables, 4, memory_start);
  RescueRequest request{.jobs = &jobs, .limit = 10, .lease = lease};
  const TimePoint now = memory_start + Duration{3};
  SECTION("all of them") {
    const auto taken = detail::take_expired_runs(tables, request, now);
    REQUIRE(taken.size() == 2);
    CHECK(number_of(taken[0].id) == 2);
    CHECK(number_of(taken[1].id) == 1);
    CHECK(taken[0].node == "lost");
    CHECK(taken[0].fence == 2);
    CHECK(taken[0].lease_until_at == now + lease);
    CHECK(stored_run(tables, 2).node == "lost");
    CHECK(stored_run(tables, 2).fence == 2);
    CHECK(stored_run(tables, 3).fence == 1);
    CHECK(detail::take_expired_runs(tables, request, now).empty());
  }
  SECTION("as many as asked for") {
    request.limit = 1;
    const auto taken = detail::take_expired_runs(tables, request, now);
    REQUIRE(taken.size() == 1);
    CHECK(number_of(taken[0].id) == 2);
  }
  SECTION("none before their time") {
    CHECK(detail::take_expired_runs(tables, request, memory_start).empty());
  }
}

}  // namespace memory_lease_test
