// SPDX-License-Identifier: MIT

#include "punctual/self_check/process_options.hpp"

#include <chrono>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace process_options_test {

using namespace std::chrono_literals;
using punctual::Error;
using punctual::ProcessOptions;

namespace {

using Argv = std::vector<std::string>;

void check_validity(bool is_valid, const Argv& argv, const ProcessOptions& options) {
  if (is_valid) {
    punctual::require_valid(argv, options);
    return;
  }
  try {
    punctual::require_valid(argv, options);
    FAIL("accepted");
  } catch (const Error& error) {
    CHECK(error.code() == "INVALID_CONFIG");
  }
}

}  // namespace

TEST_CASE("ProcessOptions has defaults that are valid") {
  const ProcessOptions options;
  punctual::require_valid(Argv{"/bin/true"}, options);
  CHECK(options.directory == "/");
  CHECK(options.kill_grace == 5s);
  CHECK(options.output_bytes_max == 65'536);
}

TEST_CASE("require_valid refuses command lines that can never work") {
  struct Row {
    std::string name;
    Argv argv;
    bool is_valid;
  };
  const Row rows[] = {
      {"a program", {"/bin/true"}, true},
      {"arguments of any kind", {"/bin/echo", "", "a b", "$(x)", "; rm"}, true},
      {"nothing", {}, false},
      {"an empty program", {""}, false},
      {"a relative path", {"bin/true"}, false},
      {"a name to be searched for", {"true"}, false},
      {"a path from here", {"./true"}, false},
      {"a NUL byte in the program", {std::string{"/bin\0/true", 10}}, false},
      {"a NUL byte in an argument", {"/bin/true", std::string{"a\0b", 3}}, false},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    check_validity(row.is_valid, row.argv, {});
  }
}

TEST_CASE("require_valid refuses options out of range") {
  struct Row {
    std::string name;
    ProcessOptions options;
    bool is_valid;
  };
  const Row rows[] = {
      {"no grace", {.kill_grace = 0ms}, true},
      {"the longest grace", {.kill_grace = 1min}, true},
      {"one byte of output", {.output_bytes_max = 1}, true},
      {"a mebibyte of output", {.output_bytes_max = 1'048'576}, true},
      {"a variable", {.environment_names = {"API_URL"}}, true},
      {"no directory", {.directory = ""}, false},
      {"a relative directory", {.directory = "tmp"}, false},
      {"a NUL byte in the directory", {.directory = std::string{"/a\0", 3}}, false},
      {"a negative grace", {.kill_grace = -1ms}, false},
      {"too long a grace", {.kill_grace = 1min + 1ms}, false},
      {"a negative drain", {.drain_timeout = -1ms}, false},
      {"too long a drain", {.drain_timeout = 1min + 1ms}, false},
      {"no output", {.output_bytes_max = 0}, false},
      {"too much output", {.output_bytes_max = 1'048'577}, false},
      {"an assignment", {.environment_names = {"A=b"}}, false},
      {"an empty variable", {.environment_names = {""}}, false},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    check_validity(row.is_valid, {"/bin/true"}, row.options);
  }
}

}  // namespace process_options_test
