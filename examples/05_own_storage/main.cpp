// A storage of one's own: here one that audits each end of a run, on top of another one.
//
// Anything that meets punctual::Storage will do. The conformance suite that comes with the library
// tells whether it keeps the contract: every check has a name and needs no test framework.

#include <punctual/punctual.hpp>
#include <punctual/testing/embedded_harness.hpp>
#include <punctual/testing/storage_conformance.hpp>

#include <functional>
#include <iostream>
#include <vector>

/// Everything is inherited but what is to be different.
class AuditedStorage : public punctual::InMemoryStorage {
 public:
  using Base = punctual::InMemoryStorage;

  std::vector<punctual::FinishAnswer> finish(const std::vector<punctual::Completion>& completions,
                                             punctual::TimePoint now) {
    auto answers = Base::finish(completions, now);
    for (std::size_t i = 0; i < completions.size(); ++i) {
      if (answers[i] == punctual::FinishAnswer::done && on_end) on_end(completions[i]);
    }
    return answers;
  }

  std::function<void(const punctual::Completion&)> on_end;
};
static_assert(punctual::Storage<AuditedStorage>);

int main() {
  punctual::FakeClock clock;
  AuditedStorage storage;
  storage.on_end = [](const punctual::Completion& end) {
    std::cout << "audit: a run ended " << to_string(end.status) << ", " << end.message_code << "\n";
  };
  punctual::Scheduler scheduler{clock, storage, punctual::InlineExecutor{}};
  scheduler.register_job({.name = "job"},
                         [](punctual::JobContext& job) { return job.success("DONE"); });
  scheduler.trigger("job");

  punctual::testing::EmbeddedHarness<AuditedStorage> harness;
  int kept = 0;
  int broken = 0;
  for (const auto& result : punctual::testing::run_storage_conformance(harness)) {
    ++(result.passed ? kept : broken);
    if (!result.passed) std::cout << result.name << ": " << result.message << "\n";
  }
  std::cout << "promises broken: " << broken << ", enough were tried: " << std::boolalpha
            << (kept >= 60) << "\n";
  return broken == 0 ? 0 : 1;
}
