// SPDX-License-Identifier: MIT
//
// What the arithmetic of schedules costs: reading an expression, and finding the instant after a
// random one of the years 2000 to 2040, in UTC and on the clocks of New York. Every figure is of a
// whole call of the public API.

#include <punctual/punctual.hpp>
#include <punctual/tz/zone.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "report.hpp"

namespace {

constexpr std::array<const char*, 12> expressions = {
    "*/5 * * * *",    "0 2 * * *",     "0 0 29 2 *",   "30 9 * * MON-FRI",
    "0 0 1 1 *",      "0 0 L * *",     "0 12 15W * *", "0 0 * * 5#3",
    "*/10 * * * * *", "15 10 L-2 * *", "0 22 * * 1-5", "23 0-20/2 * * *"};

constexpr std::size_t instant_count = 4096;
constexpr int rounds = 7;
constexpr int batches_per_round = 40;

std::vector<punctual::TimePoint> random_instants() {
  punctual::Random random{20'240'115};
  std::vector<punctual::TimePoint> instants;
  constexpr std::int64_t begin = 946'684'800'000;    // 2000-01-01
  constexpr std::uint64_t span = 1'262'304'000'000;  // 40 years
  for (std::size_t i = 0; i < instant_count; ++i) {
    instants.push_back(punctual::TimePoint{
        punctual::Duration{begin + static_cast<std::int64_t>(random.up_to(span))}});
  }
  return instants;
}

/// Keeps the compiler from leaving out what nobody looks at.
volatile std::int64_t sink = 0;

/// Returns the median of the rounds, in ns a call.
template <class Call>
double ns_of(Call&& call) {
  std::vector<double> values;
  for (int round = 0; round < rounds; ++round) {
    const auto start = benchmarks::Stopwatch::now();
    std::int64_t sum = 0;
    for (int batch = 0; batch < batches_per_round; ++batch) sum += call();
    const double seconds = benchmarks::seconds_since(start);
    sink = sink + sum;
    values.push_back(seconds * 1e9 / (batches_per_round * static_cast<double>(instant_count)));
  }
  return benchmarks::quantile(values, 0.5);
}

template <class Measure>
void report_expressions(const std::string& name, Measure&& measure) {
  double log_sum = 0;
  double worst = 0;
  nlohmann::ordered_json each;
  for (const char* text : expressions) {
    const double ns = measure(text);
    each[text] = std::round(ns * 10) / 10;
    log_sum += std::log(ns);
    worst = std::max(worst, ns);
  }
  nlohmann::ordered_json line;
  line["benchmark"] = name;
  line["geometric_mean"] = std::exp(log_sum / static_cast<double>(expressions.size()));
  line["worst"] = worst;
  line["unit"] = "ns";
  line["rounds"] = rounds;
  line["each"] = std::move(each);
  std::cout << line.dump() << std::endl;
}

}  // namespace

int main() {
  const auto instants = random_instants();
  const auto measure_next = [&](const punctual::Schedule& schedule) {
    return ns_of([&] {
      std::int64_t sum = 0;
      for (const auto instant : instants) {
        sum += schedule.next_after(instant).value_or(instant).time_since_epoch().count();
      }
      return sum;
    });
  };
  report_expressions("schedules.parse", [](const char* text) {
    return ns_of([&] {
      std::int64_t sum = 0;
      for (std::size_t i = 0; i < instant_count; ++i) {
        sum += punctual::CronExpression::parse(text).is_interval() ? 1 : 0;
      }
      return sum;
    });
  });
  report_expressions("schedules.next_after.utc",
                     [&](const char* text) { return measure_next(punctual::cron(text)); });
  const punctual::TimeZone new_york = punctual::tz::zone("America/New_York");
  report_expressions("schedules.next_after.new_york", [&](const char* text) {
    return measure_next(punctual::cron(text, new_york));
  });
}
