// SPDX-License-Identifier: MIT

#include <punctual/redis/storage.hpp>

#include "service.hpp"

int platform_service::run_on_redis(const Options& options, const StopSignals* stop_signals) {
  punctual::redis::Options redis;
  redis.host = options.storage.target;
  redis.port = options.storage.port;
  punctual::redis::Storage storage{redis};
  return run_service(options, stop_signals, storage);
}
