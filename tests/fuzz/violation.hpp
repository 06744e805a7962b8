// SPDX-License-Identifier: MIT
//
// must_hold: what a fuzzer asserts. Says what does not hold and for which text, then aborts, so
// that libFuzzer keeps the input.

#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace fuzz {

/// Returns `text` with everything that is not printable as `\xNN`.
inline std::string printable(std::string_view text) {
  std::string shown{"\""};
  for (const char c : text) {
    char hex[5];
    std::snprintf(hex, sizeof hex, "\\x%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
    const bool is_plain = c >= ' ' && c <= '~' && c != '"' && c != '\\';
    shown += is_plain ? std::string(1, c) : std::string{hex};
  }
  return shown + "\"";
}

/// Aborts unless `holds`; `details()` returns what else to say, and is asked for only then.
template <class Details>
void must_hold(bool holds, const char* what, std::string_view text, Details&& details) {
  if (holds) return;
  const std::string said = details();
  std::fprintf(stderr, "does not hold: %s\n  text: %s\n%s%s\n", what, printable(text).c_str(),
               said.empty() ? "" : "  ", said.c_str());
  std::abort();
}

inline void must_hold(bool holds, const char* what, std::string_view text) {
  must_hold(holds, what, text, [] { return std::string{}; });
}

}  // namespace fuzz
