// SPDX-License-Identifier: Apache-2.0
// What a template may use up: it comes from a stranger.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace gorgon::jinja {

/// What a template does wrong; the evaluator adds where.
struct Failure : std::runtime_error
{
    using std::runtime_error::runtime_error;
};

struct Limits
{
    std::uint64_t steps = 20'000'000; // nodes evaluated, and 32 bytes or 2 values made each
    std::size_t live_bytes = std::size_t(256) << 20; // of all values at one time
    std::size_t output_bytes = std::size_t(64) << 20;
};

inline constexpr int kMaxValueDepth = 64; // lists in lists, as in JSON

class Meter
{
public:
    explicit Meter(const Limits& limits)
        : m_limits(limits)
        , m_steps_left(limits.steps)
    {
    }
    Meter(const Meter&) = delete;
    Meter& operator=(const Meter&) = delete;

    const Limits& limits() const { return m_limits; }

    void step(std::uint64_t n = 1)
    {
        if (n > m_steps_left)
            throw Failure("expected at most " + std::to_string(m_limits.steps)
                + " steps, found more; the template loops too long");
        m_steps_left -= n;
    }

    /// Before `bytes` are made: they must fit, and making them takes time.
    void hold(std::size_t bytes)
    {
        step(bytes / 32);
        if (bytes > m_limits.live_bytes - m_live_bytes)
            throw Failure("expected at most " + std::to_string(m_limits.live_bytes >> 20)
                + " MiB of values, found more");
        m_live_bytes += bytes;
    }
    void release(std::size_t bytes) { m_live_bytes -= bytes; }

private:
    Limits m_limits;
    std::uint64_t m_steps_left = 0;
    std::size_t m_live_bytes = 0;
};

/// Bytes held while this lives.
class Held
{
public:
    Held() = default;
    Held(Meter& meter, std::size_t bytes)
        : m_meter(&meter)
        , m_bytes(bytes)
    {
        meter.hold(bytes);
    }
    Held(Held&& other) noexcept
        : m_meter(std::exchange(other.m_meter, nullptr))
        , m_bytes(other.m_bytes)
    {
    }
    Held& operator=(Held&&) = delete;
    ~Held()
    {
        if (m_meter)
            m_meter->release(m_bytes);
    }

private:
    Meter* m_meter = nullptr;
    std::size_t m_bytes = 0;
};

} // namespace gorgon::jinja
