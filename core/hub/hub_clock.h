// SPDX-License-Identifier: Apache-2.0
// Time as the retries see it, so that tests need not wait.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>

namespace gorgon {

class HubClock
{
public:
    virtual ~HubClock() = default;
    virtual std::chrono::steady_clock::time_point now() const = 0;
    /// Returns at once when stopped.
    virtual void sleep(std::chrono::milliseconds time, const std::stop_token& stop) = 0;
};

std::shared_ptr<HubClock> systemClock();

} // namespace gorgon
