// SPDX-License-Identifier: MIT
//
// ZoneRules: how far a zone's clocks are from UTC, as a sequence of spans of one offset each.
//
// What a schedule needs to know of a zone, and no more. Spans are numbered from 0 in the order of
// time, and cover all of it without a gap.
//
// Thread-safety: implementations are immutable; share them freely.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace punctual {

/// A stretch of time, [begin, end) in seconds since 1970-01-01T00:00:00Z, in which clocks are
/// `offset` s ahead of UTC; with the offsets of its neighbours.
struct ZoneSpan {
  static constexpr std::int64_t always_from = -(std::int64_t{1} << 50);
  static constexpr std::int64_t always_until = std::int64_t{1} << 50;

  std::int64_t begin = always_from;  ///< `always_from` for the first span alone
  std::int64_t end = always_until;   ///< `always_until` for the last span alone
  std::int64_t offset = 0;
  std::int64_t offset_before = 0;  ///< equals `offset` if there is no span before
  std::int64_t offset_after = 0;
};

class ZoneRules {
 public:
  virtual ~ZoneRules() = default;

  /// A name of the IANA database, or an offset such as `+05:30`.
  [[nodiscard]] virtual const std::string& name() const noexcept = 0;

  /// The release of the database that the rules are from, e.g. `2025b`; empty if there is none.
  [[nodiscard]] virtual const std::string& version() const noexcept = 0;

  /// Returns the number of the span that holds `instant`, in seconds since 1970.
  [[nodiscard]] virtual std::size_t span_at(std::int64_t instant) const noexcept = 0;

  /// Requires: `number` is that of a span.
  [[nodiscard]] virtual ZoneSpan span(std::size_t number) const noexcept = 0;

 protected:
  ZoneRules() = default;
  ZoneRules(const ZoneRules&) = default;
  ZoneRules& operator=(const ZoneRules&) = default;
};

}  // namespace punctual
