// SPDX-License-Identifier: MIT
//
// find_cycle: whether things that wait for one another wait for themselves.
//
// Thread-safety: a pure function.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace punctual::detail {

/// Returns a cycle as "a -> b -> a", each one waiting for the next; empty if there is none.
///
/// `prerequisites` maps each name to those it waits for; names that are no keys wait for nothing.
///
/// Complexity: linear in the edges, for any depth: no recursion.
template <class NameT>
[[nodiscard]] NameT find_cycle(const std::map<NameT, std::vector<NameT>>& prerequisites) {
  enum class Mark : std::uint8_t { open, done };
  std::map<NameT, Mark> marks;
  for (const auto& [start, unused] : prerequisites) {
    if (marks.contains(start)) continue;
    std::vector<std::pair<NameT, std::size_t>> path{
        {start, 0}};  // and how many edges were followed
    marks[start] = Mark::open;
    while (!path.empty()) {
      auto& [name, followed] = path.back();
      const auto edges = prerequisites.find(name);
      if (edges == prerequisites.end() || followed == edges->second.size()) {
        marks[name] = Mark::done;
        path.pop_back();
        continue;
      }
      const NameT next = edges->second[followed++];
      const auto mark = marks.find(next);
      if (mark == marks.end()) {
        marks[next] = Mark::open;
        path.emplace_back(next, 0);
      } else if (mark->second == Mark::open) {
        NameT cycle;
        bool is_in_it = false;
        for (const auto& [step, count] : path) {
          is_in_it = is_in_it || step == next;
          if (is_in_it) cycle += step + " -> ";
        }
        return cycle + next;
      }
    }
  }
  return {};
}

}  // namespace punctual::detail
