// SPDX-License-Identifier: MIT
//
// The platform service on a storage of any kind: a file on_….cpp puts each kind into it.

#pragma once

#include <punctual/http/health_check.hpp>
#include <punctual/punctual.hpp>
#include <punctual/self_check/database_check.hpp>
#include <punctual/self_check/environment_check.hpp>
#include <punctual/self_check/ledger_check.hpp>
#include <punctual/self_check/migrations_check.hpp>
#include <punctual/self_check/platform_self_check_job.hpp>
#include <punctual/self_check/script_check.hpp>

#include <cstddef>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "admin.hpp"
#include "options.hpp"
#include "run_on.hpp"
#include "stop_signals.hpp"

namespace platform_service {

/// "validate-api", "validate-api-2", …
inline std::string numbered(const std::string& name, std::size_t index) {
  return index == 0 ? name : name + "-" + std::to_string(index + 1);
}

template <class Storage>
punctual::PlatformSelfCheckJob make_job(const Options& options, Storage& storage) {
  std::vector<punctual::Check> checks{
      punctual::environment_check(options.required_variables), punctual::database_check(storage),
      punctual::migrations_check(storage), punctual::ledger_check(storage)};
  for (std::size_t i = 0; i < options.urls.size(); ++i) {
    checks.push_back(punctual::http::health_check(numbered("validate-api", i), options.urls[i]));
  }
  for (std::size_t i = 0; i < options.scripts.size(); ++i) {
    checks.push_back(punctual::script_check(numbered("validate-script", i), options.scripts[i]));
  }
  return punctual::PlatformSelfCheckJob{
      {.checks = std::move(checks), .environment = options.environment}};
}

/// Runs the service on a storage, until `stop_signals` come; returns its exit code.
///
/// Requires: there are `stop_signals` unless `options` want it once, or its status.
template <class Storage>
int run_service(const Options& options, const StopSignals* stop_signals, Storage& storage) {
  punctual::SchedulerOptions scheduler_options;
  scheduler_options.node = options.node;
  punctual::Scheduler scheduler{punctual::SystemClock{}, storage, punctual::ThreadPoolExecutor{},
                                scheduler_options};
  scheduler.register_job(make_job(options, storage));

  if (options.status) {
    std::cout << punctual::Json(scheduler.status()).dump(2) << '\n';
    return 0;
  }
  if (options.once) {
    const auto result = scheduler.trigger(punctual::PlatformSelfCheckJob::name);
    std::cout << punctual::Json(result).dump(2) << '\n';
    return result.status == punctual::JobStatus::success ? 0 : 1;
  }
  std::optional<Admin> admin;
  if (options.listen) admin.emplace(scheduler, *options.listen);
  scheduler.start();
  if (options.check_now) scheduler.enqueue(punctual::PlatformSelfCheckJob::name);
  std::cerr << "platform_service: running; SIGINT or SIGTERM stops it\n";
  stop_signals->wait();
  std::cerr << "platform_service: stopping\n";
  admin.reset();
  scheduler.stop();
  return 0;
}

}  // namespace platform_service
