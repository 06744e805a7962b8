// SPDX-License-Identifier: MIT
//
// What is asked of the facade: each of its routes, lists of runs by each filter and by several at
// once, also by what hardly a row or none has, and pages from deep in the history.

#pragma once

#include <punctual/http/run_cursor.hpp>
#include <punctual/punctual.hpp>

#include <cstddef>
#include <string>
#include <vector>

#include "endpoints.hpp"
#include "history.hpp"

namespace benchmarks {

inline std::string at(const Calendar& calendar, double days) {
  const auto after = punctual::Duration{static_cast<punctual::Duration::rep>(days * 86'400'000)};
  return punctual::format_iso8601(calendar.begin + after);
}

/// Returns the cursor of a page that begins `days` after the history's beginning.
inline std::string cursor_at(const Calendar& calendar, double days, const std::string& filters) {
  const auto after = punctual::Duration{static_cast<punctual::Duration::rep>(days * 86'400'000)};
  punctual::UuidGenerator ids{punctual::Random{1}};
  return punctual::http::RunCursor{cursor_key}.make(ids.next(calendar.begin + after), filters);
}

/// Returns ids of runs that a list shows, over several pages.
inline std::vector<std::string> ids_of(Client& client, const std::string& filters,
                                       std::size_t count) {
  std::vector<std::string> ids;
  std::string cursor;
  while (ids.size() < count) {
    const auto page = nlohmann::json::parse(client
                                                .get("/admin/jobs/runs?limit=200" + filters +
                                                     (cursor.empty() ? "" : "&cursor=") + cursor)
                                                .body);
    for (const auto& run : page.at("data")) ids.push_back(run.at("id"));
    if (page.at("nextCursor").is_null()) break;
    cursor = page.at("nextCursor");
  }
  require(!ids.empty(), "no run fits");
  return ids;
}

inline void measure_reads(EndpointReport& report, const Calendar& calendar) {
  for (const char* target : {"me", "status", "health", "platform-validation"}) report.get(target);
  report.get("", "/admin/jobs");
  report.get("/healthz", "");
  const auto ids = ids_of(report.client(), "&trigger=schedule", 1000);
  report.measure("GET runs/:id", [&](Client& client, std::size_t i) {
    return client.get("/admin/jobs/runs/" + ids[i * 7 % ids.size()]);
  });
  report.measure("GET by-name/:jobName", [](Client& client, std::size_t i) {
    return client.get("/admin/jobs/by-name/" + job_name_of(i % job_count));
  });
  report.get("by-name/" + std::string{rare_job});
  report.measure("GET by-name/:jobName/explain", [&](Client& client, std::size_t i) {
    const std::size_t job = i % job_count;
    const auto step = calendar.step * static_cast<punctual::Duration::rep>(job_count);
    const auto instant = calendar.instant(job) +
                         step * static_cast<punctual::Duration::rep>(i * (year / step) / 200);
    return client.get("/admin/jobs/by-name/" + job_name_of(job) +
                      "/explain?at=" + punctual::format_iso8601(instant));
  });
}

/// Lists by one filter, or none.
inline std::vector<std::string> plain_lists(const Calendar& calendar) {
  return {
      "",
      "limit=200",
      "jobName=job-07",
      "jobName=" + std::string{rare_job},
      "jobName=no-such-job",
      "status=pending",
      "status=running",
      "status=success",
      "status=failed",
      "status=skipped",
      "trigger=schedule",
      "trigger=manual",
      "trigger=retry",
      "trigger=backfill",
      "trigger=startup",
      "messageCode=JOB_COMPLETED",
      "messageCode=JOB_TIMEOUT",
      "messageCode=" + std::string{rare_code},
      "messageCode=NO_SUCH_CODE",
      "createdFrom=" + at(calendar, 364),
      "createdBefore=" + at(calendar, 180),
      "createdFrom=" + at(calendar, 180) + "&createdBefore=" + at(calendar, 181),
      "createdFrom=" + at(calendar, 180) + "&createdBefore=" + at(calendar, 180.001),
      "createdBefore=" + at(calendar, -10),
      "createdFrom=" + at(calendar, 400),
      "dueFrom=" + at(calendar, 364),
      "dueBefore=" + at(calendar, 180),
      "dueFrom=" + at(calendar, 180) + "&dueBefore=" + at(calendar, 181),
      "dueBefore=" + at(calendar, -10),
      "dueFrom=" + at(calendar, 400),
      "workflowId=01890000-0000-7000-8000-000000000000",
      "dead=true",
  };
}

/// Lists by several filters.
inline std::vector<std::string> mixed_lists(const Calendar& calendar) {
  const std::string day =
      "createdFrom=" + at(calendar, 180) + "&createdBefore=" + at(calendar, 181);
  const std::string due_day = "dueFrom=" + at(calendar, 180) + "&dueBefore=" + at(calendar, 181);
  return {
      "jobName=job-07&status=failed",
      "jobName=job-07&status=pending",
      "jobName=job-07&status=running",
      "jobName=job-07&trigger=backfill",
      "jobName=job-07&messageCode=NO_SUCH_CODE",
      "jobName=job-07&dead=true",
      "jobName=job-07&" + day,
      "jobName=job-07&" + due_day,
      "status=failed&trigger=manual",
      "status=failed&messageCode=JOB_TIMEOUT",
      "status=failed&messageCode=NO_SUCH_CODE",
      "status=success&messageCode=" + std::string{rare_code},
      "status=success&trigger=backfill",
      "status=skipped&trigger=manual",
      "status=success&" + day,
      "status=failed&" + day,
      "status=failed&" + due_day,
      "trigger=backfill&messageCode=JOB_TIMEOUT",
      "trigger=manual&messageCode=" + std::string{rare_code},
      "trigger=manual&" + day,
      "messageCode=NO_SUCH_CODE&" + day,
      "dead=true&messageCode=NO_SUCH_CODE",
      "dead=true&createdBefore=" + at(calendar, 30),
      "dead=true&trigger=backfill",
  };
}

inline void measure_lists(EndpointReport& report, const Calendar& calendar) {
  for (const auto& filters : plain_lists(calendar)) report.get("runs?" + filters);
  for (const auto& filters : mixed_lists(calendar)) report.get("runs?" + filters);
}

/// Pages from the middle and the far end of the history.
inline void measure_deep_pages(EndpointReport& report, const Calendar& calendar) {
  struct Filter {
    std::string query{};
    std::string bound{};  ///< as a cursor is bound to it
  };
  for (const Filter& filter :
       {Filter{}, Filter{"&jobName=job-07", "jobName=job-07\n"},
        Filter{"&status=failed", "status=failed\n"}, Filter{"&status=success", "status=success\n"},
        Filter{"&trigger=manual", "trigger=manual\n"}, Filter{"&dead=true", "dead=true\n"}}) {
    report.measure("GET runs?limit=200" + filter.query + "&cursor=…",
                   [&](Client& client, std::size_t i) {
                     const double days = 350 - 340.0 * static_cast<double>(i) / 200;
                     return client.get("/admin/jobs/runs?limit=200" + filter.query +
                                       "&cursor=" + cursor_at(calendar, days, filter.bound));
                   });
  }
}

/// Requests that change something. They come last: they leave rows behind.
inline void measure_changes(EndpointReport& report) {
  const auto post = [&](const std::string& name, auto target_of, const std::string& headers = {}) {
    report.measure("POST " + name, [&](Client& client, std::size_t i) {
      const std::string key =
          headers.empty() ? ""
                          : headers + (headers.back() == '=' ? std::to_string(i) + "\r\n" : "");
      return client.post("/admin/jobs/" + target_of(i), R"({"reason":"measured"})", key);
    });
  };
  const auto job_of = [](std::size_t i) { return job_name_of(i % job_count); };
  post(":jobName/pause", [&](std::size_t i) { return job_of(i) + "/pause"; });
  post(":jobName/resume", [&](std::size_t i) { return job_of(i) + "/resume"; });
  const auto trigger = [&](std::size_t i) { return "trigger/" + job_of(i); };
  post("trigger/:jobName, Prefer: wait=0", trigger, "Prefer: wait=0\r\n");
  post("trigger/:jobName, with Idempotency-Key", trigger,
       "Prefer: wait=0\r\nIdempotency-Key: measured=");
  const auto pending = ids_of(report.client(), "&status=pending", 200);
  post("runs/:id/cancel",
       [&](std::size_t i) { return "runs/" + pending[i % pending.size()] + "/cancel"; });
  const auto dead = ids_of(report.client(), "&dead=true", 200);
  post("runs/:id/retry", [&](std::size_t i) { return "runs/" + dead[i] + "/retry"; });
}

}  // namespace benchmarks
