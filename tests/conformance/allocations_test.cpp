// SPDX-License-Identifier: MIT
//
// No allocation: asking a schedule for an instant takes nothing from the heap.

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <vector>

#include "punctual/base/random.hpp"
#include "punctual/base/time.hpp"
#include "punctual/schedule/schedule.hpp"
#include "support/catch.hpp"
#ifdef PUNCTUAL_TESTS_HAVE_ZONES
#include "punctual/tz/zone.hpp"
#endif

namespace allocations_test {
namespace {

std::atomic<std::size_t> allocation_count{0};

}  // namespace
}  // namespace allocations_test

// The whole program's; counted, and otherwise as they are.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations_test::allocation_count;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc{};
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace allocations_test {

using punctual::cron;
using punctual::Duration;
using punctual::Schedule;
using punctual::TimePoint;

TEST_CASE("Schedules allocate nothing when they are asked for instants") {
  const Duration hour{3'600'000};
  std::vector<Schedule> schedules = {
      punctual::every(hour),
      punctual::every_after_finish(hour),
      punctual::at(TimePoint{hour}),
      cron("*/5 * * * *"),
      cron("0 0 29 2 MON", {.days = punctual::CronDayMatch::both}),
      cron("0 12 15W * *", punctual::fixed_offset(std::chrono::hours{5})),
      cron("0 2 * * *").excluding(punctual::Calendar::weekends().yearly({{12, 25}})),
      punctual::any_of({cron("0 2 * * *"), punctual::every(hour)}).jitter(hour),
      cron("0 2 * * *").between(TimePoint{}, TimePoint{hour * 100'000}),
  };
#ifdef PUNCTUAL_TESTS_HAVE_ZONES
  schedules.push_back(cron("30 2 * * *", punctual::tz::zone("America/New_York")));
#endif
  punctual::Random random{5};
  std::size_t found_count = 0;
  for (const Schedule& schedule : schedules) {
    CAPTURE(schedule.describe());
    const std::size_t before = allocation_count;
    for (int i = 0; i < 200; ++i) {
      const TimePoint at{Duration{static_cast<Duration::rep>(random.up_to(4'000'000'000'000))}};
      found_count += schedule.next_after(at) ? 1 : 0;
      found_count += schedule.previous_before(at) ? 1 : 0;
      found_count += schedule.count_between(at, at + hour).count > 0 ? 1 : 0;
      found_count += schedule.case_of(at) == punctual::DstCase::none ? 1 : 0;
    }
    const std::size_t after = allocation_count;
    CHECK(after - before == 0);
  }
  CHECK(found_count > 1000);
  const std::size_t before = allocation_count;
  const Schedule copied = cron("0 2 * * *");
  CHECK(allocation_count > before);  // they are counted
}

}  // namespace allocations_test
