// SPDX-License-Identifier: MIT
//
// Gate: threads wait at it until it is opened; then it stays open.
//
// Shared by value, so that it outlives whichever thread comes last.

#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

namespace punctual::tests {

class Gate {
 public:
  Gate() : shared_(std::make_shared<Shared>()) {}

  void open() const {
    const std::lock_guard lock{shared_->mutex};
    shared_->is_open = true;
    shared_->opened.notify_all();
  }

  void wait() const {
    std::unique_lock lock{shared_->mutex};
    shared_->opened.wait(lock, [&] { return shared_->is_open; });
  }

  [[nodiscard]] bool is_open() const {
    const std::lock_guard lock{shared_->mutex};
    return shared_->is_open;
  }

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable opened;
    bool is_open = false;
  };

  std::shared_ptr<Shared> shared_;
};

}  // namespace punctual::tests
