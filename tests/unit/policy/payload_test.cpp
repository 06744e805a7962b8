// SPDX-License-Identifier: MIT
//
// Payload types: which version they are of, and which versions they read.

#include "punctual/policy/payload.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "punctual/base/json.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace payload_test {

using punctual::Json;
using punctual::payload_version_of;
using punctual::read_payload;
using punctual::tests::error_of;

namespace {

struct Plain {
  int value = 0;
};
struct Versioned {
  static constexpr std::uint32_t payload_version = 2;
  int value = 0;
};
struct Upgraded {
  static constexpr std::uint32_t payload_version = 3;
  static Json upgrade(const Json& payload, std::uint32_t from) {
    return {{"value", payload.at("value").get<int>() * 100 + static_cast<int>(from)}};
  }
  int value = 0;
};
struct NotAVersion {
  static constexpr const char* payload_version = "2";
};

void from_json(const Json& json, Plain& payload) {
  json.at("value").get_to(payload.value);
}
void from_json(const Json& json, Versioned& payload) {
  json.at("value").get_to(payload.value);
}
void from_json(const Json& json, Upgraded& payload) {
  json.at("value").get_to(payload.value);
}

template <class T>
int value_of(const Json& payload, std::uint32_t written) {
  return read_payload<T>(payload, written).value;
}

}  // namespace

static_assert(punctual::VersionedPayload<Versioned>);
static_assert(punctual::VersionedPayload<Upgraded>);
static_assert(!punctual::VersionedPayload<Plain>);
static_assert(!punctual::VersionedPayload<NotAVersion>);
static_assert(!punctual::VersionedPayload<int>);
static_assert(payload_version_of<Versioned>() == 2);
static_assert(payload_version_of<Upgraded>() == 3);
static_assert(payload_version_of<Plain>() == 0);
static_assert(payload_version_of<char[4]>() == 0);
static_assert(payload_version_of<std::nullptr_t>() == 0);

TEST_CASE("read_payload reads this version and earlier ones, upgraded where the type can") {
  struct Row {
    const char* subject;
    int (*read)(const Json&, std::uint32_t);
    std::uint32_t written;
    int value;
  };
  const std::vector<Row> table = {
      {"no version, written without", value_of<Plain>, 0, 7},
      {"no version, written with any", value_of<Plain>, 99, 7},
      {"of this version", value_of<Versioned>, 2, 7},
      {"of an earlier one, as it is", value_of<Versioned>, 1, 7},
      {"of none, as it is", value_of<Versioned>, 0, 7},
      {"of this version, not upgraded", value_of<Upgraded>, 3, 7},
      {"of an earlier one, upgraded", value_of<Upgraded>, 2, 702},
      {"of none, upgraded", value_of<Upgraded>, 0, 700},
  };
  const Json payload = {{"value", 7}};
  for (const auto& row : table) {
    CAPTURE(row.subject);
    CHECK(row.read(payload, row.written) == row.value);
  }
}

TEST_CASE("read_payload refuses a later version, and passes on what does not fit") {
  const auto error = error_of([] { (void)read_payload<Versioned>(Json{{"value", 7}}, 3); });
  REQUIRE(error);
  CHECK(error->code() == "PAYLOAD_TOO_NEW");
  CHECK(std::string{error->what()} ==
        "PAYLOAD_TOO_NEW: the payload is of version 3, this program reads versions up to 2");
  CHECK(error_of([] { (void)read_payload<Upgraded>(Json(nullptr), 4); })->code() ==
        "PAYLOAD_TOO_NEW");
  CHECK_THROWS_AS((void)read_payload<Plain>(Json{{"other", 7}}, 0), Json::out_of_range);
  CHECK_THROWS_AS((void)read_payload<Upgraded>(Json{{"other", 7}}, 1), Json::out_of_range);
}

}  // namespace payload_test
