// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>

namespace gorgon {

/// Bytes a second over the last seconds: falls to 0 when nothing arrives.
class TransferSpeed
{
public:
    using Time = std::chrono::steady_clock::time_point;

    void add(uint64_t bytes, Time now);
    double at(Time now) const;
    void clear() { m_parts.clear(); }

private:
    struct Part
    {
        Time begin;
        uint64_t bytes = 0;
    };
    std::deque<Part> m_parts; // a quarter of a second each
};

} // namespace gorgon
