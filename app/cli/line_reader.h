// SPDX-License-Identifier: GPL-3.0-or-later
// Lines of standard input, with an eye on Ctrl-C.
#pragma once

#include <optional>
#include <string>

#include "app/cli/interrupt.h"

namespace gorgon {

class LineReader
{
public:
    enum class Got
    {
        line,
        end,
        interrupted,
    };

    explicit LineReader(const Interrupt& interrupt)
        : m_interrupt(interrupt)
    {
    }

    /// Waits for a line, given without its end.
    Got next(std::string& line);
    /// A line that is already there; never waits.
    std::optional<std::string> ready();

private:
    bool take(std::string& line);
    void fill();

    const Interrupt& m_interrupt;
    std::string m_buffer;
    bool m_end = false;
};

} // namespace gorgon
