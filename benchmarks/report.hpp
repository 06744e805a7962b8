// SPDX-License-Identifier: MIT
//
// Figures of benchmarks, as one JSON object a line.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace benchmarks {

using Stopwatch = std::chrono::steady_clock;

inline double seconds_since(Stopwatch::time_point start) {
  return std::chrono::duration<double>(Stopwatch::now() - start).count();
}

/// Returns the value below which `part` of the values lie; `values` must not be empty.
inline double quantile(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

/// Calls `measure()` `rounds` times and prints the median, the least and the most.
template <class Measure>
void report(const std::string& name, const std::string& unit, nlohmann::json setting, int rounds,
            Measure&& measure) {
  std::vector<double> values;
  for (int i = 0; i < rounds; ++i) values.push_back(measure());
  nlohmann::ordered_json line;
  line["benchmark"] = name;
  line["median"] = quantile(values, 0.5);
  line["min"] = quantile(values, 0.0);
  line["max"] = quantile(values, 1.0);
  line["unit"] = unit;
  line["rounds"] = rounds;
  line["setting"] = std::move(setting);
  std::cout << line.dump() << std::endl;
}

/// Calls `measure()` `rounds` times, each returning samples, and prints the medians of their p50
/// and p99.
template <class Measure>
void report_quantiles(const std::string& name, const std::string& unit, nlohmann::json setting,
                      int rounds, Measure&& measure) {
  std::vector<double> p50;
  std::vector<double> p99;
  std::size_t samples = 0;
  for (int i = 0; i < rounds; ++i) {
    const std::vector<double> values = measure();
    samples += values.size();
    p50.push_back(quantile(values, 0.5));
    p99.push_back(quantile(values, 0.99));
  }
  nlohmann::ordered_json line;
  line["benchmark"] = name;
  line["p50"] = quantile(p50, 0.5);
  line["p99"] = quantile(p99, 0.5);
  line["unit"] = unit;
  line["rounds"] = rounds;
  line["samples"] = samples;
  line["setting"] = std::move(setting);
  std::cout << line.dump() << std::endl;
}

}  // namespace benchmarks
