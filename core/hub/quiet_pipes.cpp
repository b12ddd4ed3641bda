// SPDX-License-Identifier: Apache-2.0
#include "core/hub/quiet_pipes.h"

#include <ctime>
#include <pthread.h>

namespace gorgon {

namespace {

bool isPending()
{
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, SIGPIPE) == 1;
}

sigset_t pipeSignal()
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    return signals;
}

} // namespace

QuietPipes::QuietPipes()
    : m_was_pending(isPending())
{
    const sigset_t pipes = pipeSignal();
    pthread_sigmask(SIG_BLOCK, &pipes, &m_before);
}

QuietPipes::~QuietPipes()
{
    const sigset_t pipes = pipeSignal();
    const timespec at_once{};
    if (!m_was_pending && isPending())
        sigtimedwait(&pipes, nullptr, &at_once);
    pthread_sigmask(SIG_SETMASK, &m_before, nullptr);
}

} // namespace gorgon
