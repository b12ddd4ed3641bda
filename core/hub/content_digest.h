// SPDX-License-Identifier: Apache-2.0
// The hash that a blob is named by: SHA-256 of large files, that of a git blob (SHA-1 over
// "blob SIZE\0" and the bytes) of small ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace gorgon {

class ContentDigest
{
public:
    /// For a blob of that name: 64 hexadecimal digits are SHA-256, 40 a git blob of `bytes`.
    ContentDigest(std::string_view etag, uint64_t bytes);
    ~ContentDigest();
    ContentDigest(ContentDigest&&) noexcept;
    ContentDigest& operator=(ContentDigest&&) noexcept;

    void add(std::span<const std::byte> bytes);
    /// Of what was added so far; more may follow.
    std::string hex() const;

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace gorgon
