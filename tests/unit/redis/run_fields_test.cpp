// SPDX-License-Identifier: MIT

#include "punctual/redis/run_fields.hpp"

#include <string>
#include <utility>
#include <vector>

#include "punctual/base/random.hpp"
#include "support/catch.hpp"

namespace redis_run_fields_test {

using namespace punctual;
using namespace punctual::redis::detail;

namespace {

/// An answer made of texts: an id, then names and values.
class TextReply {
 public:
  TextReply(std::string id, std::vector<std::string> texts)
      : id_text_(std::move(id)),
        texts_(std::move(texts)) {
    for (auto& text : texts_) natives_.push_back(of_text(text));
    for (auto& native : natives_) elements_.push_back(&native);
    row_.type = REDIS_REPLY_ARRAY;
    row_.elements = elements_.size();
    row_.element = elements_.data();
    id_ = of_text(id_text_);
    all_.type = REDIS_REPLY_ARRAY;
    all_.elements = 2;
    all_.element = both_;
  }
  TextReply(const TextReply&) = delete;
  TextReply& operator=(const TextReply&) = delete;

  [[nodiscard]] Reply reply() const { return Reply{&all_}; }

 private:
  static redisReply of_text(std::string& text) {
    redisReply reply{};
    reply.type = REDIS_REPLY_STRING;
    reply.str = text.data();
    reply.len = text.size();
    return reply;
  }

  std::string id_text_;
  std::vector<std::string> texts_;
  std::vector<redisReply> natives_;
  std::vector<redisReply*> elements_;
  redisReply id_{};
  redisReply row_{};
  redisReply* both_[2] = {&id_, &row_};
  redisReply all_{};
};

}  // namespace

TEST_CASE("redis: a new run has no field for what is as in any other") {
  NewRun row;
  row.job_name = "alpha";
  Packed wanted;
  wanted.add(row.id.to_string()).add("").add("").add("0").add("0");
  wanted.add("job_name", "alpha").add("status", "pending").add("run_at", TimePoint{});
  CHECK(packed_run(row) == wanted.take());
}

TEST_CASE("redis: a new run says what it asks for") {
  NewRun row;
  row.skip_if_open = true;
  row.skip_if_waiting = true;
  row.replaces_running = true;
  row.pace = {.key = "budget", .limit = {.max = 4, .period = Duration{1000}}};
  Packed wanted;
  wanted.add(row.id.to_string()).add("owr").add("budget").add("4").add("250000");
  wanted.add("job_name", "").add("status", "pending").add("run_at", TimePoint{});
  CHECK(packed_run(row) == wanted.take());
  CHECK(packed_runs({}).empty());
}

TEST_CASE("redis: ids are read back when some are none") {
  UuidGenerator ids{Random{1}};
  const std::vector<RunId> two{ids.next({}), ids.next({})};
  CHECK(read_ids(ids_text(two)) == two);
  CHECK(read_ids("").empty());
  CHECK(read_ids("no " + two[0].to_string() + "  x") == std::vector<RunId>{two[0]});
}

TEST_CASE("redis: read_run reads a row, and what somebody damaged as the default") {
  const RunId id = UuidGenerator{Random{1}}.next({});
  const TextReply whole{id.to_string(),
                        {"job_name", "alpha", "status", "success", "fence", "18446744073709551615",
                         "error_code", "", "error_message", "m", "progress", "0.25", "unknown", "?",
                         "exclusive", "1", "duration", "12"}};
  const JobRun run = read_run(whole.reply());
  CHECK(run.id == id);
  CHECK(run.job_name == "alpha");
  CHECK(run.status == JobStatus::success);
  CHECK(run.fence == 18'446'744'073'709'551'615U);
  CHECK(run.error == RunError{"", "m"});
  CHECK(run.progress == 0.25);
  CHECK(run.exclusive);
  CHECK(run.duration == Duration{12});
  CHECK(run.attempt == 1);

  const TextReply damaged{"?",
                          {"status", "?", "trigger", "?", "attempt", "?", "run_at", "?", "payload",
                           "{", "due_at", "", "odd"}};
  const JobRun other = read_run(damaged.reply());
  CHECK(other.id.is_nil());
  CHECK(other.status == JobStatus::failed);
  CHECK(other.trigger == RunTrigger::manual);
  CHECK(other.attempt == 1);
  CHECK(other.payload == Json{{"_undecodable", true}});
  CHECK_FALSE(other.due_at);
  CHECK(read_run(Reply{}).job_name.empty());
}

}  // namespace redis_run_fields_test
