// SPDX-License-Identifier: MIT
//
// redis::Storage on the server whose socket PUNCTUAL_TEST_REDIS names; its settings are printed.
// Arguments: what is measured: enqueue, drain, scheduler, latency, sustained; none: all.

#include <punctual/redis/storage.hpp>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "shared_storage.hpp"

namespace {

using punctual::redis::Options;
using punctual::redis::Storage;
using punctual::redis::detail::Connection;
using punctual::redis::detail::Reply;

void print_settings(Connection& connection) {
  nlohmann::ordered_json settings;
  const auto info = connection.command({"INFO", "server"});
  settings["redis_version"] =
      punctual::redis::detail::info_value(Reply{info}.view(), "redis_version");
  for (const char* name : {"appendonly", "appendfsync", "save", "io-threads"}) {
    const auto setting = connection.command({"CONFIG", "GET", name});
    settings[name] = Reply{setting}[1].text();
  }
  std::cout << nlohmann::ordered_json{{"server", settings}}.dump() << std::endl;
}

/// Removes what an earlier measurement left.
void remove_keys(Connection& connection, const std::string& prefix) {
  const auto keys = connection.command({"KEYS", prefix + '*'});
  for (std::size_t i = 0; i < Reply{keys}.size(); ++i) {
    connection.command({"DEL", Reply{keys}[i].view()});
  }
}

}  // namespace

int main(int argc, char* argv[]) {
  const char* socket = std::getenv("PUNCTUAL_TEST_REDIS");
  if (socket == nullptr) {
    std::cerr << "PUNCTUAL_TEST_REDIS must name a server's socket\n";
    return 2;
  }
  Options options;
  options.unix_socket = socket;
  options.key_prefix = "{punctual-benchmark}:";
  options.connections_max = 8;
  Connection connection{options};
  print_settings(connection);
  const auto make = [&] {
    remove_keys(connection, options.key_prefix);
    return std::make_unique<Storage>(options);
  };
  benchmarks::measure_storage("redis", make, {argv + 1, argv + argc});
  remove_keys(connection, options.key_prefix);
}
