// SPDX-License-Identifier: MIT
//
// Limits: what is cut, that it says so, and what is refused rather than cut.

#include "punctual/domain/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "punctual/base/random.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace limits_test {

using punctual::clamp_details;
using punctual::details_bytes_max;
using punctual::details_depth_max;
using punctual::details_keys_max;
using punctual::Json;
using punctual::key_bytes_max;
using punctual::payload_bytes_max;
using punctual::Random;
using punctual::require_key_fits;
using punctual::require_payload_fits;
using punctual::tests::code_of;
using punctual::tests::error_of;

namespace {

const std::string ellipsis = "\xE2\x80\xA6";
const std::string replacement = "\xEF\xBF\xBD";

bool is_marked(const Json& details) {
  return details.contains("_truncated");
}

/// `depth` arrays, each within the other; 0 is the number 1.
Json nested_arrays(std::size_t depth) {
  Json json = 1;
  for (std::size_t i = 0; i < depth; ++i) json = Json::array({json});
  return json;
}

Json nested_objects(std::size_t depth) {
  Json json = 1;
  for (std::size_t i = 0; i < depth; ++i) json = Json::object({{"a", json}});
  return json;
}

std::size_t depth_of(const Json& json) {
  if (!json.is_structured()) return 0;
  std::size_t deepest = 0;
  for (const auto& value : json) deepest = std::max(deepest, depth_of(value));
  return deepest + 1;
}

std::size_t key_count_of(const Json& json) {
  std::size_t count = json.is_object() ? json.size() : 0;
  if (json.is_structured()) {
    for (const auto& value : json) count += key_count_of(value);
  }
  return count;
}

Json filled_array(std::size_t count, const Json& value) {
  return Json(Json::array_t(count, value));
}

Json object_of(std::size_t count, const std::string& prefix = "k") {
  Json json = Json::object();
  for (std::size_t i = 0; i < count; ++i) json[prefix + std::to_string(i)] = i;
  return json;
}

}  // namespace

