// SPDX-License-Identifier: MIT
//
// KnownJobs: lets a statement ask whether the caller knows a job: `knows_job(name)`.
//
// A node may know thousands of jobs. Handing their names to SQLite with each question would cost
// more than the question; here SQLite asks back, about the few names that it comes across.
//
// Thread-safety: as the Connection.

#pragma once

#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "punctual/domain/ledger.hpp"

namespace punctual::sqlite::detail {

/// The SQL function. Its user data is a pointer to the pointer to the names, which may be null.
inline void knows_job(sqlite3_context* context, int, sqlite3_value** arguments) noexcept {
  const auto* known = *static_cast<const JobNames* const*>(sqlite3_user_data(context));
  const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(arguments[0]));
  if (known == nullptr || text == nullptr) return sqlite3_result_int(context, 0);
  const std::string_view name{text, static_cast<std::size_t>(sqlite3_value_bytes(arguments[0]))};
  sqlite3_result_int(context, std::binary_search(known->begin(), known->end(), name) ? 1 : 0);
}

/// While it lives, `knows_job` on the connection answers by `jobs`, which it borrows.
class KnownJobs {
 public:
  template <class ConnectionT>
  KnownJobs(ConnectionT& connection, const JobNames& jobs) : slot_(connection.known_jobs()) {
    slot_ = &jobs;
  }
  ~KnownJobs() { slot_ = nullptr; }

  KnownJobs(const KnownJobs&) = delete;
  KnownJobs& operator=(const KnownJobs&) = delete;

 private:
  const JobNames*& slot_;
};

}  // namespace punctual::sqlite::detail
