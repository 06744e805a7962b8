// SPDX-License-Identifier: MIT

#include "punctual/self_check/child_process.hpp"

#include "support/catch.hpp"

#if PUNCTUAL_HAS_PROCESSES

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "punctual/self_check/descriptor.hpp"

namespace child_process_test {

using punctual::detail::ChildPlan;
using punctual::detail::ChildProcess;
using punctual::detail::Descriptor;
using punctual::detail::ExitStatus;

namespace {

/// A shell command, and everything that must live as long as the child's plan.
class Command {
 public:
  explicit Command(std::string text) : text_(std::move(text)) {
    output_ = punctual::detail::open_pipe();
    argv_ = {shell_, option_, text_.data(), nullptr};
  }

  [[nodiscard]] ChildPlan plan() {
    ChildPlan plan;
    plan.program = "/bin/sh";
    plan.argv = argv_.data();
    plan.environment = &argv_[3];
    plan.directory = "/";
    plan.input = input_.get();
    plan.output = output_.writer.get();
    return plan;
  }

  /// Reads until every process that has the output open is gone, and returns what they wrote.
  std::string read_all() {
    output_.writer.close();
    std::string all;
    std::array<char, 256> buffer{};
    ssize_t length = 0;
    while ((length = ::read(output_.reader.get(), buffer.data(), buffer.size())) > 0) {
      all.append(buffer.data(), static_cast<std::size_t>(length));
    }
    return all;
  }

  /// Waits for a line of output.
  std::string read_line() {
    std::string line;
    char byte = 0;
    while (::read(output_.reader.get(), &byte, 1) == 1 && byte != '\n') line.push_back(byte);
    return line;
  }

 private:
  char shell_[8] = "/bin/sh";
  char option_[3] = "-c";
  std::string text_;
  std::array<char*, 4> argv_{};
  Descriptor input_ = punctual::detail::open_null();
  punctual::detail::Pipe output_;
};

/// Waits until the child has ended, at most 10 s.
void await_end(ChildProcess& child) {
  ::pollfd end{child.watch(), POLLIN, 0};
  for (int i = 0; i < 1000 && !child.has_ended(); ++i) ::poll(&end, 1, 10);
  REQUIRE(child.has_ended());
}

}  // namespace

TEST_CASE("ChildProcess tells how the process ended") {
  struct Row {
    std::string name;
    std::string command;
    std::optional<int> exit_code;
    std::optional<int> signal;
  };
  const Row rows[] = {
      {"success", "exit 0", 0, std::nullopt},
      {"failure", "exit 3", 3, std::nullopt},
      {"the highest code", "exit 255", 255, std::nullopt},
      {"a signal", "kill -9 $$", std::nullopt, SIGKILL},
      {"a signal to all of it", "kill -15 0", std::nullopt, SIGTERM},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    Command command{row.command};
    ChildProcess child{command.plan()};
    await_end(child);
    const auto status = child.reap();
    REQUIRE(status.has_value());
    CHECK(status->exit_code == row.exit_code);
    CHECK(status->signal == row.signal);
  }
}

TEST_CASE("ChildProcess cannot be reaped before it has ended, nor twice") {
  Command command{"echo started; while :; do sleep 1; done"};
  ChildProcess child{command.plan()};
  CHECK(command.read_line() == "started");
  CHECK_FALSE(child.has_ended());
  CHECK_FALSE(child.reap().has_value());
  child.signal_group(SIGTERM);
  await_end(child);
  CHECK(child.has_ended());  // looking does not reap
  REQUIRE(child.reap().has_value());
  CHECK_FALSE(child.reap().has_value());
  CHECK(child.has_ended());
  child.signal_group(SIGKILL);  // reaches nobody
}

TEST_CASE("ChildProcess signals everything in its group") {
  Command command{"sleep 600 & sleep 600 & echo started; wait"};
  ChildProcess child{command.plan()};
  CHECK(command.read_line() == "started");
  child.signal_group(SIGKILL);
  CHECK(command.read_all().empty());  // returns: nobody has the output open any more
  await_end(child);
  CHECK(child.reap()->signal == SIGKILL);
}

TEST_CASE("ChildProcess ends its group when it is destroyed") {
  Command command{"trap '' TERM; sleep 600 & echo started; wait"};
  {
    const ChildProcess child{command.plan()};
    CHECK(command.read_line() == "started");
  }
  CHECK(command.read_all().empty());
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
  CHECK(errno == ECHILD);  // and nothing is left to reap
}

TEST_CASE("ChildProcess notices that somebody else has reaped it") {
  Command command{"exit 0"};
  ChildProcess child{command.plan()};
  CHECK(::waitpid(-1, nullptr, 0) > 0);
  CHECK(child.has_ended());
  CHECK_FALSE(child.reap().has_value());
  child.signal_group(SIGKILL);  // reaches nobody: the number may be a stranger's by now
}

TEST_CASE("ChildProcess that cannot start leaves nothing behind") {
  Command command{"exit 0"};
  ChildPlan plan = command.plan();
  plan.program = "/nonexistent";
  try {
    const ChildProcess child{plan};
    FAIL("started");
  } catch (const punctual::Error& error) {
    CHECK(error.code() == "PROCESS_NOT_STARTED");
    CHECK(std::string{error.what()} ==
          "PROCESS_NOT_STARTED: \"/nonexistent\": it could not be executed: No such file or "
          "directory");
  }
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
  CHECK(errno == ECHILD);
}

}  // namespace child_process_test

#endif
