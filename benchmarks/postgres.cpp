// SPDX-License-Identifier: MIT
//
// postgres::Storage on the server that PUNCTUAL_TEST_POSTGRES names; its settings are printed.
// Arguments: what is measured: enqueue, drain, scheduler, latency, sustained; none: all.

#include <punctual/postgres/storage.hpp>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "shared_storage.hpp"

namespace {

using punctual::postgres::Options;
using punctual::postgres::Storage;

constexpr const char* schema = "punctual_benchmark";

Options options_of(const char* conninfo) {
  Options options;
  options.conninfo = conninfo;
  options.schema = schema;
  options.connections_max = 8;
  return options;
}

void print_settings(punctual::postgres::detail::Connection& connection) {
  nlohmann::ordered_json settings;
  punctual::postgres::detail::Query query{
      connection,
      "SELECT name, current_setting(name) FROM pg_settings WHERE name IN ('server_version',"
      " 'fsync', 'synchronous_commit', 'shared_buffers', 'max_wal_size', 'wal_level',"
      " 'full_page_writes', 'autovacuum_naptime') ORDER BY name"};
  while (query.step()) {
    const std::string name = query.text();
    settings[name] = query.text();
  }
  std::cout << nlohmann::ordered_json{{"server", settings}}.dump() << std::endl;
}

}  // namespace

int main(int argc, char* argv[]) {
  const char* conninfo = std::getenv("PUNCTUAL_TEST_POSTGRES");
  if (conninfo == nullptr) {
    std::cerr << "PUNCTUAL_TEST_POSTGRES must name a server, e.g. \"host=/tmp user=me\"\n";
    return 2;
  }
  const Options options = options_of(conninfo);
  punctual::postgres::detail::Connection connection{options};
  print_settings(connection);
  const auto make = [&] {
    connection.exec("DROP SCHEMA IF EXISTS " + options.schema + " CASCADE");
    return std::make_unique<Storage>(options);
  };
  benchmarks::measure_storage("postgres", make, {argv + 1, argv + argc});
  connection.exec("DROP SCHEMA IF EXISTS " + options.schema + " CASCADE");
}
