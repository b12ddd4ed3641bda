// SPDX-License-Identifier: Apache-2.0
#include "core/model/plain_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "core/model/file_error.h"

namespace gorgon {

namespace {

std::string reason(int error)
{
    if (error == ENOENT || error == ENOTDIR)
        return "there is no such file";
    if (error == EACCES || error == EPERM)
        return "this user may not read it";
    return std::string("cannot be opened (") + std::strerror(error) + ")";
}

void checkRegular(const std::filesystem::path& path, const struct stat& status)
{
    if (S_ISDIR(status.st_mode))
        failFile(path, "a file was expected, this is a folder");
    if (!S_ISREG(status.st_mode))
        failFile(path, "a regular file was expected, this is a pipe, a device or a socket");
}

} // namespace

PlainFile::PlainFile(std::filesystem::path path)
    : m_path(std::move(path))
{
    // Before opening: to open a device can have effects of its own.
    struct stat status = {};
    if (::stat(m_path.c_str(), &status) != 0)
        failFile(m_path, reason(errno));
    checkRegular(m_path, status);

    // O_NONBLOCK: should a pipe have taken the name meanwhile, open returns and the second check
    // refuses.
    m_descriptor = ::open(m_path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (m_descriptor < 0)
        failFile(m_path, reason(errno));
    try {
        if (::fstat(m_descriptor, &status) != 0)
            failFile(m_path, reason(errno));
        checkRegular(m_path, status);
        m_bytes = uint64_t(status.st_size);
    } catch (...) {
        ::close(m_descriptor);
        throw;
    }
}

PlainFile::PlainFile(PlainFile&& other) noexcept
    : m_path(std::move(other.m_path))
    , m_bytes(std::exchange(other.m_bytes, 0))
    , m_descriptor(std::exchange(other.m_descriptor, -1))
{
}

PlainFile& PlainFile::operator=(PlainFile&& other) noexcept
{
    std::swap(m_path, other.m_path);
    std::swap(m_bytes, other.m_bytes);
    std::swap(m_descriptor, other.m_descriptor);
    return *this;
}

PlainFile::~PlainFile()
{
    if (m_descriptor >= 0)
        ::close(m_descriptor);
}

void PlainFile::read(uint64_t offset, std::span<std::byte> out) const
{
    if (offset > m_bytes || out.size() > m_bytes - offset)
        failFile(m_path,
            "the file ends at byte " + std::to_string(m_bytes) + ", " + std::to_string(out.size())
                + " bytes from " + std::to_string(offset) + " were expected");
    constexpr size_t kLargestRead = size_t(1) << 30;
    size_t done = 0;
    while (done < out.size()) {
        const ssize_t n = ::pread(m_descriptor, out.data() + done,
            std::min(out.size() - done, kLargestRead), off_t(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            failFile(m_path, std::string("cannot be read (") + std::strerror(errno) + ")");
        if (n == 0)
            failFile(
                m_path, "the file became shorter while it was read; download or copy it again");
        done += size_t(n);
    }
}

void PlainFile::expect(uint64_t offset, uint64_t bytes) const
{
    if (offset < m_bytes) // advice: a refusal costs only speed
        ::posix_fadvise(m_descriptor, off_t(offset), off_t(std::min(bytes, m_bytes - offset)),
            POSIX_FADV_WILLNEED);
}

std::string PlainFile::text(uint64_t offset, uint64_t bytes) const
{
    // Checked before the allocation, which the file could otherwise size.
    if (offset > m_bytes || bytes > m_bytes - offset)
        failFile(
            m_path, "the file ends within a part that it announces; download or copy it again");
    std::string result(size_t(bytes), '\0');
    read(offset, std::as_writable_bytes(std::span(result)));
    return result;
}

} // namespace gorgon
