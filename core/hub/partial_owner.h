// SPDX-License-Identifier: Apache-2.0
// Which process writes a file, told in a way that another process, another run or another machine
// with the same disk can judge.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gorgon {

/// Machine, boot, process namespace, process id and its start.
std::string thisProcess();
/// Of this boot; empty where the system does not say.
std::string thisBoot();

/// Whether that process may still write. `idle_s`: since it last wrote down how far it is, which
/// decides where nothing better is known (another machine, another container).
bool mayBeAlive(std::string_view owner, int64_t idle_s);

/// Within this process a file is written by one at a time, also where it cannot be locked.
class FileClaim
{
public:
    FileClaim() = default;
    FileClaim(FileClaim&& other) noexcept
        : m_file(std::exchange(other.m_file, {}))
    {
    }
    FileClaim(const FileClaim&) = delete;
    FileClaim& operator=(FileClaim&&) = delete;
    ~FileClaim();

    /// The open file; false where another holds it.
    bool take(int descriptor);

private:
    std::optional<std::pair<uint64_t, uint64_t>> m_file; // device and inode
};

} // namespace gorgon
