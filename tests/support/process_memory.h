// SPDX-License-Identifier: Apache-2.0
// Memory of this process, as Linux counts it.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

namespace gorgon::tests {

/// Bytes behind `name` ("VmRSS:", "VmHWM:") of /proc/self/status; 0 where there is none.
inline uint64_t statusBytes(const std::string& name)
{
    std::ifstream in("/proc/self/status");
    for (std::string word; in >> word;) {
        uint64_t kilobytes = 0;
        if (word == name && in >> kilobytes)
            return kilobytes * 1024;
    }
    return 0;
}

/// Growth of this process's memory at its highest, from where the object was made.
class MemoryPeak
{
public:
    MemoryPeak()
    {
        std::ofstream("/proc/self/clear_refs") << "5"; // the peak starts anew
        m_start = statusBytes("VmRSS:");
    }
    uint64_t growth() const
    {
        const uint64_t highest = statusBytes("VmHWM:");
        return highest > m_start ? highest - m_start : 0;
    }

private:
    uint64_t m_start = 0;
};

} // namespace gorgon::tests
