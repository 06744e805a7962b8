// SPDX-License-Identifier: MIT

#include "punctual/redis/packed.hpp"

#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace redis_packed_test {

using namespace punctual;
using namespace punctual::redis::detail;

TEST_CASE("redis: Packed holds its texts with their lengths before them") {
  using namespace std::string_literals;
  CHECK(Packed{}.take() == "\0\0\0\0"s);
  CHECK(Packed{}.add("ab").add("").take() == "\2\0\0\0\2\0\0\0ab\0\0\0\0"s);
  CHECK(packed_list(std::vector<std::string>{"ab", ""}) == Packed{}.add("ab").add("").take());
  CHECK(Packed{}.add(std::string(300, 'x')).take().substr(0, 8) == "\1\0\0\0\x2c\1\0\0"s);
}

TEST_CASE("redis: Packed leaves out what is absent") {
  Packed packed;
  packed.add("instant", std::optional<TimePoint>{}).add_text("text", "");
  packed.add_json("json", Json(nullptr));
  CHECK(packed.take() == Packed{}.take());
}

TEST_CASE("redis: Packed writes values as the scripts read them") {
  const auto value_of = [](auto&& value) {
    return Packed{}.add("n", value).take() ==
           Packed{}.add("n", std::string_view{number_text(value)}).take();
  };
  CHECK(value_of(std::uint64_t{18'446'744'073'709'551'615U}));
  CHECK(number_text(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  CHECK(number_text(0.1) == "0.1");
  CHECK(instant_text(time_max) == "253402300799999");
  CHECK(instant_text(std::optional<TimePoint>{}).empty());
  CHECK(dump_json(Json{{"b", "\xff"}, {"a", nullptr}}) == "{\"a\":null,\"b\":\"\xEF\xBF\xBD\"}");
}

}  // namespace redis_packed_test
