// SPDX-License-Identifier: Apache-2.0
#include "tests/core/hub/odd_disk.h"

#include <atomic>
#include <cerrno>
#include <mutex>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace gorgon::tests {
namespace {

std::atomic<OddDisk*> g_disk = nullptr;
std::mutex g_mutex;
std::vector<std::string> g_deeds;

void note(std::string deed)
{
    const std::lock_guard lock(g_mutex);
    g_deeds.push_back(std::move(deed));
}

int failure(int error)
{
    errno = error;
    return -1;
}

std::string pathOf(int descriptor)
{
    char text[4096];
    const std::string name = "/proc/self/fd/" + std::to_string(descriptor);
    const ssize_t n = ::readlink(name.c_str(), text, sizeof text);
    return std::string(text, n > 0 ? size_t(n) : 0);
}

} // namespace

OddDisk::OddDisk()
{
    g_deeds.clear();
    g_disk = this;
}

OddDisk::~OddDisk()
{
    g_disk = nullptr;
}

std::vector<std::string> OddDisk::deeds() const
{
    const std::lock_guard lock(g_mutex);
    return g_deeds;
}

} // namespace gorgon::tests

using namespace gorgon::tests;

extern "C" {

int flock(int descriptor, int operation) noexcept
{
    const OddDisk* const disk = g_disk;
    return disk && !disk->has_locks ? failure(ENOLCK)
                                    : int(syscall(SYS_flock, descriptor, operation));
}

int symlinkat(const char* target, int folder, const char* name) noexcept
{
    const OddDisk* const disk = g_disk;
    return disk && !disk->has_links ? failure(EPERM)
                                    : int(syscall(SYS_symlinkat, target, folder, name));
}

int unlinkat(int folder, const char* name, int flags) noexcept
{
    if (g_disk)
        note(std::string("remove ") + name);
    return int(syscall(SYS_unlinkat, folder, name, flags));
}

int fsync(int descriptor)
{
    if (const OddDisk* const disk = g_disk) {
        const std::string path = pathOf(descriptor);
        note("sync " + path);
        if (const int error = disk->on_sync ? disk->on_sync(path) : 0)
            return failure(error);
    }
    return int(syscall(SYS_fsync, descriptor));
}
}
