// SPDX-License-Identifier: MIT
//
// Load: requests for the status at a fixed rate, from a process of their own on a core of its own.
//
// The loop is open: each request has its instant, and waits for nothing but its connection. How
// long it took counts from that instant, so that a server that falls behind cannot hide it.

#pragma once

#include <sched.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <iostream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "../report.hpp"
#include "client.hpp"

namespace benchmarks {

/// The processors that this process may use.
inline std::vector<int> usable_cores() {
  cpu_set_t set;
  std::vector<int> cores;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return cores;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(static_cast<std::size_t>(i), &set)) cores.push_back(i);
  }
  return cores;
}

/// Keeps this thread, and those that it starts from now on, on one processor.
inline void stay_on(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(core), &set);
  if (::sched_setaffinity(0, sizeof set, &set) != 0) {
    throw std::runtime_error{"this process cannot be kept on one processor"};
  }
}

struct LoadPlan {
  int port = 0;
  int core = 0;
  double rate = 0;
  double seconds = 0;

  [[nodiscard]] std::string arguments() const {
    return "--be-load " + std::to_string(port) + " " + std::to_string(core) + " " +
           std::to_string(rate) + " " + std::to_string(seconds);
  }
};

/// Sends the requests; prints what came of them, as one JSON object.
class Load {
 public:
  Load(const LoadPlan& plan, std::string token) : plan_(plan), token_(std::move(token)) {}

  void run() {
    stay_on(plan_.core);
    const auto start = Stopwatch::now() + std::chrono::milliseconds{100};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < connection_count; ++i) {
      threads.emplace_back([this, start, i] { send_all(start, i); });
    }
    for (auto& thread : threads) thread.join();
    const double seconds = seconds_since(start);
    if (milliseconds_.empty()) throw std::runtime_error{"nobody answered"};
    nlohmann::ordered_json line;
    line["answered_per_s"] = static_cast<double>(milliseconds_.size()) / seconds;
    line["errors"] = error_count_.load();
    line["p50"] = quantile(milliseconds_, 0.5);
    line["p99"] = quantile(milliseconds_, 0.99);
    line["max"] = quantile(milliseconds_, 1.0);
    line["connections"] = connection_count;
    std::cout << line.dump() << std::endl;
  }

 private:
  /// Fewer than the eight that an address may have: one that the server has just ended counts for
  /// a moment longer.
  static constexpr std::size_t connection_count = 6;

  void send_all(Stopwatch::time_point start, std::size_t number) {
    const auto count = static_cast<std::size_t>(plan_.rate * plan_.seconds);
    std::vector<double> milliseconds;
    Client client{plan_.port, token_};
    for (std::size_t i = number; i < count; i += connection_count) {
      const std::chrono::duration<double> offset{static_cast<double>(i) / plan_.rate};
      const auto due_at = start + std::chrono::duration_cast<Stopwatch::duration>(offset);
      if (Stopwatch::now() > start + std::chrono::duration<double>{plan_.seconds + late_max_s}) {
        break;  // hopelessly behind
      }
      std::this_thread::sleep_until(due_at);
      try {
        if (client.get("/admin/jobs/status").status != 200) ++error_count_;
        milliseconds.push_back(seconds_since(due_at) * 1000);
      } catch (const std::exception& error) {
        if (++error_count_ == 1) std::cerr << "load: " << error.what() << std::endl;
      }
    }
    const std::lock_guard lock{mutex_};
    milliseconds_.insert(milliseconds_.end(), milliseconds.begin(), milliseconds.end());
  }

  static constexpr double late_max_s = 2;

  LoadPlan plan_;
  std::string token_;
  std::atomic<std::size_t> error_count_{0};
  std::mutex mutex_;
  std::vector<double> milliseconds_;
};

/// The same in a process of its own; returns what it printed. Blocks until it has ended.
inline nlohmann::json run_load(const std::string& program, const LoadPlan& plan) {
  FILE* output = ::popen(("'" + program + "' " + plan.arguments()).c_str(), "r");
  if (output == nullptr) throw std::runtime_error{"the load's process does not start"};
  std::string text;
  char bytes[1024];
  while (const std::size_t count = std::fread(bytes, 1, sizeof bytes, output)) {
    text.append(bytes, count);
  }
  if (::pclose(output) != 0) throw std::runtime_error{"the load did not end well"};
  return nlohmann::json::parse(text);
}

}  // namespace benchmarks
