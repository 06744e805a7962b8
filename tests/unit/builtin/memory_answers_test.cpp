// SPDX-License-Identifier: MIT
//
// Which run answers which instant in memory, whatever the order in which they come and go.

#include "punctual/builtin/memory_answers.hpp"

#include <cstdint>
#include <deque>
#include <vector>

#include "memory_rows.hpp"
#include "punctual/base/random.hpp"
#include "support/catch.hpp"

namespace memory_answers_test {

using punctual::Duration;
using punctual::JobRun;
using punctual::Random;
using punctual::TimePoint;
using punctual::detail::MemoryJob;
using punctual::detail::MemoryRun;
using punctual::detail::to_row;
using punctual::tests::memory_start;
using punctual::tests::number_of;
using punctual::tests::pending_row;
using MemoryAnswers = decltype(punctual::detail::MemoryAnswers{});

TEST_CASE("MemoryAnswers find what stands, and know the latest, when answers come and go") {
  constexpr std::uint64_t seed = 17;
  CAPTURE(seed);
  Random random{seed};
  MemoryAnswers answers;
  std::deque<MemoryJob> jobs;
  std::deque<MemoryRun> rows;
  std::vector<bool> is_in;
  for (std::uint32_t i = 0; i < 3; ++i) {
    jobs.emplace_back(std::string(1, "abc"[i]), i);
    for (std::uint32_t k = 0; k < 6; ++k) {
      JobRun run = pending_row(10 * i + k, jobs.back().name);
      run.due_at = memory_start + Duration{static_cast<int>(k)};
      rows.push_back(to_row(run, jobs.back()));
      is_in.push_back(false);
    }
  }
  for (int i = 0; i < 3000; ++i) {
    CAPTURE(i);
    const auto drawn = static_cast<std::size_t>(random.up_to(rows.size() - 1));
    is_in[drawn] ? answers.remove(rows[drawn]) : answers.add(rows[drawn]);
    is_in[drawn] = !is_in[drawn];
    for (auto& job : jobs) {
      const MemoryRun* last = nullptr;
      for (std::size_t k = 0; k < rows.size(); ++k) {
        if (rows[k].job != &job) continue;
        REQUIRE(answers.find(job, *rows[k].due_at) == (is_in[k] ? &rows[k] : nullptr));
        if (is_in[k]) last = &rows[k];
      }
      REQUIRE(job.last_answer == last);
    }
  }
}

}  // namespace memory_answers_test
