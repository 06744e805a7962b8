// SPDX-License-Identifier: MIT

#include "punctual/sqlite/queue.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "punctual/sqlite/history.hpp"
#include "punctual/testing/row_difference.hpp"
#include "scratch.hpp"
#include "support/catch.hpp"

namespace queue_test {

namespace {

using namespace std::chrono_literals;
namespace detail = punctual::sqlite::detail;

using punctual::CancelAnswer;
using punctual::Completion;
using punctual::EnqueueAnswer;
using punctual::FinishAnswer;
using punctual::JobNames;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::LeaseRef;
using punctual::NewRun;
using punctual::Renewal;
using punctual::RenewAnswer;
using punctual::RescueRequest;
using punctual::RunError;
using punctual::RunId;
using punctual::sqlite::test::claim_request;
using punctual::sqlite::test::Scratch;
using punctual::testing::difference;

const JobNames jobs{"alpha"};

JobRun start(Scratch& scratch) {
  const NewRun row = scratch.row("alpha");
  (void)detail::enqueue(scratch.connection, {row}, scratch.now);
  auto claimed = detail::claim(scratch.connection, claim_request(jobs), scratch.now);
  REQUIRE(claimed.size() == 1);
  return claimed.front();
}

JobRun stored(Scratch& scratch, RunId id) {
  const auto run = detail::find_run(scratch.connection, id);
  REQUIRE(run);
  return *run;
}

/// Leases under which nobody may write: an old fence, one that is not given out yet, no run at all.
std::vector<LeaseRef> wrong_leases(Scratch& scratch, const JobRun& run) {
  return {{run.id, run.fence - 1}, {run.id, run.fence + 1}, {scratch.ids.next(scratch.now), 1}};
}

}  // namespace

TEST_CASE("enqueue answers with the run that was first when a key or an instant is taken") {
  using Kind = EnqueueAnswer::Kind;
  Scratch scratch;
  NewRun first = scratch.row("alpha");
  first.unique_key = "report";
  first.due_at = scratch.now;
  CHECK(detail::enqueue_one(scratch.connection, first, scratch.now).kind == Kind::stored);

  NewRun same_key = scratch.row("beta");
  same_key.unique_key = "report";
  NewRun same_instant = scratch.row("alpha");
  same_instant.due_at = scratch.now;
  for (const auto& row : {same_key, same_instant}) {
    const auto answer = detail::enqueue_one(scratch.connection, row, scratch.now);
    CHECK(answer.kind == Kind::duplicate);
    CHECK(answer.id == first.id);
    CHECK_FALSE(detail::find_run(scratch.connection, row.id));
  }
}

TEST_CASE("claim answers the run as it is stored") {
  Scratch scratch;
  const JobRun run = start(scratch);
  CHECK(run.status == JobStatus::running);
  CHECK(run.node == "node-a");
  CHECK(run.fence == 1);
  CHECK(run.started_at == std::optional{scratch.now});
  CHECK(run.lease_until_at == std::optional{scratch.now + 30s});
  CHECK(difference(run, stored(scratch, run.id)) == "");
  CHECK_FALSE(detail::has_claimable(scratch.connection, claim_request(jobs), scratch.now));
}

TEST_CASE("renew extends the lease, keeps the progress it is not told, and hears of a cancel") {
  Scratch scratch;
  const JobRun run = start(scratch);
  const auto renew = [&](std::optional<double> progress, std::string note) {
    const Renewal renewal{{run.id, run.fence}, progress, std::move(note)};
    return detail::renew(scratch.connection, renewal, 10s, scratch.now + 40s);
  };
  CHECK(renew(0.25, "a quarter") == RenewAnswer::kept);
  CHECK(renew(std::nullopt, "not to be stored") == RenewAnswer::kept);
  JobRun expected = run;
  expected.lease_until_at = scratch.now + 50s;
  expected.progress = 0.25;
  expected.progress_note = "a quarter";
  CHECK(difference(expected, stored(scratch, run.id)) == "");
  CHECK(renew(0.5, "") == RenewAnswer::kept);
  CHECK(stored(scratch, run.id).progress_note == "");

  CHECK(detail::request_cancel(scratch.connection, run.id, "olga", scratch.now) ==
        CancelAnswer::requested);
  CHECK(renew(std::nullopt, "") == RenewAnswer::cancel_requested);
}

TEST_CASE("finish writes all of an end at once") {
  Scratch scratch;
  const JobRun run = start(scratch);
  Completion end;
  end.lease = {run.id, run.fence};
  end.status = JobStatus::failed;
  end.message_code = "IT_FAILED";
  end.summary = "it failed";
  end.details = {{"reason", "none"}};
  end.error = RunError{"E", ""};
  end.duration = 5ms;
  end.follow_ups = {scratch.row("alpha")};
  end.follow_ups[0].attempt = 2;
  CHECK(detail::finish(scratch.connection, end, scratch.now + 7ms) == FinishAnswer::done);
  JobRun expected = run;
  expected.status = JobStatus::failed;
  expected.message_code = "IT_FAILED";
  expected.summary = "it failed";
  expected.details = end.details;
  expected.error = end.error;
  expected.duration = 5ms;
  expected.completed_at = scratch.now + 7ms;
  CHECK(difference(expected, stored(scratch, run.id)) == "");
  CHECK(stored(scratch, end.follow_ups[0].id).status == JobStatus::pending);
  CHECK(scratch.number("SELECT failure_count FROM {}jobs") == 1);
}

TEST_CASE("finish puts the end not before the start when the clock was set back") {
  Scratch scratch;
  const JobRun run = start(scratch);
  const Completion end{.lease = {run.id, run.fence}};
  CHECK(detail::finish(scratch.connection, end, scratch.now - 1h) == FinishAnswer::done);
  CHECK(stored(scratch, run.id).completed_at == run.started_at);
}

TEST_CASE("Whoever writes under another fence, or after the end, changes nothing") {
  Scratch scratch;
  const JobRun run = start(scratch);
  const auto nothing_changes = [&](const LeaseRef& lease) {
    const JobRun before = stored(scratch, run.id);
    Completion end{.lease = lease};
    end.follow_ups = {scratch.row("alpha")};
    CHECK(detail::renew(scratch.connection, {.lease = lease, .progress = 0.5}, 10s, scratch.now) ==
          RenewAnswer::lost);
    CHECK(detail::finish(scratch.connection, end, scratch.now) == FinishAnswer::lost);
    CHECK(detail::release(scratch.connection, lease) == FinishAnswer::lost);
    CHECK(difference(before, stored(scratch, run.id)) == "");
    CHECK(scratch.number("SELECT count(*) FROM {}job_runs") == 1);
  };
  for (const auto& lease : wrong_leases(scratch, run)) nothing_changes(lease);
  const Completion end{.lease = {run.id, run.fence}};
  CHECK(detail::finish(scratch.connection, end, scratch.now) == FinishAnswer::done);
  nothing_changes({run.id, run.fence});
  CHECK(scratch.number("SELECT success_count FROM {}jobs") == 1);
}

TEST_CASE("release hands a run back as if it had not begun, but for its fence") {
  Scratch scratch;
  const JobRun run = start(scratch);
  (void)detail::renew(scratch.connection, {{run.id, run.fence}, 0.5, "half"}, 10s, scratch.now);
  CHECK(detail::release(scratch.connection, {run.id, run.fence}) == FinishAnswer::done);
  JobRun expected = run;
  expected.status = JobStatus::pending;
  expected.message_code = "JOB_INTERRUPTED";
  expected.node = "";
  expected.started_at = std::nullopt;
  expected.lease_until_at = std::nullopt;
  CHECK(difference(expected, stored(scratch, run.id)) == "");
  const auto again = detail::claim(scratch.connection, claim_request(jobs), scratch.now);
  REQUIRE(again.size() == 1);
  CHECK(again[0].fence == 2);
}

TEST_CASE("take_expired takes a run whose lease has expired, and keeps the name of its node") {
  Scratch scratch;
  const JobRun run = start(scratch);
  RescueRequest request{.jobs = &jobs, .limit = 10, .lease = 5s};
  const auto take = [&](std::chrono::milliseconds later) {
    return detail::take_expired(scratch.connection, request, scratch.now + later);
  };
  CHECK(take(29'999ms).empty());
  request.limit = 0;
  CHECK(take(30'000ms).empty());
  request.limit = 10;
  const auto taken = take(30'000ms);
  REQUIRE(taken.size() == 1);
  JobRun expected = run;
  expected.fence = 2;
  expected.lease_until_at = scratch.now + 35s;
  CHECK(difference(expected, taken[0]) == "");
  CHECK(difference(expected, stored(scratch, run.id)) == "");
}

TEST_CASE("request_cancel ends a pending run, marks a running one and leaves an ended one") {
  Scratch scratch;
  CHECK(detail::request_cancel(scratch.connection, scratch.ids.next(scratch.now), "olga",
                               scratch.now) == CancelAnswer::not_found);
  const JobRun running = start(scratch);
  CHECK(detail::request_cancel(scratch.connection, running.id, "olga", scratch.now) ==
        CancelAnswer::requested);
  CHECK(stored(scratch, running.id).cancel_actor == "olga");

  const NewRun row = scratch.row("alpha");
  (void)detail::enqueue(scratch.connection, {row}, scratch.now);
  CHECK(detail::request_cancel(scratch.connection, row.id, "olga", scratch.now + 1s) ==
        CancelAnswer::cancelled);
  JobRun expected = punctual::to_run(row, scratch.now);
  expected.status = JobStatus::skipped;
  expected.message_code = "JOB_CANCELLED";
  expected.summary = "cancelled before it started";
  expected.completed_at = scratch.now + 1s;
  expected.cancel_requested = true;
  expected.cancel_actor = "olga";
  CHECK(difference(expected, stored(scratch, row.id)) == "");
  CHECK(scratch.number("SELECT skipped_count FROM {}jobs") == 1);
  CHECK(detail::request_cancel(scratch.connection, row.id, "carl", scratch.now) ==
        CancelAnswer::ended);
  CHECK(stored(scratch, row.id).cancel_actor == "olga");
}

TEST_CASE("claim takes the runs around one whose details and payload cannot be decoded") {
  Scratch scratch;
  std::vector<RunId> ids;
  for (int i = 0; i < 3; ++i) {
    const NewRun row = scratch.row("alpha");
    ids.push_back(row.id);
    (void)detail::enqueue(scratch.connection, {row}, scratch.now);
  }
  scratch.connection.exec("UPDATE {}job_runs SET details = '{', payload = 'x' WHERE id = '" +
                          ids[1].to_string() + "'");
  const auto claimed = detail::claim(scratch.connection, claim_request(jobs), scratch.now);
  REQUIRE(claimed.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(claimed[i].id == ids[i]);
  CHECK(claimed[1].payload == punctual::Json{{"_undecodable", true}});
  CHECK(claimed[2].payload == nullptr);
}

}  // namespace queue_test
