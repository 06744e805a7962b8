// Three processes on one PostgreSQL database. One of them is killed in the middle of a run; another
// one takes it over.
//
//   example_11_three_nodes [CONNINFO]    without it, the server that PUNCTUAL_TEST_POSTGRES names

#include <punctual/postgres/storage.hpp>
#include <punctual/punctual.hpp>

#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <condition_variable>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <string>
#include <vector>

using namespace std::chrono_literals;

punctual::postgres::Storage open_storage(const std::string& conninfo) {
  return punctual::postgres::Storage{{.conninfo = conninfo,
                                      .schema = "punctual_three_nodes",
                                      .poll_period = punctual::Duration{100ms}}};
}

template <class Condition>
void wait_until(Condition&& condition) {
  const punctual::SystemClock clock;
  punctual::WakeSignal nobody;
  while (!condition()) clock.wait_until(clock.now() + 50ms, nobody);
}

/// Works until it is killed.
template <class Scheduler>
int run_node(Scheduler& scheduler) {
  scheduler.register_job({.name = "mail"}, [](punctual::JobContext& job) { return job.success(); });
  scheduler.register_job(
      {.name = "import", .retry = {.max_attempts = 2, .backoff = punctual::Backoff::fixed(0ms)}},
      [](punctual::JobContext& job) {
        if (job.attempt() == 1) {  // takes longer than its process lives
          std::mutex mutex;
          std::condition_variable_any never;
          std::unique_lock lock{mutex};
          never.wait(lock, job.stop_token(), [] { return false; });
        }
        return job.success();
      });
  scheduler.start();
  wait_until([] { return false; });
  return 0;
}

pid_t start_node(std::string name, std::string conninfo) {
  std::string program = "/proc/self/exe";
  std::string word = "node";
  char* arguments[] = {program.data(), word.data(), name.data(), conninfo.data(), nullptr};
  pid_t pid = 0;
  if (::posix_spawn(&pid, program.c_str(), nullptr, nullptr, arguments, environ) != 0) std::abort();
  return pid;
}

void kill_node(pid_t pid) {
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

int main(int argc, char* argv[]) {
  if (argc == 4) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    auto storage = open_storage(argv[3]);
    punctual::Scheduler scheduler{punctual::SystemClock{}, storage, punctual::ThreadPoolExecutor{4},
                                  punctual::SchedulerOptions{.node = argv[2], .lease = 1s}};
    return run_node(scheduler);
  }
  const char* given = argc > 1 ? argv[1] : std::getenv("PUNCTUAL_TEST_POSTGRES");
  if (given == nullptr) {
    std::cerr << "skipped: no PostgreSQL server given; run it as\n"
                 "  tests/support/with_postgres <this program>\n";
    return 77;
  }
  const std::string conninfo = given;
  auto storage = open_storage(conninfo);
  // This process hands in work and does none of it: it knows the jobs by the storage alone.
  punctual::Scheduler desk{punctual::SystemClock{}, storage, punctual::InlineExecutor{}};
  const auto is_known = [&] { return storage.summaries().size() == 2; };
  const auto has_ended = [&](punctual::RunId id) { return is_terminal(storage.run(id)->status); };

  std::vector<pid_t> nodes{start_node("a", conninfo)};
  wait_until(is_known);
  const auto import = desk.enqueue("import");
  wait_until([&] { return storage.run(import)->status == punctual::JobStatus::running; });
  std::cout << "node a runs the import\n";

  for (const char* name : {"b", "c"}) nodes.push_back(start_node(name, conninfo));
  const auto mails = desk.enqueue_all("mail", std::vector<punctual::EnqueueItem>(30));
  std::size_t sent_count = 0;
  for (const auto id : mails) {
    wait_until([&] { return has_ended(id); });
    sent_count += storage.run(id)->fence == 1 ? 1 : 0;
  }
  std::cout << "nodes b and c have joined; " << sent_count << " mails were sent, each once\n";

  kill_node(nodes[0]);
  std::cout << "node a is killed\n";
  const auto find_attempts = [&] {
    return storage.runs({.job_name = "import", .created_from = storage.run(import)->created_at});
  };
  wait_until([&] { return find_attempts().size() == 2 && has_ended(find_attempts()[0].id); });
  const auto attempts = find_attempts();
  for (auto run = attempts.rbegin(); run != attempts.rend(); ++run) {
    std::cout << "import, attempt " << run->attempt << ": " << to_string(run->status) << " "
              << run->message_code << " on "
              << (run->node.starts_with("a-") ? "node a" : "another node") << "\n";
  }
  for (std::size_t i = 1; i < nodes.size(); ++i) kill_node(nodes[i]);
}
