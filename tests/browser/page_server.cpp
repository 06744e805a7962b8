// SPDX-License-Identifier: MIT
//
// The admin page of a scheduler with jobs to test it by, on a free port of this host:
//
//   page_server     says the page's address on standard output, and stops at SIGTERM, at SIGINT,
//                   or when its standard input ends
//
// Tokens: PUNCTUAL_READ_TOKEN and PUNCTUAL_WRITE_TOKEN.

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <punctual/http/admin_server.hpp>
#include <punctual/http/bearer_tokens.hpp>
#include <punctual/http/jobs_controller.hpp>
#include <punctual/punctual.hpp>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

#include "server_jobs.hpp"

namespace punctual::tests {

namespace {

/// SIGTERM and SIGINT, held back from all threads, and the end of standard input.
class StopRequest {
 public:
  /// To be made before the first thread, which inherits what is held back.
  StopRequest() {
    sigset_t signals{};
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGTERM);
    ::sigaddset(&signals, SIGINT);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    signals_ = ::signalfd(-1, &signals, SFD_CLOEXEC);
  }

  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;
  ~StopRequest() { ::close(signals_); }

  void wait() const {
    while (true) {
      pollfd sources[] = {{STDIN_FILENO, POLLIN, 0}, {signals_, POLLIN, 0}};
      if (::poll(sources, 2, -1) < 0) continue;
      if (sources[1].revents != 0) return;
      char bytes[256];
      if (sources[0].revents != 0 && ::read(STDIN_FILENO, bytes, sizeof bytes) <= 0) return;
    }
  }

 private:
  int signals_ = -1;
};

http::BearerTokens tokens_of_environment() {
  const auto token = [](const char* name) -> std::string {
    const char* value = std::getenv(name);
    if (value == nullptr) throw Error{"INVALID_CONFIG", std::string{name} + " is not set"};
    return value;
  };
  http::BearerTokens tokens;
  tokens.add(token("PUNCTUAL_READ_TOKEN"),
             {.name = "reader", .permission = http::Permission::read});
  tokens.add(token("PUNCTUAL_WRITE_TOKEN"),
             {.name = "operator", .permission = http::Permission::write});
  return tokens;
}

void serve() {
  const StopRequest stop_request;
  InMemoryStorage storage;
  const TimePoint now = SystemClock{}.now();
  make_past(storage, now);

  SchedulerOptions options;
  options.node = "page-server";
  Scheduler scheduler{SystemClock{}, storage, ThreadPoolExecutor{4}, options};
  register_jobs(scheduler, storage, now);

  http::ControllerOptions controller_options;
  controller_options.triggers_per_principal = {1000, 1min};  // one does it all
  controller_options.triggers_per_job = {10, 1min};
  http::JobsController controller{scheduler, tokens_of_environment(), controller_options};
  // The browser, what tests ask beside it, and what they ask in its place: all from one address.
  http::AdminServer server{controller,
                           {.host = "127.0.0.1", .port = 0, .connections_per_address_max = 32}};
  server.start();
  scheduler.start();
  scheduler.enqueue(PlatformSelfCheckJob::name);
  std::cout << "http://127.0.0.1:" << server.port() << controller.options().prefix << std::endl;
  stop_request.wait();
  server.stop();
  scheduler.stop();
}

}  // namespace

}  // namespace punctual::tests

int main() {
  try {
    punctual::tests::serve();
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "page_server: " << error.what() << '\n';
    return 1;
  }
}
