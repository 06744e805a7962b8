// SPDX-License-Identifier: MIT

#include "punctual/self_check/descriptor.hpp"

#include "support/catch.hpp"

#if PUNCTUAL_HAS_PROCESSES

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace descriptor_test {

using punctual::detail::Descriptor;

namespace {

bool is_open(int number) {
  return ::fcntl(number, F_GETFD) >= 0;
}
bool closes_on_exec(int number) {
  return (::fcntl(number, F_GETFD) & FD_CLOEXEC) != 0;
}

}  // namespace

TEST_CASE("Descriptor closes what it holds, once") {
  int number = -1;
  {
    Descriptor first = punctual::detail::open_null();
    number = first.get();
    CHECK(is_open(number));
    Descriptor second = std::move(first);
    CHECK(second.get() == number);
    Descriptor third;
    third = std::move(second);
    CHECK(third.get() == number);
    CHECK(is_open(number));
  }
  CHECK_FALSE(is_open(number));
}

TEST_CASE("Descriptor that is assigned to closes what it held before") {
  Descriptor target = punctual::detail::open_null();
  const int before = target.get();
  Descriptor source = punctual::detail::open_null();
  const int after = source.get();
  target = std::move(source);
  CHECK(target.get() == after);
  CHECK_FALSE(is_open(before));
  target.close();
  CHECK_FALSE(static_cast<bool>(target));
  CHECK_FALSE(is_open(after));
}

TEST_CASE("open_pipe makes ends that no program inherits, numbered from 4") {
  const auto pipe = punctual::detail::open_pipe();
  CHECK(pipe.reader.get() >= 4);
  CHECK(pipe.writer.get() >= 4);
  CHECK(closes_on_exec(pipe.reader.get()));
  CHECK(closes_on_exec(pipe.writer.get()));
  REQUIRE(::write(pipe.writer.get(), "x", 1) == 1);
  std::array<char, 8> buffer{};
  CHECK(::read(pipe.reader.get(), buffer.data(), buffer.size()) == 1);
}

TEST_CASE("set_nonblocking lets a read of an empty pipe return at once") {
  const auto pipe = punctual::detail::open_pipe();
  punctual::detail::set_nonblocking(pipe.reader);
  char byte = 0;
  CHECK(::read(pipe.reader.get(), &byte, 1) == -1);
  CHECK(errno == EAGAIN);
}

TEST_CASE("lifted moves a low descriptor out of the way") {
  const Descriptor original = punctual::detail::open_null();
  const int low = ::fcntl(original.get(), F_DUPFD_CLOEXEC, 0);
  REQUIRE(low >= 0);
  const Descriptor lifted = punctual::detail::lifted(Descriptor{low});
  CHECK(lifted.get() >= 4);
  CHECK(closes_on_exec(lifted.get()));
  if (low < 4) CHECK_FALSE(is_open(low));
}

TEST_CASE("open_null reads as empty") {
  const Descriptor null = punctual::detail::open_null();
  char byte = 0;
  CHECK(::read(null.get(), &byte, 1) == 0);
}

}  // namespace descriptor_test

#endif
