// SPDX-License-Identifier: MIT

#include <punctual/postgres/storage.hpp>

#include "service.hpp"

int platform_service::run_on_postgres(const Options& options, const StopSignals* stop_signals) {
  punctual::postgres::Storage storage{options.storage.target};
  return run_service(options, stop_signals, storage);
}
