// SPDX-License-Identifier: MIT
//
// answer_each: one answer for every item of a batch, in the order of the items.
//
// Thread-safety: as that of what it is given.

#pragma once

#include <type_traits>
#include <vector>

namespace punctual {

/// Returns what `answer` says to each item of `items`.
template <class ItemT, class Answer>
[[nodiscard]] auto answer_each(const std::vector<ItemT>& items, Answer&& answer) {
  std::vector<std::invoke_result_t<Answer&, const ItemT&>> answers;
  answers.reserve(items.size());
  for (const auto& item : items) answers.push_back(answer(item));
  return answers;
}

}  // namespace punctual
