// SPDX-License-Identifier: MIT
//
// Late: the type itself, and not before the template is used.

#include "punctual/base/late.hpp"

#include <type_traits>

#include "support/catch.hpp"

namespace late_test {

namespace {

/// Cannot be completed.
template <class T>
struct Broken {
  static_assert(!std::is_same_v<T, int>, "this type is not to be completed");
};

template <class T>
struct Holder {
  static int size() { return static_cast<int>(sizeof(punctual::Late<Broken<int>, T>)); }
  static int zero() { return 0; }
};

}  // namespace

TEST_CASE("Late is the type that it is given, whatever the parameter") {
  STATIC_REQUIRE(std::is_same_v<punctual::Late<int, void>, int>);
  STATIC_REQUIRE(std::is_same_v<punctual::Late<const char*, int&>, const char*>);
}

TEST_CASE("Late completes nothing when the template that names it does not use it") {
  CHECK(Holder<char>::zero() == 0);
}

}  // namespace late_test
