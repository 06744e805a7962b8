// SPDX-License-Identifier: MIT
//
// Version of the library, for the preprocessor and for people.

#pragma once

#define PUNCTUAL_VERSION_MAJOR 0
#define PUNCTUAL_VERSION_MINOR 1
#define PUNCTUAL_VERSION_PATCH 0

namespace punctual {

/// The version as text, "major.minor.patch" (semantic versioning 2.0.0).
inline constexpr const char* version = "0.1.0";

}  // namespace punctual
