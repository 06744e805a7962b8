// SPDX-License-Identifier: MIT

#include "punctual/http/cached.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/gate.hpp"

using namespace punctual;
using namespace std::chrono_literals;

namespace {

struct Counter {
  std::atomic<int> count{0};
  std::shared_ptr<const int> operator()() { return std::make_shared<const int>(++count); }
};

}  // namespace

TEST_CASE("Cached reads anew when the last reading has become too old") {
  http::Cached<int> cached;
  Counter reads;
  CHECK(*cached.get(10s, 100ms, reads) == 1);
  CHECK(*cached.get(10s + 99ms, 100ms, reads) == 1);
  CHECK(*cached.get(10s + 100ms, 100ms, reads) == 2);
  CHECK(*cached.refresh(10s + 101ms, reads) == 3);
  CHECK(*cached.get(10s + 102ms, 100ms, reads) == 3);
}

TEST_CASE("Cached reads each time if nothing may be old") {
  http::Cached<int> cached;
  Counter reads;
  CHECK(*cached.get(10s, 0ms, reads) == 1);
  CHECK(*cached.get(10s, 0ms, reads) == 2);
}

TEST_CASE("Cached shows nothing from before what it was told to forget") {
  http::Cached<int> cached;
  Counter reads;
  SECTION("read before") {
    (void)cached.get(10s, 1s, reads);
    cached.forget();
    CHECK(*cached.get(10s, 1s, reads) == 2);
  }
  SECTION("being read meanwhile") {
    (void)cached.get(10s, 1s, [&] {
      cached.forget();
      return reads();
    });
    CHECK(*cached.get(10s, 1s, reads) == 2);
  }
}

TEST_CASE("Cached keeps nothing of a reading that failed") {
  http::Cached<int> cached;
  Counter reads;
  const auto fail = []() -> std::shared_ptr<const int> { throw std::runtime_error{"away"}; };
  CHECK_THROWS_AS(cached.get(10s, 1s, fail), std::runtime_error);
  CHECK(*cached.get(10s, 1s, reads) == 1);
}

TEST_CASE("Cached gives those who ask meanwhile what is read, however long that takes") {
  http::Cached<int> cached;
  punctual::tests::Gate entered;
  punctual::tests::Gate leave;
  Counter reads;
  std::thread first{[&] {
    (void)cached.get(10s, 100ms, [&] {
      entered.open();
      leave.wait();
      return reads();
    });
  }};
  entered.wait();
  std::atomic<int> asking{0};
  std::vector<std::thread> others;
  std::vector<int> seen(4);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    others.emplace_back([&, i] {
      ++asking;
      seen[i] = *cached.get(12s + std::chrono::seconds{i}, 100ms, reads);
    });
  }
  while (asking < 4) std::this_thread::yield();
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();  // the last of them is at the door
  leave.open();
  first.join();
  for (auto& other : others) other.join();
  // Whoever came to the door too late after all reads once more, for all such.
  CHECK(reads.count <= 2);
}
