// SPDX-License-Identifier: GPL-3.0-or-later
// Qt aborts the program where no display can be opened; here that becomes a sentence and status 1.
#pragma once

#include <QStringList>
#include <QtGlobal>

namespace gorgon {

/// Whether a display, or a platform that needs none, is named by the environment or the arguments.
bool isDisplayNamed(const QStringList& arguments);

/// Tells on standard error that there is no display, with what was named and what to do.
void tellNoDisplay();

/// For as long as QApplication is constructed: an abort is told as above and ends with status 1.
class DisplayGuard
{
public:
    DisplayGuard();
    ~DisplayGuard();
    DisplayGuard(const DisplayGuard&) = delete;
    DisplayGuard& operator=(const DisplayGuard&) = delete;

private:
    QtMessageHandler m_messages;
    void (*m_abort)(int);
};

} // namespace gorgon
