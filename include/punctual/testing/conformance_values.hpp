// SPDX-License-Identifier: MIT
//
// Checks that values come back exactly as they went in: texts in any script, JSON of any shape,
// instants to the millisecond from the year 1 to 9999, numbers up to their ends.

#pragma once

#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/domain/limits.hpp"
#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/row_difference.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

/// Texts that careless quoting, escaping or collation changes; all within the limits of a key.
inline constexpr std::string_view odd_texts[] = {
    "plain",
    " spaces at both ends ",
    "it's \"quoted\" \\ and; -- commented",
    "100% %s %1$s $1 {0} ?",
    "two\nlines\tand a tab",
    "\xC3\xBC\xC3\xB1\xC3\xAE \xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D \xE4\xBD\xA0\xE5\xA5\xBD",
    "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x9A\x80 e\xCC\x81 \xEF\xBB\xBF",
    "null",
    "0",
};

/// Instants at which counting in too few bits, or in other units than milliseconds, goes wrong.
inline constexpr TimePoint odd_instants[] = {
    time_min,
    TimePoint{Duration{-1}},  // 1969-12-31T23:59:59.999
    TimePoint{Duration{0}},
    TimePoint{Duration{1'704'067'200'001}},  // 2024-01-01T00:00:00.001
    TimePoint{Duration{2'147'483'648'001}},  // 2038-01-19T03:14:08.001
    TimePoint{Duration{4'107'542'399'999}},  // 2100-02-28T23:59:59.999
    time_max,
};

/// JSON values that a detour over text or another type system changes.
inline std::vector<Json> odd_jsons() {
  std::vector<Json> values{nullptr, false, 0, "", Json::array(), Json::object(), "null"};
  values.push_back({{"", {{"nested", {1, {2, {3, nullptr}}}}}}});
  values.push_back({std::numeric_limits<std::int64_t>::min(),
                    std::numeric_limits<std::uint64_t>::max(), 0.1, 1.0, 1e300, -2.5e-10});
  values.push_back({{"b", 1}, {"a", 2}, {"B", 3}, {"aa", 4}});
  values.push_back({{"zero", std::string("a\0b", 3)}, {"quote", "\"'\\/\b\f\n\r\t"}});
  for (const auto text : odd_texts) values.push_back({{std::string{text}, std::string{text}}});
  return values;
}

/// Stores `row`; expects it back the same from `run`, `runs` and a claim.
inline void expect_round_trip(StorageTrial& trial, const NewRun& row, std::string_view what) {
  trial.enqueue(row);
  const JobRun by_id = trial.stored(row.id);
  trial.expect_same(what, difference(to_run(row, by_id.created_at), by_id));
  const auto listed = trial.storage().runs({.job_name = row.job_name, .limit = 1});
  trial.require_equal("number of listed runs", 1U, listed.size());
  trial.expect_same(std::string{what} + ", listed", difference(by_id, listed.front()));
  if (row.run_at > trial.now()) return;
  const auto claimed = trial.claim_only(row.id, row.job_name);
  trial.require(claimed.has_value(), "the run to be claimed");
  trial.expect_same(std::string{what} + ", claimed", difference(trial.stored(row.id), *claimed));
  trial.finish(*claimed);
}

}  // namespace detail

