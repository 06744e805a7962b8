// SPDX-License-Identifier: MIT
//
// What a storage that hosts share does in a second: runs stored one by one and in batches, runs
// claimed and ended with their history kept, through the storage alone and through a scheduler,
// and how soon a run starts after it was handed in.
//
// `Make` is called as `make()` and returns a storage on fresh tables, behind a std::unique_ptr.

#pragma once

#include <punctual/punctual.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "report.hpp"

namespace benchmarks {

using namespace std::chrono_literals;

/// Makes runs of one job, ready at once.
class RunMaker {
 public:
  [[nodiscard]] std::vector<punctual::NewRun> make(std::size_t count) {
    const punctual::TimePoint now = punctual::SystemClock{}.now();
    std::vector<punctual::NewRun> rows(count);
    for (auto& row : rows) {
      row.id = ids_.next(now);
      row.job_name = "import-accounts";
      row.run_at = now;
      row.payload = {{"account", 4711}};
    }
    return rows;
  }

 private:
  punctual::UuidGenerator ids_{punctual::Random::from_entropy()};
};

inline void require(bool is_right, const char* what) {
  if (is_right) return;
  std::cerr << "the benchmark saw what cannot be: " << what << std::endl;
  std::abort();
}

/// Calls `work(i)` in `count` threads at once; returns the seconds until all are through.
template <class Work>
double seconds_of_threads(std::size_t count, Work&& work) {
  std::vector<std::thread> threads;
  const auto start = Stopwatch::now();
  for (std::size_t i = 0; i < count; ++i) threads.emplace_back([&work, i] { work(i); });
  for (auto& thread : threads) thread.join();
  return seconds_since(start);
}

template <class Storage>
void enqueue_many(Storage& storage, std::size_t run_count, std::size_t batch) {
  RunMaker maker;
  for (std::size_t i = 0; i < run_count; i += batch) {
    storage.enqueue(maker.make(std::min(batch, run_count - i)), punctual::SystemClock{}.now());
  }
}

/// Claims, and ends, up to `batch` runs; returns how many there were.
template <class Storage>
std::size_t claim_and_finish(Storage& storage, std::size_t batch) {
  static const punctual::JobNames jobs{"import-accounts"};
  const punctual::ClaimRequest request{
      .node = "node-1", .jobs = &jobs, .limit = batch, .lease = 30s};
  const auto runs = storage.claim(request, punctual::SystemClock{}.now());
  if (runs.empty()) return 0;
  std::vector<punctual::Completion> ends(runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    ends[i].lease = {runs[i].id, runs[i].fence};
    ends[i].message_code = "JOB_OK";
    ends[i].summary = "done";
    ends[i].duration = 3ms;
  }
  for (const auto answer : storage.finish(ends, punctual::SystemClock{}.now())) {
    require(answer == punctual::FinishAnswer::done, "a run was lost");
  }
  return runs.size();
}

template <class Make>
void measure_enqueue(const std::string& name, Make& make) {
  report(name + ".enqueue_single", "runs/s", {{"connections", 1}, {"runs", 5000}}, 3, [&] {
    auto storage = make();
    enqueue_many(*storage, 10, 1);
    const auto start = Stopwatch::now();
    enqueue_many(*storage, 5000, 1);
    return 5000 / seconds_since(start);
  });
  for (const std::size_t threads : {std::size_t{1}, std::size_t{2}}) {
    report(name + ".enqueue_bulk", "runs/s",
           {{"batch", 1000}, {"threads", threads}, {"runs", 200'000}}, 3, [&] {
             auto storage = make();
             enqueue_many(*storage, 10, 1);
             return 200'000 / seconds_of_threads(threads, [&](std::size_t) {
                      enqueue_many(*storage, 200'000 / threads, 1000);
                    });
           });
  }
}

template <class Make>
void measure_drain(const std::string& name, Make& make) {
  for (const std::size_t batch : {std::size_t{100}, std::size_t{500}, std::size_t{1000}}) {
    for (const std::size_t threads : {std::size_t{1}, std::size_t{2}, std::size_t{4}}) {
      report(name + ".drain", "runs/s", {{"batch", batch}, {"threads", threads}, {"runs", 200'000}},
             3, [&] {
               auto storage = make();
               enqueue_many(*storage, 200'000, 1000);
               std::atomic<std::size_t> done{0};
               const double seconds = seconds_of_threads(threads, [&](std::size_t) {
                 while (const std::size_t count = claim_and_finish(*storage, batch)) done += count;
               });
               require(done == 200'000, "not all runs were claimed");
               return 200'000 / seconds;
             });
    }
  }
}

/// Claim, run and record through a scheduler, of runs that were there at the start.
template <class Make>
void measure_scheduler(const std::string& name, Make& make) {
  constexpr std::size_t run_count = 100'000;
  report(name + ".scheduler_drain", "runs/s",
         {{"threads", 2}, {"queue_max", 1000}, {"batch_max", 500}, {"runs", run_count}}, 3, [&] {
           auto storage = make();
           enqueue_many(*storage, run_count, 1000);
           std::atomic<std::size_t> done{0};
           punctual::SchedulerOptions options;
           options.batch_max = 500;
           punctual::Scheduler scheduler{
               punctual::SystemClock{}, *storage,
               punctual::ThreadPoolExecutor{{.thread_count = 2, .queue_max = 1000}}, options};
           scheduler.register_job({.name = "import-accounts"},
                                  [&](punctual::JobContext&) { ++done; });
           const auto start = Stopwatch::now();
           scheduler.start();
           while (done < run_count) std::this_thread::sleep_for(1ms);
           scheduler.stop();
           const double seconds = seconds_since(start);
           require(storage->summaries().at(0).success_count == run_count, "not all ended well");
           return run_count / seconds;
         });
}

/// Runs are produced and consumed at once, as fast as both go, held to a backlog of a second's.
template <class Make>
void measure_sustained(const std::string& name, Make& make, std::chrono::seconds span,
                       std::size_t consumers) {
  auto storage = make();
  std::atomic<bool> is_over{false};
  std::atomic<std::size_t> stored{0};
  std::atomic<std::size_t> done{0};
  std::vector<double> seconds_rates;
  std::thread producer{[&] {
    RunMaker maker;
    while (!is_over) {
      if (stored - done > 50'000) {
        std::this_thread::sleep_for(1ms);
        continue;
      }
      storage->enqueue(maker.make(1000), punctual::SystemClock{}.now());
      stored += 1000;
    }
  }};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < consumers; ++i) {
    threads.emplace_back([&] {
      while (!is_over) {
        const std::size_t count = claim_and_finish(*storage, 500);
        done += count;
        if (count == 0) std::this_thread::sleep_for(1ms);
      }
    });
  }
  const auto start = Stopwatch::now();
  std::size_t before = 0;
  while (seconds_since(start) < static_cast<double>(span.count())) {
    std::this_thread::sleep_for(1s);
    const std::size_t now = done;
    seconds_rates.push_back(static_cast<double>(now - before));
    before = now;
  }
  const double seconds = seconds_since(start);
  const std::size_t total = done;
  is_over = true;
  producer.join();
  for (auto& thread : threads) thread.join();
  nlohmann::ordered_json line;
  line["benchmark"] = name + ".sustained";
  line["mean"] = static_cast<double>(total) / seconds;
  line["min"] = quantile(seconds_rates, 0.0);
  line["max"] = quantile(seconds_rates, 1.0);
  line["unit"] = "runs/s";
  line["setting"] = {{"seconds", span.count()}, {"producers", 1}, {"consumers", consumers}};
  std::cout << line.dump() << std::endl;
}

/// From the call of `enqueue` to the first line of the body, in ms.
template <class Storage>
std::vector<double> start_latencies(Storage& storage, std::size_t run_count) {
  std::mutex mutex;
  std::condition_variable started;
  bool has_started = false;
  Stopwatch::time_point begun{};
  std::vector<double> latencies;
  punctual::Scheduler scheduler{punctual::SystemClock{}, storage, punctual::ThreadPoolExecutor{2}};
  scheduler.register_job({.name = "empty"}, [&](punctual::JobContext&) {
    const auto at = Stopwatch::now();
    const std::lock_guard lock{mutex};
    latencies.push_back(std::chrono::duration<double, std::milli>(at - begun).count());
    has_started = true;
    started.notify_one();
  });
  scheduler.start();
  for (std::size_t i = 0; i < run_count; ++i) {
    {
      const std::lock_guard lock{mutex};
      has_started = false;
      begun = Stopwatch::now();
    }
    scheduler.enqueue("empty");
    std::unique_lock lock{mutex};
    started.wait(lock, [&] { return has_started; });
    lock.unlock();
    std::this_thread::sleep_for(2ms);
  }
  scheduler.stop();
  return latencies;
}

template <class Make>
void measure_latency(const std::string& name, Make& make) {
  report_quantiles(name + ".start_latency", "ms", {{"nodes", 1}, {"runs", 1000}}, 3, [&] {
    auto storage = make();
    return start_latencies(*storage, 1000);
  });
}

/// `parts` names what is measured; empty: all.
template <class Make>
void measure_storage(const std::string& name, Make&& make, const std::vector<std::string>& parts) {
  const auto is_wanted = [&](const char* part) {
    return parts.empty() || std::find(parts.begin(), parts.end(), part) != parts.end();
  };
  if (is_wanted("enqueue")) measure_enqueue(name, make);
  if (is_wanted("drain")) measure_drain(name, make);
  if (is_wanted("scheduler")) measure_scheduler(name, make);
  if (is_wanted("latency")) measure_latency(name, make);
  if (is_wanted("sustained")) measure_sustained(name, make, 60s, 2);
}

}  // namespace benchmarks