TEST_CASE("clamp_details keeps details as they are when they fit") {
  struct Row {
    const char* subject;
    Json details;
  };
  const std::vector<Row> rows = {
      {"nothing", nullptr},
      {"an empty object", Json::object()},
      {"every kind of value",
       Json::parse(R"({"a": [1, -2, 3.5, true, false, null, "x"], "b": {"c": {}, "d": []}})")},
      {"the ends of the numbers",
       {{"a", std::numeric_limits<std::uint64_t>::max()},
        {"b", std::numeric_limits<std::int64_t>::min()},
        {"c", -std::numeric_limits<double>::min()}}},
      {"text beyond ASCII", {{"caf\xC3\xA9", "\xE2\x82\xAC \xF0\x9F\x98\x80"}}},
      {"quotes and lines", {{"say \"it\"", "a\\b\n\tc"}}},
      {"as deep as allowed", nested_objects(details_depth_max)},
      {"as many keys as allowed", object_of(details_keys_max)},
      {"as long a key as allowed", {{std::string(key_bytes_max, 'k'), 1}}},
      {"nearly as long as allowed", {{"a", std::string(65'000, 'x')}}},
      {"nearly as long as allowed, in small numbers", {{"a", filled_array(32'000, 7)}}},
      {"nearly as long as allowed, in quotes", {{"a", std::string(32'500, '"')}}},
      {"a mark of its own", {{"_truncated", false}}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(clamp_details(row.details) == row.details);
  }
}

TEST_CASE("clamp_details wraps details when they are no object") {
  struct Row {
    const char* subject;
    Json details;
  };
  const std::vector<Row> rows = {
      {"a number", 7},
      {"false", false},
      {"a text", "done"},
      {"an empty text", ""},
      {"an array", Json::array({1, 2})},
      {"an empty array", Json::array()},
      {"arrays as deep as allowed", nested_arrays(details_depth_max - 1)},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(clamp_details(row.details) == Json::object({{"value", row.details}}));
  }
}

TEST_CASE("clamp_details replaces what cannot be stored without a mark when nothing is cut") {
  struct Row {
    const char* subject;
    Json details;
    Json wanted;
  };
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<Row> rows = {
      {"invalid UTF-8 in a text", {{"a", "x\xFFy"}}, {{"a", "x" + replacement + "y"}}},
      {"invalid UTF-8 in a key", {{"x\xFF", 1}}, {{"x" + replacement, 1}}},
      {"a control character", {{"a", "x\x1By"}}, {{"a", "x y"}}},
      {"a control character of two bytes", {{"a", "x\xC2\x85y"}}, {{"a", "x y"}}},
      {"not a number", {{"a", std::numeric_limits<double>::quiet_NaN()}}, {{"a", nullptr}}},
      {"infinity", {{"a", infinity}}, {{"a", nullptr}}},
      {"minus infinity, deep", {{"a", Json::array({-infinity})}}, {{"a", Json::array({nullptr})}}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(clamp_details(row.details) == row.wanted);
  }
}

TEST_CASE("clamp_details leaves out what does not fit and marks it when something is cut") {
  struct Row {
    const char* subject;
    Json details;
    Json wanted;  // without the mark
  };
  const std::string long_key(key_bytes_max + 1, 'k');
  const std::string cut_key = std::string(key_bytes_max - 3, 'k') + ellipsis;
  const std::vector<Row> rows = {
      {"one level too deep", nested_objects(details_depth_max + 1),
       [] {
         Json json = nullptr;
         for (std::size_t i = 0; i < details_depth_max; ++i) json = Json::object({{"a", json}});
         return json;
       }()},
      {"one level too deep, in arrays", nested_arrays(details_depth_max),
       [] {
         Json json = nullptr;
         for (std::size_t i = 1; i < details_depth_max; ++i) json = Json::array({json});
         return Json::object({{"value", json}});
       }()},
      {"a binary value", {{"a", Json::binary({1, 2})}, {"b", 2}}, {{"a", nullptr}, {"b", 2}}},
      {"a binary value alone", Json::binary({1, 2}), {{"value", nullptr}}},
      {"a failed parse", Json::parse("{", nullptr, false), {{"value", nullptr}}},
      {"too long a key", {{long_key, 1}}, {{cut_key, 1}}},
      {"keys that differ where they are cut",
       {{long_key + "1", 1}, {long_key + "2", 2}},
       {{cut_key, 1}}},
      {"keys that differ where they are replaced", {{"\xFE", 1}, {"\xFF", 2}}, {{replacement, 1}}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    Json wanted = row.wanted;
    wanted["_truncated"] = true;
    CHECK(clamp_details(row.details) == wanted);
  }
}

TEST_CASE("clamp_details keeps a thousand keys and marks it when there are more") {
  SECTION("in one object") {
    const Json clamped = clamp_details(object_of(details_keys_max + 1));
    CHECK(is_marked(clamped));
    CHECK(key_count_of(clamped) == details_keys_max + 1);  // with the mark
  }
  SECTION("over several objects") {
    const Json few = object_of(400);
    const Json clamped = clamp_details(Json::array({few, few, few}));
    CHECK(is_marked(clamped));
    CHECK(clamped.at("value").at(0) == few);
    CHECK(clamped.at("value").at(1) == few);
    CHECK(clamped.at("value").at(2).size() == 200);
  }
}

TEST_CASE("clamp_details cuts the text that is too long and keeps what came before") {
  const Json clamped = clamp_details({{"a", 1}, {"b", std::string(100'000, 'x')}, {"c", 2}});
  CHECK(is_marked(clamped));
  CHECK(clamped.at("a") == 1);
  const auto text = clamped.at("b").get<std::string>();
  CHECK(text.size() > 65'000);
  CHECK(text.substr(text.size() - ellipsis.size()) == ellipsis);
  CHECK_FALSE(clamped.contains("c"));
}

TEST_CASE("clamp_details stays within 64 KiB of JSON and marks it when details are too large") {
  struct Row {
    const char* subject;
    Json details;
    std::size_t kept_bytes_min;  // so that not all is thrown away
  };
  const auto text = [](std::size_t count, const std::string& piece) {
    std::string result;
    for (std::size_t i = 0; i < count; ++i) result += piece;
    return Json{{"a", result}};
  };
  const std::vector<Row> rows = {
      {"a long text", text(100'000, "x"), 65'000},
      {"a text of quotes", text(70'000, "\""), 32'000},
      {"a text of backslashes", text(70'000, "\\"), 32'000},
      {"a text of lines", text(40'000, "x\n"), 43'000},
      {"a text of tabs", text(70'000, "\t"), 32'000},
      {"a text with its quotes behind",
       {{"a", std::string(60'000, 'x') + std::string(9'000, '"')}},
       51'000},
      {"invalid bytes that grow", text(40'000, "\xFF"), 65'000},
      {"characters of four bytes", text(20'000, "\xF0\x9F\x98\x80"), 65'000},
      {"many texts", filled_array(10'000, "0123456789"), 65'000},
      {"many empty arrays", filled_array(60'000, Json::array()), 65'000},
      {"many empty objects", filled_array(60'000, Json::object()), 65'000},
      {"many empty texts", filled_array(60'000, ""), 65'000},
      {"many nulls", filled_array(60'000, nullptr), 50'000},
      {"many falses", filled_array(60'000, false), 65'000},
      {"many small numbers", filled_array(60'000, 1), 65'000},
      {"many large numbers", filled_array(60'000, std::numeric_limits<std::int64_t>::min()),
       65'000},
      {"many long fractions", filled_array(60'000, -2.2250738585072014e-308), 65'000},
      {"many that are no number", filled_array(60'000, std::numeric_limits<double>::quiet_NaN()),
       12'000},
      {"many binary values", filled_array(60'000, Json::binary({1})), 65'000},
      {"many too deep", {{"a", filled_array(60'000, nested_arrays(15))}}, 40'000},
      {"keys of quotes", object_of(500, std::string(190, '"')), 65'000},
      {"keys of invalid bytes", object_of(900, std::string(60, '\xFF')), 65'000},
      {"a text alone", std::string(100'000, 'x'), 65'000},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const Json clamped = clamp_details(row.details);
    CHECK(is_marked(clamped));
    const std::string stored = clamped.dump();
    CHECK(stored.size() <= details_bytes_max);
    CHECK(stored.size() >= row.kept_bytes_min);
    CHECK(Json::parse(stored) == clamped);
  }
}

TEST_CASE("clamp_details keeps every limit and marks every cut when details are drawn at random") {
  constexpr std::uint64_t seed = 64;
  CAPTURE(seed);
  Random random{seed};
  const auto draw_text = [&] {
    static const std::vector<std::string> pieces = {"a",    "\"",   "\\",           "\n",
                                                    "\xFF", "\x01", "\xE2\x82\xAC", "\xC2\x85"};
    std::string text;
    const auto length = std::uint64_t{1} << random.up_to(12);
    const std::string& mostly = pieces[random.up_to(pieces.size() - 1)];
    for (std::uint64_t i = 0; i < length; ++i) {
      text += random.up_to(3) > 0 ? mostly : pieces[random.up_to(pieces.size() - 1)];
    }
    return text;
  };
  const auto draw = [&](const auto& self, std::size_t depth) -> Json {
    switch (random.up_to(depth > 5 ? 5 : 9)) {
      case 0:
        return nullptr;
      case 1:
        return random();
      case 2:
        return -static_cast<std::int64_t>(random.up_to(1'000'000));
      case 3:
        return static_cast<double>(random()) / 3e300;
      case 4:
        return draw_text();
      case 5:
        return nested_objects(random.up_to(20));
      case 6:
      case 7: {
        Json json = Json::array();
        for (auto i = random.up_to(6); i > 0; --i) json.push_back(self(self, depth + 1));
        return json;
      }
      default: {
        Json json = Json::object();
        for (auto i = random.up_to(6); i > 0; --i) json[draw_text()] = self(self, depth + 1);
        return json;
      }
    }
  };
  int cut_count = 0;
  int whole_count = 0;
  for (int i = 0; i < 300; ++i) {
    CAPTURE(i);
    Json details = Json::object();
    for (auto k = random.up_to(12); k > 0; --k) details[std::to_string(k)] = draw(draw, 1);
    const Json clamped = clamp_details(details);
    REQUIRE(clamped.is_object());
    const std::string stored = clamped.dump();  // throws for invalid UTF-8
    REQUIRE(stored.size() <= details_bytes_max);
    REQUIRE(Json::parse(stored) == clamped);
    REQUIRE(depth_of(clamped) <= details_depth_max);
    REQUIRE(key_count_of(clamped) <= details_keys_max + 1);
    if (is_marked(clamped)) {
      ++cut_count;
    } else {
      ++whole_count;
      REQUIRE(depth_of(clamped) == depth_of(details));
      REQUIRE(key_count_of(clamped) == key_count_of(details));
      REQUIRE(stored.find(ellipsis) == std::string::npos);
    }
  }
  CAPTURE(cut_count, whole_count);
  CHECK(cut_count > 30);
  CHECK(whole_count > 30);
}

TEST_CASE("require_payload_fits takes what JSON can say in 64 KiB, and refuses the rest") {
  struct Row {
    const char* subject;
    Json payload;
    std::string says;  // empty: it fits
  };
  const std::vector<Row> rows = {
      {"nothing", nullptr, ""},
      {"a number", 7, ""},
      {"an object", {{"report", "2024-01"}, {"pages", Json::array({1, 2.5})}}, ""},
      {"deep, for nothing is cut", nested_arrays(100), ""},
      {"many keys, for nothing is cut", object_of(2000), ""},
      {"text beyond ASCII", "\xE2\x82\xAC", ""},
      {"a control character, escaped", "\x1B", ""},
      {"as long as allowed", std::string(payload_bytes_max - 2, 'x'), ""},
      {"one byte too long", std::string(payload_bytes_max - 1, 'x'), "got 65537"},
      {"too long when escaped", std::string(40'000, '"'), "got 80002"},
      {"much too long", filled_array(100'000, 1), "got 200001"},
      {"invalid UTF-8", "caf\xE9", "must be valid JSON"},
      {"invalid UTF-8 in a key", {{"\xFF", 1}}, "must be valid JSON"},
      {"a binary value", Json::binary({1, 2}), "no binary values"},
      {"a binary value, deep", {{"a", Json::array({Json::binary({})})}}, "no binary values"},
      {"not a number", {{"a", std::numeric_limits<double>::quiet_NaN()}}, "no NaN"},
      {"infinity", std::numeric_limits<double>::infinity(), "no infinity"},
      {"a failed parse", Json::parse("{", nullptr, false), "what JSON can say"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const auto error = error_of([&] { require_payload_fits(row.payload); });
    CHECK((error ? error->code() : "") == (row.says.empty() ? "" : "INVALID_PAYLOAD"));
    if (error) CHECK(std::string{error->what()}.find(row.says) != std::string::npos);
  }
}

TEST_CASE("require_payload_fits refuses what is nested too deep, however deep that is") {
  const auto nested = [](std::size_t depth) {
    return Json::parse(std::string(depth, '[') + std::string(depth, ']'));
  };
  CHECK_NOTHROW(punctual::require_payload_fits(nested(punctual::payload_depth_max)));
  for (const std::size_t depth : {punctual::payload_depth_max + 1, std::size_t{100'000}}) {
    CHECK_THROWS_AS(punctual::require_payload_fits(nested(depth)), punctual::Error);
  }
}

TEST_CASE("require_key_fits takes a line of up to 200 bytes, and refuses the rest") {
  struct Row {
    const char* subject;
    std::string key;
    const char* code;
  };
  const Row rows[] = {
      {"nothing", "", ""},
      {"a word", "report-2024-01", ""},
      {"spaces and signs", "Jane Doe <jane@example.org>", ""},
      {"text beyond ASCII", "J\xC3\xB6rg", ""},
      {"200 bytes", std::string(200, 'k'), ""},
      {"201 bytes", std::string(201, 'k'), "INVALID_KEY"},
      {"invalid UTF-8", "J\xF6rg", "INVALID_KEY"},
      {"a surrogate", "\xED\xA0\x80", "INVALID_KEY"},
      {"an escape", "\x1B[31m", "INVALID_KEY"},
      {"a zero byte", std::string{"a\0b", 3}, "INVALID_KEY"},
      {"a newline", "a\nb", "INVALID_KEY"},
      {"a tab", "a\tb", "INVALID_KEY"},
      {"a carriage return", "a\rb", "INVALID_KEY"},
      {"DEL", "a\x7F", "INVALID_KEY"},
      {"a control character of two bytes",
       "a\xC2\x85"
       "b",
       "INVALID_KEY"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(code_of([&] { require_key_fits(row.key, "unique_key"); }) == row.code);
  }
}

TEST_CASE("require_key_fits names the field and the length when it refuses a key") {
  const auto error = error_of([] { require_key_fits(std::string(5000, 'k'), "unique_key"); });
  REQUIRE(error);
  const std::string text = error->what();
  CHECK(text.find("unique_key is at most 200 bytes") != std::string::npos);
  CHECK(text.find("(5000 bytes)") != std::string::npos);
  CHECK(text.size() < 300);
}

}  // namespace limits_test
