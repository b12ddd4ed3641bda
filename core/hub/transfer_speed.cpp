// SPDX-License-Identifier: Apache-2.0
#include "core/hub/transfer_speed.h"

#include <algorithm>

namespace gorgon {

namespace {

constexpr auto kPart = std::chrono::milliseconds(250);
constexpr auto kWindow = std::chrono::seconds(5);

} // namespace

void TransferSpeed::add(uint64_t bytes, Time now)
{
    if (m_parts.empty() || now - m_parts.back().begin > kPart)
        m_parts.push_back({now, 0});
    m_parts.back().bytes += bytes;
    while (now - m_parts.front().begin > 2 * kWindow)
        m_parts.pop_front();
}

double TransferSpeed::at(Time now) const
{
    uint64_t bytes = 0;
    for (const Part& part : m_parts)
        bytes += now - part.begin <= kWindow ? part.bytes : 0;
    // At its start the window is as long as there is something to see; a second, lest it jumps.
    const auto span = std::clamp<std::chrono::duration<double>>(
        m_parts.empty() ? kWindow : now - m_parts.front().begin, std::chrono::seconds(1), kWindow);
    return double(bytes) / span.count();
}

} // namespace gorgon
