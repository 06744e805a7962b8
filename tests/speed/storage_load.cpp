// SPDX-License-Identifier: MIT
//
// Work for a storage, without a scheduler: threads that hand in runs, and threads that claim them
// and record their ends.
//
//   storage_load work SPEC SECONDS    prints, as one JSON object, how many runs ended in each
//                                     second, and how long each claim took
//   storage_load fill SPEC COUNT      stores so many rows that have ended

#include <punctual/punctual.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iostream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/open_storage.hpp"

namespace punctual::tests {

namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;
using testing::StorageHandle;

const JobNames& job_names() {
  static const JobNames names{"load-0", "load-1", "load-2", "load-3"};
  return names;
}

std::vector<NewRun> make_rows(UuidGenerator& ids, std::size_t count) {
  const TimePoint now = SystemClock{}.now();
  std::vector<NewRun> rows(count);
  for (std::size_t i = 0; i < count; ++i) {
    rows[i].id = ids.next(now);
    rows[i].job_name = job_names()[i % job_names().size()];
    rows[i].run_at = now;
    rows[i].payload = {{"number", i}};
  }
  return rows;
}

ClaimRequest claim_of(std::size_t limit) {
  ClaimRequest request;
  request.node = "load";
  request.jobs = &job_names();
  request.limit = limit;
  request.lease = 60s;
  return request;
}

std::vector<Completion> ends_of(const std::vector<JobRun>& runs) {
  std::vector<Completion> ends(runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    ends[i].lease = {runs[i].id, runs[i].fence};
    ends[i].message_code = "DONE";
  }
  return ends;
}

void sync_jobs(StorageHandle& storage) {
  std::vector<JobDefinition> definitions;
  for (const auto& name : job_names()) {
    JobDefinition definition;
    definition.name = name;
    definition.anchor_at = SystemClock{}.now();
    definitions.push_back(definition);
  }
  static_cast<void>(storage.sync_jobs(definitions, SystemClock{}.now()));
}

/// Hands in and works off, for a while.
class Load {
 public:
  Load(StorageHandle& storage, std::chrono::seconds length)
      : storage_(storage),
        length_(length),
        ended_counts_(static_cast<std::size_t>(length.count())) {}

  Json run() {
    begun_at_ = Steady::now();
    std::vector<std::jthread> threads;
    for (int i = 0; i < 2; ++i) threads.emplace_back([this] { guarded([this] { produce(); }); });
    for (int i = 0; i < 2; ++i) threads.emplace_back([this] { guarded([this] { consume(); }); });
    threads.clear();
    if (!problem_.empty()) throw std::runtime_error{problem_};
    std::vector<std::size_t> counts;
    for (const auto& count : ended_counts_) counts.push_back(count.load());
    return {{"ended", counts}, {"claim_us", claim_us_}};
  }

 private:
  static constexpr std::size_t batch = 32;
  static constexpr std::int64_t waiting_max = 1000;

  [[nodiscard]] bool is_over() const { return Steady::now() - begun_at_ >= length_; }

  template <class Body>
  void guarded(Body&& body) {
    try {
      body();
    } catch (const std::exception& error) {
      const std::lock_guard lock{mutex_};
      problem_ = error.what();
    }
  }

  void produce() {
    UuidGenerator ids{Random::from_entropy()};
    while (!is_over()) {
      if (waiting_count_.load() > waiting_max) {
        std::unique_lock lock{mutex_};
        has_room_.wait_for(lock, 10ms, [&] { return waiting_count_.load() <= waiting_max; });
        continue;
      }
      const auto answers = storage_.enqueue(make_rows(ids, batch), {});
      waiting_count_ += static_cast<std::int64_t>(answers.size());
    }
  }

  void consume() {
    const ClaimRequest request = claim_of(batch);
    std::vector<std::int64_t> claim_us;
    while (!is_over()) {
      const auto asked_at = Steady::now();
      const auto runs = storage_.claim(request, SystemClock{}.now());
      claim_us.push_back(
          std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - asked_at).count());
      const auto ends = ends_of(runs);
      waiting_count_ -= static_cast<std::int64_t>(runs.size());
      has_room_.notify_all();
      const auto answers = storage_.finish(ends, SystemClock{}.now());
      const auto second =
          std::chrono::duration_cast<std::chrono::seconds>(Steady::now() - begun_at_);
      const auto index = static_cast<std::size_t>(second.count());
      if (index < ended_counts_.size()) ended_counts_[index] += answers.size();
    }
    const std::lock_guard lock{mutex_};
    claim_us_.insert(claim_us_.end(), claim_us.begin(), claim_us.end());
  }

  StorageHandle& storage_;
  std::chrono::seconds length_;
  Steady::time_point begun_at_{};
  std::vector<std::atomic<std::size_t>> ended_counts_;
  std::atomic<std::int64_t> waiting_count_{0};
  std::mutex mutex_;
  std::condition_variable has_room_;
  std::vector<std::int64_t> claim_us_;
  std::string problem_;
};

/// Stores rows as they come about, and in the largest batches: that is ten times as fast as one by
/// one.
void fill(StorageHandle& storage, std::size_t count) {
  static constexpr std::size_t part_max = 10'000;
  UuidGenerator ids{Random::from_entropy()};
  const ClaimRequest request = claim_of(1000);
  for (std::size_t done = 0; done < count; done += part_max) {
    const std::size_t part = std::min(count - done, part_max);
    static_cast<void>(storage.enqueue(make_rows(ids, part), SystemClock{}.now()));
    for (std::size_t ended = 0; ended < part;) {
      const auto runs = storage.claim(request, SystemClock{}.now());
      ended += storage.finish(ends_of(runs), SystemClock{}.now()).size();
    }
  }
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() != 3) throw std::runtime_error{"expected: work|fill SPEC NUMBER"};
  const AnyStorage storage = open_storage(arguments[1]);
  sync_jobs(*storage);
  const int number = std::stoi(arguments[2]);
  if (arguments[0] == "fill") {
    fill(*storage, static_cast<std::size_t>(number));
  } else {
    std::cout << Load{*storage, std::chrono::seconds{number}}.run() << "\n";
  }
  return 0;
}

}  // namespace

}  // namespace punctual::tests

int main(int argc, char* argv[]) {
  try {
    return punctual::tests::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "storage_load: " << error.what() << "\n";
    return 1;
  }
}
