// SPDX-License-Identifier: MIT

#include "punctual/postgres/change_watch.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "punctual/builtin/system_clock.hpp"
#include "punctual/postgres/query.hpp"
#include "support/catch.hpp"
#include "unit/postgres/temporary_schema.hpp"

namespace postgres_change_watch_test {

using namespace punctual;
using namespace punctual::postgres::detail;
using punctual::postgres::test::TemporarySchema;

namespace {

/// Counts calls; whoever waits for one is woken.
class Bell {
 public:
  void ring() {
    const std::lock_guard lock{mutex_};
    ++count_;
    rung_.notify_all();
  }
  [[nodiscard]] bool rings_up_to(int count) {
    std::unique_lock lock{mutex_};
    return rung_.wait_for(lock, std::chrono::seconds{30}, [&] { return count_ >= count; });
  }
  [[nodiscard]] int count() {
    const std::lock_guard lock{mutex_};
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable rung_;
  int count_ = 0;
};

/// Ends the sessions that listen for this schema; returns how many.
std::int64_t terminate_watches(const TemporarySchema& schema) {
  Connection connection{schema.options()};
  Query query{connection,
              "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
              " WHERE query LIKE '%' || ? || '%' AND pid <> pg_backend_pid()"};
  query.bind(channel_name(connection));
  return query.step() ? query.integer() : -1;
}

}  // namespace

TEST_CASE("postgres: ChangeWatch calls the others' listeners and not its own when it is told") {
  TemporarySchema schema;
  Bell own;
  Bell other;
  ChangeWatch one{schema.options()};
  ChangeWatch two{schema.options()};
  const auto own_handle = one.listen([&] { own.ring(); });
  const auto other_handle = two.listen([&] { other.ring(); });
  REQUIRE(own.rings_up_to(1));  // everybody looks once when it is connected
  REQUIRE(other.rings_up_to(1));
  one.tell();
  REQUIRE(other.rings_up_to(2));
  two.tell();  // comes after what `one` sent
  REQUIRE(own.rings_up_to(2));
  CHECK(own.count() == 2);
}

TEST_CASE("postgres: ChangeWatch calls its own listeners when several schedulers share it") {
  TemporarySchema schema;
  Bell first;
  Bell second;
  ChangeWatch watch{schema.options()};
  const auto first_handle = watch.listen([&] { first.ring(); });
  const auto second_handle = watch.listen([&] { second.ring(); });
  REQUIRE(first.rings_up_to(1));
  const int second_count = second.count();
  watch.tell();
  CHECK(first.rings_up_to(2));
  CHECK(second.rings_up_to(second_count + 1));
}

TEST_CASE("postgres: ChangeWatch goes on when a listener throws") {
  TemporarySchema schema;
  Bell bell;
  ChangeWatch one{schema.options()};
  ChangeWatch two{schema.options()};
  const auto bad = two.listen([] { throw Error{"OWN", "reason"}; });
  const auto good = two.listen([&] { bell.ring(); });
  REQUIRE(bell.rings_up_to(1));
  one.tell();
  CHECK(bell.rings_up_to(2));
}

TEST_CASE("postgres: ChangeWatch calls nobody whose handle is gone") {
  TemporarySchema schema;
  Bell gone;
  Bell kept;
  ChangeWatch one{schema.options()};
  ChangeWatch two{schema.options()};
  auto handle = two.listen([&] { gone.ring(); });
  const auto kept_handle = two.listen([&] { kept.ring(); });
  REQUIRE(gone.rings_up_to(1));
  REQUIRE(kept.rings_up_to(1));
  handle.reset();
  const int gone_count = gone.count();
  const int kept_count = kept.count();
  one.tell();
  REQUIRE(kept.rings_up_to(kept_count + 1));  // called after the one before it would have been
  CHECK(gone.count() == gone_count);
}

TEST_CASE("postgres: ChangeWatch hears what a transaction of somebody else's tells") {
  TemporarySchema schema;
  Bell bell;
  ChangeWatch watch{schema.options()};
  const auto handle = watch.listen([&] { bell.ring(); });
  REQUIRE(bell.rings_up_to(1));
  Connection connection{schema.options()};
  connection.exec("BEGIN");
  notify(connection);
  connection.exec("ROLLBACK");
  CHECK(bell.count() == 1);
  connection.exec("BEGIN");
  notify(connection);
  connection.exec("COMMIT");
  CHECK(bell.rings_up_to(2));
}

TEST_CASE("postgres: ChangeWatch connects again when the server ended its session") {
  TemporarySchema schema;
  Bell own;
  Bell other;
  ChangeWatch one{schema.options()};
  ChangeWatch two{schema.options()};
  const auto own_handle = one.listen([&] { own.ring(); });
  const auto other_handle = two.listen([&] { other.ring(); });
  REQUIRE(own.rings_up_to(1));
  REQUIRE(other.rings_up_to(1));
  CHECK(terminate_watches(schema) == 2);
  REQUIRE(own.rings_up_to(2));  // something may have been missed
  REQUIRE(other.rings_up_to(2));
  one.tell();
  CHECK(other.rings_up_to(3));
}

TEST_CASE("postgres: ChangeWatch ends at once when it listens") {
  TemporarySchema schema;
  ChangeWatch other{schema.options()};
  Duration shortest = std::chrono::hours{1};
  for (int i = 0; i < 5; ++i) {
    Bell bell;
    auto watch = std::make_unique<ChangeWatch>(schema.options());
    const auto handle = watch->listen([&] { bell.ring(); });
    REQUIRE(bell.rings_up_to(1));
    other.tell();
    REQUIRE(bell.rings_up_to(2));  // it waits for what comes next, or is about to
    const Duration begun_at = SystemClock{}.steady_now();
    watch.reset();
    shortest = std::min(shortest, SystemClock{}.steady_now() - begun_at);
  }
  CHECK(shortest < std::chrono::milliseconds{90});  // the shortest pause between connections is 100
}

TEST_CASE("postgres: channel_name differs from schema to schema and prefix to prefix") {
  TemporarySchema schema;
  auto options = schema.options();
  const std::string name = channel_name(Connection{options});
  CHECK(name == channel_name(Connection{options}));
  options.table_prefix = "a_";
  CHECK(name != channel_name(Connection{options}));
  options = schema.options();
  options.schema = "other";
  CHECK(name != channel_name(Connection{options}));
}

}  // namespace postgres_change_watch_test
