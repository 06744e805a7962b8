// SPDX-License-Identifier: MIT
//
// The queue half of redis::Storage: batches as the scripts take them, and their answers read.
//
// Thread-safety: as the Connections.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "punctual/domain/job_run.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/domain/ledger.hpp"
#include "punctual/redis/connections.hpp"
#include "punctual/redis/packed.hpp"
#include "punctual/redis/reply.hpp"
#include "punctual/redis/run_fields.hpp"
#include "punctual/redis/scripts.hpp"

namespace punctual::redis::detail {

[[nodiscard]] inline std::vector<EnqueueAnswer> enqueue(Connections& connections,
                                                        const std::vector<NewRun>& rows) {
  using Kind = EnqueueAnswer::Kind;
  std::vector<EnqueueAnswer> answers;
  if (rows.empty()) return answers;
  Arguments arguments;
  arguments.reserve(rows.size());
  for (const auto& row : rows) arguments.push_back(packed_run(row));
  const OwnedReply reply = connections.write(scripts().enqueue, arguments);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string_view kind = Reply{reply}[2 * i].view();
    answers.push_back({kind == "duplicate"    ? Kind::duplicate
                       : kind == "overlapped" ? Kind::overlapped
                                              : Kind::stored,
                       Reply{reply}[2 * i + 1].id()});
  }
  return answers;
}

[[nodiscard]] inline std::string packed_rooms(const std::vector<JobRoom>& rooms) {
  Packed packed;
  for (const auto& room : rooms) packed.add(room.job_name, std::uint64_t{room.room});
  return packed.take();
}

[[nodiscard]] inline std::string packed_rates(const std::vector<JobRate>* rates) {
  Packed packed;
  if (rates == nullptr) return packed.take();
  for (const auto& entry : *rates) {
    const RateLimit& limit = entry.rate.limit;
    if (limit.max == 0) continue;
    packed.add(entry.job_name).add(entry.rate.key);
    packed.add(number_text(limit.max)).add(number_text(limit.token_us()));
  }
  return packed.take();
}

[[nodiscard]] inline std::string packed_names(const JobNames* jobs) {
  return jobs == nullptr ? std::string{} : packed_list(*jobs);
}

[[nodiscard]] inline std::vector<JobRun> claim(Connections& connections,
                                               const ClaimRequest& request) {
  const OwnedReply reply = connections.write(
      scripts().claim,
      {request.node, number_text(request.lease.count()), number_text(request.limit),
       request.only ? request.only->to_string() : std::string{}, packed_names(request.jobs),
       packed_rooms(request.rooms), packed_rates(request.rates)});
  return read_runs(Reply{reply});
}

[[nodiscard]] inline Packed packed_lease(const LeaseRef& lease) {
  Packed packed;
  packed.add(lease.run_id.to_string()).add(number_text(lease.fence));
  return packed;
}

[[nodiscard]] inline std::vector<RenewAnswer> renew(Connections& connections,
                                                    const std::vector<Renewal>& renewals,
                                                    Duration lease) {
  std::vector<RenewAnswer> answers;
  if (renewals.empty()) return answers;
  Arguments arguments{number_text(lease.count())};
  for (const auto& renewal : renewals) {
    Packed packed = packed_lease(renewal.lease);
    if (renewal.progress) {
      packed.add("progress", *renewal.progress).add("progress_note", renewal.progress_note);
    }
    packed.add_json("log", renewal.log);
    arguments.push_back(packed.take());
  }
  const OwnedReply reply = connections.write(scripts().renew, arguments);
  for (std::size_t i = 0; i < renewals.size(); ++i) {
    const auto answer = Reply{reply}[i].number();
    answers.push_back(answer == 1   ? RenewAnswer::kept
                      : answer == 2 ? RenewAnswer::cancel_requested
                                    : RenewAnswer::lost);
  }
  return answers;
}

[[nodiscard]] inline std::string packed_completion(const Completion& completion) {
  Packed packed = packed_lease(completion.lease);
  packed.add(to_string(completion.status)).add(packed_runs(completion.follow_ups));
  packed.add("message_code", completion.message_code).add("summary", completion.summary);
  packed.add("duration", completion.duration);
  packed.add_json("details", completion.details).add_json("log", completion.log);
  if (completion.error) {
    packed.add("error_code", completion.error->code);
    packed.add("error_message", completion.error->message);
  }
  return packed.take();
}

/// Reads answers of 1 for what was done and 0 for what was lost.
[[nodiscard]] inline std::vector<FinishAnswer> read_finish_answers(const OwnedReply& reply,
                                                                   std::size_t count) {
  std::vector<FinishAnswer> answers;
  for (std::size_t i = 0; i < count; ++i) {
    answers.push_back(Reply{reply}[i].number() == 1 ? FinishAnswer::done : FinishAnswer::lost);
  }
  return answers;
}

[[nodiscard]] inline std::vector<FinishAnswer> finish(Connections& connections,
                                                      const std::vector<Completion>& completions) {
  if (completions.empty()) return {};
  Arguments arguments;
  arguments.reserve(completions.size());
  for (const auto& completion : completions) arguments.push_back(packed_completion(completion));
  return read_finish_answers(connections.write(scripts().finish, arguments), completions.size());
}

[[nodiscard]] inline std::vector<FinishAnswer> release(Connections& connections,
                                                       const std::vector<LeaseRef>& leases) {
  if (leases.empty()) return {};
  Arguments arguments;
  for (const auto& lease : leases) arguments.push_back(packed_lease(lease).take());
  return read_finish_answers(connections.write(scripts().release, arguments), leases.size());
}

[[nodiscard]] inline std::vector<JobRun> take_expired(Connections& connections,
                                                      const RescueRequest& request) {
  const OwnedReply reply = connections.write(
      scripts().take_expired,
      {number_text(request.lease.count()), number_text(request.limit), packed_names(request.jobs)});
  return read_runs(Reply{reply});
}

[[nodiscard]] inline CancelAnswer request_cancel(Connections& connections, RunId id,
                                                 const std::string& actor) {
  const OwnedReply reply = connections.write(scripts().request_cancel, {id.to_string(), actor});
  const std::string_view answer = Reply{reply}.view();
  if (answer == "cancelled") return CancelAnswer::cancelled;
  if (answer == "requested") return CancelAnswer::requested;
  return answer == "ended" ? CancelAnswer::ended : CancelAnswer::not_found;
}

[[nodiscard]] inline std::size_t expire_unknown(Connections& connections,
                                                const ExpiryRequest& request) {
  const OwnedReply reply = connections.write(
      scripts().expire_unknown,
      {number_text(request.age.count()), number_text(request.limit), packed_names(request.jobs)});
  return Reply{reply}.number<std::size_t>();
}

[[nodiscard]] inline WakeTimes next_wake(Connections& connections, const JobNames& jobs) {
  const OwnedReply reply = connections.read(scripts().next_wake, {packed_list(jobs)});
  WakeTimes wake;
  wake.due_at = Reply{reply}[0].optional_instant();
  wake.run_at = Reply{reply}[1].optional_instant();
  wake.expires_at = Reply{reply}[2].optional_instant();
  return wake;
}

}  // namespace punctual::redis::detail
