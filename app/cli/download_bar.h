// SPDX-License-Identifier: GPL-3.0-or-later
// A download on standard error: one line that is redrawn on a terminal, a line now and then
// otherwise.
#pragma once

#include <chrono>
#include <string>

#include "app/cli/program.h"
#include "core/hub/download.h"

namespace gorgon {

class DownloadBar
{
public:
    DownloadBar(const Program& program, std::string name);
    ~DownloadBar() { end(); }
    DownloadBar(const DownloadBar&) = delete;
    DownloadBar& operator=(const DownloadBar&) = delete;

    void show(const DownloadProgress& now);
    /// Wipes the line.
    void end();

private:
    const Program& m_program;
    std::string m_name;
    std::string m_message; // said last
    bool m_terminal = false;
    bool m_shown = false;
    std::chrono::steady_clock::time_point m_last;
};

} // namespace gorgon
