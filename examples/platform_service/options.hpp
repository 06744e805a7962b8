// SPDX-License-Identifier: MIT
//
// The command line of the platform service.

#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace platform_service {

inline constexpr const char* usage = R"(Usage: platform_service [option]...

Runs the job "platform-self-check" once a day, until SIGINT or SIGTERM.

  --storage memory|sqlite:FILE|postgres:CONNINFO|redis:HOST:PORT
                                 where runs are kept (default: sqlite:platform.db). CONNINFO is what
                                 libpq reads; what it does not say, above all a password, is taken
                                 from PGPASSWORD and the like, or from the file .pgpass. For Redis,
                                 the path of a Unix socket may stand instead of HOST:PORT
  --node NAME                    how this process is called in the history (default: node)
  --environment NAME             shown in the result (default: development)
  --require-env NAME             a variable that must be set; repeatable
  --check-http URL               an address that must answer 200 to 299; repeatable
  --check-script PATH [ARG]...   a program that must exit with 0; its arguments end at the next
                                 option, or at "--"; repeatable
  --listen HOST:PORT             serve the admin page and API there, at /admin/jobs. Who has the token in
                                 PUNCTUAL_WRITE_TOKEN may change things, who has that in
                                 PUNCTUAL_READ_TOKEN may look; at least one must be set
  --check-now                    run the check once at the start, too
  --once                         run the check now, print its result, exit 0 if it passed, else 1
  --status                       print the status of the jobs and exit
  --help                         print this and exit
)";

/// Where runs are kept.
struct StorageChoice {
  enum class Kind { memory, sqlite, postgres, redis };
  Kind kind = Kind::sqlite;
  std::string target = "platform.db";  // the file, the conninfo, the host or the socket
  int port = 0;
};

struct Address {
  std::string host;
  int port = 0;  // 0: any free one
};

struct Options {
  StorageChoice storage;
  std::string node = "node";
  std::string environment = "development";
  std::vector<std::string> required_variables;
  std::vector<std::string> urls;
  std::vector<std::vector<std::string>> scripts;
  std::optional<Address> listen;
  bool check_now = false;
  bool once = false;
  bool status = false;
  bool help = false;
};

/// What is wrong with the command line, in a sentence.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The arguments, taken one after the other.
class Arguments {
 public:
  explicit Arguments(std::vector<std::string> all) : all_(std::move(all)) {}

  [[nodiscard]] bool is_empty() const { return next_ == all_.size(); }

  std::string take() { return all_[next_++]; }

  std::string take_value(const std::string& option) {
    if (is_empty()) throw UsageError{option + " needs a value"};
    return take();
  }

  /// Takes what comes before the next option; a "--" at the end is taken too.
  std::vector<std::string> take_command(const std::string& option) {
    std::vector<std::string> command{take_value(option)};
    while (!is_empty() && all_[next_].rfind("--", 0) != 0) command.push_back(take());
    if (!is_empty() && all_[next_] == "--") take();
    return command;
  }

 private:
  std::vector<std::string> all_;
  std::size_t next_ = 0;
};

/// Returns `text` as far as it may be shown: what stands behind the colon may be a secret.
inline std::string shown_kind(const std::string& text) {
  const std::string kind = text.substr(0, text.find(':'));
  const bool is_word = !kind.empty() && kind.size() <= 20 &&
                       kind.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == std::string::npos;
  if (!is_word) return "something else";
  return "\"" + kind + (kind.size() < text.size() ? ":…\"" : "\"");
}

/// Reads "HOST:PORT"; an address of IPv6 may stand in brackets. Without a port, it is -1.
inline Address parse_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
  const bool is_number = !port.empty() && port.size() <= 5 &&
                         port.find_first_not_of("0123456789") == std::string::npos;
  Address address{text.substr(0, colon), is_number ? std::stoi(port) : -1};
  std::string& host = address.host;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  return address;
}

/// Errors: UsageError -> no host, or no port of 0 to 65535.
inline Address parse_listen(const std::string& text) {
  Address address = parse_address(text);
  if (address.host.empty() || address.port < 0 || address.port > 65535) {
    throw UsageError{"--listen HOST:PORT needs a host and a port of 0 to 65535; 0 is any free one"};
  }
  return address;
}

/// Reads "HOST:PORT", or the path of a Unix socket.
inline StorageChoice parse_redis(const std::string& text) {
  if (!text.empty() && text.front() == '/') return {StorageChoice::Kind::redis, text, 0};
  Address address = parse_address(text);
  if (address.host.empty() || address.port < 1 || address.port > 65535) {
    throw UsageError{"--storage redis:HOST:PORT needs a host and a port of 1 to 65535"};
  }
  return {StorageChoice::Kind::redis, std::move(address.host), address.port};
}

/// Errors: UsageError -> what was expected; of the text itself only its kind is shown.
inline StorageChoice parse_storage(const std::string& text) {
  using Kind = StorageChoice::Kind;
  if (text == "memory") return {Kind::memory, "", 0};
  const auto starts_with = [&](const char* prefix) { return text.rfind(prefix, 0) == 0; };
  const std::string rest = text.substr(std::min(text.size(), text.find(':') + 1));
  if (starts_with("postgres:")) return {Kind::postgres, rest, 0};
  if (starts_with("redis:")) return parse_redis(rest);
  if (starts_with("sqlite:")) {
    if (rest.empty()) throw UsageError{"--storage sqlite:FILE needs the path of a file"};
    return {Kind::sqlite, rest, 0};
  }
  throw UsageError{"--storage is memory, sqlite:FILE, postgres:CONNINFO or redis:HOST:PORT, got " +
                   shown_kind(text)};
}

/// Errors: UsageError -> an unknown option, or one without its value.
inline Options parse(std::vector<std::string> all) {
  Arguments arguments{std::move(all)};
  Options options;
  while (!arguments.is_empty()) {
    const std::string option = arguments.take();
    if (option == "--storage") {
      options.storage = parse_storage(arguments.take_value(option));
    } else if (option == "--node") {
      options.node = arguments.take_value(option);
    } else if (option == "--environment") {
      options.environment = arguments.take_value(option);
    } else if (option == "--require-env") {
      options.required_variables.push_back(arguments.take_value(option));
    } else if (option == "--check-http") {
      options.urls.push_back(arguments.take_value(option));
    } else if (option == "--check-script") {
      options.scripts.push_back(arguments.take_command(option));
    } else if (option == "--listen") {
      options.listen = parse_listen(arguments.take_value(option));
    } else if (option == "--check-now") {
      options.check_now = true;
    } else if (option == "--once") {
      options.once = true;
    } else if (option == "--status") {
      options.status = true;
    } else if (option == "--help") {
      options.help = true;
    } else {
      throw UsageError{"unknown option " + option.substr(0, option.find('='))};
    }
  }
  return options;
}

}  // namespace platform_service
