// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/quit_signals.h"

#include <QSocketNotifier>

#ifdef Q_OS_UNIX
#include <csignal>
#include <fcntl.h>
#include <unistd.h>
#endif

namespace gorgon {

#ifdef Q_OS_UNIX

namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

int g_write_end = -1; // of the pipe; a handler may do no more than write a byte

void onSignal(int)
{
    const char byte = 1;
    [[maybe_unused]] const ssize_t written = write(g_write_end, &byte, 1);
}

} // namespace

struct QuitSignals::Impl
{
    int read_end = -1;
    std::unique_ptr<QSocketNotifier> notifier;
};

QuitSignals::QuitSignals(std::function<void()> quit)
    : m_impl(std::make_unique<Impl>())
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return; // the signals end the program at once, as they would without us
    m_impl->read_end = ends[0];
    g_write_end = ends[1];
    m_impl->notifier = std::make_unique<QSocketNotifier>(ends[0], QSocketNotifier::Read);
    QObject::connect(m_impl->notifier.get(), &QSocketNotifier::activated, m_impl->notifier.get(),
        [this, quit = std::move(quit)] {
            m_impl->notifier->setEnabled(false);
            quit();
        });
    struct sigaction action = {};
    action.sa_handler = onSignal;
    action.sa_flags = SA_RESTART;
    for (const int signal : kSignals)
        sigaction(signal, &action, nullptr);
}

QuitSignals::~QuitSignals()
{
    if (!m_impl->notifier)
        return;
    for (const int signal : kSignals)
        std::signal(signal, SIG_DFL);
    m_impl->notifier.reset();
    close(m_impl->read_end);
    close(g_write_end);
    g_write_end = -1;
}

#else

struct QuitSignals::Impl
{
};

QuitSignals::QuitSignals(std::function<void()>) { }

QuitSignals::~QuitSignals() = default;

#endif

} // namespace gorgon
