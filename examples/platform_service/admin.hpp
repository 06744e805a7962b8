// SPDX-License-Identifier: MIT
//
// The admin page and API of the platform service, with the tokens that the environment names.

#pragma once

#include <punctual/http/admin_server.hpp>
#include <punctual/http/bearer_tokens.hpp>
#include <punctual/http/jobs_controller.hpp>

#include <cstdlib>
#include <iostream>
#include <string>

#include "options.hpp"

namespace platform_service {

/// Errors: UsageError -> neither token is set.
inline punctual::http::BearerTokens tokens_of_environment() {
  using punctual::http::Permission;
  punctual::http::BearerTokens tokens;
  const auto add = [&](const char* variable, const char* principal, Permission permission) {
    const char* token = std::getenv(variable);
    if (token != nullptr) tokens.add(token, {.name = principal, .permission = permission});
  };
  add("PUNCTUAL_READ_TOKEN", "reader", Permission::read);
  add("PUNCTUAL_WRITE_TOKEN", "operator", Permission::write);
  if (!tokens.empty()) return tokens;
  throw UsageError{
      "--listen needs a token in PUNCTUAL_READ_TOKEN or PUNCTUAL_WRITE_TOKEN, made for example by "
      "`openssl rand -hex 32`"};
}

/// Serves the admin page as long as it lives.
class Admin {
 public:
  template <class SchedulerT>
  Admin(SchedulerT& scheduler, const Address& address)
      : controller_(scheduler, tokens_of_environment()),
        server_(controller_, {.host = address.host, .port = address.port}) {
    server_.start();
    const bool is_ipv6 = address.host.find(':') != std::string::npos;
    std::cerr << "platform_service: admin page at http://"
              << (is_ipv6 ? "[" + address.host + "]" : address.host) << ':' << server_.port()
              << controller_.options().prefix << '\n';
  }

 private:
  punctual::http::JobsController controller_;
  punctual::http::AdminServer server_;
};

}  // namespace platform_service
