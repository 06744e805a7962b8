// SPDX-License-Identifier: MIT
//
// Executor: where bodies run.
//
// The scheduler asks how much room there is before it claims, so work waits in the storage, where
// any node can take it and where it survives, and never in a queue of this process.

#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <thread>
#include <type_traits>

namespace punctual {

/// A piece of work. It throws nothing and may be run on any thread, once.
using Work = std::function<void()>;

/// Semantics:
/// - `room()` returns how many more pieces of work it would take now.
/// - `submit(work)` takes one, also beyond `room()`, and runs it exactly once, now or later. The
///   work is destroyed when `room()` counts it no more: that is what tells the scheduler to look
///   for the next run.
/// - `waiting_count()`, if there is one, returns how much of it has not been begun. Where there is,
///   and the scheduler's loop runs, a thread that comes back from a body may itself submit the
///   next.
/// - `help()` runs one waiting piece of work on the calling thread if that is the way this executor
///   makes progress; returns whether it did. Called by threads that wait for a result.
/// - `replace(thread)` makes up for a thread that a body holds and does not give back; returns
///   whether the capacity was restored. Called at most once per stuck body.
/// - All may be called from several threads at once; `submit` also from inside a piece of work.
template <class T>
concept Executor = requires(std::remove_reference_t<T>& executor, Work work,
                            std::thread::id stuck) {
  { executor.room() } -> std::same_as<std::size_t>;
  executor.submit(std::move(work));
  { executor.help() } -> std::same_as<bool>;
  { executor.replace(stuck) } -> std::same_as<bool>;
};

}  // namespace punctual
