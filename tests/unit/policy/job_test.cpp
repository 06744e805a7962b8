// SPDX-License-Identifier: MIT
//
// JobBody and Job: what the concepts ask for, requirement by requirement.

#include "punctual/policy/job.hpp"

#include <memory>
#include <string>

#include "support/archetypes.hpp"
#include "support/catch.hpp"

namespace job_test {

namespace {

using punctual::Job;
using punctual::JobBody;
using punctual::JobConfig;
using punctual::JobContext;
using punctual::JobOutcome;
using punctual::tests::MinimalBody;
using punctual::tests::MinimalJob;

// --- bodies
using PlainFunction = JobOutcome(JobContext&);

struct ConstBody {
  JobOutcome operator()(const JobContext&) const;
};
struct BodyOnRvalues {
  void operator()(JobContext&) &&;
};
struct BodyWithoutContext {
  JobOutcome operator()();
};
struct BodyOfMore {
  JobOutcome operator()(JobContext&, int);
};
struct BodyOfAnotherContext {
  JobOutcome operator()(std::string&);
};
struct BodyThatTakesContext {
  void operator()(JobContext&&);
};
struct BodyOfStatus {
  punctual::JobStatus operator()(JobContext&);
};
struct BodyOfBool {
  bool operator()(JobContext&);
};
struct BodyOfReference {
  JobOutcome& operator()(JobContext&);
};
struct BodyOfPointer {
  std::unique_ptr<JobOutcome> operator()(JobContext&);
};

static_assert(JobBody<MinimalBody>);
static_assert(JobBody<ConstBody>);
static_assert(JobBody<const ConstBody>);
static_assert(JobBody<PlainFunction>);
static_assert(JobBody<PlainFunction*>);
static_assert(!JobBody<const MinimalBody>);
static_assert(!JobBody<BodyOnRvalues>);
static_assert(!JobBody<BodyWithoutContext>);
static_assert(!JobBody<BodyOfMore>);
static_assert(!JobBody<BodyOfAnotherContext>);
static_assert(!JobBody<BodyThatTakesContext>);
static_assert(!JobBody<BodyOfStatus>);
static_assert(!JobBody<BodyOfBool>);
static_assert(!JobBody<BodyOfReference>);
static_assert(!JobBody<BodyOfPointer>);
static_assert(!JobBody<MinimalJob>);
static_assert(!JobBody<int>);

// --- jobs
struct NoConfig : MinimalJob {
  JobConfig config() const = delete;
};
struct ConfigThatChanges : MinimalJob {
  JobConfig config();
};
struct ConfigOfName : MinimalJob {
  std::string config() const;
};
struct ConfigAsMember : MinimalJob {
  JobConfig config;
};
struct ConfigByReference : MinimalJob {
  const JobConfig& config() const;
};
struct NoExecute : MinimalJob {
  JobOutcome execute(JobContext&) = delete;
};
struct ExecuteOfNothing : MinimalJob {
  void execute(JobContext&);
};
struct ExecuteWithoutContext : MinimalJob {
  JobOutcome execute();
};
struct ExecuteOfText : MinimalJob {
  std::string execute(JobContext&);
};
struct ConstExecute : MinimalJob {
  JobOutcome execute(JobContext&) const;
};

static_assert(Job<MinimalJob>);
static_assert(Job<ConfigByReference>);
static_assert(Job<ConstExecute>);
static_assert(!Job<NoConfig>);
static_assert(!Job<ConfigThatChanges>);
static_assert(!Job<ConfigOfName>);
static_assert(!Job<ConfigAsMember>);
static_assert(!Job<NoExecute>);
static_assert(!Job<ExecuteOfNothing>);
static_assert(!Job<ExecuteWithoutContext>);
static_assert(!Job<ExecuteOfText>);
static_assert(!Job<MinimalBody>);

}  // namespace

TEST_CASE("JobBody is satisfied by lambdas when they return an outcome or nothing") {
  const auto of_outcome = [](JobContext& job) { return job.success(); };
  const auto of_nothing = [](JobContext&) {};
  const auto generic = [](auto& job) { return job.success(); };
  auto move_only = [owned = std::make_unique<int>(7)](JobContext&) mutable { ++*owned; };
  const auto of_code = [](JobContext&) { return "DONE"; };
  CHECK(JobBody<decltype(of_outcome)>);
  CHECK(JobBody<decltype(of_nothing)>);
  CHECK(JobBody<decltype(generic)>);
  CHECK(JobBody<decltype(move_only)>);
  CHECK_FALSE(JobBody<decltype(of_code)>);
}

}  // namespace job_test
