// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_hub_content.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace gorgon::tests {
namespace {

constexpr size_t kCountedBlock = 64 * 1024;

class Digest
{
public:
    explicit Digest(const EVP_MD* kind)
        : m_context(EVP_MD_CTX_new(), EVP_MD_CTX_free)
    {
        if (!m_context || EVP_DigestInit_ex(m_context.get(), kind, nullptr) != 1)
            throw std::runtime_error("OpenSSL: no digest could be started");
    }
    void add(std::string_view text) { EVP_DigestUpdate(m_context.get(), text.data(), text.size()); }
    std::string hex()
    {
        std::array<unsigned char, EVP_MAX_MD_SIZE> bytes;
        unsigned n = 0;
        EVP_DigestFinal_ex(m_context.get(), bytes.data(), &n);
        std::string text;
        for (unsigned i = 0; i < n; ++i)
            for (const int half : {bytes[i] >> 4, bytes[i] & 15})
                text += "0123456789abcdef"[size_t(half)];
        return text;
    }

private:
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> m_context;
};

uint64_t mixed(uint64_t value) // splitmix64 (Steele, Lea and Flood 2014)
{
    value += 0x9E3779B97F4A7C15;
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9;
    value = (value ^ value >> 27) * 0x94D049BB133111EB;
    return value ^ value >> 31;
}

} // namespace

HubBytes heldBytes(std::string text)
{
    const auto held = std::make_shared<const std::string>(std::move(text));
    return {held->size(), [held](uint64_t offset, std::span<char> out) {
                std::memcpy(out.data(), held->data() + offset, out.size());
            }};
}

HubBytes countedBytes(uint64_t size, uint64_t seed)
{
    const auto pattern = std::make_shared<std::vector<char>>(kCountedBlock);
    for (size_t i = 0; i < kCountedBlock; i += 8) {
        const uint64_t word = mixed(seed * kCountedBlock + i);
        std::memcpy(pattern->data() + i, &word, 8);
    }
    return {size, [pattern](uint64_t offset, std::span<char> out) {
                for (size_t done = 0; done < out.size();) {
                    const uint64_t block = (offset + done) / kCountedBlock;
                    const size_t first = size_t((offset + done) % kCountedBlock);
                    const size_t n = std::min(out.size() - done, kCountedBlock - first);
                    std::memcpy(out.data() + done, pattern->data() + first, n);
                    // The block's number stands in its first eight bytes.
                    for (size_t i = first; i < std::min<size_t>(8, first + n); ++i)
                        out[done + i - first] = char(block >> 8 * i);
                    done += n;
                }
            }};
}

HubBytes partOf(const HubBytes& bytes, uint64_t first, uint64_t length)
{
    return {length, [read = bytes.read, first](uint64_t offset, std::span<char> out) {
                read(first + offset, out);
            }};
}

HubBytes flippedAt(const HubBytes& bytes, uint64_t offset)
{
    return {bytes.size, [read = bytes.read, offset](uint64_t first, std::span<char> out) {
                read(first, out);
                if (offset >= first && offset < first + out.size())
                    out[size_t(offset - first)] ^= 1;
            }};
}

HubBytes resized(const HubBytes& bytes, int64_t change)
{
    const uint64_t size = bytes.size;
    return {uint64_t(int64_t(size) + change),
        [read = bytes.read, size](uint64_t offset, std::span<char> out) {
            const size_t n
                = offset < size ? size_t(std::min<uint64_t>(out.size(), size - offset)) : 0;
            if (n > 0)
                read(offset, out.first(n));
            std::fill(out.begin() + ptrdiff_t(n), out.end(), '\0');
        }};
}

std::string textOf(const HubBytes& bytes)
{
    std::string text(bytes.size, '\0');
    if (!text.empty())
        bytes.read(0, text);
    return text;
}

std::string sha256Of(const HubBytes& bytes)
{
    Digest digest(EVP_sha256());
    std::string piece;
    for (uint64_t done = 0; done < bytes.size; done += piece.size()) {
        piece.resize(size_t(std::min<uint64_t>(bytes.size - done, 1 << 20)));
        bytes.read(done, piece);
        digest.add(piece);
    }
    return digest.hex();
}

std::string sha1Of(std::string_view text)
{
    Digest digest(EVP_sha1());
    digest.add(text);
    return digest.hex();
}

std::string gitBlobId(std::string_view text)
{
    Digest digest(EVP_sha1());
    digest.add("blob " + std::to_string(text.size()) + std::string(1, '\0'));
    digest.add(text);
    return digest.hex();
}

HubFile smallFile(std::string text)
{
    std::string etag = gitBlobId(text);
    return {heldBytes(std::move(text)), false, std::move(etag)};
}

HubFile largeFile(HubBytes bytes)
{
    std::string etag = sha256Of(bytes);
    return {std::move(bytes), true, std::move(etag)};
}

HubFile largeFile(HubBytes bytes, std::string sha256)
{
    return {std::move(bytes), true, std::move(sha256)};
}

std::string HubContent::commit(const std::string& id, HubFiles files, const std::string& ref)
{
    HubRepository& repository = repositories[id];
    std::string listing = id + " " + std::to_string(repository.commits.size());
    for (const auto& [path, file] : files)
        listing += "\n" + path + " " + file.etag;
    const std::string name = sha1Of(listing);
    repository.commits[name] = std::move(files);
    repository.refs[ref] = name;
    return name;
}

const HubFile* HubContent::largeFileNamed(const std::string& sha256) const
{
    for (const auto& [id, repository] : repositories)
        for (const auto& [commit, files] : repository.commits)
            for (const auto& [path, file] : files)
                if (file.large && file.etag == sha256)
                    return &file;
    return nullptr;
}

} // namespace gorgon::tests
