// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/download_bar.h"

#include <cmath>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vector>

#include "core/hub/hub_error.h"

namespace gorgon {

namespace {

constexpr auto kLine = std::chrono::seconds(10); // between two where there is no terminal
// Columns: of the bar, and of the longest numbers beside it with its brackets.
constexpr size_t kWidest = 30, kShortest = 8, kNumbers = 56;

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

/// "45 %, 1.2 GB of 2.7 GB, 35 MB/s, 40 s left": as many of its parts as have room.
std::string figures(const DownloadProgress& now, size_t room)
{
    if (now.total_bytes == 0)
        return std::string(downloadStateName(now.state));
    const auto percent = int(100 * double(now.done_bytes) / double(now.total_bytes));
    std::vector<std::string> parts = {std::to_string(percent) + " %",
        byteCount(now.done_bytes) + " of " + byteCount(now.total_bytes)};
    if (now.state != DownloadState::downloading)
        parts.emplace_back(downloadStateName(now.state));
    else if (now.bytes_per_second > 0)
        parts.push_back(byteCount(uint64_t(now.bytes_per_second)) + "/s");
    if (now.left_s && *now.left_s > 0 && now.state == DownloadState::downloading)
        parts.push_back(timeText(*now.left_s) + " left");
    std::string text;
    for (const std::string& part : parts)
        if (text.size() + part.size() + 2 <= room)
            text += (text.empty() ? "" : ", ") + part;
    return text;
}

/// "[####....] "
std::string barText(const DownloadProgress& now, size_t width)
{
    const double share = double(now.done_bytes) / double(now.total_bytes);
    const size_t filled = std::min(width, size_t(double(width) * share));
    return "[" + std::string(filled, '#') + std::string(width - filled, '.') + "] ";
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
        m_program.note(m_name + ": " + figures(now, std::string::npos));
        return;
    }
    std::string line = m_name + " ";
    const size_t room = columns() - 1;
    const std::string numbers = figures(now, room - std::min(room, line.size()));
    // As wide at every moment, whatever the numbers.
    if (now.total_bytes > 0 && room > line.size() + kNumbers + kShortest)
        line += barText(now, std::min(kWidest, room - line.size() - kNumbers));
    line += numbers;
    std::fprintf(stderr, "\r%s\033[K", line.substr(0, room).c_str());
    std::fflush(stderr);
    m_shown = true;
}

} // namespace gorgon
