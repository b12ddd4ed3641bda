// SPDX-License-Identifier: GPL-3.0-or-later
// Ctrl-C as a stop token. A second one before the first was seen ends the program at once.
#pragma once

#include <stop_token>
#include <thread>

namespace gorgon {

/// One per program.
class Interrupt
{
public:
    /// Also ignores broken pipes: writing into one is an error like any other.
    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    std::stop_token token() const { return m_stop.get_token(); }
    bool requested() const { return m_stop.stop_requested(); }
    /// Seen and dealt with: the next piece of work gets a new token.
    void clear();
    /// Becomes readable with an interrupt, until clear(); for poll.
    int descriptor() const { return m_seen[0]; }

private:
    std::stop_source m_stop;
    int m_seen[2] = {-1, -1};
    std::thread m_watcher;
};

} // namespace gorgon
