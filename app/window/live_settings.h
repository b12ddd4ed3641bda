// SPDX-License-Identifier: GPL-3.0-or-later
// The settings in force: written by the window, copied by the engine where a step begins.
#pragma once

#include "core/decode/generate_settings.h"

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
    }

private:
    mutable std::mutex m_mutex;
    GenerateSettings m_settings;
};

} // namespace gorgon
