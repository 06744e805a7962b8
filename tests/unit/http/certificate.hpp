// SPDX-License-Identifier: MIT
//
// Certificates that tests make on the spot.

#pragma once

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>

namespace punctual::tests {

template <class T, void (*free_it)(T*)>
struct Free {
  void operator()(T* object) const { free_it(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY, &EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509, &X509_free>>;

/// Returns a certificate for `names` (in OpenSSL's words, e.g. "DNS:localhost"), signed by its own
/// key.
[[nodiscard]] inline Certificate certificate_of(EVP_PKEY* key, const char* names) {
  Certificate certificate{X509_new()};
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  const auto* text = reinterpret_cast<const unsigned char*>("punctual test");
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  X509_EXTENSION* const extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names);
  X509_add_ext(certificate.get(), extension, -1);
  X509_EXTENSION_free(extension);
  if (X509_sign(certificate.get(), key, EVP_sha256()) == 0) throw std::runtime_error{"no signing"};
  return certificate;
}

}  // namespace punctual::tests
