// SPDX-License-Identifier: Apache-2.0
// Lines of a report in Markdown, printed as they come: what was found is there if the device is
// lost.
#pragma once

#include <cstdarg>
#include <cstdio>

namespace gorgon::gpu {

/// The beginning of a line.
[[gnu::format(printf, 1, 2)]] inline void print(const char* format, ...)
{
    va_list values;
    va_start(values, format);
    std::vprintf(format, values);
    va_end(values);
}

[[gnu::format(printf, 1, 2)]] inline void say(const char* format, ...)
{
    va_list values;
    va_start(values, format);
    std::vprintf(format, values);
    va_end(values);
    std::putchar('\n');
    std::fflush(stdout);
}

/// Counts what a report must not hold.
struct Findings
{
    int failures = 0;

    const char* verdict(bool is_right)
    {
        failures += is_right ? 0 : 1;
        return is_right ? "yes" : "**NO**";
    }
};

} // namespace gorgon::gpu
