// SPDX-License-Identifier: MIT
//
// ScheduleRule: what a rule has that says no more than it must.

#include "punctual/schedule/rule.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/schedule/at.hpp"
#include "support/catch.hpp"

namespace rule_test {

using punctual::At;
using punctual::DstCase;
using punctual::Duration;
using punctual::InstantCount;
using punctual::ScheduleKind;
using punctual::ScheduleRule;
using punctual::TimePoint;
using punctual::TimeZone;
using punctual::detail::next_instants;

namespace {

/// Fires every second from 1970 on.
class EverySecond final : public ScheduleRule {
 public:
  [[nodiscard]] ScheduleKind kind() const noexcept override { return ScheduleKind::cron; }
  [[nodiscard]] std::optional<TimePoint> next_after(TimePoint after) const noexcept override {
    if (after < TimePoint{}) return TimePoint{};
    return std::chrono::floor<std::chrono::seconds>(after) + std::chrono::seconds{1};
  }
  [[nodiscard]] std::optional<TimePoint> previous_before(TimePoint) const noexcept override {
    return std::nullopt;
  }
  [[nodiscard]] std::string describe() const override { return "every second"; }
};

struct Instant {
  TimePoint at;
  DstCase dst;
};

constexpr Duration second{1000};

}  // namespace

TEST_CASE("ScheduleRule counts one by one when the rule knows no better") {
  const EverySecond rule;
  struct Row {
    const char* subject;
    TimePoint first;
    TimePoint last;
    std::int64_t count;
    bool is_exact;
  };
  const TimePoint zero{};
  const Row rows[] = {
      {"both ends are instants", zero, zero + 5 * second, 6, true},
      {"neither end is one", zero + Duration{1}, zero + 5 * second - Duration{1}, 4, true},
      {"the range is one instant", zero + second, zero + second, 1, true},
      {"nothing between", zero + Duration{1}, zero + Duration{999}, 0, true},
      {"upside down", zero + 5 * second, zero, 0, true},
      {"as many as are counted", zero + second, zero + 10'000 * second, 10'000, true},
      {"one more", zero + second, zero + 10'001 * second, 10'000, false},
      {"very many", zero, zero + 1'000'000 * second, 10'000, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const InstantCount count = rule.count_between(row.first, row.last);
    CHECK(count.count == row.count);
    CHECK(count.is_exact == row.is_exact);
  }
}

TEST_CASE("ScheduleRule is the same for every job and in UTC when it says nothing else") {
  const EverySecond rule;
  CHECK(rule.bound_to("nightly", TimePoint{second}) == nullptr);
  CHECK(rule.zone() == TimeZone{});
  CHECK(rule.case_of(TimePoint{second}) == DstCase::none);
}

TEST_CASE("next_instants lists as many instants as there are when it is asked for more") {
  const EverySecond rule;
  const At once{TimePoint{second}};
  const auto list = [](const ScheduleRule* asked, TimePoint after, std::size_t count) {
    std::vector<TimePoint> instants;
    for (const auto& [instant, dst] : next_instants<Instant>(asked, after, count)) {
      CHECK(dst == DstCase::none);
      instants.push_back(instant);
    }
    return instants;
  };
  const TimePoint zero{};
  CHECK(list(&rule, zero, 3) ==
        std::vector<TimePoint>{zero + second, zero + 2 * second, zero + 3 * second});
  CHECK(list(&rule, zero, 0).empty());
  CHECK(list(&once, zero, 3) == std::vector<TimePoint>{zero + second});
  CHECK(list(&once, zero + second, 3).empty());
  CHECK(list(nullptr, zero, 3).empty());
}

TEST_CASE("A duration is said in its largest whole unit when it is described") {
  using punctual::detail::describe_duration;
  CHECK(describe_duration(Duration{1}) == "1 ms");
  CHECK(describe_duration(Duration{999}) == "999 ms");
  CHECK(describe_duration(second) == "1 second");
  CHECK(describe_duration(90 * second) == "90 seconds");
  CHECK(describe_duration(120 * second) == "2 minutes");
  CHECK(describe_duration(3600 * second) == "1 hour");
  CHECK(describe_duration(36 * 3600 * second) == "36 hours");
  CHECK(describe_duration(48 * 3600 * second) == "2 days");
}

}  // namespace rule_test
