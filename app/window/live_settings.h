// SPDX-License-Identifier: GPL-3.0-or-later
// The settings in force: written by the window, copied by the engine where a step begins.
#pragma once

#include "core/decode/generate_settings.h"

#include <atomic>
#include <mutex>

namespace gorgon {

class LiveSettings
{
public:
    GenerateSettings get() const
    {
        const std::scoped_lock lock(m_mutex);
        return m_settings;
    }

    void set(const GenerateSettings& settings)
    {
        const std::scoped_lock lock(m_mutex);
        m_settings = settings;
        m_version++;
    }

    /// Copies them where they are newer than `seen`.
    void read(GenerateSettings& settings, uint64_t& seen) const
    {
        const std::scoped_lock lock(m_mutex);
        if (seen == m_version)
            return;
        settings = m_settings;
        seen = m_version;
    }

    /// Steps a second at most; 0: as fast as the engine can.
    int pace() const { return m_pace; }
    void setPace(int steps_per_second) { m_pace = steps_per_second; }

private:
    mutable std::mutex m_mutex;
    GenerateSettings m_settings;
    uint64_t m_version = 1;
    std::atomic<int> m_pace = 0;
};

} // namespace gorgon
