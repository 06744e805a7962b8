// SPDX-License-Identifier: MIT
//
// punctual: background jobs for C++20 services. The contents of the house, floor by floor.
//
// Storages beyond memory, time zones and the HTTP facade are adapters with headers of their own.

#pragma once

#include "punctual/fwd.hpp"      // names, and the scheduler's default parts
#include "punctual/version.hpp"  // PUNCTUAL_VERSION_*

// base: time, errors, ids, text
#include "punctual/base/error.hpp"
#include "punctual/base/iso8601.hpp"
#include "punctual/base/json.hpp"
#include "punctual/base/time.hpp"
#include "punctual/base/uuid.hpp"

// schedule: when a job is due
#include "punctual/schedule/backoff.hpp"
#include "punctual/schedule/named_times.hpp"
#include "punctual/schedule/schedule.hpp"

// domain: jobs, runs, results
#include "punctual/domain/job_config.hpp"
#include "punctual/domain/job_outcome.hpp"
#include "punctual/domain/job_result.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/job_summary.hpp"
#include "punctual/domain/message_code.hpp"
#include "punctual/domain/redaction.hpp"
#include "punctual/domain/run_query.hpp"

// policy: what a clock, an executor, a storage, a job, an observer has to be
#include "punctual/policy/clock.hpp"
#include "punctual/policy/executor.hpp"
#include "punctual/policy/job.hpp"
#include "punctual/policy/job_context.hpp"
#include "punctual/policy/observer.hpp"
#include "punctual/policy/payload.hpp"
#include "punctual/policy/storage.hpp"

// core: the scheduler
#include "punctual/core/call_options.hpp"
#include "punctual/core/event.hpp"
#include "punctual/core/explanation.hpp"
#include "punctual/core/options.hpp"
#include "punctual/core/scheduler.hpp"

// builtin: parts to make it of
#include "punctual/builtin/fake_clock.hpp"
#include "punctual/builtin/in_memory_storage.hpp"
#include "punctual/builtin/inline_executor.hpp"
#include "punctual/builtin/manual_executor.hpp"
#include "punctual/builtin/system_clock.hpp"
#include "punctual/builtin/thread_pool_executor.hpp"
