// SPDX-License-Identifier: MIT
//
// Access: who asks, and what they may do.
//
// A permission is the seed's: ADMIN_SETTINGS_READ to look, ADMIN_SETTINGS_WRITE to look and change.
// Actions are finer: a principal that may write may be kept to some of them.
//
// Thread-safety: values. An Authenticator is called from the server's threads, several at a time.

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "punctual/http/message.hpp"

namespace punctual::http {

enum class Permission : std::uint8_t { read, write };

[[nodiscard]] constexpr std::string_view to_string(Permission permission) noexcept {
  return permission == Permission::read ? "ADMIN_SETTINGS_READ" : "ADMIN_SETTINGS_WRITE";
}

/// What can be done. All but `view` change something.
enum class Action : std::uint8_t { view, trigger, cancel, retry, pause, resume };

inline constexpr std::array<Action, 6> all_actions{Action::view,  Action::trigger, Action::cancel,
                                                   Action::retry, Action::pause,   Action::resume};

[[nodiscard]] constexpr std::string_view to_string(Action action) noexcept {
  constexpr std::string_view names[] = {"view", "trigger", "cancel", "retry", "pause", "resume"};
  return names[static_cast<std::size_t>(action)];
}

/// Somebody who has proved who they are.
struct Principal {
  std::string name{};  ///< kept as the actor of what they change; at most 200 bytes
  Permission permission = Permission::read;
  /// If set, only these actions, as far as the permission goes.
  std::optional<std::vector<Action>> actions{};

  [[nodiscard]] bool may(Action action) const {
    if (action != Action::view && permission != Permission::write) return false;
    return !actions || std::find(actions->begin(), actions->end(), action) != actions->end();
  }
};

/// What an authenticator found out about a request.
struct Authentication {
  std::optional<Principal> principal{};  ///< nullopt: nobody that is known
  /// True if the browser added the credentials by itself, as it does with cookies. Then a change
  /// has to come from the facade's own page.
  bool is_ambient = false;
};

/// Says who makes a request. What it throws is answered as an internal error.
using Authenticator = std::function<Authentication(const Request&)>;

/// Returns an authenticator for sessions that the host knows, e.g. by a cookie.
///
/// `principal_of(request)` returns the principal, or nullopt. Changes that are made with a session
/// must come from the same origin: see is_same_origin().
template <class PrincipalOf>
[[nodiscard]] Authenticator sessions(PrincipalOf principal_of) {
  return [principal_of = std::move(principal_of)](const Request& request) {
    return Authentication{principal_of(request), true};
  };
}

/// Returns an authenticator that asks `first`, and `second` if `first` knows nobody and no
/// `Authorization` was sent.
[[nodiscard]] inline Authenticator either(Authenticator first, Authenticator second) {
  return [first = std::move(first), second = std::move(second)](const Request& request) {
    Authentication found = first(request);
    const bool is_over = found.principal || !request.values_of("Authorization").empty();
    return is_over ? found : second(request);
  };
}

/// True if a browser says that the request was made by a page of this very origin.
///
/// `Sec-Fetch-Site` decides where it is sent; a browser that does not send it sends `Origin`, which
/// must be one of `origins`, e.g. "https://admin.example.com".
///
/// Source: Fetch Metadata Request Headers (W3C); OWASP CSRF Prevention Cheat Sheet.
[[nodiscard]] inline bool is_same_origin(const Request& request,
                                         const std::vector<std::string>& origins) {
  const auto sites = request.values_of("Sec-Fetch-Site");
  if (!sites.empty()) return sites.size() == 1 && sites.front() == "same-origin";
  const auto sent = request.values_of("Origin");
  return sent.size() == 1 &&
         std::find(origins.begin(), origins.end(), sent.front()) != origins.end();
}

}  // namespace punctual::http
