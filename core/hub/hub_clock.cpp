// SPDX-License-Identifier: Apache-2.0
#include "core/hub/hub_clock.h"

#include <condition_variable>
#include <mutex>

namespace gorgon {

namespace {

class SystemClock : public HubClock
{
public:
    std::chrono::steady_clock::time_point now() const override
    {
        return std::chrono::steady_clock::now();
    }

    void sleep(std::chrono::milliseconds time, const std::stop_token& stop) override
    {
        std::mutex mutex;
        std::condition_variable_any woken;
        std::unique_lock lock(mutex);
        woken.wait_for(lock, stop, time, [] { return false; });
    }
};

} // namespace

std::shared_ptr<HubClock> systemClock()
{
    static const auto clock = std::make_shared<SystemClock>();
    return clock;
}

} // namespace gorgon
