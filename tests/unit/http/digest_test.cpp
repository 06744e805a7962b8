// SPDX-License-Identifier: MIT

#include "punctual/http/digest.hpp"

#include <string>

#include "support/catch.hpp"

namespace http_digest_test {

using namespace punctual::http;

// Source of the expected values: FIPS 180-4 examples; RFC 4231, test case 2 with the key padded.
TEST_CASE("http: sha256 is that of the standard") {
  CHECK(sha256("abc") ==
        *parse_digest("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
  CHECK(sha256("") ==
        *parse_digest("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
}

TEST_CASE("http: hmac_sha256 is that of the standard") {
  Digest key{};  // a key that is shorter is padded with zero bytes, so this is the key "Jefe"
  key[0] = 'J';
  key[1] = 'e';
  key[2] = 'f';
  key[3] = 'e';
  CHECK(hmac_sha256(key, "what do ya want for nothing?") ==
        *parse_digest("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
}

TEST_CASE("http: is_equal sees a difference of one bit anywhere") {
  const Digest digest = sha256("abc");
  CHECK(is_equal(digest, digest));
  for (std::size_t i = 0; i < digest.size(); ++i) {
    Digest other = digest;
    other[i] ^= 1U;
    CHECK_FALSE(is_equal(digest, other));
  }
}

TEST_CASE("http: random_digest is another each time") {
  CHECK_FALSE(is_equal(random_digest(), random_digest()));
}

TEST_CASE("http: to_hex writes what parse_digest reads, or the beginning of it") {
  const Digest digest = sha256("abc");
  CHECK(parse_digest(to_hex(digest, digest.size())) == digest);
  CHECK(to_hex(digest, 2) == "ba78");
  CHECK(to_hex(digest, 0).empty());
}

TEST_CASE("http: parse_digest reads 64 hexadecimal digits and nothing else") {
  const std::string digits(64, 'A');
  CHECK(parse_digest(digits) == parse_digest(std::string(64, 'a')));
  CHECK((*parse_digest(digits))[0] == 0xAA);
  CHECK_FALSE(parse_digest(digits.substr(1)).has_value());
  CHECK_FALSE(parse_digest(digits + "A").has_value());
  CHECK_FALSE(parse_digest(digits.substr(1) + "g").has_value());
  CHECK_FALSE(parse_digest(digits.substr(1) + " ").has_value());
}

}  // namespace http_digest_test
