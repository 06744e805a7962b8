// SPDX-License-Identifier: MIT
//
// Outbox: nothing that is put in is lost, stored twice or overtaken, whoever carries.

#include "punctual/core/outbox.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace outbox_test {

using punctual::detail::Outbox;
using punctual::detail::OutboxItem;

namespace {

OutboxItem item(std::uint64_t number) {
  OutboxItem made;
  made.completion.lease.fence = number;  // stands for the whole end
  return made;
}

std::vector<std::uint64_t> numbers(const std::vector<OutboxItem>& items) {
  std::vector<std::uint64_t> found;
  for (const auto& one : items) found.push_back(one.completion.lease.fence);
  return found;
}

using Numbers = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("Outbox stores nothing when there is nothing") {
  Outbox outbox;
  CHECK(outbox.is_empty());
  int call_count = 0;
  outbox.carry(10, [&](std::vector<OutboxItem>&) { ++call_count; });
  CHECK(call_count == 0);
}

TEST_CASE("Outbox carries all of its items in order, a batch at a time") {
  struct Row {
    const char* subject;
    std::size_t batch_max;
    std::vector<Numbers> batches;
  };
  const Row rows[] = {
      {"one by one", 1, {{1}, {2}, {3}, {4}, {5}}},
      {"with a rest", 2, {{1, 2}, {3, 4}, {5}}},
      {"just so many", 5, {{1, 2, 3, 4, 5}}},
      {"room for more", 100, {{1, 2, 3, 4, 5}}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    Outbox outbox;
    for (std::uint64_t i = 1; i <= 5; ++i) outbox.put(item(i));
    std::vector<Numbers> batches;
    outbox.carry(row.batch_max, [&](std::vector<OutboxItem>& batch) {
      batches.push_back(numbers(batch));
      batch.clear();
    });
    CHECK(batches == row.batches);
    CHECK(outbox.is_empty());
  }
}

TEST_CASE("Outbox puts what was handed back to the front and stops for this time") {
  Outbox outbox;
  for (std::uint64_t i = 1; i <= 5; ++i) outbox.put(item(i));
  std::vector<Numbers> batches;
  outbox.carry(3, [&](std::vector<OutboxItem>& batch) {
    batches.push_back(numbers(batch));
    batch.erase(batch.begin() + 1);  // the second one went through
  });
  CHECK_FALSE(outbox.is_empty());
  outbox.carry(3, [&](std::vector<OutboxItem>& batch) {
    batches.push_back(numbers(batch));
    batch.clear();
  });
  CHECK(batches == std::vector<Numbers>{{1, 2, 3}, {1, 3, 4}, {5}});
  CHECK(outbox.is_empty());
}

TEST_CASE("Outbox takes new items while it stores, and carries them in the same go") {
  Outbox outbox;
  outbox.put(item(1));
  std::vector<Numbers> batches;
  outbox.carry(10, [&](std::vector<OutboxItem>& batch) {
    batches.push_back(numbers(batch));
    if (batches.size() < 3) outbox.put(item(batches.size() + 1));
    CHECK_FALSE(outbox.is_empty());  // what is being carried may come back
    batch.clear();
  });
  CHECK(batches == std::vector<Numbers>{{1}, {2}, {3}});
  CHECK(outbox.is_empty());
}

TEST_CASE("Outbox returns at once to whoever calls while another one carries") {
  Outbox outbox;
  outbox.put(item(1));
  std::latch storing{1};
  std::latch second_is_back{1};
  std::vector<Numbers> batches;
  std::thread carrier{[&] {
    outbox.carry(10, [&](std::vector<OutboxItem>& batch) {
      batches.push_back(numbers(batch));
      batch.clear();
      if (batches.size() > 1) return;
      storing.count_down();
      second_is_back.wait();
    });
  }};
  storing.wait();
  outbox.put(item(2));
  int second_call_count = 0;
  outbox.carry(10, [&](std::vector<OutboxItem>&) { ++second_call_count; });
  second_is_back.count_down();
  carrier.join();
  CHECK(second_call_count == 0);
  CHECK(batches == std::vector<Numbers>{{1}, {2}});
  CHECK(outbox.is_empty());
}

TEST_CASE("Outbox lets another one carry when the one before had something handed back") {
  Outbox outbox;
  outbox.put(item(1));
  int call_count = 0;
  for (int i = 0; i < 3; ++i) outbox.carry(10, [&](std::vector<OutboxItem>&) { ++call_count; });
  CHECK(call_count == 3);
}

TEST_CASE(
    "Outbox stores every item once and those of a thread in order when threads put and carry") {
  constexpr std::uint64_t thread_count = 4;
  constexpr std::uint64_t item_count = 500;
  Outbox outbox;
  Numbers stored;  // carriers take turns
  std::latch begin{thread_count};
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < thread_count; ++t) {
    threads.emplace_back([&, t] {
      begin.arrive_and_wait();
      for (std::uint64_t i = 0; i < item_count; ++i) {
        outbox.put(item(t * item_count + i));
        outbox.carry(7, [&](std::vector<OutboxItem>& batch) {
          // Every third trip brings the last item back.
          const std::size_t kept = stored.size() % 3 == 0 && batch.size() > 1 ? 1 : 0;
          const auto end = batch.end() - static_cast<std::ptrdiff_t>(kept);
          std::for_each(batch.begin(), end, [&](const OutboxItem& one) {
            stored.push_back(one.completion.lease.fence);
          });
          batch.erase(batch.begin(), end);
        });
      }
    });
  }
  for (auto& thread : threads) thread.join();
  outbox.carry(1000, [&](std::vector<OutboxItem>& batch) {
    for (const auto number : numbers(batch)) stored.push_back(number);
    batch.clear();
  });
  CHECK(outbox.is_empty());
  REQUIRE(stored.size() == thread_count * item_count);
  std::vector<std::uint64_t> next(thread_count, 0);
  for (const auto number : stored) {
    const auto thread = static_cast<std::size_t>(number / item_count);
    REQUIRE(number % item_count == next[thread]);
    ++next[thread];
  }
}

}  // namespace outbox_test
