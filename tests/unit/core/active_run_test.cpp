// SPDX-License-Identifier: MIT
//
// ActiveRun: how deep this thread is inside the bodies of one scheduler.

#include "punctual/core/active_run.hpp"

#include <optional>
#include <stdexcept>
#include <thread>

#include "support/catch.hpp"

namespace active_run_test {

using punctual::detail::ActiveRun;

TEST_CASE("ActiveRun counts the bodies of each scheduler alone when they are nested") {
  const int ours = 0;
  const int theirs = 0;
  CHECK(ActiveRun::depth(&ours) == 0);
  {
    const ActiveRun outer{&ours};
    CHECK(ActiveRun::depth(&ours) == 1);
    CHECK(ActiveRun::depth(&theirs) == 0);
    {
      const ActiveRun other{&theirs};
      const ActiveRun inner{&ours};
      CHECK(ActiveRun::depth(&ours) == 2);
      CHECK(ActiveRun::depth(&theirs) == 1);
    }
    CHECK(ActiveRun::depth(&ours) == 1);
    CHECK(ActiveRun::depth(&theirs) == 0);
  }
  CHECK(ActiveRun::depth(&ours) == 0);
}

TEST_CASE("ActiveRun is over when the body is left by an exception") {
  const int scheduler = 0;
  try {
    const ActiveRun run{&scheduler};
    throw std::runtime_error{"left"};
  } catch (const std::runtime_error&) {
    CHECK(ActiveRun::depth(&scheduler) == 0);
  }
}

TEST_CASE("ActiveRun is not seen when another thread asks") {
  const int scheduler = 0;
  const ActiveRun run{&scheduler};
  std::size_t before = 99;
  std::size_t inside = 99;
  std::thread other{[&] {
    before = ActiveRun::depth(&scheduler);
    const ActiveRun theirs{&scheduler};
    inside = ActiveRun::depth(&scheduler);
  }};
  other.join();
  CHECK(before == 0);
  CHECK(inside == 1);
  CHECK(ActiveRun::depth(&scheduler) == 1);
}

}  // namespace active_run_test
