// SPDX-License-Identifier: MIT
//
// The JSON of rules: every kind and option there and back, and every refusal with its words.

#include "punctual/schedule/rule_json.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hand_zone.hpp"
#include "punctual/base/json.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace rule_json_test {

namespace {

using punctual::CronSchedule;
using punctual::Duration;
using punctual::Error;
using punctual::Json;
using punctual::ScheduleKind;
using punctual::ScheduleRulePtr;
using punctual::TimeZone;
using punctual::detail::NoZones;
using punctual::detail::rule_from_json;
using punctual::detail::rule_to_json;
using punctual::tests::error_of;
using punctual::tests::new_york;

/// Knows one zone.
TimeZone zones(std::string_view name) {
  if (name == "America/New_York") return new_york();
  throw Error{"INVALID_TIME_ZONE", "no zone " + std::string{name}};
}

ScheduleRulePtr read(const std::string& text) {
  return rule_from_json(Json::parse(text), zones);
}

const char* const hourly = R"({"kind":"interval","periodMs":3600000})";

std::string repeated(int count, const std::string& text) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

/// A schedule of so many within one another.
std::string nested(int count) {
  return repeated(count - 1, R"({"kind":"jitter","maxMs":1,"schedule":)") + hourly +
         repeated(count - 1, "}");
}

/// The words of the refusal, "" if there is none.
std::string refusal(const std::string& text) {
  const auto error = error_of([&] { (void)read(text); });
  return error ? error->what() : "";
}

}  // namespace

