// SPDX-License-Identifier: MIT
//
// Url: the address of an HTTP endpoint, taken apart and found to be in order.
//
// Stricter than RFC 3986 where a lenient reader and a strict one would see different hosts: no user
// name, no fragment, no blanks, no escapes in the host. A user name is refused because a password
// would come with it, and addresses are shown.
//
// Thread-safety: a value.
// Source: RFC 3986, sections 3 and 3.2.2; RFC 9110, section 4.2.

#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "punctual/base/error.hpp"
#include "punctual/base/text.hpp"

namespace punctual::http {

inline constexpr std::size_t url_bytes_max = 2048;

struct Url {
  bool is_tls = false;  ///< https
  std::string host{};   ///< a name or an address; one of IPv6 without its brackets
  int port = 80;
  std::string target = "/";  ///< path and query, as sent to the server

  /// Reads `http://host[:port][/path][?query]` or the same with `https`.
  ///
  /// Errors: INVALID_CONFIG -> it is not of this form, or longer than 2 KiB.
  [[nodiscard]] static Url parse(std::string_view text);

  /// Returns the address without its query, which may hold a key: for messages.
  [[nodiscard]] std::string to_string() const;
};

namespace detail {

inline bool is_host_name(std::string_view host) noexcept {
  return !host.empty() && host.size() <= 253 && host.front() != '-' && host.front() != '.' &&
         std::all_of(host.begin(), host.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '-' || c == '_';
         });
}

/// True for what can be an address of IPv6; the resolver reads it more closely.
inline bool is_ipv6_like(std::string_view host) noexcept {
  return host.size() >= 2 && host.find(':') != host.npos &&
         host.find_first_not_of("0123456789abcdefABCDEF:.") == host.npos;
}

/// Returns the port that `text` names, 0 if it names none.
inline int parse_port(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5) return 0;
  int port = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return 0;
    port = port * 10 + (c - '0');
  }
  return port <= 65'535 ? port : 0;
}

/// Takes the host from the front of `rest`, which begins behind `://`; empty if there is none.
inline std::string take_host(std::string_view& rest) {
  std::string_view host;
  if (!rest.empty() && rest.front() == '[') {
    const auto end = rest.find(']');
    if (end == rest.npos) return {};
    host = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    return is_ipv6_like(host) ? std::string{host} : std::string{};
  }
  host = rest.substr(0, rest.find_first_of(":/?"));
  rest.remove_prefix(host.size());
  return is_host_name(host) ? std::string{host} : std::string{};
}

}  // namespace detail

inline Url Url::parse(std::string_view text) {
  const auto refuse = [&](const std::string& what) {
    throw Error{"INVALID_CONFIG",
                "expected an address such as \"https://host:8080/health\", but " + what};
  };
  Url url;
  std::string_view rest = text;
  if (text.size() > url_bytes_max) refuse("got one longer than 2048 bytes");
  const bool is_printable =
      std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7F'; });
  if (!is_printable) refuse("got a blank or a character beyond ASCII; escape it as %XX");
  if (rest.rfind("https://", 0) == 0) {
    url.is_tls = true;
    url.port = 443;
    rest.remove_prefix(8);
  } else if (rest.rfind("http://", 0) == 0) {
    rest.remove_prefix(7);
  } else {
    refuse("its scheme is neither http nor https");
  }
  if (rest.substr(0, rest.find_first_of("/?#")).find('@') != rest.npos) {
    refuse("it holds a user name; credentials do not belong in an address");
  }
  if (rest.find('#') != rest.npos) refuse("it holds a fragment, which no server gets to see");
  url.host = detail::take_host(rest);
  if (url.host.empty()) refuse("its host is missing or malformed");
  if (!rest.empty() && rest.front() == ':') {
    const std::string_view port = rest.substr(1, rest.find_first_of("/?") - 1);
    url.port = detail::parse_port(port);
    if (url.port == 0) refuse("its port is not 1 to 65535");
    rest.remove_prefix(1 + port.size());
  }
  if (!rest.empty() && rest.front() != '/' && rest.front() != '?') {
    refuse("something else than a port or a path follows its host");
  }
  url.target = (rest.empty() || rest.front() == '?' ? "/" : "") + std::string{rest};
  return url;
}

inline std::string Url::to_string() const {
  const bool is_ipv6 = host.find(':') != host.npos;
  return std::string{is_tls ? "https://" : "http://"} + (is_ipv6 ? "[" + host + "]" : host) + ":" +
         std::to_string(port) + target.substr(0, target.find('?'));
}

}  // namespace punctual::http
