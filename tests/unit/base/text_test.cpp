// SPDX-License-Identifier: MIT
//
// Text: what is well-formed stays, what is not is replaced, and cuts fall between characters.

#include "punctual/base/text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "punctual/base/random.hpp"
#include "support/catch.hpp"

namespace text_test {

using punctual::clamp_text;
using punctual::edit_distance;
using punctual::nearest_names;
using punctual::Random;

namespace {

constexpr std::size_t plenty = 10'000;
const std::string replacement = "\xEF\xBF\xBD";
const std::string ellipsis = "\xE2\x80\xA6";

std::string times(std::size_t count, const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += text;
  return result;
}

/// Writes a code point the plain way, surrogates and all.
std::string encode(std::uint32_t code) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xC0 | code >> 6), byte(0x80 | (code & 0x3F))};
  if (code < 0x10000) {
    return {byte(0xE0 | code >> 12), byte(0x80 | (code >> 6 & 0x3F)), byte(0x80 | (code & 0x3F))};
  }
  return {byte(0xF0 | code >> 18), byte(0x80 | (code >> 12 & 0x3F)),
          byte(0x80 | (code >> 6 & 0x3F)), byte(0x80 | (code & 0x3F))};
}

}  // namespace

TEST_CASE("clamp_text keeps the text when it is well-formed") {
  struct Row {
    const char* subject;
    std::string text;
  };
  // The ends of each row of table 3-7.
  const Row rows[] = {
      {"nothing", ""},
      {"ASCII", "plain text, ~ and all!"},
      {"tab and newline", "a\tb\nc"},
      {"U+00A0, the first past the C1 controls", "\xC2\xA0"},
      {"U+07FF", "\xDF\xBF"},
      {"U+0800", "\xE0\xA0\x80"},
      {"U+0FFF", "\xE0\xBF\xBF"},
      {"U+1000", "\xE1\x80\x80"},
      {"U+CFFF", "\xEC\xBF\xBF"},
      {"U+D000", "\xED\x80\x80"},
      {"U+D7FF, the last before the surrogates", "\xED\x9F\xBF"},
      {"U+E000, the first past them", "\xEE\x80\x80"},
      {"U+FFFD itself", "\xEF\xBF\xBD"},
      {"U+FFFF", "\xEF\xBF\xBF"},
      {"U+10000", "\xF0\x90\x80\x80"},
      {"U+3FFFF", "\xF0\xBF\xBF\xBF"},
      {"U+40000", "\xF1\x80\x80\x80"},
      {"U+FFFFF", "\xF3\xBF\xBF\xBF"},
      {"U+100000", "\xF4\x80\x80\x80"},
      {"U+10FFFF", "\xF4\x8F\xBF\xBF"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(clamp_text(row.text, plenty) == row.text);
    CHECK(clamp_text("x" + row.text + "y", plenty) == "x" + row.text + "y");
  }
}

TEST_CASE("clamp_text replaces each byte when the sequence is ill-formed") {
  struct Row {
    const char* subject;
    std::string text;
    std::string wanted;
  };
  const Row rows[] = {
      {"a tail byte alone", "\x80", times(1, replacement)},
      {"the last tail byte alone", "\xBF", times(1, replacement)},
      {"C0, overlong", "\xC0\x80", times(2, replacement)},
      {"C1, overlong", "\xC1\xBF", times(2, replacement)},
      {"a lead of two at the end", "\xC2", times(1, replacement)},
      {"a lead of two before ASCII",
       "\xC2"
       "A",
       replacement + "A"},
      {"a lead of two before a lead", "\xC2\xC2\xA9", replacement + "\xC2\xA9"},
      {"E0 with an overlong second", "\xE0\x9F\xBF", times(3, replacement)},
      {"E0 80 80, overlong NUL", "\xE0\x80\x80", times(3, replacement)},
      {"a lead of three with one tail", "\xE2\x82", times(2, replacement)},
      {"a lead of three with one tail before ASCII",
       "\xE2\x82"
       "A",
       times(2, replacement) + "A"},
      {"the first surrogate", "\xED\xA0\x80", times(3, replacement)},
      {"the last surrogate", "\xED\xBF\xBF", times(3, replacement)},
      {"a surrogate pair", "\xED\xA0\xBD\xED\xB8\x80", times(6, replacement)},
      {"F0 with an overlong second", "\xF0\x8F\xBF\xBF", times(4, replacement)},
      {"a lead of four with two tails", "\xF0\x9F\x98", times(3, replacement)},
      {"a lead of four with a bad last", "\xF0\x9F\x98(", times(3, replacement) + "("},
      {"beyond U+10FFFF", "\xF4\x90\x80\x80", times(4, replacement)},
      {"F5", "\xF5\x80\x80\x80", times(4, replacement)},
      {"FE and FF", "\xFE\xFF", times(2, replacement)},
      {"a fifth byte", "\xF8\x88\x80\x80\x80", times(5, replacement)},
      {"Latin-1 text", "caf\xE9!", "caf" + replacement + "!"},
      {"a good one among bad ones", "\xFF\xC3\xA9\xFF", replacement + "\xC3\xA9" + replacement},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(clamp_text(row.text, plenty) == row.wanted);
    CHECK(clamp_text("x" + row.text + "y", plenty) == "x" + row.wanted + "y");
  }
}

TEST_CASE("clamp_text keeps every code point but controls and surrogates when it stands alone") {
  int wrong_count = 0;
  for (std::uint32_t code = 0; code <= 0x10FFFF; ++code) {
    const std::string text = encode(code);
    const bool is_control =
        code != '\t' && code != '\n' && (code < 0x20 || (code >= 0x7F && code < 0xA0));
    const bool is_surrogate = code >= 0xD800 && code < 0xE000;
    const std::string wanted = is_control ? " " : is_surrogate ? times(3, replacement) : text;
    if (clamp_text(text, plenty) != wanted) ++wrong_count;
  }
  CHECK(wrong_count == 0);
}

TEST_CASE("clamp_text puts a space when there is a control character") {
  struct Row {
    const char* subject;
    std::string text;
    std::string wanted;
  };
  const Row rows[] = {
      {"a zero byte", std::string{"a\0b", 3}, "a b"},
      {"carriage return", "a\r\nb", "a \nb"},
      {"a terminal's escape", "\x1B[31mred\x1B[0m", " [31mred [0m"},
      {"a bell", "\a", " "},
      {"DEL",
       "a\x7F"
       "b",
       "a b"},
      {"the first C1 control",
       "a\xC2\x80"
       "b",
       "a b"},
      {"NEL, a line end to some",
       "a\xC2\x85"
       "b",
       "a b"},
      {"CSI, an escape in one",
       "\xC2\x9B"
       "31m",
       " 31m"},
      {"the last C1 control",
       "a\xC2\x9F"
       "b",
       "a b"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(clamp_text(row.text, plenty) == row.wanted);
  }
}

TEST_CASE("clamp_text cuts between characters when the text is too long") {
  struct Row {
    const char* subject;
    std::string text;
    std::size_t max_bytes;
    std::string wanted;
  };
  const std::string euro = "\xE2\x82\xAC";       // 3 bytes
  const std::string smile = "\xF0\x9F\x98\x80";  // 4 bytes
  const Row rows[] = {
      {"exactly as long as allowed", "abcdef", 6, "abcdef"},
      {"one byte too long", "abcdefg", 6, "abc" + ellipsis},
      {"the least room", "abcd", 3, ellipsis},
      {"as long as the least room", "abc", 3, "abc"},
      {"a character that would be split", "ab" + euro + "cd", 6, "ab" + ellipsis},
      {"a character that just fits before the cut", "ab" + euro + "cdef", 8,
       "ab" + euro + ellipsis},
      {"characters of four bytes", times(3, smile), 11, times(2, smile) + ellipsis},
      {"characters of four bytes, one byte less", times(3, smile), 10, smile + ellipsis},
      {"a character of four bytes in the least room", smile, 3, ellipsis},
      {"bytes that grow when replaced", "\xFF\xFF\xFF", 9, times(3, replacement)},
      {"bytes that grow too much", "\xFF\xFF\xFF", 8, times(1, replacement) + ellipsis},
      {"controls that shrink to fit",
       "ab\xC2\x85"
       "cd",
       5, "ab cd"},
      {"the last character alone too long", "abcd" + euro, 6, "abc" + ellipsis},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(clamp_text(row.text, row.max_bytes) == row.wanted);
  }
}

TEST_CASE("clamp_text returns clean, bounded text when given random bytes") {
  constexpr std::uint64_t seed = 37;
  CAPTURE(seed);
  Random random{seed};
  for (int i = 0; i < 20'000; ++i) {
    std::string text(random.up_to(40), ' ');
    for (auto& c : text) {
      // Mostly bytes that begin or continue a sequence, so that many are nearly right.
      c = static_cast<char>(random.up_to(3) == 0 ? random.up_to(255) : 0x80 + random.up_to(0x7F));
    }
    const std::size_t max_bytes = 3 + random.up_to(60);
    const std::string clean = clamp_text(text, max_bytes);
    REQUIRE(clean.size() <= max_bytes);
    REQUIRE(clamp_text(clean, max_bytes) == clean);
    const std::string whole = clamp_text(text, plenty);
    if (whole.size() <= max_bytes) {
      REQUIRE(clean == whole);
    } else {
      REQUIRE(clean.size() + 4 + ellipsis.size() > max_bytes);  // no more is cut than a character
      REQUIRE(clean.substr(clean.size() - ellipsis.size()) == ellipsis);
      const std::string kept = clean.substr(0, clean.size() - ellipsis.size());
      REQUIRE(whole.substr(0, kept.size()) == kept);
    }
  }
}

TEST_CASE("edit_distance counts the fewest edits when two texts differ") {
  struct Row {
    const char* subject;
    const char* a;
    const char* b;
    std::size_t distance;
  };
  const Row rows[] = {
      {"nothing and nothing", "", "", 0},       {"the same", "nightly", "nightly", 0},
      {"nothing and something", "", "abc", 3},  {"one replaced", "nightly", "nightty", 1},
      {"one more", "nightly", "nightlyy", 1},   {"one more at the front", "nightly", "xnightly", 1},
      {"two swapped", "nightly", "nigthly", 2}, {"the textbook's", "kitten", "sitting", 3},
      {"nothing in common", "abc", "xyz", 3},   {"a shift", "abcdef", "bcdefa", 2},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(edit_distance(row.a, row.b) == row.distance);
    CHECK(edit_distance(row.b, row.a) == row.distance);
  }
}

TEST_CASE("nearest_names suggests what resembles the wanted name when there is such") {
  struct Row {
    const char* subject;
    std::string wanted;
    std::vector<std::string> names;
  };
  const std::vector<std::string> candidates = {"tidy-uploads", "send-report", "nightly",
                                               "nightly-backup", "platform-self-check"};
  const Row rows[] = {
      {"a letter missing", "tidy-upload", {"tidy-uploads"}},
      {"a letter wrong", "sent-report", {"send-report"}},
      {"the nearest first", "nightli-backup", {"nightly-backup"}},
      {"a part of some", "nightl", {"nightly", "nightly-backup"}},
      {"a part of one", "self-check", {"platform-self-check"}},
      {"nothing alike", "zzzzzz", {}},
      {"too short to be a part", "up", {}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(nearest_names(row.wanted, candidates) == row.names);
  }
}

TEST_CASE("nearest_names puts the nearest first when several resemble the wanted name") {
  CHECK(nearest_names("abcdefghi", {"abcdefxxx", "abcdefghx", "abcdefghi", "abcdefgxx"}) ==
        std::vector<std::string>{"abcdefghi", "abcdefghx", "abcdefgxx"});
  CHECK(nearest_names("abcdefghi", {"abcdefghx", "abcdefghy"}, 1) ==
        std::vector<std::string>{"abcdefghx"});
  CHECK(nearest_names("abcdefghi", {"abcdefghx"}, 0).empty());
  CHECK(nearest_names("abcdefghi", {}).empty());
}

TEST_CASE("nearest_names looks at the first 100 characters when the wanted name is longer") {
  const std::string name(100, 'a');
  CHECK(nearest_names(name + std::string(1'000'000, 'b'), {name}) ==
        std::vector<std::string>{name});
}

}  // namespace text_test
