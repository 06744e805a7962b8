// SPDX-License-Identifier: MIT
//
// PUNCTUAL_ASSERT: a program's own definition comes first.

#define PUNCTUAL_ASSERT(condition) ((condition) ? void() : program::note_failure(#condition))

namespace program {

inline const char* failed_condition = "";
inline void note_failure(const char* condition) {
  failed_condition = condition;
}

}  // namespace program

#include "punctual/base/assert.hpp"

#include <string>

#include "support/catch.hpp"

TEST_CASE("PUNCTUAL_ASSERT goes where the program routes it when the program defines it first") {
  const int count = 2;
  PUNCTUAL_ASSERT(count == 2);
  CHECK(std::string{program::failed_condition}.empty());
  PUNCTUAL_ASSERT(count == 3);
  CHECK(std::string{program::failed_condition} == "count == 3");
}