TEST_CASE("A rule's JSON is the same when it is read and written again") {
  struct Row {
    const char* subject;
    const char* json;
    ScheduleKind kind;
  };
  const std::vector<Row> rows = {
      {"a period", R"({"kind":"interval","periodMs":1})", ScheduleKind::interval},
      {"the longest period", R"({"kind":"interval","periodMs":9223372036854775807})",
       ScheduleKind::interval},
      {"a period with an anchor",
       R"({"kind":"interval","periodMs":60000,"anchor":"2024-01-15T02:00:00.001Z"})",
       ScheduleKind::interval},
      {"a delay after the finish", R"({"kind":"afterFinish","periodMs":60000})",
       ScheduleKind::after_finish},
      {"once", R"({"kind":"once","at":"9999-12-31T23:59:59.999Z"})", ScheduleKind::once},
      {"cron", R"({"kind":"cron","expression":"0 2 * * MON-FRI","timeZone":"UTC"})",
       ScheduleKind::cron},
      {"cron at an offset", R"({"kind":"cron","expression":"@daily","timeZone":"-03:30"})",
       ScheduleKind::cron},
      {"cron in a zone", R"({"kind":"cron","expression":"@daily","timeZone":"America/New_York"})",
       ScheduleKind::cron},
      {"both days", R"({"kind":"cron","expression":"0 0 13 * FRI","timeZone":"UTC","days":"both"})",
       ScheduleKind::cron},
      {"five fields", R"({"kind":"cron","expression":"0 2 * * *","timeZone":"UTC","fields":5})",
       ScheduleKind::cron},
      {"six fields", R"({"kind":"cron","expression":"0 0 2 * * *","timeZone":"UTC","fields":6})",
       ScheduleKind::cron},
      {"seven fields",
       R"({"kind":"cron","expression":"0 0 2 * * * 2099","timeZone":"UTC","fields":7})",
       ScheduleKind::cron},
      {"shift", R"({"kind":"cron","expression":"@daily","timeZone":"UTC","gap":"shift"})",
       ScheduleKind::cron},
      {"skip", R"({"kind":"cron","expression":"@daily","timeZone":"UTC","gap":"skip"})",
       ScheduleKind::cron},
      {"the first pass",
       R"({"kind":"cron","expression":"@daily","timeZone":"UTC","overlap":"first"})",
       ScheduleKind::cron},
      {"the last pass",
       R"({"kind":"cron","expression":"@daily","timeZone":"UTC","overlap":"last"})",
       ScheduleKind::cron},
      {"both passes", R"({"kind":"cron","expression":"@daily","timeZone":"UTC","overlap":"both"})",
       ScheduleKind::cron},
      {"every option of cron",
       R"({"kind":"cron","expression":"0 0 13 * FRI","timeZone":"America/New_York","days":"both",
           "fields":5,"gap":"skip","overlap":"last"})",
       ScheduleKind::cron},
      {"between",
       R"({"kind":"between","from":"2024-01-01T00:00:00.000Z","until":"2025-01-01T00:00:00.000Z",
           "schedule":{"kind":"interval","periodMs":3600000}})",
       ScheduleKind::between},
      {"excluding nothing",
       R"({"kind":"excluding","calendar":{},"schedule":{"kind":"interval","periodMs":3600000}})",
       ScheduleKind::excluding},
      {"excluding days of each sort",
       R"({"kind":"excluding","calendar":{"dates":["0001-01-01","2024-02-29","9999-12-31"],
           "weekdays":["Sunday","Monday","Tuesday","Wednesday","Thursday","Friday","Saturday"],
           "yearly":["01-01","02-29","12-31"],"timeZone":"+05:30",
           "times":{"kind":"cron","expression":"0 3 * * *","timeZone":"UTC"}},
           "schedule":{"kind":"interval","periodMs":3600000}})",
       ScheduleKind::excluding},
      {"excluding days of a zone by name",
       R"({"kind":"excluding","calendar":{"weekdays":["Sunday"],"timeZone":"America/New_York"},
           "schedule":{"kind":"interval","periodMs":3600000}})",
       ScheduleKind::excluding},
      {"jitter", R"({"kind":"jitter","maxMs":0,"schedule":{"kind":"interval","periodMs":1}})",
       ScheduleKind::jitter},
      {"any of",
       R"({"kind":"anyOf","schedules":[{"kind":"interval","periodMs":1},
           {"kind":"once","at":"2024-01-15T02:00:00.000Z"}]})",
       ScheduleKind::any_of},
      {"each kind within another",
       R"({"kind":"anyOf","schedules":[{"kind":"jitter","maxMs":60000,"schedule":
           {"kind":"excluding","calendar":{"weekdays":["Sunday"]},"schedule":
           {"kind":"between","from":"2024-01-01T00:00:00.000Z",
            "until":"2025-01-01T00:00:00.000Z","schedule":
           {"kind":"cron","expression":"@daily","timeZone":"America/New_York"}}}}]})",
       ScheduleKind::any_of},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const ScheduleRulePtr rule = read(row.json);
    REQUIRE(rule);
    CHECK(rule->kind() == row.kind);
    CHECK(rule_to_json<Json>(*rule) == Json::parse(row.json));
    // In any order of members.
    CHECK(rule_to_json<nlohmann::ordered_json>(*rule).size() == Json::parse(row.json).size());
  }
  CHECK(read("null") == nullptr);
}

TEST_CASE("A rule's JSON leaves out what is the default when it is written") {
  struct Row {
    const char* subject;
    const char* read;
    const char* written;
  };
  const Row rows[] = {
      {"every default of cron",
       R"({"kind":"cron","expression":"@daily","timeZone":"UTC","days":"either",
           "gap":"atTransition","overlap":"byKind"})",
       R"({"kind":"cron","expression":"@daily","timeZone":"UTC"})"},
      {"no zone is UTC", R"({"kind":"cron","expression":"@daily"})",
       R"({"kind":"cron","expression":"@daily","timeZone":"UTC"})"},
      {"an offset of none is UTC", R"({"kind":"cron","expression":"@daily","timeZone":"+00:00"})",
       R"({"kind":"cron","expression":"@daily","timeZone":"UTC"})"},
      {"a time of another offset", R"({"kind":"once","at":"2024-01-15T02:00:00+01:00"})",
       R"({"kind":"once","at":"2024-01-15T01:00:00.000Z"})"},
      {"members that nobody knows", R"({"kind":"interval","periodMs":1,"comment":"hello"})",
       R"({"kind":"interval","periodMs":1})"},
      {"empty lists of days",
       R"({"kind":"excluding","calendar":{"dates":[],"weekdays":[],"yearly":[],"times":null},
           "schedule":{"kind":"interval","periodMs":1}})",
       R"({"kind":"excluding","calendar":{},"schedule":{"kind":"interval","periodMs":1}})"},
      {"days twice and out of order",
       R"({"kind":"excluding","calendar":{"dates":["2024-03-29","2024-01-01","2024-03-29"],
           "weekdays":["Monday","Sunday","Monday"],"yearly":["12-25","01-01","12-25"]},
           "schedule":{"kind":"interval","periodMs":1}})",
       R"({"kind":"excluding","calendar":{"dates":["2024-01-01","2024-03-29"],
           "weekdays":["Sunday","Monday"],"yearly":["01-01","12-25"]},
           "schedule":{"kind":"interval","periodMs":1}})"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(rule_to_json<Json>(*read(row.read)) == Json::parse(row.written));
  }
}

