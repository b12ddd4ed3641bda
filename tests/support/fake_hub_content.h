// SPDX-License-Identifier: Apache-2.0
// What the fake hub holds: bytes, files, and repositories with their commits.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gorgon::tests {

/// Bytes that are held, or made when they are asked for.
struct HubBytes
{
    uint64_t size = 0;
    std::function<void(uint64_t offset, std::span<char> out)> read;
};

HubBytes heldBytes(std::string text);
/// Any number of bytes from nothing but their place: no two blocks of 64 KiB are equal.
HubBytes countedBytes(uint64_t size, uint64_t seed = 0);
HubBytes partOf(const HubBytes& bytes, uint64_t first, uint64_t length);
/// `bytes` with one bit changed.
HubBytes flippedAt(const HubBytes& bytes, uint64_t offset);
/// The first `bytes.size() + change` bytes; what is missing is zeros.
HubBytes resized(const HubBytes& bytes, int64_t change);
std::string textOf(const HubBytes& bytes);

/// In lower-case hexadecimal digits.
std::string sha256Of(const HubBytes& bytes);
std::string sha1Of(std::string_view text);
/// The name that git gives a file: SHA-1 of "blob <size>\0" and its bytes.
std::string gitBlobId(std::string_view text);

struct HubFile
{
    HubBytes bytes;
    bool large = false; // kept by LFS, served from the second host
    std::string etag; // SHA-256 where large, else the git blob id
};

HubFile smallFile(std::string text);
HubFile largeFile(HubBytes bytes);
/// `sha256` is known to the caller, and is not checked.
HubFile largeFile(HubBytes bytes, std::string sha256);

using HubFiles = std::map<std::string, HubFile>;

struct HubRepository
{
    enum class Access
    {
        open,
        gated,
        secret,
        disabled
    };

    std::map<std::string, std::string> refs; // branch or tag to commit
    std::map<std::string, HubFiles> commits;
    Access access = Access::open;
    std::set<std::string> admitted; // tokens that may read it, where it is gated or secret
    std::string moved_to; // the id it was renamed to
    std::vector<std::string> tags;
    uint64_t downloads = 0;
    uint64_t likes = 0;
};

struct HubContent
{
    std::map<std::string, HubRepository> repositories; // by id, "org/name"
    std::set<std::string> tokens; // accounts that exist

    /// Adds a commit and moves `ref` to it; returns its 40 digits.
    std::string commit(const std::string& id, HubFiles files, const std::string& ref = "main");
    const HubFile* largeFileNamed(const std::string& sha256) const;
};

} // namespace gorgon::tests
