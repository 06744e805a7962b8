// SPDX-License-Identifier: MIT
//
// WordList: items in one sentence.

#include "punctual/schedule/word_list.hpp"

#include "support/catch.hpp"

namespace word_list_test {

using punctual::detail::WordList;

TEST_CASE("WordList puts a word before the last of its items") {
  WordList list;
  CHECK(list.is_empty());
  CHECK(list.text().empty());
  list.add("a");
  CHECK_FALSE(list.is_empty());
  CHECK(list.text() == "a");
  list.add("b");
  CHECK(list.text() == "a and b");
  list.add("c");
  CHECK(list.text() == "a, b and c");
}

TEST_CASE("WordList takes another word when it is given one") {
  WordList list{" or "};
  list.add("a");
  list.add("b");
  CHECK(list.text() == "a or b");
}

}  // namespace word_list_test