TEST_CASE("A rule's JSON takes its options to the rule when it is read") {
  const ScheduleRulePtr rule = read(
      R"({"kind":"cron","expression":"0 0 13 * FRI","timeZone":"America/New_York","days":"both",
          "fields":5,"gap":"skip","overlap":"last"})");
  const auto& options = dynamic_cast<const CronSchedule&>(*rule).options();
  CHECK(options.zone.rules() != nullptr);
  CHECK(options.days == punctual::CronDayMatch::both);
  CHECK(options.fields == punctual::CronFieldCount::five);
  CHECK(options.gap == punctual::DstGap::skip);
  CHECK(options.overlap == punctual::DstOverlap::last);
}

TEST_CASE("A rule's JSON has at most 16 schedules within one another when it is read") {
  CHECK(refusal(nested(16)).empty());
  const std::string expected =
      "INVALID_SCHEDULE: the JSON of a schedule expects at most 16 schedules within one another, "
      "got {\"kind\":\"interval\",\"periodMs\":3600000}";
  CHECK(refusal(nested(17)) == expected);
  // Those of unions and of calendars count as well.
  CHECK(refusal(R"({"kind":"anyOf","schedules":[)" + nested(15) + "]}").empty());
  CHECK(refusal(R"({"kind":"anyOf","schedules":[)" + nested(16) + "]}") == expected);
  const std::string with_times =
      R"({"kind":"excluding","schedule":)" + std::string{hourly} + R"(,"calendar":{"times":)";
  CHECK(refusal(with_times + nested(15) + "}}").empty());
  CHECK(refusal(with_times + nested(16) + "}}") == expected);
}

