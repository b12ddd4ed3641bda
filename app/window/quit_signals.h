// SPDX-License-Identifier: GPL-3.0-or-later
// An interrupt or the end of the desktop session (SIGINT, SIGTERM, SIGHUP) closes the window as a
// click does: the answer so far is saved. Does nothing where there are no such signals.
#pragma once

#include <functional>
#include <memory>

namespace gorgon {

/// One at a time; call from the window's thread.
class QuitSignals
{
public:
    explicit QuitSignals(std::function<void()> quit);
    ~QuitSignals();

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace gorgon
