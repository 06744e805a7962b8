// SPDX-License-Identifier: MIT

#include "punctual/http/run_cursor.hpp"

#include <string>

#include "punctual/base/random.hpp"
#include "support/catch.hpp"

namespace http_run_cursor_test {

using namespace punctual;
using namespace punctual::http;

TEST_CASE("http: RunCursor reads what it made, with the same filters only") {
  UuidGenerator ids{Random{1}};
  const Uuid id = ids.next(TimePoint{});
  const RunCursor cursor{sha256("key")};
  const std::string text = cursor.make(id, "status=failed\n");
  CHECK(cursor.read(text, "status=failed\n") == id);
  CHECK_FALSE(cursor.read(text, "").has_value());
  CHECK_FALSE(cursor.read(text, "status=success\n").has_value());
  CHECK(RunCursor{sha256("key")}.read(text, "status=failed\n") == id);
  CHECK_FALSE(RunCursor{sha256("other")}.read(text, "status=failed\n").has_value());
}

TEST_CASE("http: RunCursor refuses a cursor with any character changed") {
  UuidGenerator ids{Random{1}};
  const RunCursor cursor{sha256("key")};
  const std::string text = cursor.make(ids.next(TimePoint{}), "");
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    other[i] = other[i] == '0' ? '1' : '0';
    INFO(other);
    CHECK_FALSE(cursor.read(other, "").has_value());
  }
  for (const auto& other : {std::string{}, text.substr(1), text + "0", text.substr(0, 36),
                            std::string(69, '.'), std::string(1'000'000, 'a')}) {
    CHECK_FALSE(cursor.read(other, "").has_value());
  }
}

}  // namespace http_run_cursor_test
