// SPDX-License-Identifier: MIT
//
// Forward declarations, and the parts a `punctual::Scheduler` is made of when none are named.

#pragma once

namespace punctual {

class SystemClock;
class FakeClock;
class InlineExecutor;
struct ThreadPoolOptions;

class Error;
class JobContext;
class Schedule;
struct JobConfig;
struct JobOutcome;
struct JobResult;
struct JobRun;

template <class OptionsT>
class BasicThreadPoolExecutor;
using ThreadPoolExecutor = BasicThreadPoolExecutor<ThreadPoolOptions>;

template <class RunT>
class BasicInMemoryStorage;
using InMemoryStorage = BasicInMemoryStorage<JobRun>;

template <class ClockT = SystemClock, class StorageT = InMemoryStorage,
          class ExecutorT = ThreadPoolExecutor>
class Scheduler;

}  // namespace punctual
