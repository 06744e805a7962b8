// SPDX-License-Identifier: MIT
//
// Redaction: what must not be stored is taken out before anything is.
//
// A value is taken out because of the name it stands under, or because of its own form: a JSON web
// token, a private key, the password in a URL. The history is read by more people than the secret
// was meant for, and is kept for longer.
//
// Thread-safety: pure functions.

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/json.hpp"

namespace punctual {

/// What takes the place of what was taken out.
inline constexpr std::string_view redacted = "[redacted]";

/// What a hook is shown; the note of a progress comes as a log.
enum class RedactedPart : std::uint8_t { payload, details, summary, error, log };

/// Changes `value` as it likes; texts come as JSON strings.
using RedactionHook = std::function<void(RedactedPart part, Json& value)>;

/// Names of secrets, without case, `_`, `-` and spaces.
inline constexpr std::array<std::string_view, 13> secret_names{
    "password",   "passwd",     "passphrase",    "secret", "token", "apikey",          "accesskey",
    "privatekey", "credential", "authorization", "cookie", "dsn",   "connectionstring"};

/// Which values are taken out of payloads, details, summaries, errors, logs and progress notes.
struct RedactionPolicy {
  /// A text, list or object is taken out if the name it stands under contains one of `secret_names`
  /// or of `keys`, case, `_`, `-` and spaces aside; of a text `name=value` or `name: value` the
  /// value. Numbers stay.
  bool by_name = true;
  std::vector<std::string> keys{};  ///< further names; looked for also if `by_name` is false
  bool by_form = true;              ///< also JSON web tokens, private keys and the user in URLs
};

namespace detail {

/// `JsonT` is Json; as a template, it costs those who only include it little.
template <class JsonT>
class Redactor {
 public:
  static constexpr std::size_t depth_max = 100;

  explicit Redactor(const RedactionPolicy& policy) : policy_(policy) {}

  /// Takes out of `value` what is named or formed like a secret.
  ///
  /// What lies deeper than `depth` is taken out whole: nobody would see it in what is stored.
  void clean(JsonT& value, std::size_t depth = depth_max) const {
    if (value.is_structured() && depth == 0) {
      value = std::string{redacted};
    } else if (value.is_string()) {
      value = clean_text(value.template get_ref<const std::string&>());
    } else if (value.is_object()) {
      for (auto it = value.begin(); it != value.end(); ++it) {
        const bool is_plain = it->is_number() || it->is_boolean() || it->is_null();
        if (!is_plain && is_secret_name(it.key())) {
          *it = std::string{redacted};
        } else {
          clean(*it, depth - 1);
        }
      }
    } else if (value.is_array()) {
      for (auto& element : value) clean(element, depth - 1);
    }
  }

  [[nodiscard]] std::string clean_text(std::string text) const {
    if (policy_.by_form) {
      hide_private_keys(text);
      hide_web_tokens(text);
      hide_url_users(text);
    }
    hide_assignments(text);
    return text;
  }

 private:
  [[nodiscard]] static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  }

