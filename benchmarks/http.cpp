// SPDX-License-Identifier: MIT
//
// The admin facade: how long each request takes beside a year of history, on SQLite and on
// PostgreSQL, and what frequent requests for the status cost the scheduler beside them.
//
//   bench_http FOLDER [sqlite|postgres|load]... [--rows N] [--seconds N] [--rounds N]
//
// FOLDER takes the SQLite file; PUNCTUAL_TEST_POSTGRES names the PostgreSQL server. Exits with 1 if
// a target is missed.

#include <punctual/http/admin_server.hpp>
#include <punctual/postgres/storage.hpp>
#include <punctual/punctual.hpp>
#include <punctual/sqlite/storage.hpp>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "http/endpoints.hpp"
#include "http/history.hpp"
#include "http/lateness.hpp"
#include "http/load.hpp"
#include "http/requests.hpp"
#include "report.hpp"

namespace {

using namespace std::chrono_literals;
using benchmarks::Calendar;

struct Setting {
  std::filesystem::path folder{};
  std::vector<std::string> parts{};
  std::size_t row_count = 1'000'000;
  benchmarks::LatenessPlan lateness{};

  [[nodiscard]] bool wants(const char* part) const {
    return parts.empty() || std::find(parts.begin(), parts.end(), part) != parts.end();
  }
};

Setting setting_of(std::vector<std::string> arguments) {
  Setting setting;
  const auto number = [&](std::size_t i) { return std::stoul(arguments.at(i)); };
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--rows") {
      setting.row_count = number(++i);
    } else if (arguments[i] == "--seconds") {
      setting.lateness.seconds = static_cast<double>(number(++i));
    } else if (arguments[i] == "--rounds") {
      setting.lateness.rounds = number(++i);
    } else if (i == 0) {
      setting.folder = arguments[i];
    } else {
      setting.parts.push_back(arguments[i]);
    }
  }
  return setting;
}

/// Registers the jobs as of the history's beginning, and writes it.
template <class Storage, class SetNow>
void fill(Storage& storage, const Calendar& calendar, std::size_t row_count, const char* name,
          SetNow set_now) {
  const auto start = benchmarks::Stopwatch::now();
  set_now(calendar.begin);
  punctual::FakeClock clock{calendar.begin};
  punctual::Scheduler scheduler{clock, storage, punctual::InlineExecutor{}};
  benchmarks::register_jobs(scheduler, calendar);
  benchmarks::HistoryWriter<Storage>{storage, calendar}.write(row_count, set_now);
  std::cout << nlohmann::ordered_json{{"storage", name},
                                      {"rows", row_count},
                                      {"filled_in_s", benchmarks::seconds_since(start)}}
                   .dump()
            << std::endl;
}

/// Measures every request; returns whether all targets were met.
template <class Storage>
bool measure(Storage& storage, const Calendar& calendar, const char* name) {
  benchmarks::HistoryWriter<Storage>{storage, calendar}.write_open(punctual::SystemClock{}.now());
  punctual::Scheduler scheduler{punctual::SystemClock{}, storage, punctual::ThreadPoolExecutor{2}};
  benchmarks::register_jobs(scheduler, calendar);
  scheduler.start();
  const benchmarks::Served served{scheduler};
  benchmarks::EndpointReport report{name, served.port()};
  benchmarks::measure_reads(report, calendar);
  benchmarks::measure_lists(report, calendar);
  benchmarks::measure_deep_pages(report, calendar);
  benchmarks::measure_changes(report);
  return report.is_well();
}

void remove_file(const std::filesystem::path& file) {
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + suffix);
}

punctual::sqlite::Options sqlite_options(const Setting& setting) {
  punctual::sqlite::Options options;
  options.file = (setting.folder / "http-benchmark.db").string();
  return options;
}

void fill_sqlite(const Setting& setting, const Calendar& calendar) {
  punctual::sqlite::Options options = sqlite_options(setting);
  options.synchronous = punctual::sqlite::Synchronous::normal;
  remove_file(options.file);
  punctual::sqlite::Storage storage{options};
  fill(storage, calendar, setting.row_count, "sqlite", [](punctual::TimePoint) {});
}

bool measure_sqlite(const Setting& setting, const Calendar& calendar) {
  punctual::sqlite::Storage storage{sqlite_options(setting)};
  return measure(storage, calendar, "sqlite");
}

/// The facade and the scheduler share one processor; where there are others, the load has one.
bool measure_load(const Setting& setting, const Calendar& calendar, const std::string& program) {
  const std::vector<int> cores = benchmarks::usable_cores();
  benchmarks::require(!cores.empty(), "there is no processor");
  benchmarks::LatenessPlan plan = setting.lateness;
  plan.program = program;
  plan.load_core = cores.back();
  if (cores.size() == 1) std::cerr << "the load shares the only processor\n";
  bool is_well = false;
  std::thread{[&] {  // so that only what is started here stays on one
    benchmarks::stay_on(cores.front());
    punctual::sqlite::Storage storage{sqlite_options(setting)};
    is_well = benchmarks::LatenessReport{plan}.measure(storage, calendar, "sqlite");
  }}
      .join();
  return is_well;
}

bool measure_postgres(const Setting& setting, const Calendar& calendar) {
  const char* conninfo = std::getenv("PUNCTUAL_TEST_POSTGRES");
  if (conninfo == nullptr) {
    throw std::runtime_error{"PUNCTUAL_TEST_POSTGRES must name a server"};
  }
  punctual::postgres::Options options;
  options.conninfo = conninfo;
  options.schema = "punctual_http_benchmark";
  punctual::postgres::detail::Connection connection{options};
  connection.exec("DROP SCHEMA IF EXISTS " + options.schema + " CASCADE");
  {
    auto clock = std::make_shared<std::atomic<punctual::TimePoint>>(calendar.begin);
    punctual::postgres::Options dated = options;
    dated.clock = clock;
    dated.conninfo += " options='-c synchronous_commit=off'";
    punctual::postgres::Storage storage{dated};
    fill(storage, calendar, setting.row_count, "postgres",
         [&](punctual::TimePoint now) { clock->store(now); });
  }
  connection.exec("VACUUM ANALYZE");  // which a table that has grown for a year has seen
  punctual::postgres::Storage storage{options};
  return measure(storage, calendar, "postgres");
}

bool run(const Setting& setting, const std::string& program) {
  const Calendar calendar{punctual::SystemClock{}.now(), setting.row_count};
  bool is_well = true;
  if (setting.wants("sqlite") || setting.wants("load")) fill_sqlite(setting, calendar);
  if (setting.wants("sqlite")) is_well = measure_sqlite(setting, calendar) && is_well;
  if (setting.wants("load")) is_well = measure_load(setting, calendar, program) && is_well;
  if (setting.wants("postgres")) is_well = measure_postgres(setting, calendar) && is_well;
  return is_well;
}

}  // namespace

int main(int argc, char* argv[]) {
  try {
    const std::vector<std::string> arguments{argv + 1, argv + argc};
    if (arguments.size() == 5 && arguments[0] == "--be-load") {
      benchmarks::Load{{std::stoi(arguments[1]), std::stoi(arguments[2]), std::stod(arguments[3]),
                        std::stod(arguments[4])},
                       benchmarks::bearer_token()}
          .run();
      return 0;
    }
    return run(setting_of(arguments), std::filesystem::absolute(argv[0]).string()) ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << "bench_http: " << error.what() << "\n";
    return 2;
  }
}
