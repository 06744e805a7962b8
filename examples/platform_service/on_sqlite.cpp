// SPDX-License-Identifier: MIT

#include <punctual/sqlite/storage.hpp>

#include "service.hpp"

int platform_service::run_on_sqlite(const Options& options, const StopSignals* stop_signals) {
  punctual::sqlite::Storage storage{options.storage.target};
  return run_service(options, stop_signals, storage);
}
