// SPDX-License-Identifier: MIT
//
// A service that is killed in the middle of a run, and the same service started again on its file.

#include <punctual/punctual.hpp>
#include <punctual/sqlite/storage.hpp>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "support/catch.hpp"

extern char** environ;

using punctual::JobStatus;

namespace {

/// A child process that is read line by line.
class Service {
 public:
  Service(const std::string& file, bool enqueues) {
    int in[2];
    int out[2];
    REQUIRE(::pipe(in) == 0);
    REQUIRE(::pipe(out) == 0);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    ::posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    for (const int descriptor : {in[0], in[1], out[0], out[1]}) {
      ::posix_spawn_file_actions_addclose(&actions, descriptor);
    }
    std::string program = PUNCTUAL_CRASH_SERVICE;
    std::string argument = file;
    std::string enqueue = "enqueue";
    std::vector<char*> arguments{program.data(), argument.data()};
    if (enqueues) arguments.push_back(enqueue.data());
    arguments.push_back(nullptr);
    REQUIRE(::posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments.data(), environ) ==
            0);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    input_ = in[1];
    output_ = ::fdopen(out[0], "r");
  }

  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  ~Service() {
    if (pid_ > 0) kill_and_reap();
    if (input_ >= 0) ::close(input_);
    std::fclose(output_);
  }

  /// Returns the next line; empty at the end of the output.
  std::string read_line() {
    char line[256] = {};
    if (std::fgets(line, sizeof line, output_) == nullptr) return {};
    std::string text{line};
    if (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
  }

  void kill_and_reap() {
    ::kill(pid_, SIGKILL);
    wait();
  }

  /// Ends the service's input, which makes it stop; returns its exit code.
  int stop() {
    ::close(input_);
    input_ = -1;
    return wait();
  }

 private:
  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  pid_t pid_ = -1;
  int input_ = -1;
  std::FILE* output_ = nullptr;
};

struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("punctual-crash-" + std::to_string(::getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

/// Waits until both bodies of a new service have begun, in either order.
void await_bodies(Service& service) {
  std::vector<std::string> lines{service.read_line(), service.read_line()};
  std::sort(lines.begin(), lines.end());
  REQUIRE(lines == std::vector<std::string>{"bystander 1", "victim 1"});
}

}  // namespace

TEST_CASE(
    "A run whose process was killed ends as JOB_ABANDONED and is retried; nothing else is lost") {
  const Folder folder;
  const std::string file = (folder.path / "jobs.db").string();
  {
    Service service{file, true};
    await_bodies(service);
    service.kill_and_reap();
  }
  {
    Service service{file, false};
    // The lease of the dead process runs out, the run is recorded, and its retry begins. The first
    // bystander may come again: it may have been killed before its end was stored.
    std::string line = service.read_line();
    if (line == "bystander 1") line = service.read_line();
    REQUIRE(line == "victim 2");
    CHECK(service.stop() == 0);
  }
  punctual::sqlite::Storage storage{file};
  const auto victims = storage.runs({.job_name = "victim"});
  REQUIRE(victims.size() == 2);
  CHECK(victims[1].status == JobStatus::failed);
  CHECK(victims[1].message_code == "JOB_ABANDONED");
  CHECK(victims[1].attempt == 1);
  CHECK(victims[0].status == JobStatus::success);
  CHECK(victims[0].message_code == "SURVIVED");
  CHECK(victims[0].attempt == 2);
  CHECK(victims[0].retry_of == victims[1].id);
  CHECK(victims[0].node != victims[1].node);

  CHECK(storage.runs({.job_name = "bystander", .status = JobStatus::pending}).size() == 4);
  CHECK(storage.runs({.job_name = "bystander", .status = JobStatus::running}).empty());
}

TEST_CASE("A service that is asked to stop hands back what it runs") {
  const Folder folder;
  const std::string file = (folder.path / "jobs.db").string();
  Service service{file, true};
  await_bodies(service);
  CHECK(service.stop() == 0);
  punctual::sqlite::Storage storage{file};
  CHECK(storage.runs({.status = JobStatus::running}).empty());
  // The body came back when it was asked to, with an outcome of its own.
  CHECK(storage.runs({.job_name = "victim"}).at(0).status == JobStatus::success);
}
