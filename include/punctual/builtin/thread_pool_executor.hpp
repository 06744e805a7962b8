// SPDX-License-Identifier: MIT
//
// ThreadPoolExecutor: a fixed number of threads that run work as it comes.
//
// A thread that a body never gives back can be made up for by another one, so that a hung job costs
// a thread but not the pool's capacity; the hung thread ends when, if ever, its body returns. The
// pool may be destroyed from one of its own threads, or while a body hangs: such threads are left
// to themselves, and what they still touch is theirs to keep.
//
// Thread-safety: all members, from any thread.

#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/late.hpp"
#include "punctual/policy/executor.hpp"

namespace punctual {

struct ThreadPoolOptions {
  /// 1 to 1,024; 0: one for each processor, at least 2.
  std::size_t thread_count = 0;
  /// Work taken beyond the threads, so that a thread that ends one piece finds the next at once.
  /// 0 keeps waiting runs in the storage, where every node can take them; worth raising only for
  /// many very short jobs.
  std::size_t queue_max = 0;
  /// Threads made up for at most, while their bodies hang; beyond it the capacity shrinks.
  std::size_t stuck_max = 64;
};

/// `OptionsT` is ThreadPoolOptions; as a template, it costs those who only include it little.
template <class OptionsT>
class BasicThreadPoolExecutor {
 public:
  BasicThreadPoolExecutor() : BasicThreadPoolExecutor(OptionsT{}) {}

  /// Errors: INVALID_CONFIG -> more than 1,024 threads.
  explicit BasicThreadPoolExecutor(OptionsT options) : shared_(std::make_shared<Shared>()) {
    if (options.thread_count > 1024) {
      throw Error{"INVALID_CONFIG", "ThreadPoolOptions.thread_count must be 0 to 1024, got " +
                                        std::to_string(options.thread_count)};
    }
    const std::size_t processors = std::thread::hardware_concurrency();
    const std::size_t count =
        options.thread_count > 0 ? options.thread_count : std::max<std::size_t>(processors, 2);
    shared_->capacity = count + std::min(options.queue_max, SIZE_MAX - count);
    shared_->stuck_max = options.stuck_max;
    const std::lock_guard lock{shared_->mutex};
    for (std::size_t i = 0; i < count; ++i) add_thread();
  }

  explicit BasicThreadPoolExecutor(std::size_t thread_count)
      : BasicThreadPoolExecutor(OptionsT{.thread_count = thread_count}) {}

  BasicThreadPoolExecutor(const BasicThreadPoolExecutor&) = delete;
  BasicThreadPoolExecutor& operator=(const BasicThreadPoolExecutor&) = delete;
  BasicThreadPoolExecutor(BasicThreadPoolExecutor&&) noexcept = default;
  BasicThreadPoolExecutor& operator=(BasicThreadPoolExecutor&&) = delete;

  /// Lets the threads do what is waiting, and joins them, except those that hang.
  ~BasicThreadPoolExecutor() {
    if (!shared_) return;
    std::vector<Late<std::thread, OptionsT>> threads;
    {
      const std::lock_guard lock{shared_->mutex};
      shared_->stopping = true;
      threads.reserve(shared_->members.size());
      for (auto& [id, member] : shared_->members) {
        // From inside a piece of work: a thread cannot join itself.
        if (member.state == State::stuck || id == std::this_thread::get_id()) {
          member.thread.detach();
        } else {
          threads.push_back(std::move(member.thread));
        }
      }
    }
    shared_->work_came.notify_all();
    for (auto& thread : threads) thread.join();
  }

  [[nodiscard]] std::size_t room() const {
    const std::lock_guard lock{shared_->mutex};
    const std::size_t taken = shared_->busy_count + shared_->waiting.size();
    return taken >= shared_->capacity ? 0 : shared_->capacity - taken;
  }

  /// How many pieces of work no thread has begun.
  [[nodiscard]] std::size_t waiting_count() const {
    const std::lock_guard lock{shared_->mutex};
    return shared_->waiting.size();
  }

  void submit(Work work) {
    // Kept: the work may destroy the pool before this thread has come to the end of this call.
    const std::shared_ptr<Shared> shared = shared_;
    {
      const std::lock_guard lock{shared->mutex};
      shared->waiting.push_back(std::move(work));
    }
    shared->work_came.notify_one();
  }

  [[nodiscard]] bool help() noexcept { return false; }

  /// Starts a thread in the place of `stuck`; false if that is none of the pool's, if too many
  /// hang, or if the system has no thread to spare.
  ///
  /// A thread that has given back its work meanwhile needs nobody in its place: true.
  [[nodiscard]] bool replace(std::thread::id stuck) {
    const std::lock_guard lock{shared_->mutex};
    const auto found = shared_->members.find(stuck);
    if (found == shared_->members.end() || found->second.state == State::stuck) return false;
    if (found->second.state == State::idle) return true;
    if (shared_->stuck_count >= shared_->stuck_max) return false;
    try {
      add_thread();
    } catch (const std::system_error&) {  // the system has no thread to spare
      return false;
    }
    found->second.state = State::stuck;
    ++shared_->stuck_count;
    --shared_->busy_count;  // the stuck one counts no more
    return true;
  }

 private:
  enum class State { idle, busy, stuck };

  struct Member {
    std::thread thread{};
    State state = State::idle;
  };

  /// What the threads use; each holds a reference, so it outlives the pool where it must.
  struct Shared {
    std::mutex mutex;
    std::condition_variable work_came;
    std::deque<Late<Work, OptionsT>> waiting;
    std::map<std::thread::id, Late<Member, OptionsT>> members;
    std::size_t capacity = 0;
    std::size_t stuck_max = 0;
    std::size_t busy_count = 0;
    std::size_t stuck_count = 0;
    bool stopping = false;
  };

  /// Requires: the mutex is held.
  void add_thread() {
    std::thread thread{[shared = shared_] { serve(*shared); }};
    const auto id = thread.get_id();
    shared_->members.emplace(id, Member{.thread = std::move(thread)});
  }

  static void serve(Shared& shared) {
    std::unique_lock lock{shared.mutex};
    const auto self = shared.members.find(std::this_thread::get_id());
    while (true) {
      shared.work_came.wait(lock, [&] { return shared.stopping || !shared.waiting.empty(); });
      if (shared.waiting.empty()) return;
      Work work = std::move(shared.waiting.front());
      shared.waiting.pop_front();
      self->second.state = State::busy;
      ++shared.busy_count;
      lock.unlock();
      work();
      lock.lock();
      if (self->second.state == State::stuck) {
        // Another one has taken this thread's place; a pool that was destroyed has let go of it.
        --shared.stuck_count;
        if (self->second.thread.joinable()) self->second.thread.detach();
        shared.members.erase(self);
        lock.unlock();  // what the work owns is destroyed with no lock held
        return;
      }
      self->second.state = State::idle;
      --shared.busy_count;
      lock.unlock();
      work = nullptr;  // there is room for more by now, which its destruction may announce
      lock.lock();
    }
  }

  std::shared_ptr<Shared> shared_;
};

using ThreadPoolExecutor = BasicThreadPoolExecutor<ThreadPoolOptions>;

}  // namespace punctual
