// SPDX-License-Identifier: MIT
//
// Executor: what the concept asks for, requirement by requirement.

#include "punctual/policy/executor.hpp"

#include <cstddef>
#include <functional>
#include <thread>

#include "punctual/builtin/inline_executor.hpp"
#include "punctual/builtin/manual_executor.hpp"
#include "punctual/builtin/thread_pool_executor.hpp"
#include "support/archetypes.hpp"
#include "support/catch.hpp"

namespace executor_test {

namespace {

using punctual::Executor;
using punctual::Work;
using punctual::tests::MinimalExecutor;

struct NoRoom : MinimalExecutor {
  std::size_t room() = delete;
};
struct RoomAsInt : MinimalExecutor {
  int room();
};
struct NoSubmit : MinimalExecutor {
  void submit(Work) = delete;
};
struct SubmitOfPointers : MinimalExecutor {
  void submit(void (*)());
};
struct SubmitOfBorrowedWork : MinimalExecutor {
  void submit(Work&);
};
struct SubmitWithPriority : MinimalExecutor {
  void submit(Work, int priority);
};
struct NoHelp : MinimalExecutor {
  bool help() = delete;
};
struct HelpThatTellsNothing : MinimalExecutor {
  void help();
};
struct HelpThatCounts : MinimalExecutor {
  std::size_t help();
};
struct NoReplace : MinimalExecutor {
  bool replace(std::thread::id) = delete;
};
struct ReplaceThatTellsNothing : MinimalExecutor {
  void replace(std::thread::id);
};
struct ReplaceOfThreads : MinimalExecutor {
  bool replace(std::thread&);
};

static_assert(Executor<MinimalExecutor>);
static_assert(!Executor<NoRoom>);
static_assert(!Executor<RoomAsInt>);
static_assert(!Executor<NoSubmit>);
static_assert(!Executor<SubmitOfPointers>);
static_assert(!Executor<SubmitOfBorrowedWork>);
static_assert(!Executor<SubmitWithPriority>);
static_assert(!Executor<NoHelp>);
static_assert(!Executor<HelpThatTellsNothing>);
static_assert(!Executor<HelpThatCounts>);
static_assert(!Executor<NoReplace>);
static_assert(!Executor<ReplaceThatTellsNothing>);
static_assert(!Executor<ReplaceOfThreads>);

static_assert(Executor<MinimalExecutor&>);
static_assert(!Executor<const MinimalExecutor&>);
static_assert(!Executor<MinimalExecutor*>);

static_assert(Executor<punctual::InlineExecutor> && Executor<punctual::InlineExecutor&>);
static_assert(Executor<punctual::ManualExecutor> && Executor<punctual::ManualExecutor&>);
static_assert(Executor<punctual::ThreadPoolExecutor> && Executor<punctual::ThreadPoolExecutor&>);

}  // namespace

TEST_CASE("Executor is enough to run work when the executor is the smallest one") {
  const auto use = [](Executor auto& executor) {
    int run_count = 0;
    if (executor.room() > 0) executor.submit([&] { ++run_count; });
    while (executor.help()) continue;
    return run_count;
  };
  MinimalExecutor minimal;
  CHECK(use(minimal) == 1);
  punctual::ManualExecutor manual;
  CHECK(use(manual) == 1);
}

}  // namespace executor_test
