// SPDX-License-Identifier: MIT
//
// What a storage says of a cluster's work:
//
//   cluster_audit open SPEC     how many runs are pending or running
//   cluster_audit dump SPEC     every run, every job, and what is wrong with the due instants: one
//                               JSON object a line

#include <punctual/punctual.hpp>

#include <cstddef>
#include <exception>
#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "punctual/policy/ledger_audit.hpp"
#include "support/open_storage.hpp"

namespace punctual::tests {

namespace {

using testing::StorageHandle;

template <class Visit>
void for_each_run(StorageHandle& storage, RunQuery query, Visit&& visit) {
  query.limit = 1000;
  while (true) {
    const auto page = storage.runs(query);
    for (const auto& run : page) visit(run);
    if (page.size() < query.limit) return;
    query.before = page.back().id;
  }
}

std::size_t open_count(StorageHandle& storage) {
  std::size_t count = 0;
  for (const JobStatus status : {JobStatus::pending, JobStatus::running}) {
    RunQuery query;
    query.status = status;
    query.with_details = false;
    for_each_run(storage, query, [&](const JobRun&) { ++count; });
  }
  return count;
}

Json instant(const std::optional<TimePoint>& value) {
  return value ? Json(value->time_since_epoch().count()) : Json(nullptr);
}

void print_run(const JobRun& run) {
  std::vector<std::string> after;
  for (const RunId id : run.after) after.push_back(id.to_string());
  std::cout << Json{{"what", "run"},
                    {"id", run.id.to_string()},
                    {"job", run.job_name},
                    {"status", to_string(run.status)},
                    {"trigger", to_string(run.trigger)},
                    {"code", run.message_code},
                    {"summary", run.summary},
                    {"error", run.error ? run.error->code : ""},
                    {"due", instant(run.due_at)},
                    {"run_at", instant(run.run_at)},
                    {"created", instant(run.created_at)},
                    {"started", instant(run.started_at)},
                    {"completed", instant(run.completed_at)},
                    {"attempt", run.attempt},
                    {"retry_of", run.retry_of ? Json(run.retry_of->to_string()) : Json(nullptr)},
                    {"unique_key", run.unique_key},
                    {"node", run.node},
                    {"fence", run.fence},
                    {"abandon_count", run.abandon_count},
                    {"cancel_requested", run.cancel_requested},
                    {"after", after}}
            << "\n";
}

void print_job(const JobSummary& job) {
  std::cout << Json{{"what", "job"},
                    {"name", job.name},
                    {"next", instant(job.next_run_at)},
                    {"epoch", instant(job.epoch_at)},
                    {"run_count", job.run_count},
                    {"success_count", job.success_count},
                    {"failure_count", job.failure_count},
                    {"skipped_count", job.skipped_count}}
            << "\n";
}

void print_fault(const std::string& text) {
  std::cout << Json{{"what", "fault"}, {"text", text}} << "\n";
}

using Answers = std::map<TimePoint, std::size_t>;

/// Adds the instants that a row answers, each by itself.
void expand(const JobRun& run, const Schedule& schedule, Answers& answers) {
  if (!answers_many(run)) {
    ++answers[*run.due_at];
    return;
  }
  const auto last = parse_iso8601(run.details.at("last").get<std::string>());
  std::int64_t count = 0;
  for (auto due = run.due_at; due && *due <= last; due = schedule.next_after(*due), ++count) {
    ++answers[*due];
  }
  if (count != run.details.at("count").get<std::int64_t>()) {
    print_fault("job " + run.job_name + ": run " + run.id.to_string() + " counts wrongly");
  }
}

/// Holds the rows of a job against its schedule, instant by instant, from its epoch to its end.
/// Returns how many there are.
std::size_t enumerate(StorageHandle& storage, const JobSummary& job) {
  const Schedule unbound = Schedule::from_json(job.schedule);
  if (!punctual::detail::has_own_instants(unbound.rule())) return 0;
  const Schedule schedule = unbound.bound_to(job.name, job.anchor_at);
  Answers answers;
  RunQuery query;
  query.job_name = job.name;
  query.trigger = RunTrigger::schedule;
  for_each_run(storage, query, [&](const JobRun& run) {
    // The epoch is of the storage's clock, the first instant was named by a node, by its idea of
    // that clock.
    if (run.attempt == 1 && run.due_at > job.epoch_at) expand(run, schedule, answers);
  });
  const std::size_t found_count = answers.size();
  for (auto due = schedule.next_after(job.epoch_at); due; due = schedule.next_after(*due)) {
    if (job.next_run_at && *due >= *job.next_run_at) break;
    const auto found = answers.find(*due);
    const std::size_t count = found == answers.end() ? 0 : found->second;
    if (count != 1) {
      print_fault("job " + job.name + ": " + format_iso8601(*due) + " has " +
                  std::to_string(count) + " answers");
    }
    if (found != answers.end()) answers.erase(found);
  }
  for (const auto& [due, count] : answers) {
    print_fault("job " + job.name + ": " + format_iso8601(due) + " is no instant of it");
  }
  return found_count;
}

void dump(StorageHandle& storage) {
  for_each_run(storage, {}, print_run);
  std::size_t instant_count = 0;
  for (const auto& job : storage.summaries()) {
    print_job(job);
    instant_count += enumerate(storage, job);
  }
  const LedgerReport report = LedgerAudit<StorageHandle>{storage}.run();
  for (const auto& fault : report.faults) print_fault(describe(fault));
  for (const auto& unread : report.unread) print_fault(unread);
  std::cout << Json{{"what", "ledger"},
                    {"jobs", report.job_count},
                    {"instants", instant_count},
                    {"audited", report.instant_count}}
            << "\n";
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() != 2) throw std::runtime_error{"expected: open|dump SPEC"};
  const AnyStorage storage = open_storage(arguments[1]);
  if (arguments[0] == "open") {
    std::cout << open_count(*storage) << "\n";
  } else {
    dump(*storage);
  }
  return 0;
}

}  // namespace

}  // namespace punctual::tests

int main(int argc, char* argv[]) {
  try {
    return punctual::tests::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "cluster_audit: " << error.what() << "\n";
    return 1;
  }
}
