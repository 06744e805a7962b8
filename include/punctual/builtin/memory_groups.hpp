// SPDX-License-Identifier: MIT
//
// MemoryGroups: what belongs to what in InMemoryStorage, e.g. the runs of each workflow. A group
// is there while it has members.
//
// Thread-safety: none; InMemoryStorage guards it.

#pragma once

#include <cstddef>
#include <map>
#include <set>

namespace punctual::detail {

template <class Key>
class MemoryGroups {
 public:
  void add(const Key& group, const Key& member) { groups_[group].insert(member); }

  void remove(const Key& group, const Key& member) {
    const auto found = groups_.find(group);
    if (found == groups_.end()) return;
    found->second.erase(member);
    if (found->second.empty()) groups_.erase(found);
  }

  [[nodiscard]] const std::set<Key>& members_of(const Key& group) const {
    static const std::set<Key> none;
    const auto found = groups_.find(group);
    return found == groups_.end() ? none : found->second;
  }

  [[nodiscard]] std::size_t size() const noexcept { return groups_.size(); }

 private:
  std::map<Key, std::set<Key>> groups_;
};

}  // namespace punctual::detail
