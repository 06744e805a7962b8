// SPDX-License-Identifier: MIT

#include "punctual/self_check/subprocess.hpp"

#include "support/catch.hpp"

#if PUNCTUAL_HAS_PROCESSES

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "script_files.hpp"

namespace subprocess_test {

using namespace std::chrono_literals;
using punctual::CheckContext;
using punctual::CheckHost;
using punctual::Error;
using punctual::ProcessOptions;
using punctual::ProcessResult;

namespace {

/// Limits for processes that are to be ended: real ones, so short ones.
const ProcessOptions impatient{.kill_grace = 200ms, .drain_timeout = 200ms};

ProcessResult run(const std::string& command, const ProcessOptions& options = impatient,
                  const CheckContext& context = CheckContext{20s}) {
  return punctual::run_process({"/bin/sh", "-c", command}, options, context);
}

/// A FIFO by which a test sees whether processes that opened it are alive, wherever they went.
class LifeLine {
 public:
  explicit LifeLine(const std::string& path) : path_(path) {
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    reader_ = punctual::detail::Descriptor{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
    REQUIRE(static_cast<bool>(reader_));
  }

  /// Waits for somebody to write a byte, at most 10 s.
  [[nodiscard]] bool is_held() {
    ::pollfd readable{reader_.get(), POLLIN, 0};
    char byte = 0;
    return ::poll(&readable, 1, 10'000) == 1 && ::read(reader_.get(), &byte, 1) == 1;
  }

  /// Waits until nobody has it open for writing, at most 10 s.
  [[nodiscard]] bool is_let_go() {
    ::pollfd hangup{reader_.get(), 0, 0};
    return ::poll(&hangup, 1, 10'000) == 1 && (hangup.revents & POLLHUP) != 0;
  }

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  punctual::detail::Descriptor reader_;
};

std::ptrdiff_t open_descriptor_count() {
  return std::distance(std::filesystem::directory_iterator{"/dev/fd"}, {});
}

}  // namespace

TEST_CASE("run_process tells how the program ended") {
  struct Row {
    std::string name;
    std::string command;
    std::optional<int> exit_code;
    std::optional<int> signal;
    std::string output;
  };
  const Row rows[] = {
      {"success", "echo well", 0, std::nullopt, "well\n"},
      {"failure", "echo bad >&2; exit 3", 3, std::nullopt, "bad\n"},
      {"not found by the shell", "nonexistent 2>/dev/null", 127, std::nullopt, ""},
      {"a signal", "kill -9 $$", std::nullopt, SIGKILL, ""},
      {"no output", ":", 0, std::nullopt, ""},
      {"bytes of any kind", "printf 'a\\000\\377b'", 0, std::nullopt,
       std::string{"a\0\xFF", 3} + "b"},
      {"output closed early", "exec >&- 2>&-; exit 4", 4, std::nullopt, ""},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const ProcessResult result = run(row.command);
    CHECK(result.exit_code == row.exit_code);
    CHECK(result.signal == row.signal);
    CHECK(result.output == row.output);
    CHECK(result.output_total_bytes == row.output.size());
    CHECK_FALSE(result.timed_out);
    CHECK_FALSE(result.stopped);
  }
}

TEST_CASE("run_process runs a script file, and by a link too") {
  const punctual::tests::ScriptFolder folder;
  const std::string script = folder.script("echo \"$1\"");
  std::filesystem::create_symlink(script, folder.path("link"));
  const CheckContext context{20s};
  CHECK(punctual::run_process({script, "a b"}, {}, context).output == "a b\n");
  CHECK(punctual::run_process({folder.path("link"), "$HOME"}, {}, context).output == "$HOME\n");
}

TEST_CASE("run_process starts nothing that cannot be trusted or does not exist") {
  const punctual::tests::ScriptFolder folder;
  struct Row {
    std::string name;
    std::string program;
    std::string code;
  };
  const Row rows[] = {
      {"missing", folder.path("missing"), "PROCESS_REFUSED"},
      {"world-writable", folder.write("open", "#!/bin/sh\n", 0777), "PROCESS_REFUSED"},
      {"not executable", folder.write("plain", "#!/bin/sh\n", 0600), "PROCESS_REFUSED"},
      {"a folder", "/tmp", "PROCESS_REFUSED"},
      {"relative", "script.sh", "INVALID_CONFIG"},
      {"no interpreter", folder.write("lost", "#!/nonexistent\n"), "PROCESS_NOT_STARTED"},
      {"not a program", folder.write("text", "hello\n"), "PROCESS_NOT_STARTED"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    try {
      static_cast<void>(punctual::run_process({row.program}, {}, CheckContext{5s}));
      FAIL("started");
    } catch (const Error& error) {
      CHECK(error.code() == row.code);
    }
  }
}

TEST_CASE("run_process ends a program that hangs at the limit") {
  struct Row {
    std::string name;
    std::string command;
    std::optional<int> exit_code;
    std::optional<int> signal;
    std::string output;
  };
  const Row rows[] = {
      {"it dies of SIGTERM", "echo begun; exec sleep 600", std::nullopt, SIGTERM, "begun\n"},
      {"it tidies up",
       "exec 2>&-; trap 'echo bye; exit 7' TERM; echo begun; while :; do sleep 0.01; done", 7,
       std::nullopt, "begun\nbye\n"},
      {"it ignores SIGTERM", "trap '' TERM; echo begun; while :; do sleep 600; done", std::nullopt,
       SIGKILL, "begun\n"},
      {"it is stopped", "echo begun; kill -STOP $$", std::nullopt, SIGKILL, "begun\n"},
      {"it closes its output", "exec >&- 2>&-; exec sleep 600", std::nullopt, SIGTERM, ""},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const ProcessResult result = run(row.command, impatient, CheckContext{200ms});
    CHECK(result.timed_out);
    CHECK_FALSE(result.stopped);
    CHECK(result.exit_code == row.exit_code);
    CHECK(result.signal == row.signal);
    CHECK(result.output == row.output);
    CHECK(result.duration >= 150ms);
    CHECK(result.duration < 5s);
  }
}

TEST_CASE("run_process ends a program at once when a stop is requested") {
  std::atomic<int> questions{0};
  CheckHost host;
  host.stop_requested = [&] { return ++questions > 3; };
  const ProcessResult result = run("exec sleep 600", impatient, CheckContext{1h, host});
  CHECK(result.stopped);
  CHECK_FALSE(result.timed_out);
  CHECK(result.signal == SIGTERM);
}

TEST_CASE("run_process leaves no child of the program alive in its group") {
  struct Row {
    std::string name;
    std::string command;
    bool timed_out;
  };
  const Row rows[] = {
      {"left in the background, output closed",
       "(hold; exec >&- 2>&-; exec sleep 600) & await; exit 0", false},
      {"left in the background, output open", "(hold; exec sleep 600) & await; exit 0", false},
      {"left in the background, ignoring SIGTERM",
       "(trap '' TERM; hold; exec sleep 600) & await; exit 0", false},
      {"at the limit, ignoring SIGTERM, output open",
       "(trap '' TERM; hold; exec sleep 600) & exec sleep 600", true},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const punctual::tests::ScriptFolder folder;
    LifeLine line{folder.path("line")};
    const std::string functions = "line=" + line.path() + "; held=" + folder.path("held") +
                                  "; hold() { exec 5>$line; echo x >&5; : >$held; }"
                                  "; await() { while [ ! -e $held ]; do sleep 0.01; done; }; ";
    const ProcessResult result =
        run(functions + row.command, impatient, CheckContext{row.timed_out ? 500ms : 20s});
    CHECK(line.is_held());
    CHECK(line.is_let_go());
    CHECK(result.timed_out == row.timed_out);
    CHECK(result.duration < 10s);
  }
}

TEST_CASE("run_process is not held up by a grandchild out of its reach") {
  const ProcessResult result = run("setsid sh -c 'echo away; exec sleep 5' & exit 0");
  CHECK(result.exit_code == 0);
  CHECK(result.duration < 4s);
}

TEST_CASE("run_process waits a little for what a child of the program still writes") {
  const ProcessOptions patient{.drain_timeout = 20s};
  const ProcessResult result = run("(sleep 0.2; echo late) & echo early", patient);
  CHECK(result.output == "early\nlate\n");
  CHECK(result.duration < 10s);
}

TEST_CASE("run_process keeps the end of any amount of output, and counts it") {
  const ProcessResult result = run("head -c 10485760 /dev/zero | tr '\\0' x; printf end");
  CHECK(result.exit_code == 0);
  CHECK(result.output_total_bytes == 10'485'763);
  CHECK(result.output == std::string(65'533, 'x') + "end");

  const ProcessOptions small{.output_bytes_max = 4};
  CHECK(run("printf 0123456789", small).output == "6789");
}

TEST_CASE("run_process ends a program that never stops writing") {
  const ProcessResult result =
      run("trap '' TERM; while :; do echo yes; done", impatient, CheckContext{200ms});
  CHECK(result.timed_out);
  CHECK(result.signal == SIGKILL);
  CHECK(result.output.size() <= 65'536);
}

TEST_CASE("run_process cannot tell the exit code where SIGCHLD is ignored, and does not hang") {
  auto* const previous = ::signal(SIGCHLD, SIG_IGN);
  const ProcessResult result = run("exit 3");
  ::signal(SIGCHLD, previous);
  CHECK_FALSE(result.exit_code.has_value());
  CHECK_FALSE(result.signal.has_value());
}

TEST_CASE("run_process opens no descriptor that it does not close") {
  const auto before = open_descriptor_count();
  static_cast<void>(run("echo x"));
  static_cast<void>(run("exec sleep 600", impatient, CheckContext{50ms}));
  CHECK_THROWS_AS(punctual::run_process({"/nonexistent"}, {}, CheckContext{1s}), Error);
  CHECK_THROWS_AS(run("x", {.directory = "/nonexistent"}), Error);
  CHECK(open_descriptor_count() == before);
}

TEST_CASE("run_process may be called by several threads at once") {
  std::atomic<int> well{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 5; ++k) {
        const std::string text = std::to_string(i) + ":" + std::to_string(k);
        const ProcessResult result = run("echo " + text);
        if (result.exit_code == 0 && result.output == text + "\n") ++well;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(well == 20);
}

#if defined(__linux__)

TEST_CASE("run_process leaves no program behind when this process is killed") {
  const punctual::tests::ScriptFolder folder;
  LifeLine line{folder.path("line")};
  const pid_t host = ::fork();
  REQUIRE(host >= 0);
  if (host == 0) {
    static_cast<void>(run("exec 5>" + line.path() + "; echo x >&5; exec sleep 600"));
    ::_exit(0);
  }
  CHECK(line.is_held());
  ::kill(host, SIGKILL);
  ::waitpid(host, nullptr, 0);
  CHECK(line.is_let_go());
}

#endif

}  // namespace subprocess_test

#endif
