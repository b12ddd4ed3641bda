// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_hub_tls.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cctype>
#include <stdexcept>

namespace gorgon::tests {
namespace {

constexpr long kDay = 24L * 60 * 60;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Key newKey()
{
    Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    if (!key)
        throw std::runtime_error("OpenSSL: no key could be made");
    return key;
}

template <class Write> std::string pem(const Write& write)
{
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
    if (!out || write(out.get()) != 1)
        throw std::runtime_error("OpenSSL: a certificate could not be written");
    char* text = nullptr;
    const long n = BIO_get_mem_data(out.get(), &text);
    return {text, size_t(n)};
}

void extend(X509* certificate, X509* issuer, int what, const std::string& value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str()), X509_EXTENSION_free);
    if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1)
        throw std::runtime_error("OpenSSL: refused the extension " + value);
}

struct Days
{
    long first; // from now
    long last;
};

/// `issuer` null: signed by itself.
Certificate newCertificate(const std::string& name, EVP_PKEY* key, X509* issuer,
    EVP_PKEY* issuer_key, Days days, bool authority)
{
    static long serial = 0;
    Certificate certificate(X509_new(), X509_free);
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), days.first * kDay);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), days.last * kDay);
    X509_set_pubkey(certificate.get(), key);
    X509_NAME* subject = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
        reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509* signer = issuer ? issuer : certificate.get();
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer));
    extend(certificate.get(), signer, NID_basic_constraints,
        authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (authority) {
        extend(certificate.get(), signer, NID_key_usage, "critical,keyCertSign,cRLSign");
    } else {
        const bool address = std::isdigit(static_cast<unsigned char>(name.front())) != 0;
        extend(certificate.get(), signer, NID_subject_alt_name, (address ? "IP:" : "DNS:") + name);
    }
    extend(certificate.get(), signer, NID_subject_key_identifier, "hash");
    if (X509_sign(certificate.get(), issuer_key, EVP_sha256()) == 0)
        throw std::runtime_error("OpenSSL: a certificate could not be signed");
    return certificate;
}

} // namespace

struct TestAuthority::Keys
{
    Key authority_key = newKey();
    Key host_key = newKey();
    Certificate authority = newCertificate("Authority of one test run", authority_key.get(),
        nullptr, authority_key.get(), {-30, 30}, true);
};

TestAuthority::TestAuthority()
    : m_keys(std::make_unique<Keys>())
{
}

TestAuthority::~TestAuthority() = default;

std::string TestAuthority::certificate() const
{
    return pem([&](BIO* out) { return PEM_write_bio_X509(out, m_keys->authority.get()); });
}

HubIdentity TestAuthority::identity(const std::string& name, HubCertificate kind) const
{
    const bool alone = kind == HubCertificate::self_signed;
    const Days days = kind == HubCertificate::expired ? Days{-20, -10} : Days{-1, 10};
    const Certificate certificate
        = newCertificate(kind == HubCertificate::wrong_host ? "other.invalid" : name,
            m_keys->host_key.get(), alone ? nullptr : m_keys->authority.get(),
            alone ? m_keys->host_key.get() : m_keys->authority_key.get(), days, false);
    return {pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate.get()); }),
        pem([&](BIO* out) {
            return PEM_write_bio_PrivateKey(
                out, m_keys->host_key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        })};
}

} // namespace gorgon::tests
