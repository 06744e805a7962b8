// SPDX-License-Identifier: MIT
//
// health_check: a check that asks an HTTP endpoint how it is.
//
// One GET, no redirects followed: an endpoint that has moved is one whose address here is wrong.
// The server's certificate is verified, always; for one of your own authority, name its file.
//
// Thread-safety: as Check. Needs cpp-httplib; https needs it built with OpenSSL.

#pragma once

#include <httplib.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "punctual/base/error.hpp"
#include "punctual/base/json.hpp"
#include "punctual/base/text.hpp"
#include "punctual/http/broken_pipe_guard.hpp"
#include "punctual/http/request_guard.hpp"
#include "punctual/http/url.hpp"
#include "punctual/self_check/check.hpp"
#include "punctual/self_check/span_text.hpp"

namespace punctual::http {

struct HealthCheckOptions {
  std::optional<int> expected_status{};  ///< nullopt: any of 200 to 299
  /// File of the certificates to trust, in PEM; empty: those that the system trusts.
  std::string ca_file{};
};

/// Of an answer's body, so much is read, and so much of that is kept where the check fails.
inline constexpr std::size_t health_body_bytes_max = 65'536;
inline constexpr std::size_t health_excerpt_bytes_max = 1024;

/// Returns a check that passes if a GET of `url` is answered with the expected status in time.
///
/// `limited_to(…)` sets another limit than 30 s; it covers connecting, asking and reading together.
/// Only the look-up of the host's name keeps to the resolver's own limits. The address is shown
/// without its query.
///
/// Wire:   details `{"url", "status", "body"}`, the last two if there was a whole answer.
/// Errors: INVALID_CONFIG -> the name; `url`, see `Url::parse`; https without OpenSSL; an expected
///         status that is not 100 to 599.
/// Blocks: up to the limit, but for the resolver.
[[nodiscard]] Check health_check(std::string name, std::string_view url,
                                 HealthCheckOptions options = {});

namespace detail {

#if defined(CPPHTTPLIB_OPENSSL_SUPPORT)
inline constexpr bool has_tls = true;
#else
inline constexpr bool has_tls = false;
#endif

/// What came back; `status` is 0 if nothing did.
struct Answer {
  int status = 0;
  std::string body{};
  httplib::Error error = httplib::Error::Success;
  bool is_cut_short = false;  ///< ended by the limit or by a stop request
};

/// Asks once. The answer counts from its status on: a body that breaks off or is too long to read
/// takes nothing from what the endpoint has said.
template <class Client>
[[nodiscard]] Answer ask(Client& client, const Url& url, const CheckContext& context) {
  const Duration limit = std::max(context.time_left(), Duration{1});
  client.set_connection_timeout(limit);
  client.set_read_timeout(limit);
  client.set_write_timeout(limit);
  client.set_follow_location(false);
  client.set_url_encode(false);  // it was checked to be printable, and is sent as it is
  client.set_decompress(false);  // a small body could unpack to a large one
  [[maybe_unused]] const BrokenPipeGuard pipe_guard;
  const RequestGuard request_guard{client, context};
  Answer answer;
  const auto result = client.Get(
      url.target, {{"User-Agent", "punctual"}, {"Accept", "*/*"}},
      [&](const httplib::Response& response) {
        answer.status = response.status;
        return true;
      },
      [&](const char* data, std::size_t size) {
        answer.body.append(data, std::min(size, health_body_bytes_max - answer.body.size()));
        return answer.body.size() < health_body_bytes_max;
      });
  if (result) answer.status = result->status;  // also of answers that have no body
  answer.error = result.error();
  const bool has_waited_too_long = !result && context.time_left() == Duration{0};
  answer.is_cut_short = request_guard.has_intervened() || has_waited_too_long;
  return answer;
}

[[nodiscard]] inline Answer ask(const Url& url, const HealthCheckOptions& options,
                                const CheckContext& context) {
#if defined(CPPHTTPLIB_OPENSSL_SUPPORT)
  if (url.is_tls) {
    httplib::SSLClient client{url.host, url.port};
    if (!options.ca_file.empty()) client.set_ca_cert_path(options.ca_file);
    return ask(client, url, context);
  }
#endif
  static_cast<void>(options);
  httplib::Client client{url.host, url.port};
  return ask(client, url, context);
}

[[nodiscard]] inline std::string describe(httplib::Error error) {
  using Reason = httplib::Error;
  switch (error) {
    case Reason::Connection:
      return "cannot be connected to";
    case Reason::ConnectionTimeout:
      return "cannot be connected to in time";
    case Reason::Read:
      return "sent no valid answer";
    case Reason::Write:
      return "did not take the request";
    case Reason::SSLConnection:
      return "failed the TLS handshake";
    case Reason::SSLLoadingCerts:
      return "cannot be verified: the trusted certificates are missing";
    case Reason::SSLServerVerification:
      return "has a certificate that is not trusted";
    default:
      return "did not answer: " + httplib::to_string(error);
  }
}

[[nodiscard]] inline bool is_expected(int status, const HealthCheckOptions& options) noexcept {
  return options.expected_status ? status == *options.expected_status
                                 : status >= 200 && status <= 299;
}

[[nodiscard]] inline CheckResult judge(const Answer& answer, const Url& url,
                                       const HealthCheckOptions& options,
                                       const CheckContext& context) {
  const std::string address = url.to_string();
  Json details{{"url", address}};
  if (answer.is_cut_short && context.time_left() > Duration{0}) {
    return CheckResult::skipped("ended because a stop was requested", std::move(details));
  }
  if (answer.is_cut_short) {
    return CheckResult::failed(address + " did not answer within " + span_text(context.limit()),
                               std::move(details));
  }
  if (answer.status == 0) {
    return CheckResult::failed(address + " " + describe(answer.error), std::move(details));
  }
  const std::string status = std::to_string(answer.status);
  if (is_expected(answer.status, options)) {
    return CheckResult::passed(address + " answered " + status);
  }
  details["status"] = answer.status;
  details["body"] = clamp_text(answer.body, health_excerpt_bytes_max);
  const std::string expected =
      options.expected_status ? std::to_string(*options.expected_status) : "200 to 299";
  return CheckResult::failed(address + " answered " + status + ", expected " + expected,
                             std::move(details));
}

}  // namespace detail

inline Check health_check(std::string name, std::string_view url, HealthCheckOptions options) {
  Url parsed = Url::parse(url);
  if (parsed.is_tls && !detail::has_tls) {
    throw Error{"INVALID_CONFIG",
                "https needs cpp-httplib built with OpenSSL; use http, or define "
                "CPPHTTPLIB_OPENSSL_SUPPORT and link OpenSSL"};
  }
  if (options.expected_status &&
      (*options.expected_status < 100 || *options.expected_status > 599)) {
    throw Error{"INVALID_CONFIG", "HealthCheckOptions.expected_status must be 100 to 599, got " +
                                      std::to_string(*options.expected_status)};
  }
  return {std::move(name),
          [parsed = std::move(parsed), options = std::move(options)](CheckContext& context) {
            const detail::Answer answer = detail::ask(parsed, options, context);
            return detail::judge(answer, parsed, options, context);
          }};
}

}  // namespace punctual::http
