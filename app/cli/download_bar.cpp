// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/download_bar.h"

#include <cmath>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/hub/hub_error.h"

namespace gorgon {

namespace {

constexpr auto kLine = std::chrono::seconds(10); // between two where there is no terminal

std::string timeText(double seconds)
{
    const auto s = int64_t(std::min(seconds, 359'999.0));
    char text[40];
    if (s < 60)
        std::snprintf(text, sizeof text, "%d s", int(s));
    else if (s < 3600)
        std::snprintf(text, sizeof text, "%d:%02d min", int(s / 60), int(s % 60));
    else
        std::snprintf(text, sizeof text, "%d:%02d h", int(s / 3600), int(s / 60 % 60));
    return text;
}

/// "45 %, 1.2 GB of 2.7 GB, 35 MB/s, 40 s left"
std::string figures(const DownloadProgress& now)
{
    if (now.total_bytes == 0)
        return std::string(downloadStateName(now.state));
    const auto percent = int(100 * double(now.done_bytes) / double(now.total_bytes));
    std::string text = std::to_string(percent) + " %, " + byteCount(now.done_bytes) + " of "
        + byteCount(now.total_bytes);
    if (now.state != DownloadState::downloading)
        text += ", " + std::string(downloadStateName(now.state));
    else if (now.bytes_per_second > 0)
        text += ", " + byteCount(uint64_t(now.bytes_per_second)) + "/s";
    if (now.left_s && *now.left_s > 0 && now.state == DownloadState::downloading)
        text += ", " + timeText(*now.left_s) + " left";
    return text;
}

size_t columns()
{
    winsize size{};
    const bool is_known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20;
    return is_known ? size.ws_col : 80;
}

} // namespace

DownloadBar::DownloadBar(const Program& program, std::string name)
    : m_program(program)
    , m_name(std::move(name))
    , m_terminal(isatty(STDERR_FILENO) == 1)
    , m_last(std::chrono::steady_clock::now())
{
}

void DownloadBar::end()
{
    if (m_shown && m_terminal)
        std::fputs("\r\033[K", stderr);
    m_shown = false;
}

void DownloadBar::show(const DownloadProgress& now)
{
    if (m_program.quiet)
        return;
    // What holds it up is told once, as a line of its own.
    if (now.state == DownloadState::waiting && now.message != m_message) {
        end();
        m_program.note(now.message);
    }
    m_message = now.message;
    const auto time = std::chrono::steady_clock::now();
    if (!m_terminal) {
        if (time - m_last < kLine)
            return;
        m_last = time;
        m_program.note(m_name + ": " + figures(now));
        return;
    }
    std::string line = m_name + " ";
    const std::string numbers = figures(now);
    const size_t room = columns() - 1;
    if (now.total_bytes > 0 && room > line.size() + numbers.size() + 14) {
        const size_t width = std::min<size_t>(30, room - line.size() - numbers.size() - 4);
        const auto filled
            = size_t(double(width) * double(now.done_bytes) / double(now.total_bytes));
        line += "[" + std::string(std::min(width, filled), '#')
            + std::string(width - std::min(width, filled), '.') + "] ";
    }
    line += numbers;
    std::fprintf(stderr, "\r%s\033[K", line.substr(0, room).c_str());
    std::fflush(stderr);
    m_shown = true;
}

} // namespace gorgon
