// SPDX-License-Identifier: MIT

#include "service.hpp"

int platform_service::run_on_memory(const Options& options, const StopSignals* stop_signals) {
  punctual::InMemoryStorage storage;
  return run_service(options, stop_signals, storage);
}
