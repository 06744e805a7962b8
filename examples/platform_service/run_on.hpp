// SPDX-License-Identifier: MIT
//
// The platform service on each kind of storage that it was built with.

#pragma once

#include "options.hpp"
#include "stop_signals.hpp"

namespace platform_service {

/// Each returns the exit code; `stop_signals` as for `run_service`.
int run_on_memory(const Options& options, const StopSignals* stop_signals);
int run_on_sqlite(const Options& options, const StopSignals* stop_signals);
int run_on_postgres(const Options& options, const StopSignals* stop_signals);
int run_on_redis(const Options& options, const StopSignals* stop_signals);

}  // namespace platform_service
