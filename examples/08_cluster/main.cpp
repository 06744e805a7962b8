// Three schedulers on one storage: each due instant is done by one of them. Then one dies in the
// middle of a run.

#include <punctual/punctual.hpp>

#include <array>
#include <iostream>
#include <map>
#include <memory>
#include <string>

using namespace std::chrono_literals;
using namespace date::literals;

using Node = punctual::Scheduler<punctual::FakeClock&, punctual::InMemoryStorage&,
                                 punctual::ManualExecutor&>;

/// "b-3f2a81c0" is node b.
std::string short_name(const std::string& node) {
  return node.substr(0, node.find('-'));
}

int main() {
  punctual::FakeClock clock{date::sys_days{2024_y / 1 / 15}};
  punctual::InMemoryStorage storage;
  std::array<punctual::ManualExecutor, 3> executors;
  std::array<std::unique_ptr<Node>, 3> nodes;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    nodes[i] = std::make_unique<Node>(
        clock, storage, executors[i],
        punctual::SchedulerOptions{.node = std::string(1, static_cast<char>('a' + i))});
    nodes[i]->register_job({.name = "import", .schedule = punctual::every(1min)},
                           [](punctual::JobContext& job) { return job.success(); });
    nodes[i]->register_job({.name = "mail", .retry = {.max_attempts = 2}},
                           [](punctual::JobContext& job) { return job.success(); });
  }

  for (int minute = 0; minute < 60; ++minute) {
    clock.advance(1min);
    // Each minute another node looks first.
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const std::size_t node = (i + static_cast<std::size_t>(minute)) % nodes.size();
      nodes[node]->tick();
      executors[node].drain();
    }
  }
  std::map<std::string, int> counts;
  for (const auto& run : storage.runs({.job_name = "import"})) ++counts[short_name(run.node)];
  for (const auto& [node, count] : counts) std::cout << "node " << node << " did " << count << "\n";

  const auto id = nodes[0]->enqueue("mail");
  nodes[1]->tick();  // b claims the mail, and then is not heard of any more: its lease runs out
  std::cout << "mail is " << to_string(storage.run(id)->status) << " on node "
            << short_name(storage.run(id)->node) << "\n";
  clock.advance(31s);
  nodes[2]->tick();
  executors[2].drain();
  clock.advance(1h);
  nodes[2]->tick();
  executors[2].drain();
  auto runs = storage.runs({.job_name = "mail"});
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    std::cout << "mail, attempt " << run->attempt << ": " << to_string(run->status) << " "
              << run->message_code << " on node " << short_name(run->node) << "\n";
  }
  executors[1].drain();  // b comes back and ends its run: too late, the record stays
  std::cout << "after b is back: " << storage.run(id)->message_code << "\n";
}
