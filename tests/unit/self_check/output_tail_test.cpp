// SPDX-License-Identifier: MIT

#include "punctual/self_check/output_tail.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace output_tail_test {

using punctual::OutputTail;
using punctual::tail_text;

TEST_CASE("OutputTail keeps the last bytes and counts them all") {
  struct Row {
    std::string name;
    std::vector<std::string> pieces;
    std::string kept;
    std::uint64_t total;
  };
  const Row rows[] = {
      {"nothing", {}, "", 0},
      {"less than it keeps", {"abc"}, "abc", 3},
      {"as much as it keeps", {"abcd", "efgh"}, "abcdefgh", 8},
      {"one byte more", {"abcdefgh", "i"}, "bcdefghi", 9},
      {"a piece that is larger", {"0123456789abcdef"}, "89abcdef", 16},
      {"a large piece after small ones", {"xy", "0123456789"}, "23456789", 12},
      {"many pieces", {"abcdef", "ghijkl", "mnopqr", "stuvwx"}, "qrstuvwx", 24},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    OutputTail tail{8};
    for (const auto& piece : row.pieces) tail.append(piece);
    CHECK(tail.bytes() == row.kept);
    CHECK(tail.total() == row.total);
  }
}

TEST_CASE("OutputTail agrees with a string that keeps everything") {
  std::string all;
  OutputTail tail{100};
  for (std::size_t i = 0; i < 500; ++i) {
    const std::string piece(i * 7 % 37, static_cast<char>('a' + i % 26));
    all += piece;
    tail.append(piece);
    REQUIRE(tail.bytes() == all.substr(all.size() - std::min<std::size_t>(all.size(), 100)));
    REQUIRE(tail.held() <= 200);
  }
  CHECK(tail.total() == all.size());
}

TEST_CASE("tail_text is the printable end of the bytes") {
  const std::string ellipsis = "\xE2\x80\xA6";
  const std::string replacement = "\xEF\xBF\xBD";
  struct Row {
    std::string name;
    std::string bytes;
    std::string text;
  };
  const Row rows[] = {
      {"empty", "", ""},
      {"short", "all well\n", "all well\n"},
      {"just fits", "0123456789", "0123456789"},
      {"cut", "x0123456789", ellipsis + "3456789"},
      {"cut inside a character", "xxxxxx\xC3\xA4" + std::string{"123456"}, ellipsis + "123456"},
      {"invalid bytes", "a\xFF" + std::string{"b"}, "a" + replacement + "b"},
      {"invalid bytes that grow beyond it", "\xFF\xFF\xFF\xFF" + std::string{"12"},
       ellipsis + replacement + "12"},
      {"an escape sequence", "a\x1B[2J", "a [2J"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const std::string text = tail_text(row.bytes, 10);
    CHECK(text == row.text);
    CHECK(text.size() <= 10);
  }
}

}  // namespace output_tail_test
