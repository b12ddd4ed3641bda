// SPDX-License-Identifier: GPL-3.0-or-later
// Slows an answer down so that each of its steps can be seen.
#pragma once

#include "app/window/live_settings.h"

#include <chrono>
#include <optional>
#include <stop_token>

namespace gorgon {

/// For one answer. The pace may change while it waits.
class StepPace
{
public:
    explicit StepPace(const LiveSettings& settings)
        : m_settings(settings)
    {
    }

    bool isSlowed() const { return m_settings.pace() > 0; }
    /// Behind a step: returns when the next one is due, or within milliseconds of a stop.
    void wait(const std::stop_token& stop, const std::stop_token& quit);

private:
    using Clock = std::chrono::steady_clock;

    const LiveSettings& m_settings;
    std::optional<Clock::time_point> m_due; // when the step now shown was due
};

} // namespace gorgon