inline constexpr StorageCheck value_checks[] = {
    {"enqueue keeps texts exactly when they are in any script or none",
     [](StorageTrial& trial) {
       for (const auto text : detail::odd_texts) {
         NewRun row = trial.row("alpha");
         row.actor = text;
         row.reason = text;
         row.unique_key = text;
         row.concurrency_key = text;
         row.concurrency_max = 3;
         detail::expect_round_trip(trial, row, "row with " + to_text(text));
       }
     }},

    {"enqueue keeps texts empty when they are empty",
     [](StorageTrial& trial) {
       NewRun row = trial.skipped_row("alpha", "");
       trial.enqueue(row);
       const JobRun run = trial.stored(row.id);
       JobRun wanted = to_run(row, run.created_at);
       wanted.completed_at = run.completed_at;
       trial.expect_same("row", difference(wanted, run));
     }},

    {"enqueue keeps a payload exactly when it is any JSON value",
     [](StorageTrial& trial) {
       for (const auto& value : detail::odd_jsons()) {
         NewRun row = trial.row("alpha");
         row.payload = value;
         detail::expect_round_trip(trial, row, "row with the payload " + to_text(value));
       }
     }},

    {"enqueue keeps a payload exactly when it is as large as allowed",
     [](StorageTrial& trial) {
       Json payload{{"items", Json::array()}, {"text", ""}};
       for (int i = 0; i < 4000; ++i) payload["items"].push_back(i);
       payload["text"] = std::string(payload_bytes_max - payload.dump().size(), 'x');
       trial.require_equal("bytes of the payload", payload_bytes_max, payload.dump().size());
       NewRun row = trial.row("alpha");
       row.payload = payload;
       detail::expect_round_trip(trial, row, "row");
     }},

    {"enqueue keeps the details of a skipped row exactly when they are any JSON value",
     [](StorageTrial& trial) {
       for (const auto& value : detail::odd_jsons()) {
         NewRun row = trial.skipped_row("alpha", "JOB_MISSED");
         row.details = value;
         trial.enqueue(row);
         trial.expect_equal("details", value, trial.stored(row.id).details);
       }
     }},

    {"enqueue keeps instants to the millisecond when they are anywhere from year 1 to 9999",
     [](StorageTrial& trial) {
       for (const auto instant : detail::odd_instants) {
         NewRun row = trial.row("alpha");
         row.run_at = instant;
         row.due_at = instant;
         detail::expect_round_trip(trial, row, "row of " + to_text(instant));
       }
     }},

    {"enqueue keeps numbers exactly when they are at the ends of their range",
     [](StorageTrial& trial) {
       for (const int priority : {-100, -1, 0, 100}) {
         NewRun row = trial.row("alpha");
         row.priority = priority;
         row.attempt = 1000;
         row.retry_of = trial.next_id();
         row.concurrency_key = "shared";
         row.concurrency_max = std::numeric_limits<std::uint32_t>::max();
         row.exclusive = true;
         detail::expect_round_trip(trial, row, "row of priority " + to_text(priority));
       }
     }},

    {"enqueue keeps what started a run when it is any of the triggers",
     [](StorageTrial& trial) {
       for (const auto trigger :
            {RunTrigger::schedule, RunTrigger::manual, RunTrigger::startup, RunTrigger::retry,
             RunTrigger::dependency, RunTrigger::backfill}) {
         NewRun row = trial.row("alpha");
         row.trigger = trigger;
         detail::expect_round_trip(trial, row, "row");
       }
     }},

    {"finish keeps texts, details and errors exactly when they are of any kind",
     [](StorageTrial& trial) {
       const auto values = detail::odd_jsons();
       for (const auto& value : values) {
         const auto text = detail::odd_texts[value.size() % std::size(detail::odd_texts)];
         Completion end = trial.completion(trial.start(trial.row("alpha")), JobStatus::failed);
         end.summary = text;
         end.details = value;
         end.error = RunError{std::string{text}, std::string(error_message_bytes_max, 'x')};
         end.duration = Duration{static_cast<std::int64_t>(value.size()) * 3'000'000'000};
         trial.storage().finish({end}, trial.now());
         const JobRun run = trial.stored(end.lease.run_id);
         trial.expect_equal("summary", end.summary, run.summary);
         trial.expect_equal("details", end.details, run.details);
         trial.expect_equal("error", end.error, run.error);
         trial.expect_equal("duration", end.duration, run.duration);
       }
     }},

    {"finish tells no error from an empty one when it stores them",
     [](StorageTrial& trial) {
       const JobRun without = trial.end(trial.row("alpha"), JobStatus::failed);
       trial.expect_equal("error", std::nullopt, without.error);
       Completion end = trial.completion(trial.start(trial.row("alpha")), JobStatus::failed);
       end.error = RunError{"E", ""};
       trial.storage().finish({end}, trial.now());
       trial.expect_equal("error", end.error, trial.stored(end.lease.run_id).error);
     }},

    {"renew keeps progress exactly when it is any number from 0 to 1",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(trial.row("alpha"));
       for (const double progress : {0.1 + 0.2, 1.0 / 3.0, 1.0, 0.0}) {
         for (const auto text : detail::odd_texts) {
           trial.storage().renew({{.lease = {run.id, run.fence},
                                   .progress = progress,
                                   .progress_note = std::string{text}}},
                                 trial.lease, trial.now());
           const JobRun stored = trial.stored(run.id);
           trial.expect_equal("progress", progress, stored.progress);
           trial.expect_equal("progress_note", text, stored.progress_note);
         }
       }
     }},

    {"sync_jobs keeps instants to the millisecond when they are anywhere from year 1 to 9999",
     [](StorageTrial& trial) {
       JobDefinition job = trial.definition("alpha");
       for (const auto instant : detail::odd_instants) {
         job.schedule = {{"kind", "once"}, {"at", to_text(instant)}};
         job.anchor_at = instant;
         job.next_due_at = instant;
         const ScheduleState state = trial.sync(job);
         trial.expect_equal("anchor_at", instant, state.anchor_at);
         trial.expect_equal("next_due_at", instant, state.next_due_at);
         trial.expect_same("state, loaded again", difference(state, trial.sync(job)));
       }
     }},

    {"sync_jobs keeps descriptions and schedules exactly when they are of any kind",
     [](StorageTrial& trial) {
       JobDefinition job = trial.definition("alpha");
       for (const auto text : detail::odd_texts) {
         job.description = text;
         job.schedule = {{"kind", "cron"}, {"expression", text}, {"timeZone", nullptr}};
         const ScheduleState state = trial.sync(job);
         trial.expect_same("state, loaded again", difference(state, trial.sync(job)));
         trial.expect_equal("description", text, trial.summary("alpha").description);
         trial.expect_equal("schedule", job.schedule, trial.summary("alpha").schedule);
       }
       job.schedule = nullptr;
       trial.sync(job);
       trial.expect_equal("no schedule", nullptr, trial.summary("alpha").schedule);
     }},

    {"set_paused keeps texts exactly when they are in any script or none",
     [](StorageTrial& trial) {
       const JobDefinition job = trial.definition("alpha");
       for (const auto text : detail::odd_texts) {
         const ScheduleState state = trial.sync(job);
         trial.storage().set_paused({.job_name = "alpha",
                                     .version = state.version,
                                     .actor = std::string{text},
                                     .reason = std::string{text}},
                                    trial.now());
         trial.expect_equal("paused_by", text, trial.summary("alpha").paused_by);
         trial.expect_equal("paused_reason", text, trial.summary("alpha").paused_reason);
       }
     }},
};

}  // namespace punctual::testing
