// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/display_guard.h"

#include <csignal>
#include <cstdlib>
#include <unistd.h>

namespace gorgon {

namespace {

constexpr const char* kNames[] = {"QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "DISPLAY"};

QByteArray& sentence()
{
    static QByteArray text;
    return text;
}

void writeSentence()
{
    const QByteArray& text = sentence();
    [[maybe_unused]] const ssize_t n = write(STDERR_FILENO, text.constData(), size_t(text.size()));
}

void makeSentence()
{
    QByteArray named;
    for (const char* name : kNames) {
        if (qEnvironmentVariableIsSet(name))
            named += (named.isEmpty() ? "" : ", ") + QByteArray(name) + " is \"" + qgetenv(name)
                + '"';
    }
    sentence() = "error: no display could be opened ("
        + (named.isEmpty() ? QByteArray("DISPLAY is not set") : named)
        + "): check it, or chat in the terminal with gorgon-cli chat\n";
}

// note: in a signal handler: the sentence was made before.
void endAborted(int)
{
    writeSentence();
    _exit(EXIT_FAILURE);
}

} // namespace

bool isDisplayNamed(const QStringList& arguments)
{
    for (const char* name : kNames) {
        if (!qEnvironmentVariableIsEmpty(name))
            return true;
    }
    for (const QString& argument : arguments) {
        const QString name = argument.startsWith(QLatin1String("--")) ? argument.mid(1) : argument;
        if (name == QLatin1String("-platform") || name == QLatin1String("-display"))
            return true;
    }
    return false;
}

void tellNoDisplay()
{
    makeSentence();
    writeSentence();
}

DisplayGuard::DisplayGuard()
{
    makeSentence();
    m_messages
        = qInstallMessageHandler([](QtMsgType, const QMessageLogContext&, const QString&) {});
    m_abort = std::signal(SIGABRT, endAborted);
}

DisplayGuard::~DisplayGuard()
{
    std::signal(SIGABRT, m_abort);
    qInstallMessageHandler(m_messages);
}

} // namespace gorgon
