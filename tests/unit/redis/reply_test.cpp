// SPDX-License-Identifier: MIT

#include "punctual/redis/reply.hpp"

#include <string>

#include "support/catch.hpp"

namespace redis_reply_test {

using namespace punctual;
using namespace punctual::redis::detail;

namespace {

redisReply text_reply(std::string& text) {
  redisReply reply{};
  reply.type = REDIS_REPLY_STRING;
  reply.str = text.data();
  reply.len = text.size();
  return reply;
}

}  // namespace

TEST_CASE("redis: Reply reads what it is asked for") {
  std::string text = "1704067200001";
  const redisReply native = text_reply(text);
  const Reply reply{&native};
  CHECK(reply.view() == text);
  CHECK(reply.number() == 1'704'067'200'001);
  CHECK(reply.optional_instant() == TimePoint{Duration{1'704'067'200'001}});
  redisReply number{};
  number.type = REDIS_REPLY_INTEGER;
  number.integer = -3;
  CHECK(Reply{&number}.number() == -3);
  redisReply* elements[] = {&number};
  redisReply list{};
  list.type = REDIS_REPLY_ARRAY;
  list.elements = 1;
  list.element = elements;
  CHECK(Reply{&list}.size() == 1);
  CHECK(Reply{&list}[0].number() == -3);
}

TEST_CASE("redis: Reply reads as absent when it is not as expected") {
  struct Row {
    std::string text;
    bool is_number;
    bool is_small;  // fits an int
  };
  Row rows[] = {{"", false, false},           {"none", false, false},
                {"12x", false, false},        {" 1", false, false},
                {"99999999999", true, false}, {"-1", true, true},
                {"1.5", false, false},        {"99999999999999999999", false, false}};
  for (auto& row : rows) {
    INFO(row.text);
    const redisReply native = text_reply(row.text);
    CHECK(Reply{&native}.optional_number().has_value() == row.is_number);
    CHECK(Reply{&native}.optional_number<int>().has_value() == row.is_small);
    CHECK(Reply{&native}.id().is_nil());
    CHECK(Reply{&native}.size() == 0);
  }
  const Reply nothing;
  CHECK(nothing.view().empty());
  CHECK(nothing.number(7) == 7);
  CHECK(nothing[3][4].text().empty());
  CHECK(nothing.json() == Json(nullptr));
  CHECK(parse_json("{no") == Json{{"_undecodable", true}});
}

}  // namespace redis_reply_test
