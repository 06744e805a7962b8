// SPDX-License-Identifier: MIT
//
// EventLog: the newest events in order, numbered, as listeners are sent them.
//
// A listener that was cut off says which event it had last, and gets those since; one that is
// further behind than the log goes back is told `reset`.
//
// Thread-safety: distinct objects.
// Source: WHATWG HTML, 9.2, "Server-sent events".

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include "punctual/http/change_feed.hpp"

namespace punctual::http {

class EventLog {
 public:
  static constexpr std::size_t events_max = 2000;
  /// The place of a listener who has had events that this log knows nothing of.
  static constexpr std::uint64_t unknown = UINT64_MAX;

  /// `name` tells this log's ids, `<name>-<number>`, from those of another; letters and digits.
  explicit EventLog(std::string name) : name_(std::move(name)) {}

  void add(ChangeEvent event) {
    events_.push_back(std::move(event));
    ++newest_;
    if (events_.size() > events_max) events_.pop_front();
  }

  /// The number of the newest event; 0 if there was none.
  [[nodiscard]] std::uint64_t newest() const noexcept { return newest_; }

  /// Events as they are sent.
  struct Page {
    std::string text{};
    std::uint64_t position = 0;  ///< the number of the last of them
  };

  /// Returns what a listener gets that has had all up to `position`, at most about `bytes_max`.
  [[nodiscard]] Page after(std::uint64_t position, bool hides_errors,
                           std::size_t bytes_max = std::size_t{64} * 1024) const {
    if (position > newest_ || newest_ - position > events_.size()) return {reset_text(), newest_};
    Page page{{}, position};
    for (auto place = events_.size() - static_cast<std::size_t>(newest_ - position);
         place < events_.size() && page.text.size() < bytes_max; ++place) {
      const ChangeEvent& event = events_[place];
      const std::string& data =
          hides_errors && event.for_readers ? *event.for_readers : event.for_writers;
      page.text += text_of(event.name, data, ++page.position);
    }
    return page;
  }

  /// Has a listener read everything anew.
  [[nodiscard]] std::string reset_text() const { return text_of("reset", {}, newest_); }

  /// Tells a listener its place, and nothing else.
  [[nodiscard]] std::string id_text(std::uint64_t position) const {
    return "id: " + name_ + "-" + std::to_string(position) + "\n\n";
  }

  /// Returns the number in an event's id; `unknown` if it is not one of this log's.
  [[nodiscard]] std::uint64_t position_of(std::string_view id) const {
    static constexpr std::size_t digits_max = 18;
    const std::string begin = name_ + "-";
    if (id.substr(0, begin.size()) != begin) return unknown;
    const std::string_view digits = id.substr(begin.size());
    if (digits.empty() || digits.size() > digits_max) return unknown;
    std::uint64_t number = 0;
    for (const char c : digits) {
      if (c < '0' || c > '9') return unknown;
      number = number * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return number;
  }

 private:
  /// Data is JSON in one line: an end of line within it is escaped.
  [[nodiscard]] std::string text_of(std::string_view name, std::string_view data,
                                    std::uint64_t number) const {
    std::string text = "id: " + name_ + "-" + std::to_string(number) + "\nevent: ";
    text += name;
    text += "\ndata: ";
    text += data;
    text += "\n\n";
    return text;
  }

  std::string name_;
  std::deque<ChangeEvent> events_;
  std::uint64_t newest_ = 0;
};

}  // namespace punctual::http
