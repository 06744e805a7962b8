// SPDX-License-Identifier: MIT
//
// open_storage: the storage that a text names, for programs that are to run on any of them:
// `postgres:CONNINFO`, `redis:HOST:PORT`, `sqlite:PATH`. Which of them there are is decided when
// the program is compiled.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "punctual/base/error.hpp"
#include "punctual/base/time.hpp"
#include "punctual/testing/storage_handle.hpp"
#ifdef PUNCTUAL_TESTS_HAVE_POSTGRES
#include "punctual/postgres/storage.hpp"
#endif
#ifdef PUNCTUAL_TESTS_HAVE_REDIS
#include "punctual/redis/storage.hpp"
#endif
#ifdef PUNCTUAL_TESTS_HAVE_SQLITE
#include "punctual/sqlite/storage.hpp"
#endif

namespace punctual::tests {

using AnyStorage = std::unique_ptr<testing::StorageHandle>;

namespace detail {

template <class StorageT, class OptionsT>
[[nodiscard]] AnyStorage make_storage(OptionsT options, Duration poll_period) {
  options.poll_period = poll_period;
  auto storage = std::make_unique<StorageT>(std::move(options));
  return std::make_unique<testing::OwnedStorage<std::unique_ptr<StorageT>>>(std::move(storage));
}

}  // namespace detail

/// Errors: INVALID_CONFIG -> a text of another form, or a storage that was not compiled in; those
///         of the storage's constructor.
[[nodiscard]] inline AnyStorage open_storage(const std::string& spec,
                                             Duration poll_period = std::chrono::milliseconds{
                                                 200}) {
  const std::size_t colon = spec.find(':');
  const std::string kind = spec.substr(0, colon);
  const std::string rest = colon == std::string::npos ? "" : spec.substr(colon + 1);
#ifdef PUNCTUAL_TESTS_HAVE_POSTGRES
  if (kind == "postgres") {
    postgres::Options options;
    options.conninfo = rest;
    options.statement_timeout =
        std::chrono::seconds{5};  // how long a dead connection is waited for
    return detail::make_storage<postgres::Storage>(std::move(options), poll_period);
  }
#endif
#ifdef PUNCTUAL_TESTS_HAVE_REDIS
  if (kind == "redis") {
    const std::size_t last_colon = rest.rfind(':');
    redis::Options options;
    options.host = rest.substr(0, last_colon);
    options.port = static_cast<std::uint16_t>(std::stoi(rest.substr(last_colon + 1)));
    options.command_timeout = std::chrono::seconds{5};
    return detail::make_storage<redis::Storage>(std::move(options), poll_period);
  }
#endif
#ifdef PUNCTUAL_TESTS_HAVE_SQLITE
  if (kind == "sqlite") {
    return detail::make_storage<sqlite::Storage>(
        sqlite::Options{.file = rest, .synchronous = sqlite::Synchronous::normal}, poll_period);
  }
#endif
  throw Error{"INVALID_CONFIG", "no storage of the kind \"" + kind + "\" was compiled in"};
}

}  // namespace punctual::tests
