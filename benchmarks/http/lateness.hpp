// SPDX-License-Identifier: MIT
//
// How much later bodies start while the status is asked for often, of the scheduler in the same
// process and on the same processor.
//
// Lateness is read in the body's first line, from the system's clock in its full resolution, and
// counts from the due instant. Rounds without and with the load take turns, so that what else the
// machine does meets both; the figures are the medians of the rounds' quantiles.

#pragma once

#include <punctual/punctual.hpp>

#include <chrono>
#include <cstddef>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../report.hpp"
#include "endpoints.hpp"
#include "load.hpp"

namespace benchmarks {

class LatenessLog {
 public:
  void add(punctual::TimePoint due_at) {
    const auto now = std::chrono::system_clock::now();
    const std::lock_guard lock{mutex_};
    milliseconds_.push_back(std::chrono::duration<double, std::milli>{now - due_at}.count());
  }

  /// Returns what was added since the last call.
  [[nodiscard]] std::vector<double> take() {
    const std::lock_guard lock{mutex_};
    return std::exchange(milliseconds_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<double> milliseconds_;
};

struct LatenessPlan {
  std::string program{};  ///< this one, for the load's process
  int load_core = 0;
  double rate = 2000;
  double seconds = 20;  ///< of each half of a round
  std::size_t rounds = 5;
  std::size_t schedule_count = 20;  ///< each fires once a second, one after the other
};

/// Returns whether the targets were met.
class LatenessReport {
 public:
  explicit LatenessReport(LatenessPlan plan) : plan_(std::move(plan)) {}

  template <class Storage>
  bool measure(Storage& storage, const Calendar& calendar, const std::string& setting) {
    LatenessLog log;
    punctual::Scheduler scheduler{punctual::SystemClock{}, storage,
                                  punctual::ThreadPoolExecutor{2}};
    register_jobs(scheduler, calendar);
    add_schedules(scheduler, log);
    scheduler.start();
    const Served served{scheduler};
    const LoadPlan load{served.port(), plan_.load_core, plan_.rate, plan_.seconds};
    std::this_thread::sleep_for(3s);
    for (std::size_t i = 0; i < plan_.rounds; ++i) {
      alone_.add(half(
          log, [&] { std::this_thread::sleep_for(std::chrono::duration<double>{plan_.seconds}); }));
      loaded_.add(half(log, [&] { add_answers(run_load(plan_.program, load)); }));
    }
    scheduler.stop();
    return print(setting);
  }

 private:
  struct Half {
    std::vector<double> p50{};
    std::vector<double> p99{};
    std::size_t samples = 0;

    void add(const std::vector<double>& values) {
      require(!values.empty(), "nothing has started");
      p50.push_back(quantile(values, 0.5));
      p99.push_back(quantile(values, 0.99));
      samples += values.size();
    }

    [[nodiscard]] nlohmann::ordered_json json() const {
      return {{"p50", quantile(p50, 0.5)},
              {"p99", quantile(p99, 0.5)},
              {"p99_of_rounds", p99},
              {"samples", samples}};
    }
  };

  template <class SchedulerT>
  void add_schedules(SchedulerT& scheduler, LatenessLog& log) {
    const punctual::TimePoint anchor = punctual::SystemClock{}.now() + 2s;
    for (std::size_t i = 0; i < plan_.schedule_count; ++i) {
      const auto offset = punctual::Duration{1000 * i / plan_.schedule_count};
      scheduler.register_job(
          {.name = "tick-" + std::to_string(i), .schedule = punctual::every(1s, anchor + offset)},
          [&log](punctual::JobContext& job) { log.add(*job.due_at()); });
    }
  }

  template <class Work>
  std::vector<double> half(LatenessLog& log, Work&& work) {
    (void)log.take();
    work();
    return log.take();
  }

  void add_answers(const nlohmann::json& answers) {
    rates_.push_back(answers.at("answered_per_s"));
    answer_p50_.push_back(answers.at("p50"));
    answer_p99_.push_back(answers.at("p99"));
    error_count_ += answers.at("errors").get<std::size_t>();
  }

  bool print(const std::string& setting) const {
    const double growth = quantile(loaded_.p99, 0.5) / quantile(alone_.p99, 0.5) - 1;
    const double rate = quantile(rates_, 0.5);
    const bool is_fast = rate >= plan_.rate * 0.999 && error_count_ == 0;
    const bool is_on_time = growth <= 0.2;
    nlohmann::ordered_json answers;
    answers["benchmark"] = "http.status_load";
    answers["median_per_s"] = rate;
    answers["min_per_s"] = quantile(rates_, 0.0);
    answers["errors"] = error_count_;
    answers["p50_ms"] = quantile(answer_p50_, 0.5);
    answers["p99_ms"] = quantile(answer_p99_, 0.5);
    answers["target"] = "2000/s without errors";
    answers["result"] = is_fast ? "ok" : "missed";
    std::cout << answers.dump() << std::endl;
    nlohmann::ordered_json lateness;
    lateness["benchmark"] = "http.lateness_beside_load";
    lateness["alone"] = alone_.json();
    lateness["loaded"] = loaded_.json();
    lateness["unit"] = "ms";
    lateness["p99_growth"] = growth;
    lateness["target"] = "p99 at most 20 % later";
    lateness["result"] = is_on_time ? "ok" : "missed";
    lateness["setting"] = {{"storage", setting},
                           {"schedules_per_s", plan_.schedule_count},
                           {"rounds", plan_.rounds},
                           {"seconds", plan_.seconds},
                           {"server_cores", 1}};
    std::cout << lateness.dump() << std::endl;
    return is_fast && is_on_time;
  }

  LatenessPlan plan_;
  Half alone_{};
  Half loaded_{};
  std::vector<double> rates_;
  std::vector<double> answer_p50_;
  std::vector<double> answer_p99_;
  std::size_t error_count_ = 0;
};

}  // namespace benchmarks
