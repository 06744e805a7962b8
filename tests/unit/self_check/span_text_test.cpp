// SPDX-License-Identifier: MIT

#include "punctual/self_check/span_text.hpp"

#include <string>

#include "support/catch.hpp"

namespace span_text_test {

using punctual::Duration;

TEST_CASE("span_text says milliseconds below a second and seconds from there") {
  struct Row {
    std::string name;
    Duration span;
    std::string text;
  };
  const Row rows[] = {
      {"nothing", Duration{0}, "0 ms"},
      {"one millisecond", Duration{1}, "1 ms"},
      {"just below a second", Duration{999}, "999 ms"},
      {"a second", Duration{1000}, "1 s"},
      {"a tenth", Duration{12'300}, "12.3 s"},
      {"no tenths", Duration{10'000}, "10 s"},
      {"a millisecond over is not the limit", Duration{10'001}, "10.1 s"},
      {"up into the next second", Duration{9'950}, "10 s"},
      {"a day", Duration{86'400'000}, "86400 s"},
      {"negative", Duration{-5}, "0 ms"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK(punctual::span_text(row.span) == row.text);
  }
}

}  // namespace span_text_test
