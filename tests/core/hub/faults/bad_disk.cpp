// SPDX-License-Identifier: Apache-2.0
// Loaded ahead of the C library: the k-th call that changes the disk fails, or ends the process.
//   BAD_DISK_AT=k       counted from 1; 0: none
//   BAD_DISK_DOES=full  ENOSPC (default); io: EIO; kill: SIGKILL before the call; always-full: from
//   there on BAD_DISK_COUNT=FILE the number of calls is written there at the end BAD_DISK_LOCKS=lie
//   flock and fcntl locks succeed without locking
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

std::atomic<long> n_calls{0};

const char* setting(const char* name)
{
    const char* value = std::getenv(name);
    return value ? value : "";
}

template <class Function> Function next(const char* name)
{
    return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

/// True where this call is to fail; errno is set.
bool fails()
{
    static const long at = std::atol(setting("BAD_DISK_AT"));
    const char* does = setting("BAD_DISK_DOES");
    const long call = ++n_calls;
    const bool from_there = std::strcmp(does, "always-full") == 0;
    if (at == 0 || (from_there ? call < at : call != at))
        return false;
    if (std::strcmp(does, "kill") == 0)
        kill(getpid(), SIGKILL);
    errno = std::strcmp(does, "io") == 0 ? EIO : ENOSPC;
    return true;
}

bool isFile(int descriptor)
{
    struct stat status;
    return fstat(descriptor, &status) == 0 && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
}

bool locksLie()
{
    return std::strcmp(setting("BAD_DISK_LOCKS"), "lie") == 0;
}

struct Report
{
    ~Report()
    {
        if (const char* path = std::getenv("BAD_DISK_COUNT")) {
            const long n = n_calls; // before the report itself
            if (FILE* file = std::fopen(path, "w")) {
                std::fprintf(file, "%ld", n);
                std::fclose(file);
            }
        }
    }
} report;

} // namespace

extern "C" {

ssize_t write(int descriptor, const void* bytes, size_t n)
{
    static const auto real = next<decltype(&write)>("write");
    return isFile(descriptor) && fails() ? -1 : real(descriptor, bytes, n);
}

ssize_t pwrite(int descriptor, const void* bytes, size_t n, off_t offset)
{
    static const auto real = next<decltype(&pwrite)>("pwrite");
    return fails() ? -1 : real(descriptor, bytes, n, offset);
}

ssize_t pwrite64(int descriptor, const void* bytes, size_t n, off64_t offset)
{
    static const auto real = next<decltype(&pwrite64)>("pwrite64");
    return fails() ? -1 : real(descriptor, bytes, n, offset);
}

int fsync(int descriptor)
{
    static const auto real = next<decltype(&fsync)>("fsync");
    return fails() ? -1 : real(descriptor);
}

int fdatasync(int descriptor)
{
    static const auto real = next<decltype(&fdatasync)>("fdatasync");
    return fails() ? -1 : real(descriptor);
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept
{
    static const auto real = next<decltype(&renameat)>("renameat");
    return fails() ? -1 : real(from_folder, from, to_folder, to);
}

int renameat2(
    int from_folder, const char* from, int to_folder, const char* to, unsigned flags) noexcept
{
    static const auto real = next<decltype(&renameat2)>("renameat2");
    return fails() ? -1 : real(from_folder, from, to_folder, to, flags);
}

int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) noexcept
{
    static const auto real = next<decltype(&linkat)>("linkat");
    return fails() ? -1 : real(from_folder, from, to_folder, to, flags);
}

int symlinkat(const char* target, int folder, const char* name) noexcept
{
    static const auto real = next<decltype(&symlinkat)>("symlinkat");
    return fails() ? -1 : real(target, folder, name);
}

int mkdirat(int folder, const char* name, mode_t mode) noexcept
{
    static const auto real = next<decltype(&mkdirat)>("mkdirat");
    return fails() ? -1 : real(folder, name, mode);
}

int unlinkat(int folder, const char* name, int flags) noexcept
{
    static const auto real = next<decltype(&unlinkat)>("unlinkat");
    return fails() ? -1 : real(folder, name, flags);
}

int ftruncate(int descriptor, off_t bytes) noexcept
{
    static const auto real = next<decltype(&ftruncate)>("ftruncate");
    return fails() ? -1 : real(descriptor, bytes);
}

int ftruncate64(int descriptor, off64_t bytes) noexcept
{
    static const auto real = next<decltype(&ftruncate64)>("ftruncate64");
    return fails() ? -1 : real(descriptor, bytes);
}

int posix_fallocate(int descriptor, off_t offset, off_t bytes)
{
    static const auto real = next<decltype(&posix_fallocate)>("posix_fallocate");
    return fails() ? errno : real(descriptor, offset, bytes);
}

int openat(int folder, const char* name, int flags, ...)
{
    static const auto real = next<int (*)(int, const char*, int, ...)>("openat");
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return (flags & O_CREAT) && fails() ? -1 : real(folder, name, flags, mode);
}

int openat64(int folder, const char* name, int flags, ...)
{
    static const auto real = next<int (*)(int, const char*, int, ...)>("openat64");
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return (flags & O_CREAT) && fails() ? -1 : real(folder, name, flags, mode);
}

int flock(int descriptor, int operation) noexcept
{
    static const auto real = next<decltype(&flock)>("flock");
    return locksLie() ? 0 : real(descriptor, operation);
}
}
