// SPDX-License-Identifier: MIT
//
// A node of a cluster that is to be killed, stopped and cut off, by the scripts beside this file:
//
//   cluster_node --storage SPEC --node NAME --journal FILE --until MS [--lease-ms N] [--threads N]
//                [--enqueue-period-ms N] [--many N]
//
// It runs the jobs of node_jobs.hpp and, until the instant MS of the wall clock, hands in runs.
// What it did is in the journal. SIGTERM stops it. It dies with its parent.

#include <punctual/punctual.hpp>

#include <signal.h>
#include <sys/prctl.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cluster/journal.hpp"
#include "cluster/node_jobs.hpp"
#include "support/open_storage.hpp"

namespace punctual::tests {

namespace {

using namespace std::chrono_literals;
using Watched = testing::WatchedStorage<testing::StorageHandle, JournalWatcher>;
using Node = Scheduler<SystemClock, Watched&, ThreadPoolExecutor>;

class Arguments {
 public:
  Arguments(int argc, char* argv[]) {
    for (int i = 1; i + 1 < argc; i += 2) values_[argv[i]] = argv[i + 1];
  }

  [[nodiscard]] std::string text(const std::string& name) const {
    const auto found = values_.find(name);
    if (found == values_.end()) throw std::runtime_error{name + " is missing"};
    return found->second;
  }
  [[nodiscard]] long long number(const std::string& name, long long otherwise) const {
    const auto found = values_.find(name);
    return found == values_.end() ? otherwise : std::stoll(found->second);
  }

 private:
  std::map<std::string, std::string> values_;
};

/// Waits for `period` or the end; returns whether to go on.
bool waited(const std::stop_token& stop, Duration period) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock{mutex};
  never.wait_for(lock, stop, period, [] { return false; });
  return !stop.stop_requested();
}

/// A server may be away when a node starts: it tries for a minute.
AnyStorage open_patiently(const std::string& spec) {
  const std::stop_token never;
  for (int i = 0;; ++i) {
    try {
      return open_storage(spec);
    } catch (const Error& error) {
      if (error.code() == "INVALID_CONFIG" || i == 600) throw;
    }
    waited(never, 100ms);
  }
}

/// Hands in runs and writes down those that were accepted.
class Customer {
 public:
  Customer(Node& node, Journal& journal, Duration period, TimePoint until)
      : node_(node),
        journal_(journal),
        period_(period),
        until_(until) {}

  void shop(const std::stop_token& stop) {
    for (std::size_t turn = 0; waited(stop, period_) && SystemClock{}.now() < until_; ++turn) {
      try {
        order(turn);
      } catch (const Error& error) {
        journal_.write("refused", {{"code", error.code()},
                                   {"retryable", error.retryable()},
                                   {"doubt", error.in_doubt()},
                                   {"message", error.what()}});
      }
    }
  }

 private:
  void order(std::size_t turn) {
    if (turn % 10 == 9) {
      Workflow workflow;
      workflow.steps = {{.name = "a", .job = "step"},
                        {.name = "b", .job = "step", .after = {"a"}},
                        {.name = "c", .job = "step", .after = {"a"}},
                        {.name = "d", .job = "step", .after = {"b", "c"}}};
      for (const RunId id : node_.enqueue_workflow(std::move(workflow)).steps) accept(id);
    } else if (turn % 5 == 2) {
      EnqueueOptions options;
      options.unique_key = "key-" + std::to_string(turn % 3);
      accept(node_.enqueue("unique", turn, std::move(options)));
    } else if (turn % 7 == 3 && last_) {
      node_.cancel(*last_, "customer");
    } else {
      last_ = node_.enqueue("order", turn);
      accept(*last_);
    }
  }

  void accept(RunId id) { journal_.write("accepted", {{"run", id.to_string()}}); }

  Node& node_;
  Journal& journal_;
  Duration period_;
  TimePoint until_;
  std::optional<RunId> last_{};
};

int run(const Arguments& arguments) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t stop_signals;
  ::sigemptyset(&stop_signals);
  ::sigaddset(&stop_signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);

  Journal journal{arguments.text("--journal"), arguments.text("--node")};
  const AnyStorage storage = open_patiently(arguments.text("--storage"));
  JournalWatcher watcher{journal};
  Watched watched{*storage, watcher};
  SchedulerOptions options;
  options.node = arguments.text("--node");
  options.lease = Duration{arguments.number("--lease-ms", 2000)};
  options.on_event = [&](const SchedulerEvent& event) {
    journal.write("event", {{"kind", to_string(event.kind)},
                            {"job", event.job_name},
                            {"run", event.run_id.to_string()},
                            {"message", event.message}});
  };
  const TimePoint until{Duration{std::stoll(arguments.text("--until"))}};
  Node node{SystemClock{}, watched,
            ThreadPoolExecutor{static_cast<std::size_t>(arguments.number("--threads", 4))},
            options};
  NodeJobs jobs{node, journal, until};
  const auto many = static_cast<std::size_t>(arguments.number("--many", 0));
  if (many > 0) {
    jobs.register_many(many);
  } else {
    jobs.register_mixed();
  }
  node.start();
  journal.write("ready", Json::object());

  std::jthread shopping;
  const Duration enqueue_period{arguments.number("--enqueue-period-ms", 0)};
  if (enqueue_period > 0ms) {
    shopping = std::jthread{[&](const std::stop_token& stop) {
      Customer{node, journal, enqueue_period, until}.shop(stop);
    }};
  }
  int signal = 0;
  ::sigwait(&stop_signals, &signal);
  shopping = {};
  const StopReport report = node.stop(2s);
  journal.write("stopped",
                {{"abandoned", report.abandoned.size()}, {"unrecorded", report.unrecorded.size()}});
  return 0;
}

}  // namespace

}  // namespace punctual::tests

int main(int argc, char* argv[]) {
  try {
    return punctual::tests::run({argc, argv});
  } catch (const std::exception& error) {
    std::cerr << "cluster_node: " << error.what() << "\n";
    return 1;
  }
}
