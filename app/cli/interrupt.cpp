// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/interrupt.h"

#include <atomic>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <unistd.h>

namespace gorgon {

namespace {

std::atomic<int> g_pending = 0;
int g_wake[2] = {-1, -1}; // a signal handler may only write into a pipe

constexpr char kInterrupted = 'i';
constexpr char kEnd = 'e';

void onSignal(int)
{
    if (g_pending.fetch_add(1) > 0)
        _exit(130);
    if (write(g_wake[1], &kInterrupted, 1) != 1)
        _exit(130);
}

void makePipe(int (&ends)[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0)
        throw std::runtime_error(
            "pipe: expected two file descriptors, found none free; close some");
}

} // namespace

Interrupt::Interrupt()
{
    makePipe(g_wake);
    makePipe(m_seen);
    fcntl(m_seen[0], F_SETFL, O_NONBLOCK);
    m_watcher = std::thread([this] {
        for (char c = 0; read(g_wake[0], &c, 1) == 1 && c == kInterrupted;) {
            m_stop.request_stop();
            if (write(m_seen[1], &c, 1) != 1)
                return;
        }
    });
    struct sigaction action = {};
    action.sa_handler = onSignal;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); // a file over the limit is an error of its writer
}

Interrupt::~Interrupt()
{
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    if (write(g_wake[1], &kEnd, 1) == 1)
        m_watcher.join();
    else
        m_watcher.detach();
}

void Interrupt::clear()
{
    // The watcher has written once for each signal that was counted.
    while (g_pending > 0) {
        pollfd seen{m_seen[0], POLLIN, 0};
        char c = 0;
        if (poll(&seen, 1, 1000) == 1 && read(m_seen[0], &c, 1) == 1)
            g_pending--;
        else
            break;
    }
    m_stop = std::stop_source();
}

} // namespace gorgon
