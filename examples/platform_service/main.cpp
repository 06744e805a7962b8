// SPDX-License-Identifier: MIT
//
// A service that checks its platform once a day and keeps what it found: variables, database,
// migrations, HTTP endpoints, scripts. `platform_service --help` lists the options.

#include <punctual/base/error.hpp>

#include <exception>
#include <iostream>
#include <optional>

#include "options.hpp"
#include "run_on.hpp"
#include "stop_signals.hpp"

namespace platform_service {

namespace {

int run(const Options& options) {
  using Kind = StorageChoice::Kind;
  std::optional<StopSignals> held;  // before a storage makes threads of its own
  if (!options.once && !options.status) held.emplace();
  const StopSignals* stop_signals = held ? &*held : nullptr;
  switch (options.storage.kind) {
    case Kind::memory:
      return run_on_memory(options, stop_signals);
    case Kind::sqlite:
      return run_on_sqlite(options, stop_signals);
    case Kind::postgres:
#ifdef PLATFORM_SERVICE_HAS_POSTGRES
      return run_on_postgres(options, stop_signals);
#else
      throw UsageError{"built without PostgreSQL: install libpq (Debian: libpq-dev), build again"};
#endif
    case Kind::redis:
#ifdef PLATFORM_SERVICE_HAS_REDIS
      return run_on_redis(options, stop_signals);
#else
      throw UsageError{
          "built without Redis: install hiredis (Debian: libhiredis-dev), build again"};
#endif
  }
  return 2;
}

}  // namespace

}  // namespace platform_service

int main(int argc, char* argv[]) {
  try {
    const auto options = platform_service::parse({argv + 1, argv + argc});
    if (options.help) {
      std::cout << platform_service::usage;
      return 0;
    }
    return platform_service::run(options);
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
