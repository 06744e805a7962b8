// SPDX-License-Identifier: MIT
//
// What a program finds when it has been started: asked of real programs, by run_process.

#include "punctual/self_check/child_program.hpp"

#include "support/catch.hpp"

#if PUNCTUAL_HAS_PROCESSES

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "punctual/self_check/subprocess.hpp"

namespace child_program_test {

using namespace std::chrono_literals;
using punctual::CheckContext;
using punctual::Error;
using punctual::ProcessOptions;

namespace {

/// Returns what a command for /bin/sh prints. Without a script file, so that the shell has none
/// open.
std::string output_of(const std::string& command, const ProcessOptions& options = {}) {
  const auto result = punctual::run_process(
      {"/bin/sh", "-c", command, "argv0", "first", "second third"}, options, CheckContext{20s});
  CHECK(result.exit_code == 0);
  return result.output;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("A program gets its arguments as they are") {
  CHECK(output_of("echo \"$#:$1:$2\"") == "2:first:second third\n");
}

TEST_CASE("A program reads nothing and writes errors where it writes output") {
  CHECK(output_of("read line || echo end of input; echo error >&2") == "end of input\nerror\n");
}

TEST_CASE("A program works in the directory it was given") {
  CHECK(output_of("pwd") == "/\n");
  CHECK(output_of("pwd", {.directory = "/dev"}) == "/dev\n");
}

TEST_CASE("A program sees the variables on the list and no others") {
  ::setenv("PUNCTUAL_TEST_SECRET", "s3cret", 1);
  ::setenv("PUNCTUAL_TEST_URL", "http://localhost", 1);
  ::setenv("LC_TIME", "C", 1);
  const std::string variables =
      output_of("env", {.environment_names = {"PUNCTUAL_TEST_URL", "PUNCTUAL_TEST_GONE"}});
  CHECK(contains(variables, "PUNCTUAL_TEST_URL=http://localhost\n"));
  CHECK(contains(variables, "LC_TIME=C\n"));
  CHECK(contains(variables, "PATH="));
  CHECK_FALSE(contains(variables, "PUNCTUAL_TEST_SECRET"));
  CHECK_FALSE(contains(variables, "s3cret"));
  CHECK_FALSE(contains(variables, "PUNCTUAL_TEST_GONE"));
}

TEST_CASE("A program inherits no descriptor but its input, output and errors") {
  const int low = ::open("/dev/null", O_RDONLY);  // on purpose without O_CLOEXEC
  const int high = ::fcntl(low, F_DUPFD, 90);
  REQUIRE(high >= 90);
  CHECK(output_of("n=0; while [ $n -lt 100 ]; do [ -e /dev/fd/$n ] && echo $n; n=$((n+1)); done; "
                  "true") == "0\n1\n2\n");
  ::close(low);
  ::close(high);
}

TEST_CASE("close_one_by_one closes what close_range would") {
  const int low = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int high = ::fcntl(low, F_DUPFD_CLOEXEC, 90);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    punctual::detail::close_one_by_one(low + 1);
    const bool is_right = ::fcntl(low, F_GETFD) >= 0 && ::fcntl(high, F_GETFD) < 0;
    ::_exit(is_right ? 0 : 1);
  }
  int status = -1;
  CHECK(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  ::close(low);
  ::close(high);
}

TEST_CASE("A program keeps within the limits it was given") {
  CHECK(output_of("ulimit -c") == "0\n");
  CHECK(output_of("ulimit -H -c") == "0\n");
  const ProcessOptions options{
      .limits = {.cpu_seconds = 7, .memory_bytes = 1'073'741'824, .open_files_max = 25}};
  CHECK(output_of("ulimit -t; ulimit -v; ulimit -n", options) == "7\n1048576\n25\n");
  CHECK(output_of("ulimit -H -t; ulimit -H -v; ulimit -H -n", options) == "7\n1048576\n25\n");
}

TEST_CASE("A limit above the one of this process leaves that as it is") {
  const std::string own = output_of("ulimit -H -n");
  const ProcessOptions options{.limits = {.open_files_max = 1ULL << 62U}};
  CHECK(output_of("ulimit -H -n", options) == own);
}

TEST_CASE("A program that uses up its time on the processor is ended by a signal") {
  const ProcessOptions options{.limits = {.cpu_seconds = 1}};
  const auto result =
      punctual::run_process({"/bin/sh", "-c", "while :; do :; done"}, options, CheckContext{30s});
  CHECK_FALSE(result.timed_out);
  CHECK_FALSE(result.exit_code.has_value());
  // Soft and hard limit are the same, so it may be either.
  CHECK((result.signal == SIGXCPU || result.signal == SIGKILL));
}

#if defined(__linux__)

TEST_CASE("A program starts with no signal blocked or ignored") {
  sigset_t blocked;
  sigset_t before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  auto* const previous = ::signal(SIGPIPE, SIG_IGN);
  const std::string lines = output_of("grep -E '^Sig(Blk|Ign):' /proc/self/status | cut -f2");
  ::signal(SIGPIPE, previous);
  CHECK(lines == "0000000000000000\n0000000000000000\n");

  sigset_t now;
  ::pthread_sigmask(SIG_SETMASK, &before, &now);
  CHECK(::sigismember(&now, SIGUSR1) == 1);  // and the mask of this thread is as it was
}

TEST_CASE("A program leads a session and a group of its own") {
  // Fields of /proc/self/stat: pid, name, state, parent, group, session.
  CHECK(output_of("read -r pid name state parent group session rest < /proc/$$/stat; "
                  "[ $pid = $group ] && [ $pid = $session ] && echo leader") == "leader\n");
}

TEST_CASE("A program cannot gain privileges") {
  CHECK(output_of("grep NoNewPrivs /proc/self/status | cut -f2") == "1\n");
}

#endif

TEST_CASE("A program that cannot be started says at which step and why") {
  struct Row {
    std::string name;
    std::vector<std::string> argv;
    std::string directory;
    std::string message;
  };
  const Row rows[] = {
      {"no such directory",
       {"/bin/true"},
       "/nonexistent",
       "the working directory could not be entered: No such file or directory"},
      {"a file as directory",
       {"/bin/true"},
       "/dev/null",
       "the working directory could not be entered: Not a directory"},
      {"arguments too long",
       {"/bin/true", std::string(4'000'000, 'x')},
       "/",
       "it could not be executed: Argument list too long"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    try {
      static_cast<void>(
          punctual::run_process(row.argv, {.directory = row.directory}, CheckContext{5s}));
      FAIL("started");
    } catch (const Error& error) {
      CHECK(error.code() == "PROCESS_NOT_STARTED");
      CHECK(contains(error.what(), row.message));
    }
  }
}

}  // namespace child_program_test

#endif
