// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/step_pace.h"

#include <algorithm>
#include <thread>

namespace gorgon {

namespace {

// Stops and changes of pace are seen this soon.
constexpr std::chrono::milliseconds kSlice(4);

} // namespace

void StepPace::wait(const std::stop_token& stop, const std::stop_token& quit)
{
    if (!m_due)
        m_due = Clock::now();
    while (!stop.stop_requested() && !quit.stop_requested()) {
        const int pace = m_settings.pace();
        const auto now = Clock::now();
        if (pace <= 0)
            break;
        const auto next = *m_due + std::chrono::nanoseconds(std::chrono::seconds(1)) / pace;
        if (now >= next)
            break;
        std::this_thread::sleep_for(std::min<Clock::duration>(kSlice, next - now));
    }
    m_due = Clock::now();
}

} // namespace gorgon
