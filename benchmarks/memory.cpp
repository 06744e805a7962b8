// SPDX-License-Identifier: MIT
//
// What a million pending runs and a million schedules take in memory, and how long it takes to
// load, fire, claim and finish all of them. Exits 1 if they take more than they may.
//
// Bytes are those of the blocks that malloc has handed out, with the eight of its own that stand
// before each: malloc_usable_size + 8, counted as they come and go.

#include <malloc.h>

#include <punctual/punctual.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "report.hpp"

using namespace std::chrono_literals;

namespace {

std::size_t bytes_in_use = 0;  // this program has one thread

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  void* block = std::malloc(size);
  if (block == nullptr) throw std::bad_alloc{};
  bytes_in_use += malloc_usable_size(block) + 8;
  return block;
}
[[gnu::noinline]] void operator delete(void* block) noexcept {
  if (block != nullptr) bytes_in_use -= malloc_usable_size(block) + 8;
  std::free(block);
}
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept {
  operator delete(block);
}

namespace {

constexpr std::size_t item_count = 1'000'000;
constexpr std::size_t batch_size = 1000;
constexpr double run_bytes_max = 400;
constexpr double schedule_bytes_max = 300;
constexpr punctual::TimePoint start{punctual::Duration{1'705'284'000'000}};  // 2024-01-15T02:00:00Z

/// Heap bytes since it was made, for each of the items.
class Meter {
 public:
  void sample() { peak_ = std::max(peak_, bytes()); }
  [[nodiscard]] double bytes() const {
    return static_cast<double>(bytes_in_use - before_) / item_count;
  }
  /// The most at any sample since the last call.
  double take_peak() { return std::exchange(peak_, 0.0); }

 private:
  std::size_t before_ = bytes_in_use;
  double peak_ = 0;
};

bool all_within = true;

void report_value(const std::string& name, const char* unit, double value) {
  benchmarks::report(name, unit, {{"items", item_count}}, 1, [&] { return value; });
}

/// Does `step` until it returns false; reports how long that took and the peak meanwhile.
template <class Step>
void run_stage(const std::string& name, Meter& meter, double bytes_max, Step&& step) {
  const auto begun = benchmarks::Stopwatch::now();
  while (step()) meter.sample();
  report_value(name + ".time", "s", benchmarks::seconds_since(begun));
  const double peak = meter.take_peak();
  report_value(name + ".peak", "bytes/item", peak);
  all_within = all_within && peak <= bytes_max;
}

void claim_and_finish(const std::string& name, punctual::InMemoryStorage& storage,
                      const punctual::JobNames& jobs, Meter& meter, double bytes_max,
                      punctual::TimePoint now) {
  std::size_t finished_count = 0;
  run_stage(name, meter, bytes_max, [&] {
    const auto runs = storage.claim(
        {.node = "node-1", .jobs = &jobs, .limit = batch_size, .lease = punctual::Duration{30s}},
        now);
    meter.sample();
    std::vector<punctual::Completion> completions(runs.size());
    for (std::size_t i = 0; i < runs.size(); ++i) {
      completions[i].lease = {runs[i].id, runs[i].fence};
      completions[i].message_code = "JOB_COMPLETED";
    }
    storage.finish(completions, now);
    finished_count += runs.size();
    return !runs.empty();
  });
  if (finished_count != item_count) std::abort();
}

void measure_runs() {
  const punctual::JobNames jobs = {"send-mail"};
  punctual::UuidGenerator ids{punctual::Random{1}};
  Meter meter;
  punctual::InMemoryStorage storage;
  std::size_t stored_count = 0;
  run_stage("memory.runs.load", meter, run_bytes_max, [&] {
    std::vector<punctual::NewRun> rows(batch_size);
    for (auto& row : rows) {
      row.id = ids.next(start);
      row.job_name = jobs[0];
      row.run_at = start;
    }
    storage.enqueue(rows, start);
    stored_count += batch_size;
    return stored_count < item_count;
  });
  report_value("memory.runs.pending", "bytes/run", meter.bytes());
  claim_and_finish("memory.runs.finish", storage, jobs, meter, run_bytes_max, start);
}

void measure_schedules() {
  const punctual::JobConfig config{.schedule = punctual::every(1h)};
  const punctual::Json schedule = config.schedule.to_json();
  const punctual::TimePoint due_at = start + 1h;
  punctual::JobNames jobs;
  for (std::size_t i = 0; i < item_count; ++i) {
    jobs.push_back("report-of-customer-" + std::to_string(item_count + i));
  }
  punctual::UuidGenerator ids{punctual::Random{1}};
  Meter meter;
  punctual::InMemoryStorage storage;
  std::size_t synced_count = 0;
  run_stage("memory.schedules.load", meter, schedule_bytes_max, [&] {
    std::vector<punctual::JobDefinition> definitions(batch_size);
    for (auto& definition : definitions) {
      definition.name = jobs[synced_count++];
      definition.schedule = schedule;
      definition.anchor_at = start;
      definition.next_due_at = due_at;
    }
    storage.sync_jobs(definitions, start);
    return synced_count < item_count;
  });
  report_value("memory.schedules.armed", "bytes/schedule", meter.bytes());
  const double both_max = schedule_bytes_max + run_bytes_max;
  std::size_t fired_count = 0;
  run_stage("memory.schedules.fire", meter, both_max, [&] {
    const auto states = storage.due_schedules(jobs, batch_size, due_at);
    std::vector<punctual::Advance> advances;
    for (const auto& state : states) {
      advances.push_back(punctual::planner::plan_due(state, config, due_at, ids));
      for (auto& row : advances.back().rows) row.job_name = state.job_name;
    }
    for (const auto& answer : storage.advance(advances, due_at)) fired_count += answer.advanced;
    return !states.empty();
  });
  if (fired_count != item_count) std::abort();
  report_value("memory.schedules.fired", "bytes/schedule and run", meter.bytes());
  claim_and_finish("memory.schedules.finish", storage, jobs, meter, both_max, due_at);
}

}  // namespace

int main() {
  measure_runs();
  measure_schedules();
  return all_within ? EXIT_SUCCESS : EXIT_FAILURE;
}
