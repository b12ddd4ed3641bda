// SPDX-License-Identifier: Apache-2.0
// A regular file opened for reading. Reads copy; a file that shrinks meanwhile is an error, never a
// signal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace gorgon {

class PlainFile
{
public:
    PlainFile() = default;
    /// Throws std::runtime_error where the path is absent, unreadable or not a regular file. Never
    /// blocks.
    explicit PlainFile(std::filesystem::path path);
    PlainFile(PlainFile&& other) noexcept;
    PlainFile& operator=(PlainFile&& other) noexcept;
    PlainFile(const PlainFile&) = delete;
    PlainFile& operator=(const PlainFile&) = delete;
    ~PlainFile();

    const std::filesystem::path& path() const { return m_path; }
    uint64_t bytes() const { return m_bytes; }

    /// Fills `out` from `offset`. Throws std::runtime_error where the file has no such bytes (any
    /// more).
    void read(uint64_t offset, std::span<std::byte> out) const;
    /// Has the system fetch these bytes, as far as they exist, while the caller does something else.
    void expect(uint64_t offset, uint64_t bytes) const;
    /// Bytes [offset, offset + bytes) as text.
    std::string text(uint64_t offset, uint64_t bytes) const;

private:
    std::filesystem::path m_path;
    uint64_t m_bytes = 0;
    int m_descriptor = -1;
};

} // namespace gorgon
