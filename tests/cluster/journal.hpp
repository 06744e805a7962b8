// SPDX-License-Identifier: MIT
//
// Journal: what a node saw and did, one JSON object a line, in a file that all nodes append to.
//
// A line is one write at the end of the file, so lines of several processes do not mix, and what
// was written before a process was killed is there. What a node knew of a run can so be held
// against what the storage says of it.
//
// Thread-safety: all members, from any thread.

#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/json.hpp"
#include "punctual/builtin/system_clock.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/testing/watched_storage.hpp"

namespace punctual::tests {

class Journal {
 public:
  Journal(const std::string& file, std::string node)
      : descriptor_(::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644)),
        node_(std::move(node)) {
    if (descriptor_ < 0) throw std::runtime_error{"cannot open the journal " + file};
  }
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  ~Journal() { ::close(descriptor_); }

  void write(std::string_view what, Json fields) {
    fields["what"] = what;
    fields["node"] = node_;
    fields["pid"] = ::getpid();
    fields["wall"] = SystemClock{}.now().time_since_epoch().count();
    fields["steady"] = SystemClock{}.steady_now().count();
    const std::string line = fields.dump() + "\n";
    if (::write(descriptor_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
      throw std::runtime_error{"cannot write the journal"};
    }
  }

 private:
  int descriptor_;
  std::string node_;
};

/// Writes down what a storage answered about leases, and when it was asked.
class JournalWatcher : public testing::StorageWatcher {
  using Op = testing::StorageOperation;
  template <Op Operation>
  using Tag = testing::OperationTag<Operation>;

 public:
  explicit JournalWatcher(Journal& journal) : journal_(journal) {}

  using StorageWatcher::answered;
  using StorageWatcher::asked;

  void asked(Tag<Op::claim>, const ClaimRequest&, TimePoint) { note_asked(); }
  void asked(Tag<Op::renew>, const std::vector<Renewal>&, Duration, TimePoint) { note_asked(); }

  void answered(Tag<Op::claim>, const std::vector<JobRun>& runs, const ClaimRequest&, TimePoint) {
    for (const auto& run : runs) note("claim", {run.id, run.fence}, "");
  }
  void answered(Tag<Op::renew>, const std::vector<RenewAnswer>& answers,
                const std::vector<Renewal>& renewals, Duration, TimePoint) {
    for (std::size_t i = 0; i < answers.size(); ++i) {
      note("renew", renewals[i].lease, answers[i] == RenewAnswer::lost ? "lost" : "kept");
    }
  }
  void answered(Tag<Op::finish>, const std::vector<FinishAnswer>& answers,
                const std::vector<Completion>& completions, TimePoint) {
    for (std::size_t i = 0; i < answers.size(); ++i) {
      note("finish", completions[i].lease, answers[i] == FinishAnswer::lost ? "lost" : "done");
    }
  }
  void answered(Tag<Op::release>, const std::vector<FinishAnswer>& answers,
                const std::vector<LeaseRef>& leases, TimePoint) {
    for (std::size_t i = 0; i < answers.size(); ++i) {
      note("release", leases[i], answers[i] == FinishAnswer::lost ? "lost" : "done");
    }
  }
  void answered(Tag<Op::take_expired>, const std::vector<JobRun>& runs, const RescueRequest&,
                TimePoint) {
    for (const auto& run : runs) note("rescue", {run.id, run.fence}, "");
  }
  void answered(Tag<Op::advance>, const std::vector<AdvanceAnswer>& answers,
                const std::vector<Advance>&, TimePoint) {
    std::size_t refused_count = 0;
    std::size_t conflict_count = 0;
    for (const auto& answer : answers) {
      refused_count += answer.advanced ? 0 : 1;
      conflict_count += answer.conflict_count;
    }
    if (answers.empty()) return;
    journal_.write(
        "advance",
        {{"count", answers.size()}, {"refused", refused_count}, {"conflicts", conflict_count}});
  }

 private:
  /// The wall clock when this thread last asked for leases.
  [[nodiscard]] static std::int64_t& asked_at() {
    thread_local std::int64_t instant = 0;
    return instant;
  }
  static void note_asked() { asked_at() = SystemClock{}.now().time_since_epoch().count(); }

  void note(std::string_view what, const LeaseRef& lease, std::string_view answer) {
    journal_.write(what, {{"run", lease.run_id.to_string()},
                          {"fence", lease.fence},
                          {"answer", answer},
                          {"asked", asked_at()}});
  }

  Journal& journal_;
};

}  // namespace punctual::tests