  [[nodiscard]] static std::string folded(std::string_view name) {
    std::string text;
    for (const char c : name) {
      if (c == '_' || c == '-' || c == ' ') continue;
      text += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return text;
  }

  [[nodiscard]] bool is_secret_name(std::string_view name) const {
    const std::string text = folded(name);
    const auto holds = [&](std::string_view key) {
      return !key.empty() && text.find(folded(key)) != std::string::npos;
    };
    return (policy_.by_name && std::any_of(secret_names.begin(), secret_names.end(), holds)) ||
           std::any_of(policy_.keys.begin(), policy_.keys.end(), holds);
  }

  /// Replaces text[from, to) and returns where what follows begins.
  static std::size_t hide(std::string& text, std::size_t from, std::size_t to) {
    text.replace(from, to - from, redacted);
    return from + redacted.size();
  }

  static void hide_private_keys(std::string& text) {
    static constexpr std::string_view begin = "-----BEGIN ";
    std::size_t from = 0;
    while ((from = text.find(begin, from)) != std::string::npos) {
      const std::size_t line_end = std::min(text.find("-----", from + begin.size()), text.size());
      if (std::string_view{text}.substr(from, line_end - from).find("PRIVATE KEY") ==
          std::string_view::npos) {
        from = line_end;
        continue;
      }
      // Up to the end of the mark that ends it; all of the text if there is none.
      const std::size_t end = text.find("-----END ", line_end);
      const std::size_t mark = end == std::string::npos
                                   ? end
                                   : text.find("-----", end + std::string_view{"-----END "}.size());
      from = hide(text, from, mark == std::string::npos ? text.size() : mark + 5);
    }
  }

  /// `eyJ….….…`: three parts of base64url, the first of them JSON.
  static void hide_web_tokens(std::string& text) {
    std::size_t from = 0;
    while ((from = text.find("eyJ", from)) != std::string::npos) {
      std::size_t to = from;
      int dot_count = 0;
      while (to < text.size() && (is_word(text[to]) || text[to] == '.')) {
        if (text[to] == '.') ++dot_count;
        ++to;
      }
      const bool is_inside = from > 0 && is_word(text[from - 1]);
      from = dot_count >= 2 && !is_inside ? hide(text, from, to) : to;
    }
  }

  /// `scheme://user:password@host`.
  static void hide_url_users(std::string& text) {
    static constexpr std::string_view mark = "://";
    std::size_t from = 0;
    while ((from = text.find(mark, from)) != std::string::npos) {
      from += mark.size();
      const std::size_t end = std::min(text.find_first_of("/?# \t\r\n\"'<>", from), text.size());
      const std::size_t at = std::string_view{text}.substr(from, end - from).rfind('@');
      if (at == std::string_view::npos) continue;
      from = hide(text, from, from + at);
    }
  }

  /// Returns where an unquoted value ends that begins at `value` and stands under `name`. Headers
  /// hold several words, so theirs are taken to the end of the line.
  [[nodiscard]] static std::size_t value_end(const std::string& text, std::size_t value,
                                             std::string_view name) {
    const std::string folded_name = folded(name);
    const bool is_header = folded_name.find("authorization") != std::string::npos ||
                           folded_name.find("cookie") != std::string::npos;
    const bool is_bearer = text.compare(value, 7, "Bearer ") == 0;
    return std::min(text.size(),
                    is_header ? text.find_first_of("\r\n", value)
                              : text.find_first_of(" \t\r\n\"',;&}", value + (is_bearer ? 7 : 0)));
  }

  /// Returns where a value ends that begins behind the quote at `quote`: at its like, each with a
  /// backslash before it if this one has one.
  [[nodiscard]] static std::size_t quoted_end(const std::string& text, std::size_t quote) {
    const bool is_escaped = text[quote - 1] == '\\';
    for (std::size_t i = quote + 1; i < text.size(); ++i) {
      if (text[i] == '\\') {
        if (is_escaped && i + 1 < text.size() && text[i + 1] == text[quote]) return i;
        ++i;
      } else if (text[i] == text[quote]) {
        return i;
      }
    }
    return text.size();
  }

  /// `name=value`, `name: value` and `"name": "value"` where the name is a secret's; quotes may be
  /// escaped.
  void hide_assignments(std::string& text) const {
    std::size_t from = 0;
    while ((from = text.find_first_of("=:", from)) != std::string::npos) {
      std::size_t name_end = from;  // one past the name
      while (name_end > 0 && is_one_of(text[name_end - 1], "\"'\\ ")) --name_end;
      std::size_t name_begin = name_end;
      while (name_begin > 0 && is_word(text[name_begin - 1])) --name_begin;
      const std::string name = text.substr(name_begin, name_end - name_begin);
      ++from;
      if (name.empty() || !is_secret_name(name)) continue;
      std::size_t value = text.find_first_not_of(" =>:\\", from);
      if (value == std::string::npos) return;
      const bool is_quoted = is_one_of(text[value], "\"'");
      const std::size_t end = is_quoted ? quoted_end(text, value) : value_end(text, value, name);
      if (is_quoted) ++value;
      from = end > value ? hide(text, value, end) : end;
    }
  }

  [[nodiscard]] static bool is_one_of(char c, std::string_view chars) {
    return chars.find(c) != std::string_view::npos;
  }

  const RedactionPolicy& policy_;
};

}  // namespace detail

/// Takes out of `value` what `policy` names and then what `hook` takes out; if that throws, all of
/// it.
template <class JsonT>
void redact(const RedactionPolicy& policy, const RedactionHook& hook, RedactedPart part,
            JsonT& value) {
  if (value.is_null()) return;
  detail::Redactor<JsonT>{policy}.clean(value);
  if (!hook) return;
  try {
    hook(part, value);
  } catch (...) {
    value = std::string{redacted};
  }
}

/// The same for a text.
template <class JsonT = Json>
void redact_text(const RedactionPolicy& policy, const RedactionHook& hook, RedactedPart part,
                 std::string& text) {
  if (text.empty()) return;
  JsonT value = std::move(text);
  redact(policy, hook, part, value);
  text = value.is_string() ? value.template get<std::string>() : std::string{redacted};
}

}  // namespace punctual
