// SPDX-License-Identifier: Apache-2.0
#include "core/hub/retries.h"

#include <algorithm>

#include "core/hub/hub_client.h"

namespace gorgon {

namespace {

constexpr int kMaxBackOffMs = 8'000;
constexpr int kMaxAskedS = 600; // who asks for more is shown to the user instead

} // namespace

void Retries::wait(
    const HubError& error, const std::stop_token& stop, const std::function<void(int)>& on_wait)
{
    if (!isTransient(error.info()) || m_n_failures >= m_limit || error.info().wait_s > kMaxAskedS)
        throw error;
    const int back_off = std::min(kMaxBackOffMs, 1000 << std::min(m_n_failures, 4));
    const int wait_ms = std::max(back_off, error.info().wait_s * 1000);
    ++m_n_failures;
    ++m_n_retries;
    if (on_wait)
        on_wait(wait_ms);
    m_clock.sleep(std::chrono::milliseconds(wait_ms), stop);
    if (stop.stop_requested())
        throw HubError(HubErrorKind::cancelled, "stopped");
}

} // namespace gorgon
