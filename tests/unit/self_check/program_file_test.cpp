// SPDX-License-Identifier: MIT

#include "punctual/self_check/program_file.hpp"

#include "support/catch.hpp"

#if PUNCTUAL_HAS_PROCESSES

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "script_files.hpp"

namespace program_file_test {

using punctual::checked_program;
using punctual::Error;

namespace {

/// Returns the message with which `path` is refused, or "accepted".
std::string refusal_of(const std::string& path) {
  try {
    static_cast<void>(checked_program(path));
  } catch (const Error& error) {
    CHECK(error.code() == "PROCESS_REFUSED");
    return error.what();
  }
  return "accepted";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("checked_program takes files by their mode") {
  struct Row {
    std::string name;
    mode_t mode;
    std::string refusal;  // empty: accepted
  };
  const Row rows[] = {
      {"for the owner", 0700, ""},
      {"for all to run", 0755, ""},
      {"to run but not to read", 0711, ""},
      {"read-only", 0555, ""},
      {"not executable", 0644, "is not executable"},
      {"written by the group", 0770, "may be written by its group or by everybody"},
      {"written by all", 0757, "may be written by its group or by everybody"},
      {"written by all, sticky", 01777, "may be written by its group or by everybody"},
  };
  const punctual::tests::ScriptFolder folder;
  for (const auto& row : rows) {
    INFO(row.name);
    const std::string file = folder.write("program", "#!/bin/sh\n", row.mode);
    if (row.refusal.empty()) {
      CHECK(checked_program(file) == file);
    } else {
      CHECK(contains(refusal_of(file), row.refusal));
    }
  }
}

TEST_CASE("checked_program refuses what is not a program file") {
  const punctual::tests::ScriptFolder folder;
  REQUIRE(::mkfifo(folder.path("fifo").c_str(), 0700) == 0);
  CHECK(contains(refusal_of(folder.path("missing")), "cannot be found"));
  CHECK(contains(refusal_of(folder.path("")), "is not a regular file"));
  CHECK(contains(refusal_of(folder.path("fifo")), "is not a regular file"));
  CHECK(contains(refusal_of("/dev/null"), "is not a regular file"));
  CHECK(contains(refusal_of("program"), "is not an absolute path"));
  CHECK(contains(refusal_of(""), "is not an absolute path"));
}

TEST_CASE("checked_program follows links to the file itself") {
  const punctual::tests::ScriptFolder folder;
  const std::string file = folder.write("program", "#!/bin/sh\n");
  std::filesystem::create_symlink(file, folder.path("link"));
  std::filesystem::create_symlink(folder.path("nowhere"), folder.path("dangling"));
  std::filesystem::create_symlink(folder.path("loop"), folder.path("loop"));
  CHECK(checked_program(folder.path("link")) == file);
  CHECK(contains(refusal_of(folder.path("dangling")), "cannot be found"));
  CHECK(contains(refusal_of(folder.path("loop")), "cannot be found"));

  ::chmod(file.c_str(), 0777);
  CHECK(contains(refusal_of(folder.path("link")), "may be written"));
}

TEST_CASE("checked_program refuses a program in a folder that others may write") {
  const punctual::tests::ScriptFolder folder;
  const std::string open = folder.path("open");
  std::filesystem::create_directories(open + "/inner");
  const std::string file = folder.write("open/inner/program", "#!/bin/sh\n");
  const std::string safe = folder.write("program", "#!/bin/sh\n");
  std::filesystem::create_symlink(safe, open + "/link");
  CHECK(checked_program(file) == file);

  ::chmod(open.c_str(), 0777);
  CHECK(contains(refusal_of(file), "may be written by others"));
  CHECK(contains(refusal_of(open + "/link"), "may be written by others"));
  ::chmod(open.c_str(), 0770);
  CHECK(contains(refusal_of(file), "may be written by others"));
  ::chmod(open.c_str(), 01777);  // sticky: nobody may replace what another one owns
  CHECK(checked_program(file) == file);
}

TEST_CASE("checked_program refuses what belongs to another user") {
  if (::geteuid() != 0) return;  // only root can give a file away
  const punctual::tests::ScriptFolder folder;
  const std::string file = folder.write("program", "#!/bin/sh\n", 0755);
  REQUIRE(::chown(file.c_str(), 12'345, 0) == 0);
  CHECK(contains(refusal_of(file), "belongs to user 12345"));

  std::filesystem::create_directory(folder.path("theirs"));
  const std::string inner = folder.write("theirs/program", "#!/bin/sh\n", 0755);
  CHECK(checked_program(inner) == inner);
  REQUIRE(::chown(folder.path("theirs").c_str(), 12'345, 0) == 0);
  CHECK(contains(refusal_of(inner), "belongs to user 12345"));
}

}  // namespace program_file_test

#endif
