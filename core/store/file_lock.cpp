// SPDX-License-Identifier: Apache-2.0
#include "core/store/file_lock.h"

#include <chrono>
#include <fcntl.h>
#include <stdexcept>
#include <sys/file.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace gorgon {

FileLock::FileLock(FileLock&& other) noexcept
    : m_descriptor(std::exchange(other.m_descriptor, -1))
    , m_sole(std::exchange(other.m_sole, false))
{
}

FileLock& FileLock::operator=(FileLock&& other) noexcept
{
    std::swap(m_descriptor, other.m_descriptor);
    std::swap(m_sole, other.m_sole);
    return *this;
}

FileLock::~FileLock()
{
    if (m_descriptor >= 0)
        close(m_descriptor);
}

FileLock FileLock::take(const std::filesystem::path& file, int timeout_ms)
{
    FileLock lock;
    lock.m_descriptor = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (!lock.held())
        return lock;
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
    for (;;) {
        if (flock(lock.m_descriptor, LOCK_EX | LOCK_NB) == 0) {
            lock.m_sole = true;
            return lock;
        }
        if (flock(lock.m_descriptor, LOCK_SH | LOCK_NB) == 0)
            return lock;
        if (std::chrono::steady_clock::now() > end)
            throw std::runtime_error(file.string()
                + ": expected to be free, found it held by another program that is still opening "
                  "the "
                  "conversations; wait for it or end it");
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

void FileLock::share()
{
    if (m_sole)
        flock(m_descriptor, LOCK_SH);
    m_sole = false;
}

} // namespace gorgon
