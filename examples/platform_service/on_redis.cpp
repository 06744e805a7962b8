// SPDX-License-Identifier: MIT

#include <punctual/redis/storage.hpp>

#include <cstdint>

#include "service.hpp"

int platform_service::run_on_redis(const Options& options, const StopSignals* stop_signals) {
  punctual::redis::Options redis;
  if (options.storage.port == 0) {
    redis.unix_socket = options.storage.target;
  } else {
    redis.host = options.storage.target;
    redis.port = static_cast<std::uint16_t>(options.storage.port);
  }
  punctual::redis::Storage storage{redis};
  return run_service(options, stop_signals, storage);
}
