// SPDX-License-Identifier: MIT

#include "punctual/redis/scripts.hpp"

#include <set>
#include <string>
#include <vector>

#include "punctual/redis/packed.hpp"
#include "support/catch.hpp"
#include "unit/redis/temporary_keys.hpp"

namespace redis_scripts_test {

using namespace punctual;
using namespace punctual::redis::detail;
using redis::test::TemporaryKeys;

TEST_CASE("redis: every script compiles, and none is another") {
  TemporaryKeys keys;
  Connection connection{keys.options()};
  const Scripts& all = scripts();
  std::set<std::string> digests;
  const Script* each[] = {
      &all.schema,     &all.probe,        &all.sync_jobs, &all.advance,        &all.due_schedules,
      &all.set_paused, &all.enqueue,      &all.claim,     &all.renew,          &all.finish,
      &all.release,    &all.take_expired, &all.run,       &all.request_cancel, &all.expire_unknown,
      &all.find_runs,  &all.next_wake,    &all.summaries, &all.prune};
  for (const Script* script : each) {
    const OwnedReply digest = connection.command({"SCRIPT", "LOAD", script->text()});
    CHECK(digests.insert(Reply{digest}.text()).second);
  }
}

TEST_CASE("redis: texts are taken apart whatever they hold and however many they are") {
  TemporaryKeys keys;
  Connection connection{keys.options()};
  const Script script{std::string{lua_base} + "return texts(ARGV[2])"};
  for (const std::size_t count : {0U, 1U, 127U, 128U, 129U, 1000U}) {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < count; ++i) {
      texts.push_back(std::string(i % 7 * (i % 3), i % 2 == 0 ? '\0' : '\r'));
    }
    const OwnedReply reply = connection.run(script, "0", {packed_list(texts)});
    REQUIRE(Reply{reply}.size() == count);
    for (std::size_t i = 0; i < count; ++i) CHECK(Reply{reply}[i].view() == texts[i]);
  }
  const OwnedReply none = connection.run(script, "0", {""});
  CHECK(Reply{none}.size() == 0);
}

TEST_CASE("redis: scripts go by the server's clock, held to the years that there are") {
  TemporaryKeys keys;
  Connection connection{keys.options()};
  const Script script{std::string{lua_base} + "return now"};
  const OwnedReply late = connection.run(script, "9000000000000000", {});
  CHECK(Reply{late}.instant() == time_max);
  const OwnedReply early = connection.run(script, "-9000000000000000", {});
  CHECK(Reply{early}.instant() == time_min);
}

}  // namespace redis_scripts_test
