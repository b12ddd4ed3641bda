// SPDX-License-Identifier: Apache-2.0
// Input of a fuzzer as a file that has a path and lies in memory alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <sys/mman.h>
#include <unistd.h>

namespace gorgon::tests {

class MemoryFile
{
public:
    explicit MemoryFile(std::string_view bytes)
        : m_descriptor(memfd_create("input", MFD_CLOEXEC))
    {
        if (m_descriptor < 0)
            std::abort();
        for (size_t done = 0; done < bytes.size();) {
            const ssize_t n = ::write(m_descriptor, bytes.data() + done, bytes.size() - done);
            if (n <= 0)
                std::abort();
            done += size_t(n);
        }
    }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    ~MemoryFile() { ::close(m_descriptor); }

    std::string path() const { return "/proc/self/fd/" + std::to_string(m_descriptor); }

private:
    int m_descriptor;
};

} // namespace gorgon::tests
