// SPDX-License-Identifier: MIT
//
// A service that checks its platform once a day and keeps what it found: variables, database,
// migrations, HTTP endpoints, scripts. `platform_service --help` lists the options.

#include <punctual/http/health_check.hpp>
#include <punctual/punctual.hpp>
#include <punctual/self_check/database_check.hpp>
#include <punctual/self_check/environment_check.hpp>
#include <punctual/self_check/ledger_check.hpp>
#include <punctual/self_check/migrations_check.hpp>
#include <punctual/self_check/platform_self_check_job.hpp>
#include <punctual/self_check/script_check.hpp>
#include <punctual/sqlite/storage.hpp>

#include <signal.h>

#include <cstddef>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "options.hpp"

namespace {

using platform_service::Options;

/// SIGINT and SIGTERM, held back from all threads, so that one of them can wait for either.
class StopSignals {
 public:
  /// To be made before the first thread, which inherits what is held back.
  StopSignals() {
    ::sigemptyset(&signals_);
    ::sigaddset(&signals_, SIGINT);
    ::sigaddset(&signals_, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }

  void wait() const {
    int signal = 0;
    ::sigwait(&signals_, &signal);
  }

 private:
  sigset_t signals_{};
};

/// "validate-api", "validate-api-2", …
std::string numbered(const std::string& name, std::size_t index) {
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

template <class Storage>
int run(const Options& options, Storage& storage) {
  std::optional<StopSignals> stop_signals;
  if (!options.once && !options.status) stop_signals.emplace();

  punctual::Scheduler scheduler{punctual::SystemClock{}, storage, punctual::ThreadPoolExecutor{}};
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
  scheduler.start();
  std::cerr << "platform_service: running; SIGINT or SIGTERM stops it\n";
  stop_signals->wait();
  std::cerr << "platform_service: stopping\n";
  scheduler.stop();
  return 0;
}

int run(const Options& options) {
  if (options.sqlite_file.empty()) {
    punctual::InMemoryStorage storage;
    return run(options, storage);
  }
  punctual::sqlite::Storage storage{options.sqlite_file};
  return run(options, storage);
}

}  // namespace

int main(int argc, char* argv[]) {
  try {
    const Options options = platform_service::parse({argv + 1, argv + argc});
    if (options.help) {
      std::cout << platform_service::usage;
      return 0;
    }
    return run(options);
  } catch (const platform_service::UsageError& error) {
    std::cerr << "platform_service: " << error.what() << "\n\n" << platform_service::usage;
    return 2;
  } catch (const punctual::Error& error) {
    std::cerr << "platform_service: " << error.what() << '\n';
    return error.code() == "INVALID_CONFIG" ? 2 : 1;
  } catch (const std::exception& error) {
    std::cerr << "platform_service: " << error.what() << '\n';
    return 1;
  }
}
