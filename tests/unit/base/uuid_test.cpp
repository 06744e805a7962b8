// SPDX-License-Identifier: MIT
//
// Uuid: its text and order. UuidGenerator: the layout of RFC 9562, and ids that only ever rise.

#include "punctual/base/uuid.hpp"

#include "punctual/base/json.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "support/catch.hpp"

namespace uuid_test {

using punctual::Duration;
using punctual::Json;
using punctual::Random;
using punctual::TimePoint;
using punctual::Uuid;
using punctual::UuidGenerator;

namespace {

constexpr TimePoint start{Duration{1'705'284'000'000}};  // 2024-01-15T02:00:00Z

std::uint64_t timestamp_of(const Uuid& id) {
  std::uint64_t ms = 0;
  for (std::size_t i = 0; i < 6; ++i) ms = ms << 8U | id.bytes()[i];
  return ms;
}

unsigned counter_of(const Uuid& id) {
  return (id.bytes()[6] & 0x0FU) << 8U | id.bytes()[7];
}

Uuid parsed(const char* text) {
  const auto id = Uuid::parse(text);
  REQUIRE(id);
  return *id;
}

}  // namespace

TEST_CASE("Uuid is nil when it is made from nothing") {
  CHECK(Uuid{}.is_nil());
  CHECK(Uuid{}.to_string() == "00000000-0000-0000-0000-000000000000");
  CHECK_FALSE(UuidGenerator{Random{1}}.next(TimePoint{}).is_nil());
}

TEST_CASE("Uuid parses its text when the digits are of either case") {
  struct Row {
    const char* subject;
    const char* text;
    const char* canonical;
  };
  const Row rows[] = {
      {"the example of RFC 9562", "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
       "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"},
      {"lower case", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
       "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"},
      {"mixed case", "017f22E2-79b0-7Cc3-98c4-dC0c0C07398f",
       "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"},
      {"nil", "00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000"},
      {"max", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "ffffffff-ffff-ffff-ffff-ffffffffffff"},
      {"every digit", "01234567-89ab-cdef-0123-456789abcdef",
       "01234567-89ab-cdef-0123-456789abcdef"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const auto id = Uuid::parse(row.text);
    REQUIRE(id);
    CHECK(id->to_string() == row.canonical);
  }
}

TEST_CASE("Uuid puts the digits into its bytes from the front when it is parsed") {
  const Uuid id = parsed("01234567-89ab-cdef-0123-456789abcdef");
  const std::array<std::uint8_t, 16> bytes{0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF,
                                           0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF};
  CHECK(id.bytes() == bytes);
  CHECK(id == Uuid{bytes});
}

TEST_CASE("Uuid is not parsed when the text has another form") {
  struct Row {
    const char* subject;
    std::string text;
  };
  const Row rows[] = {
      {"nothing", ""},
      {"no hyphens", "017f22e279b07cc398c4dc0c0c07398f"},
      {"braces", "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}"},
      {"a digit too few", "017f22e2-79b0-7cc3-98c4-dc0c0c07398"},
      {"a digit too many", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0"},
      {"a letter past f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398g"},
      {"a letter past F", "017F22E2-79B0-7CC3-98C4-DC0C0C07398G"},
      {"a character just below 0", "/17f22e2-79b0-7cc3-98c4-dc0c0c07398f"},
      {"a character just above 9", ":17f22e2-79b0-7cc3-98c4-dc0c0c07398f"},
      {"a hyphen in the wrong place", "017f22e-279b0-7cc3-98c4-dc0c0c07398f"},
      {"a digit for a hyphen", "017f22e2079b0-7cc3-98c4-dc0c0c07398f"},
      {"a hyphen for a digit", "017f22e2-79b0-7cc3-98c4-dc0c0c07398-"},
      {"spaces around", " 017f22e2-79b0-7cc3-98c4-dc0c0c07398 "},
      {"a zero byte", std::string{"017f22e2-79b0-7cc3-98c4-dc0c0c07398\0", 36}},
      {"underscores", "017f22e2_79b0_7cc3_98c4_dc0c0c07398f"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK_FALSE(Uuid::parse(row.text));
  }
}

TEST_CASE("Uuid keeps its bytes when its text is parsed again") {
  constexpr std::uint64_t seed = 16;
  CAPTURE(seed);
  Random random{seed};
  for (int i = 0; i < 10'000; ++i) {
    std::array<std::uint8_t, 16> bytes{};
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random.up_to(255));
    const Uuid id{bytes};
    const std::string text = id.to_string();
    CAPTURE(text);
    REQUIRE(text.size() == 36);
    REQUIRE(Uuid::parse(text) == id);
  }
}

TEST_CASE("Uuid orders by bytes when two differ") {
  // Each greater than the one before, by a byte further to the front.
  const std::vector<Uuid> rising = {parsed("00000000-0000-0000-0000-000000000000"),
                                    parsed("00000000-0000-0000-0000-0000000000ff"),
                                    parsed("00000000-0000-0000-0000-000000000100"),
                                    parsed("00000000-0000-0000-8000-000000000000"),
                                    parsed("00000000-0000-0001-0000-000000000000"),
                                    parsed("7f000000-0000-0000-0000-000000000000"),
                                    parsed("80000000-0000-0000-0000-000000000000")};
  for (std::size_t i = 0; i + 1 < rising.size(); ++i) {
    CAPTURE(i);
    CHECK(rising[i] < rising[i + 1]);
    CHECK(rising[i] != rising[i + 1]);
    CHECK(rising[i].to_string() < rising[i + 1].to_string());
  }
}

TEST_CASE("Uuid hashes by its random half when it is a key") {
  const std::hash<Uuid> hash;
  CHECK(hash(parsed("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")) == 0x98C4DC0C0C07398FU);
  CHECK(hash(parsed("ffffffff-ffff-ffff-98c4-dc0c0c07398f")) == 0x98C4DC0C0C07398FU);
  CHECK(hash(parsed("017f22e2-79b0-7cc3-98c4-dc0c0c07398e")) == 0x98C4DC0C0C07398EU);
}

TEST_CASE("Uuid is null on the wire when it is nil, and text otherwise") {
  CHECK(Json(Uuid{}) == Json(nullptr));
  CHECK(Json(parsed("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")) ==
        Json("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"));
}

TEST_CASE("UuidGenerator writes time, version and variant as RFC 9562 says when it makes an id") {
  struct Row {
    const char* subject;
    std::int64_t ms;
    const char* front;
  };
  const Row rows[] = {
      {"the example of RFC 9562", 1'645'557'742'000, "017f22e2-79b0-7"},
      {"the epoch", 0, "00000000-0000-7"},
      {"a millisecond later", 1, "00000000-0001-7"},
      {"the last instant", 253'402'300'799'999, "e677d21f-dbff-7"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      CAPTURE(seed);
      const Uuid id = UuidGenerator{Random{seed}}.next(TimePoint{Duration{row.ms}});
      REQUIRE(id.to_string().substr(0, 15) == row.front);
      REQUIRE((id.bytes()[8] & 0xC0U) == 0x80U);
    }
  }
}

TEST_CASE("UuidGenerator draws the other 62 bits at random when ids are made") {
  UuidGenerator ids{Random{62}};
  unsigned ones = 0;
  unsigned zeros = 0;
  for (int i = 0; i < 1000; ++i) {
    const Uuid id = ids.next(start + Duration{i});
    for (unsigned bit = 0; bit < 64; ++bit) {
      if (bit < 2) continue;
      const bool is_set = (id.bytes()[8 + bit / 8] >> (7 - bit % 8) & 1U) != 0;
      (is_set ? ones : zeros) += 1;
    }
  }
  // 62,000 fair bits: 31,000 ones with a deviation of 125.
  CHECK(ones > 30'000);
  CHECK(zeros > 30'000);
}

TEST_CASE("UuidGenerator makes distinct rising ids when 100,000 are made in one millisecond") {
  UuidGenerator ids{Random{9562}};
  std::unordered_set<Uuid> seen;
  Uuid last;
  for (int i = 0; i < 100'000; ++i) {
    const Uuid id = ids.next(start);
    REQUIRE(last < id);
    seen.insert(id);
    last = id;
  }
  CHECK(seen.size() == 100'000);
  // 4096 to a millisecond, of which the first has fewer.
  const auto borrowed =
      timestamp_of(last) - static_cast<std::uint64_t>(start.time_since_epoch().count());
  CHECK(borrowed >= 24);
  CHECK(borrowed <= 25);
}

TEST_CASE("UuidGenerator counts on in the same millisecond when the clock stands still") {
  UuidGenerator ids{Random{4}};
  const Uuid first = ids.next(start);
  CHECK(counter_of(first) <= 0x7FFU);
  const Uuid second = ids.next(start);
  CHECK(timestamp_of(second) == timestamp_of(first));
  CHECK(counter_of(second) == counter_of(first) + 1);
}

TEST_CASE("UuidGenerator stays at the highest millisecond when the clock goes back") {
  UuidGenerator ids{Random{5}};
  const Uuid before = ids.next(start);
  const Uuid after = ids.next(start - std::chrono::hours{1});
  CHECK(before < after);
  CHECK(timestamp_of(after) == timestamp_of(before));
  const Uuid next = ids.next(start + Duration{1});
  CHECK(after < next);
  CHECK(timestamp_of(next) == timestamp_of(before) + 1);
}

TEST_CASE("UuidGenerator makes rising ids when the clock wanders to and fro") {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    CAPTURE(seed);
    Random random{seed};
    UuidGenerator ids{Random{seed}};
    TimePoint now = start;
    Uuid last;
    for (int i = 0; i < 50'000; ++i) {
      now += Duration{static_cast<std::int64_t>(random.up_to(4)) - 2};
      const Uuid id = ids.next(now);
      REQUIRE(last < id);
      REQUIRE(timestamp_of(id) >= static_cast<std::uint64_t>(now.time_since_epoch().count()));
      last = id;
    }
  }
}

TEST_CASE("UuidGenerator makes rising ids when the clock shows a time before 1970") {
  UuidGenerator ids{Random{6}};
  Uuid last;
  for (const std::int64_t ms : {-5, -4, -1000, 0, 1, -1}) {
    CAPTURE(ms);
    const Uuid id = ids.next(TimePoint{Duration{ms}});
    CHECK(last < id);
    CHECK(timestamp_of(id) <= 1);
    last = id;
  }
}

TEST_CASE("UuidGenerator repeats itself when it has the same seed, and differs otherwise") {
  UuidGenerator a{Random{7}};
  UuidGenerator b{Random{7}};
  UuidGenerator c{Random{8}};
  for (int i = 0; i < 100; ++i) {
    const Uuid id = a.next(start);
    CHECK(id == b.next(start));
    CHECK(id != c.next(start));
  }
}

TEST_CASE("Uuid::lowest_at is below the ids that are made at an instant") {
  for (const TimePoint at : {TimePoint{}, TimePoint{Duration{65'535}},
                             TimePoint{Duration{1'704'067'200'123}}, punctual::time_max}) {
    const Uuid made = UuidGenerator{Random{1}}.next(at);
    const Uuid lowest = Uuid::lowest_at(at);
    CHECK(made.to_string().substr(0, 13) == lowest.to_string().substr(0, 13));
    CHECK(lowest < made);
  }
  CHECK(Uuid::lowest_at(TimePoint{Duration{-1}}) == Uuid{});
}

}  // namespace uuid_test
