// SPDX-License-Identifier: Apache-2.0
// The disk of this process, as odd as some are: calls of the C library that the cache makes are
// answered here while an object lives. One at a time.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace gorgon::tests {

struct OddDisk
{
    bool has_links = true; // symlinks can be made
    bool has_locks = true; // files can be locked
    /// Called with the path of what is to be synchronised, from any thread; an errno: it fails so.
    std::function<int(const std::string& path)> on_sync;

    OddDisk();
    ~OddDisk();
    OddDisk(const OddDisk&) = delete;
    OddDisk& operator=(const OddDisk&) = delete;

    /// "sync PATH" and "remove NAME", in order.
    std::vector<std::string> deeds() const;
};

} // namespace gorgon::tests
