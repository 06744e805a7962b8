// SPDX-License-Identifier: MIT
//
// Json: the JSON value of the library's details, payloads and wire formats.
//
// An alias for `nlohmann::json`, so that the `to_json` / `from_json` functions that a program
// already has for its types work for payloads and details too.
//
// Thread-safety: as nlohmann::json, distinct objects only.

#pragma once

#include <nlohmann/json.hpp>

namespace punctual {

using Json = nlohmann::json;

}  // namespace punctual
