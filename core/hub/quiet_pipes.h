// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>

namespace gorgon {

/// Holds back SIGPIPE in this thread: a connection that the other side closed is an error like any
/// other, and the TLS library writes to it without asking for that.
class QuietPipes
{
public:
    QuietPipes();
    ~QuietPipes();
    QuietPipes(const QuietPipes&) = delete;
    QuietPipes& operator=(const QuietPipes&) = delete;

private:
    sigset_t m_before{};
    bool m_was_pending = false;
};

} // namespace gorgon
