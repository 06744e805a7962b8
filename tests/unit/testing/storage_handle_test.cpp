// SPDX-License-Identifier: MIT

#include "punctual/testing/storage_handle.hpp"

#include <memory>
#include <optional>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"

namespace storage_handle_test {

using namespace punctual;
using punctual::testing::OwnedStorage;
using punctual::testing::StorageHandle;

static_assert(Storage<StorageHandle>);
static_assert(Storage<OwnedStorage<std::unique_ptr<InMemoryStorage>>>);

TEST_CASE("OwnedStorage passes every operation on to the storage it owns") {
  const auto shared = std::make_shared<InMemoryStorage>();
  OwnedStorage owned{shared};
  CHECK(owned.handle() == shared);
  StorageHandle& handle = owned;
  const TimePoint now{Duration{1000}};
  const JobNames jobs{"alpha"};

  const auto state = handle.sync_jobs({{.name = "alpha", .next_due_at = now}}, now).at(0);
  CHECK(handle.due_schedules(jobs, 1, now).size() == 1);
  CHECK(handle.advance({{.job_name = "alpha", .version = state.version}}, now).at(0).advanced);
  CHECK_FALSE(handle.set_paused({.job_name = "alpha", .version = state.version}, now));

  const NewRun row{.id = RunId{{1}}, .job_name = "alpha", .run_at = now};
  CHECK(handle.enqueue({row}, now).at(0).id == row.id);
  CHECK(handle.next_wake(jobs, now).run_at == now);
  const ClaimRequest request{
      .node = "a", .jobs = &jobs, .limit = 1, .lease = std::chrono::seconds{1}};
  CHECK(handle.claim(request, now).size() == 1);
  CHECK(handle.renew({{.lease = {row.id, 1}}}, Duration{1}, now).at(0) == RenewAnswer::kept);
  CHECK(handle.take_expired({.jobs = &jobs, .limit = 1}, now + Duration{1}).size() == 1);
  CHECK(handle.release({{row.id, 2}}, now).at(0) == FinishAnswer::done);
  CHECK(handle.finish({{.lease = {row.id, 2}}}, now).at(0) == FinishAnswer::lost);
  CHECK(handle.request_cancel(row.id, "olga", now) == CancelAnswer::cancelled);

  CHECK(handle.runs({}).size() == 1);
  CHECK(handle.run(row.id).has_value());
  CHECK(handle.summaries().size() == 1);
  CHECK(handle.prune(1, now) == 0);
  CHECK(handle.now(now) == now);
  CHECK(handle.poll_period() == std::nullopt);
  CHECK(handle.health().kind == "memory");
  CHECK(shared->run(row.id)->status == JobStatus::skipped);
}

}  // namespace storage_handle_test
