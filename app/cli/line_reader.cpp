// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/line_reader.h"

#include <cerrno>
#include <poll.h>
#include <unistd.h>

namespace gorgon {

bool LineReader::take(std::string& line)
{
    size_t end = m_buffer.find('\n');
    if (end == std::string::npos) {
        if (!m_end || m_buffer.empty())
            return false;
        end = m_buffer.size(); // a last line without an end
    }
    line = m_buffer.substr(0, end);
    m_buffer.erase(0, end + 1);
    if (!line.empty() && line.back() == '\r')
        line.pop_back();
    return true;
}

void LineReader::fill()
{
    char part[4096];
    const ssize_t n = read(STDIN_FILENO, part, sizeof part);
    if (n > 0)
        m_buffer.append(part, size_t(n));
    else if (n == 0 || errno != EINTR)
        m_end = true;
}

LineReader::Got LineReader::next(std::string& line)
{
    while (!take(line)) {
        if (m_interrupt.requested())
            return Got::interrupted;
        if (m_end) {
            m_end = isatty(STDIN_FILENO) != 1; // a terminal goes on behind Ctrl-D
            return Got::end;
        }
        pollfd watched[2] = {{STDIN_FILENO, POLLIN, 0}, {m_interrupt.descriptor(), POLLIN, 0}};
        if (poll(watched, 2, -1) < 0 && errno != EINTR)
            return Got::end;
        if (watched[1].revents & POLLIN)
            return Got::interrupted;
        if (watched[0].revents)
            fill();
    }
    return Got::line;
}

std::optional<std::string> LineReader::ready()
{
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (!m_end && poll(&input, 1, 0) == 1)
        fill();
    std::string line;
    return take(line) ? std::optional(line) : std::nullopt;
}

} // namespace gorgon
