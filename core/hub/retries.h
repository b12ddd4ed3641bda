// SPDX-License-Identifier: Apache-2.0
// When to try again: 1, 2, 4, 8, 8 ... seconds, or as long as the server asks; a byte that was
// not here before starts the count anew.
#pragma once

#include <functional>
#include <stop_token>

#include "core/hub/hub_clock.h"
#include "core/hub/hub_error.h"

namespace gorgon {

class Retries
{
public:
    Retries(HubClock& clock, int limit)
        : m_clock(clock)
        , m_limit(limit)
    {
    }

    /// New bytes arrived.
    void reset() { m_n_failures = 0; }
    /// Waits before the next try, and says so first; throws `error` on where no try is left or none
    /// would help, kind cancelled on a stop.
    void wait(const HubError& error, const std::stop_token& stop,
        const std::function<void(int wait_ms)>& on_wait = {});
    int count() const { return m_n_retries; } // of all

private:
    HubClock& m_clock;
    int m_limit;
    int m_n_failures = 0; // in a row
    int m_n_retries = 0;
};

} // namespace gorgon
