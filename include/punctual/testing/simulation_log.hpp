// SPDX-License-Identifier: MIT
//
// SimulationLog: what happened in a simulation, in order, and a hash of it. Two simulations with
// the same hash went the same way.
//
// Thread-safety: none; a simulation has one thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

#include "punctual/base/iso8601.hpp"
#include "punctual/base/time.hpp"

namespace punctual::testing {

class SimulationLog {
 public:
  /// Borrows the true time, and the stream that each line is written to; null: only hashed.
  explicit SimulationLog(const TimePoint& true_now, std::ostream* out = nullptr)
      : true_now_(&true_now),
        out_(out) {}

  /// Notes that `node` did something; `node` is below 0 where it was none.
  void add(int node, std::string_view what, std::string_view about = {}, std::int64_t number = 0) {
    ++count_;
    mix(static_cast<std::uint64_t>(true_now_->time_since_epoch().count()));
    mix(static_cast<std::uint64_t>(node) + (static_cast<std::uint64_t>(number) << 8U));
    mix_text(what);
    mix_text(about);
    if (out_ == nullptr) return;
    *out_ << format_iso8601(*true_now_) << "  ";
    if (node >= 0) *out_ << 'n' << node << "  ";
    *out_ << what;
    if (!about.empty()) *out_ << ' ' << about;
    if (number != 0) *out_ << ' ' << number;
    *out_ << '\n';
  }

  [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

 private:
  /// FNV-1a, eight bytes at a time.
  void mix(std::uint64_t value) noexcept { hash_ = (hash_ ^ value) * 0x100000001B3U; }
  void mix_text(std::string_view text) noexcept {
    for (const char c : text) mix(static_cast<unsigned char>(c));
    mix(text.size());
  }

  const TimePoint* true_now_;
  std::ostream* out_;
  std::uint64_t hash_ = 0xCBF29CE484222325U;
  std::size_t count_ = 0;
};

}  // namespace punctual::testing
