// SPDX-License-Identifier: Apache-2.0
// Tells how many programs have a file open. Freed by the system however a program ends.
#pragma once

#include <filesystem>

namespace gorgon {

class FileLock
{
public:
    FileLock() = default;
    FileLock(FileLock&& other) noexcept;
    FileLock& operator=(FileLock&& other) noexcept;
    ~FileLock();

    /// Takes the lock file alone where nobody holds it, else together with the others. Waits while
    /// another holds it alone; throws std::runtime_error after `timeout_ms`. Not held where the
    /// file cannot be made.
    static FileLock take(const std::filesystem::path& file, int timeout_ms);

    bool held() const { return m_descriptor >= 0; }
    bool sole() const { return m_sole; }
    /// Lets others in.
    void share();

private:
    int m_descriptor = -1;
    bool m_sole = false;
};

} // namespace gorgon
