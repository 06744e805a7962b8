// SPDX-License-Identifier: MIT
//
// The orders in which InMemoryStorage's rows stand in its indexes, each as the key that it goes by.
//
// An index is a set of pointers to rows. Keys are instants, numbers and ids, never addresses, so
// that a simulation repeats itself. A row stands still in an index while its key would change.
//
// Thread-safety: types alone.

#pragma once

#include <cstdint>
#include <set>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"

namespace punctual::detail {

/// Compares rows, pointers to rows, and keys of `Order`, each with each.
template <class Row, class Order>
struct MemoryLess {
  using is_transparent = void;  // NOLINT(readability-identifier-naming): the standard's name

  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    return key(a) < key(b);
  }

 private:
  template <class T>
  static decltype(auto) key(const T& value) {
    if constexpr (std::is_pointer_v<T>) {
      return Order::key(*value);
    } else if constexpr (std::is_same_v<T, Row>) {
      return Order::key(value);
    } else {
      return (value);
    }
  }
};

/// The rows themselves. A set, because each row has its key already.
template <class Row, class Order>
using MemoryRows = std::set<Row, MemoryLess<Row, Order>>;

template <class Row, class Order>
using MemoryIndex = std::set<Row*, MemoryLess<Row, Order>>;

/// Returns the row at a place among the rows: all of it but its key may be changed.
template <class Place>
[[nodiscard]] auto& row_at(Place place) {
  using Row = std::remove_const_t<std::remove_reference_t<decltype(*place)>>;
  // A set shows its rows const for the sake of their order, which their keys alone decide.
  return const_cast<Row&>(*place);  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

struct ByName {
  static std::string_view key(const auto& job) { return job.name; }
};

struct ById {
  static auto key(const auto& run) { return run.id; }
};

struct ByJobAndId {
  static auto key(const auto& run) { return std::tuple{run.job_number, run.id}; }
};

struct ByDueInstant {
  static auto key(const auto& run) { return *run.due_at; }
};

struct ByRunAt {
  static auto key(const auto& run) { return std::tuple{run.run_at, run.id}; }
};

/// Of each job first the runs that are not exclusive, then the exclusive ones, each by run_at.
struct ByJobAndRunAt {
  static auto key(const auto& run) {
    return std::tuple{run.job_number, run.exclusive, run.run_at, run.id};
  }
};

struct ByClaimOrder {
  static auto key(const auto& run) {
    return std::tuple{claim_order(run.run_at, run.priority), run.id};
  }
};

/// The runs of a job that the same limits hold back stand together, in a lane: if the first cannot
/// start, none can. Runs without a limit share one whatever their keys.
struct ByLane {
  static auto lane(const auto& run) {
    const std::uint32_t max = run.limit->max;
    const std::string_view limit_key = max == 0 ? std::string_view{} : run.limit->key;
    return std::tuple{run.job_number, run.exclusive, max, limit_key};
  }
  static auto key(const auto& run) { return std::tuple_cat(lane(run), ByClaimOrder::key(run)); }
};

struct ByLeaseEnd {
  static auto key(const auto& run) { return std::tuple{*run.course->lease_until_at, run.id}; }
};

struct ByEnd {
  static auto key(const auto& run) { return std::tuple{*run.course->completed_at, run.id}; }
};

/// Of jobs: by what is armed, then by name.
struct ByArmedInstant {
  static auto key(const auto& job) {
    return std::tuple{*job.next_due_at, std::string_view{job.name}};
  }
};

/// Of jobs: first those that are not paused, by their first pending run, then by name.
struct ByFirstPending {
  static auto key(const auto& job) {
    return std::tuple{job.paused, *job.first_pending_at, std::string_view{job.name}};
  }
};

}  // namespace punctual::detail
