// SPDX-License-Identifier: Apache-2.0
#include "core/hub/content_digest.h"

#include <new>
#include <openssl/evp.h>

namespace gorgon {

namespace {

struct ContextDeleter
{
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, ContextDeleter>;

Context newContext()
{
    Context context(EVP_MD_CTX_new());
    if (!context)
        throw std::bad_alloc();
    return context;
}

} // namespace

struct ContentDigest::State
{
    Context context = newContext();
};

ContentDigest::ContentDigest(std::string_view etag, uint64_t bytes)
    : m_state(std::make_unique<State>())
{
    const bool is_git = etag.size() == 40;
    EVP_DigestInit_ex(m_state->context.get(), is_git ? EVP_sha1() : EVP_sha256(), nullptr);
    if (is_git) {
        const std::string header = "blob " + std::to_string(bytes);
        EVP_DigestUpdate(m_state->context.get(), header.c_str(), header.size() + 1); // with its NUL
    }
}

ContentDigest::~ContentDigest() = default;
ContentDigest::ContentDigest(ContentDigest&&) noexcept = default;
ContentDigest& ContentDigest::operator=(ContentDigest&&) noexcept = default;

void ContentDigest::add(std::span<const std::byte> bytes)
{
    EVP_DigestUpdate(m_state->context.get(), bytes.data(), bytes.size());
}

std::string ContentDigest::hex() const
{
    const Context copy = newContext();
    EVP_MD_CTX_copy_ex(copy.get(), m_state->context.get());
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    EVP_DigestFinal_ex(copy.get(), digest, &n);
    std::string text;
    for (unsigned i = 0; i < n; ++i) {
        text += "0123456789abcdef"[digest[i] >> 4];
        text += "0123456789abcdef"[digest[i] & 15];
    }
    return text;
}

} // namespace gorgon
