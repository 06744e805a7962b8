// SPDX-License-Identifier: MIT
//
// What the scheduler costs around a body that does nothing: throughput with each storage, how late
// bodies start, and a simulated year.

#include <punctual/punctual.hpp>
#include <punctual/sqlite/storage.hpp>
#include <punctual/testing/run_until.hpp>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "report.hpp"

using namespace std::chrono_literals;
using namespace date::literals;

namespace {

constexpr std::size_t thread_count = 2;

/// Hands in `run_count` runs, then measures how many a second are claimed, run and recorded.
template <class Storage>
double runs_per_second(Storage& storage, std::size_t run_count, std::size_t queue_max) {
  std::atomic<std::size_t> done{0};
  punctual::Scheduler scheduler{
      punctual::SystemClock{}, storage,
      punctual::ThreadPoolExecutor{{.thread_count = thread_count, .queue_max = queue_max}}};
  scheduler.register_job({.name = "empty"}, [&](punctual::JobContext&) { ++done; });
  for (std::size_t i = 0; i < run_count; ++i) scheduler.enqueue("empty");
  const auto start = benchmarks::Stopwatch::now();
  scheduler.start();
  while (storage.summaries().at(0).success_count < run_count) std::this_thread::sleep_for(1ms);
  const double seconds = benchmarks::seconds_since(start);
  if (done != run_count) std::abort();
  return static_cast<double>(run_count) / seconds;
}

void measure_memory() {
  for (const std::size_t queue_max : {std::size_t{0}, std::size_t{64}}) {
    benchmarks::report("core.memory.throughput", "runs/s",
                       {{"threads", thread_count}, {"queue_max", queue_max}, {"runs", 50'000}}, 5,
                       [&] {
                         punctual::InMemoryStorage storage;
                         return runs_per_second(storage, 50'000, queue_max);
                       });
  }
}

void measure_sqlite(const std::filesystem::path& folder) {
  using punctual::sqlite::Synchronous;
  for (const auto synchronous : {Synchronous::normal, Synchronous::full}) {
    for (const std::size_t queue_max : {std::size_t{0}, std::size_t{64}}) {
      const char* name = synchronous == Synchronous::full ? "full" : "normal";
      benchmarks::report("core.sqlite.throughput", "runs/s",
                         {{"synchronous", name},
                          {"threads", thread_count},
                          {"queue_max", queue_max},
                          {"runs", 2000}},
                         5, [&] {
                           const auto file = folder / "core-benchmark.db";
                           for (const char* suffix : {"", "-wal", "-shm"}) {
                             std::filesystem::remove(file.string() + suffix);
                           }
                           punctual::sqlite::Options options;
                           options.file = file.string();
                           options.synchronous = synchronous;
                           punctual::sqlite::Storage storage{options};
                           return runs_per_second(storage, 2000, queue_max);
                         });
    }
  }
}

/// Runs `job_count` jobs every 50 ms for a while; returns how late each body started, in ms.
std::vector<double> start_lateness(std::size_t job_count, bool is_staggered) {
  using Micro = std::chrono::duration<double, std::milli>;
  std::mutex mutex;
  std::vector<double> lateness;
  lateness.reserve(200'000);
  punctual::Scheduler scheduler{punctual::SystemClock{}, punctual::InMemoryStorage{},
                                punctual::ThreadPoolExecutor{thread_count}};
  const punctual::TimePoint begin = punctual::SystemClock{}.now() + 500ms;
  for (std::size_t i = 0; i < job_count; ++i) {
    const auto offset = punctual::Duration{is_staggered ? static_cast<int>(i % 50) : 0};
    scheduler.register_job(
        {.name = "job-" + std::to_string(i), .schedule = punctual::every(50ms, begin + offset)},
        [&](punctual::JobContext& job) {
          const auto now = std::chrono::system_clock::now();
          const double late = Micro{now - *job.due_at()}.count();
          const std::lock_guard lock{mutex};
          lateness.push_back(late);
        });
  }
  scheduler.start();
  std::this_thread::sleep_for(3s);
  scheduler.stop();
  return lateness;
}

void measure_lateness() {
  for (const bool is_staggered : {false, true}) {
    benchmarks::report_quantiles(
        "core.lateness", "ms",
        {{"jobs", 1000}, {"period_ms", 50}, {"staggered", is_staggered}, {"threads", thread_count}},
        3, [&] { return start_lateness(1000, is_staggered); });
  }
}

void measure_year() {
  benchmarks::report("core.year", "s", {{"jobs", "24 h and 5 min"}, {"runs", 105'485}}, 5, [] {
    punctual::FakeClock clock{date::sys_days{2023_y / 1 / 1}};
    punctual::InMemoryStorage storage;
    punctual::Scheduler scheduler{clock, storage, punctual::InlineExecutor{}};
    int count = 0;
    const auto body = [&](punctual::JobContext&) { ++count; };
    scheduler.register_job({.name = "daily", .schedule = punctual::every(24h)}, body);
    scheduler.register_job({.name = "often", .schedule = punctual::every(5min)}, body);
    const auto start = benchmarks::Stopwatch::now();
    punctual::testing::run_until(scheduler, clock, date::sys_days{2024_y / 1 / 1});
    if (count != 105'485) std::abort();
    return benchmarks::seconds_since(start);
  });
}

}  // namespace

int main(int argc, char* argv[]) {
  const std::filesystem::path folder = argc > 1 ? argv[1] : std::filesystem::temp_directory_path();
  measure_year();
  measure_memory();
  measure_lateness();
  measure_sqlite(folder);
}