TEST_CASE("A rule's JSON is refused and not written out when it is nested very deeply") {
  constexpr int depth = 100'000;
  const std::string lists = repeated(depth, "[") + repeated(depth, "]");
  struct Row {
    const char* subject;
    std::string json;
    const char* expected;
  };
  const Row rows[] = {
      {"schedules", nested(depth),
       "at most 16 schedules within one another, got a deeply nested object"},
      {"a kind of lists", R"({"kind":)" + lists + "}",
       "a text as \"kind\", got a deeply nested array"},
      {"lists", lists, "an object with a \"kind\", or null, got a deeply nested array"},
      {"a date of lists",
       R"({"kind":"excluding","schedule":)" + std::string{hourly} + R"(,"calendar":{"dates":)" +
           lists + "}}",
       "a text, got a deeply nested array"},
      {"a list of eight", "[[[[[[[[]]]]]]]]",
       "an object with a \"kind\", or null, got [[[[[[[[]]]]]]]]"},
      {"a list of nine", "[[[[[[[[[]]]]]]]]]",
       "an object with a \"kind\", or null, got a deeply nested array"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(refusal(row.json) ==
          std::string{"INVALID_SCHEDULE: the JSON of a schedule expects "} + row.expected);
  }
}

TEST_CASE("A rule's JSON is refused with what was expected when it is not one") {
  struct Row {
    const char* subject;
    const char* json;
    const char* expected;  // and what was found
  };
  const Row rows[] = {
      {"a text", R"("@daily")", R"(an object with a "kind", or null, got "@daily")"},
      {"a number", "5", R"(an object with a "kind", or null, got 5)"},
      {"a list", "[]", R"(an object with a "kind", or null, got [])"},
      {"no kind", R"({"periodMs":1})", R"(a "kind", got {"periodMs":1})"},
      {"a kind that is no text", R"({"kind":1})", R"(a text as "kind", got 1)"},
      {"a kind of none", R"({"kind":"manual"})",
       R"(a "kind" of interval, afterFinish, once, cron, between, excluding, jitter or anyOf, )"
       R"(got "manual")"},
      {"a kind in capitals", R"({"kind":"Cron"})",
       R"(a "kind" of interval, afterFinish, once, cron, between, excluding, jitter or anyOf, )"
       R"(got "Cron")"},
      {"no period", R"({"kind":"interval"})", R"(a "periodMs", got {"kind":"interval"})"},
      {"half a millisecond", R"({"kind":"interval","periodMs":0.5})",
       R"(a whole number as "periodMs", got 0.5)"},
      {"a number in a text", R"({"kind":"interval","periodMs":"1"})",
       R"(a whole number as "periodMs", got "1")"},
      {"true", R"({"kind":"afterFinish","periodMs":true})",
       R"(a whole number as "periodMs", got true)"},
      {"an anchor that is no time", R"({"kind":"interval","periodMs":1,"anchor":"noon"})",
       R"(an ISO 8601 time as "anchor", got "noon")"},
      {"an anchor that is no text", R"({"kind":"interval","periodMs":1,"anchor":0})",
       R"(a text as "anchor", got 0)"},
      {"no instant", R"({"kind":"once"})", R"(a "at", got {"kind":"once"})"},
      {"30 February", R"({"kind":"once","at":"2024-02-30T00:00:00Z"})",
       R"(an ISO 8601 time as "at", got "2024-02-30T00:00:00Z")"},
      {"no expression", R"({"kind":"cron"})", R"(a "expression", got {"kind":"cron"})"},
      {"an expression that is no text", R"({"kind":"cron","expression":[]})",
       R"(a text as "expression", got [])"},
      {"a zone that is no text", R"({"kind":"cron","expression":"@daily","timeZone":1})",
       R"(a text as "timeZone", got 1)"},
      {"other days", R"({"kind":"cron","expression":"@daily","days":"neither"})",
       R"(as "days" either or both, got "neither")"},
      {"four fields", R"({"kind":"cron","expression":"@daily","fields":4})",
       R"(as "fields" 5, 6 or 7, got 4)"},
      {"eight fields", R"({"kind":"cron","expression":"@daily","fields":8})",
       R"(as "fields" 5, 6 or 7, got 8)"},
      {"any number of fields", R"({"kind":"cron","expression":"@daily","fields":0})",
       R"(as "fields" 5, 6 or 7, got 0)"},
      {"fields in a text", R"({"kind":"cron","expression":"@daily","fields":"5"})",
       R"(a whole number as "fields", got "5")"},
      {"another gap", R"({"kind":"cron","expression":"@daily","gap":"both"})",
       R"(as "gap" one of atTransition, shift, skip, got "both")"},
      {"a gap of none", R"({"kind":"cron","expression":"@daily","gap":null})",
       R"(a text as "gap", got null)"},
      {"another overlap", R"({"kind":"cron","expression":"@daily","overlap":"skip"})",
       R"(as "overlap" one of byKind, first, last, both, got "skip")"},
      {"bounds of nothing", R"({"kind":"between"})", R"(a "schedule", got {"kind":"between"})"},
      {"bounds of no schedule", R"({"kind":"between","schedule":null})",
       R"(a "schedule" with instants of its own, got {"kind":"between","schedule":null})"},
      {"jitter of a delay", R"({"kind":"jitter","schedule":{"kind":"afterFinish","periodMs":1}})",
       R"(a "schedule" with instants of its own, got )"
       R"({"kind":"jitter","schedule":{"kind":"afterFinish","periodMs":1}})"},
      {"no beginning", R"({"kind":"between","schedule":{"kind":"interval","periodMs":1}})",
       R"(a "from", got {"kind":"between","schedule":{"kind":"interval","periodMs":1}})"},
      {"no jitter", R"({"kind":"jitter","schedule":{"kind":"interval","periodMs":1}})",
       R"(a "maxMs", got {"kind":"jitter","schedule":{"kind":"interval","periodMs":1}})"},
      {"no schedules", R"({"kind":"anyOf"})", R"(a "schedules", got {"kind":"anyOf"})"},
      {"schedules that are no list", R"({"kind":"anyOf","schedules":{}})",
       R"(a list of "schedules", got {})"},
      {"none among schedules", R"({"kind":"anyOf","schedules":[null]})",
       R"("schedules" with instants of their own, got null)"},
      {"a delay among schedules",
       R"({"kind":"anyOf","schedules":[{"kind":"afterFinish","periodMs":1}]})",
       R"("schedules" with instants of their own, got {"kind":"afterFinish","periodMs":1})"},
      {"no calendar", R"({"kind":"excluding","schedule":{"kind":"interval","periodMs":1}})",
       R"(a "calendar", got {"kind":"excluding","schedule":{"kind":"interval","periodMs":1}})"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    // Of what was found, 64 bytes are shown.
    std::string expected =
        std::string{"INVALID_SCHEDULE: the JSON of a schedule expects "} + row.expected;
    const auto found_at = expected.find(", got ") + 6;
    expected = expected.substr(0, found_at + 64);
    CHECK(refusal(row.json) == expected);
  }
}

TEST_CASE("A calendar's JSON is refused with what was expected when it is not one") {
  struct Row {
    const char* subject;
    const char* calendar;
    const char* expected;
  };
  const Row rows[] = {
      {"a text", R"("weekends")", R"(an object as "calendar", got "weekends")"},
      {"null", "null", R"(an object as "calendar", got null)"},
      {"dates that are no list", R"({"dates":"2024-03-29"})",
       R"(a list as "dates", got "2024-03-29")"},
      {"a date that is no text", R"({"dates":[20240329]})", "a text, got 20240329"},
      {"a date of words", R"({"dates":["Easter"]})", R"(dates such as "2024-12-24", got "Easter")"},
      {"a date that does not come", R"({"dates":["2023-02-29"]})",
       R"(dates such as "2024-12-24", got "2023-02-29")"},
      {"a date with a time", R"({"dates":["2024-03-29T00:00:00Z"]})",
       R"(dates such as "2024-12-24", got "2024-03-29T00:00:00Z")"},
      {"a date of year 0", R"({"dates":["0000-01-01"]})",
       R"(dates such as "2024-12-24", got "0000-01-01")"},
      {"weekdays that are no list", R"({"weekdays":{}})", R"(a list as "weekdays", got {})"},
      {"a weekday that is no text", R"({"weekdays":[0]})", "a text, got 0"},
      {"a weekday cut short", R"({"weekdays":["Mon"]})", R"(weekdays such as "Monday", got "Mon")"},
      {"a weekday in small letters", R"({"weekdays":["monday"]})",
       R"(weekdays such as "Monday", got "monday")"},
      {"days of the year that are no list", R"({"yearly":null})",
       R"(a list as "yearly", got null)"},
      {"a day of the year that is no text", R"({"yearly":[1225]})", "a text, got 1225"},
      {"a day that does not come", R"({"yearly":["02-30"]})",
       R"(days of the year such as "12-25", got "02-30")"},
      {"a day without zeros", R"({"yearly":["1-1"]})",
       R"(days of the year such as "12-25", got "1-1")"},
      {"times that are no schedule", R"({"times":"@daily"})",
       R"(an object with a "kind", or null, got "@daily")"},
      {"a zone that is no text", R"({"timeZone":{}})", R"(a text as "timeZone", got {})"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(refusal(R"({"kind":"excluding","schedule":)" + std::string{hourly} + R"(,"calendar":)" +
                  row.calendar + "}") ==
          std::string{"INVALID_SCHEDULE: the JSON of a schedule expects "} + row.expected);
  }
}

TEST_CASE("A rule's JSON is refused as the rule is when its values are out of range") {
  struct Row {
    const char* subject;
    std::string json;
    const char* error;
  };
  std::string many = R"({"kind":"anyOf","schedules":[)";
  for (int i = 0; i < 64; ++i) many += std::string{hourly} + ",";
  const Row rows[] = {
      {"no period", R"({"kind":"interval","periodMs":0})",
       "INVALID_SCHEDULE: every() expects a period of at least 1 ms, got 0 ms"},
      {"a period beyond 64 bits", R"({"kind":"interval","periodMs":18446744073709551615})",
       "INVALID_SCHEDULE: every() expects a period of at least 1 ms, got -1 ms"},
      {"no delay", R"({"kind":"afterFinish","periodMs":-5})",
       "INVALID_SCHEDULE: every_after_finish() expects a period of at least 1 ms, got -5 ms"},
      {"negative jitter",
       R"({"kind":"jitter","maxMs":-1,"schedule":{"kind":"interval","periodMs":1}})",
       "INVALID_SCHEDULE: jitter() expects a span of 0 ms to 366 days, got -1 ms"},
      {"an end at the beginning",
       R"({"kind":"between","from":"2024-01-01T00:00:00Z","until":"2024-01-01T00:00:00Z",
           "schedule":{"kind":"interval","periodMs":1}})",
       "INVALID_SCHEDULE: between() expects an end after its beginning, got "
       "2024-01-01T00:00:00.000Z and 2024-01-01T00:00:00.000Z"},
      {"an expression that is none", R"({"kind":"cron","expression":"* * * *"})",
       "INVALID_SCHEDULE: cron expression \"* * * *\", column 8: expected 5 fields, 6 with "
       "seconds first or 7 with the year last, found nothing"},
      {"an expression of another count", R"({"kind":"cron","expression":"* * * * *","fields":6})",
       "INVALID_SCHEDULE: cron expression \"* * * * *\", column 10: expected 6 fields, seconds "
       "first, found nothing"},
      {"no schedules", R"({"kind":"anyOf","schedules":[]})",
       "INVALID_SCHEDULE: any_of() expects 1 to 64 schedules, got 0"},
      {"64 schedules", many.substr(0, many.size() - 1) + "]}", ""},
      {"65 schedules", many + hourly + "]}",
       "INVALID_SCHEDULE: the JSON of a schedule expects at most 64 \"schedules\", got "
       "{\"kind\":\"interval\",\"periodMs\":3600000}"},
      {"a zone that is not known",
       R"({"kind":"cron","expression":"@daily","timeZone":"Europe/Berlin"})",
       "INVALID_TIME_ZONE: no zone Europe/Berlin"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(refusal(row.json) == row.error);
  }
}

TEST_CASE("A rule's JSON names the function that knows zones when none was given") {
  const auto refusal_of = [](const std::string& zone) {
    const Json json = {{"kind", "cron"}, {"expression", "@daily"}, {"timeZone", zone}};
    const auto error = error_of([&] { (void)rule_from_json(json, NoZones{}); });
    return error ? std::string{error->what()} : "";
  };
  CHECK(refusal_of("UTC").empty());
  CHECK(refusal_of("+05:30").empty());
  CHECK(refusal_of("Europe/Berlin") ==
        "INVALID_TIME_ZONE: no zone database was given that knows \"Europe/Berlin\"; pass "
        "punctual::tz::zone");
  CHECK(refusal_of(std::string(1000, 'x')) ==
        "INVALID_TIME_ZONE: no zone database was given that knows \"" + std::string(64, 'x') +
            "\"; pass punctual::tz::zone");
}

TEST_CASE("A rule's JSON is shown in plain characters when it is refused with others") {
  const auto refusal_of = [](const Json& json) {
    const auto error = error_of([&] { (void)rule_from_json(json, NoZones{}); });
    return error ? std::string{error->what()} : "";
  };
  CHECK(refusal_of(Json("\xff\n\xc3\xa4")) ==
        R"(INVALID_SCHEDULE: the JSON of a schedule expects an object with a "kind", or null, )"
        R"(got "\ufffd\n\u00e4")");
  CHECK(refusal_of(Json(std::string(1000, 'x'))) ==
        R"(INVALID_SCHEDULE: the JSON of a schedule expects an object with a "kind", or null, )"
        R"(got ")" +
            std::string(63, 'x'));
}

}  // namespace rule_json_test
