// SPDX-License-Identifier: MIT

#include "punctual/testing/value_text.hpp"

#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace value_text_test {

using namespace punctual;
using punctual::testing::to_text;

TEST_CASE("to_text shows values as people read them") {
  CHECK(to_text(true) == "true");
  CHECK(to_text(42) == "42");
  CHECK(to_text(0.25) == "0.25");
  CHECK(to_text(std::string{"a\"b"}) == "\"a\"b\"");
  CHECK(to_text(TimePoint{Duration{1'704'067'200'001}}) == "2024-01-01T00:00:00.001Z");
  CHECK(to_text(Duration{1500}) == "1500 ms");
  CHECK(to_text(Uuid{}) == "00000000-0000-0000-0000-000000000000");
  CHECK(to_text(Json{{"a", 1}}) == "{\"a\":1}");
  CHECK(to_text(RunError{"E", "why"}) == "\"E\" \"why\"");
}

TEST_CASE("to_text names enumerators") {
  CHECK(to_text(JobStatus::skipped) == "skipped");
  CHECK(to_text(RunTrigger::backfill) == "backfill");
  CHECK(to_text(RenewAnswer::kept) == "kept");
  CHECK(to_text(RenewAnswer::lost) == "lost");
  CHECK(to_text(RenewAnswer::cancel_requested) == "cancel_requested");
  CHECK(to_text(FinishAnswer::done) == "done");
  CHECK(to_text(FinishAnswer::lost) == "lost");
  CHECK(to_text(EnqueueAnswer::Kind::stored) == "stored");
  CHECK(to_text(EnqueueAnswer::Kind::duplicate) == "duplicate");
  CHECK(to_text(EnqueueAnswer::Kind::overlapped) == "overlapped");
  CHECK(to_text(CancelAnswer::cancelled) == "cancelled");
  CHECK(to_text(CancelAnswer::requested) == "requested");
  CHECK(to_text(CancelAnswer::ended) == "ended");
  CHECK(to_text(CancelAnswer::not_found) == "not_found");
}

TEST_CASE("to_text shows optionals and lists by their elements") {
  CHECK(to_text(std::optional<int>{}) == "nothing");
  CHECK(to_text(std::optional{7}) == "7");
  CHECK(to_text(std::vector<int>{}) == "[] (0)");
  CHECK(to_text(std::vector{1, 2}) == "[1, 2] (2)");
  CHECK(to_text(std::vector<int>(13, 1)) == "[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, ...] (13)");
}

TEST_CASE("to_text cuts what is long and survives what is not UTF-8") {
  CHECK(to_text(std::string(1000, 'x')).size() <= 302);
  CHECK(to_text(Json(std::string(1000, 'x'))).size() <= 300);
  CHECK(to_text(Json("\xFF")) == "\"\xEF\xBF\xBD\"");
}

}  // namespace value_text_test
