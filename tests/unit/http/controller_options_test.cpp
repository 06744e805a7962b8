// SPDX-License-Identifier: MIT

#include "punctual/http/controller_options.hpp"

#include <chrono>

#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace http_controller_options_test {

using namespace punctual;
using namespace punctual::http;
using namespace std::chrono_literals;

TEST_CASE("http: require_valid names the option that is out of its range") {
  struct Row {
    const char* name;
    void (*change)(ControllerOptions&);
    const char* word;  // nullptr: it is valid
  };
  const Row rows[] = {
      {"as made", [](ControllerOptions&) {}, nullptr},
      {"a short prefix", [](ControllerOptions& o) { o.prefix = "/j"; }, nullptr},
      {"no wait", [](ControllerOptions& o) { o.trigger_wait_max = 0ms; }, nullptr},
      {"an origin with a port", [](ControllerOptions& o) { o.origins = {"http://[::1]:8080"}; },
       nullptr},
      {"no prefix", [](ControllerOptions& o) { o.prefix = ""; }, "prefix"},
      {"the root", [](ControllerOptions& o) { o.prefix = "/"; }, "prefix"},
      {"a slash at the end", [](ControllerOptions& o) { o.prefix = "/a/"; }, "prefix"},
      {"dots", [](ControllerOptions& o) { o.prefix = "/a/../b"; }, "prefix"},
      {"encoded", [](ControllerOptions& o) { o.prefix = "/%61"; }, "prefix"},
      {"a negative wait", [](ControllerOptions& o) { o.trigger_wait_max = -1ms; },
       "trigger_wait_max"},
      {"no trigger", [](ControllerOptions& o) { o.triggers_per_job.count_max = 0; }, "limits"},
      {"no period", [](ControllerOptions& o) { o.triggers_per_principal.period = 0ms; }, "limits"},
      {"an origin with a path", [](ControllerOptions& o) { o.origins = {"https://a.example/"}; },
       "origins"},
      {"an origin without scheme", [](ControllerOptions& o) { o.origins = {"a.example"}; },
       "origins"},
      {"an origin without host", [](ControllerOptions& o) { o.origins = {"https://"}; }, "origins"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    ControllerOptions options;
    row.change(options);
    const auto error = punctual::tests::error_of([&] { require_valid(options); });
    CHECK(error.has_value() == (row.word != nullptr));
    if (!error || row.word == nullptr) continue;
    CHECK(error->code() == "INVALID_CONFIG");
    CHECK(std::string{error->what()}.find(row.word) != std::string::npos);
  }
}

}  // namespace http_controller_options_test
