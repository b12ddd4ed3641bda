// SPDX-License-Identifier: Apache-2.0
#include "core/hub/cache_folder.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <utility>

#include "core/hub/hub_error.h"
#include "core/hub/random_name.h"

namespace gorgon {

namespace {

constexpr int kNoFollow = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

FolderEntry entryOf(std::string name, const struct stat& status)
{
    FolderEntry entry;
    entry.name = std::move(name);
    entry.kind = S_ISREG(status.st_mode) ? FolderEntry::Kind::file
        : S_ISDIR(status.st_mode)        ? FolderEntry::Kind::folder
        : S_ISLNK(status.st_mode)        ? FolderEntry::Kind::link
                                         : FolderEntry::Kind::other;
    entry.bytes = entry.kind == FolderEntry::Kind::file ? uint64_t(status.st_size) : 0;
    entry.modified_s = status.st_mtim.tv_sec;
    entry.accessed_s = status.st_atim.tv_sec;
    entry.inode = status.st_ino;
    return entry;
}

} // namespace

OpenFile::OpenFile(OpenFile&& other) noexcept
    : m_descriptor(std::exchange(other.m_descriptor, -1))
{
}

OpenFile& OpenFile::operator=(OpenFile&& other) noexcept
{
    std::swap(m_descriptor, other.m_descriptor);
    return *this;
}

OpenFile::~OpenFile()
{
    if (m_descriptor >= 0)
        ::close(m_descriptor);
}

void failDisk(const std::filesystem::path& path, const std::string& what, int error)
{
    const std::string name = printable(path.string(), 400);
    if (error == ENOSPC || error == EDQUOT || error == EFBIG)
        throw HubError(HubErrorKind::diskFull,
            name + ": " + what + ", the disk is full; free some space, then go on");
    if (error == ELOOP || error == ENOTDIR || error == EISDIR)
        throw HubError(HubErrorKind::unsafeCache,
            name + ": " + what
                + ", a plain file or folder was expected, a link or something else was "
                + "found; remove it or choose another cache folder");
    throw HubError(HubErrorKind::diskFailed,
        name + ": " + what + " (" + std::strerror(error)
            + "); check the disk and the rights of this folder, or choose another");
}

CacheFolder::CacheFolder(OpenFile folder, std::filesystem::path path)
    : m_folder(std::move(folder))
    , m_path(std::move(path))
{
}

void CacheFolder::fail(const std::string& name, const std::string& what, int error) const
{
    failDisk(m_path / name, what, error);
}

std::optional<CacheFolder> CacheFolder::openRoot(const std::filesystem::path& path, bool make)
{
    if (make) {
        std::error_code error;
        std::filesystem::create_directories(path, error);
        if (error && !std::filesystem::is_directory(path))
            failDisk(path, "the folder cannot be made", error.value());
    }
    OpenFile folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder && (errno == ENOENT || errno == ENOTDIR) && !make)
        return std::nullopt;
    if (!folder)
        failDisk(path, "the folder cannot be opened", errno);
    return CacheFolder(std::move(folder), path);
}

std::optional<CacheFolder> CacheFolder::open(std::string_view path) const
{
    OpenFile folder(::dup(m_folder.get()));
    if (!folder)
        fail("", "the folder cannot be opened", errno);
    std::filesystem::path whole = m_path;
    for (size_t begin = 0; begin < path.size();) {
        const size_t end = std::min(path.find('/', begin), path.size());
        const std::string name(path.substr(begin, end - begin));
        whole /= name;
        OpenFile next(::openat(folder.get(), name.c_str(), O_RDONLY | O_DIRECTORY | kNoFollow));
        if (!next && errno == ENOENT)
            return std::nullopt;
        if (!next)
            failDisk(whole, "the folder cannot be opened", errno);
        folder = std::move(next);
        begin = end + 1;
    }
    return CacheFolder(std::move(folder), std::move(whole));
}

CacheFolder CacheFolder::make(std::string_view path) const
{
    CacheFolder folder = *open("");
    for (size_t begin = 0; begin < path.size();) {
        const size_t end = std::min(path.find('/', begin), path.size());
        const std::string name(path.substr(begin, end - begin));
        if (::mkdirat(folder.m_folder.get(), name.c_str(), 0755) != 0 && errno != EEXIST)
            folder.fail(name, "the folder cannot be made", errno);
        std::optional<CacheFolder> next = folder.open(name);
        if (!next)
            folder.fail(name, "the folder cannot be made", ENOENT);
        folder = std::move(*next);
        begin = end + 1;
    }
    return folder;
}

std::optional<FolderEntry> CacheFolder::entry(const std::string& name) const
{
    struct stat status = {};
    if (::fstatat(m_folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0)
        return entryOf(name, status);
    if (errno != ENOENT)
        fail(name, "it cannot be looked at", errno);
    return std::nullopt;
}

std::vector<FolderEntry> CacheFolder::entries() const
{
    // note: a descriptor of its own, since reading moves the position that copies share.
    const int descriptor = ::openat(m_folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        fail("", "the folder cannot be read", errno);
    const auto close = [](DIR* open) { ::closedir(open); };
    const std::unique_ptr<DIR, decltype(close)> folder(::fdopendir(descriptor), close);
    if (!folder) {
        ::close(descriptor);
        fail("", "the folder cannot be read", errno);
    }
    std::vector<FolderEntry> result;
    while (const dirent* each = ::readdir(folder.get())) {
        const std::string name = each->d_name;
        if (name == "." || name == "..")
            continue;
        if (auto found = entry(name))
            result.push_back(std::move(*found));
    }
    std::sort(result.begin(), result.end(),
        [](const FolderEntry& a, const FolderEntry& b) { return a.name < b.name; });
    return result;
}

namespace {

bool isRegular(const OpenFile& file)
{
    struct stat status = {};
    return ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode);
}

} // namespace

std::optional<OpenFile> CacheFolder::openPlain(const std::string& name, int flags) const
{
    OpenFile file(::openat(m_folder.get(), name.c_str(), flags | kNoFollow));
    if (!file && errno == ENOENT)
        return std::nullopt;
    if (!file)
        fail(name, "the file cannot be opened", errno);
    if (!isRegular(file))
        fail(name, "the file cannot be opened", ENOTDIR);
    return file;
}

std::optional<OpenFile> CacheFolder::openForReading(const std::string& name) const
{
    return openPlain(name, O_RDONLY);
}

std::optional<OpenFile> CacheFolder::openForWriting(const std::string& name) const
{
    return openPlain(name, O_RDWR);
}

std::optional<OpenFile> CacheFolder::create(const std::string& name, unsigned mode) const
{
    OpenFile file(
        ::openat(m_folder.get(), name.c_str(), O_RDWR | O_CREAT | O_EXCL | kNoFollow, mode));
    if (!file && errno == EEXIST)
        return std::nullopt;
    if (!file)
        fail(name, "the file cannot be made", errno);
    return file;
}

std::optional<OpenFile> CacheFolder::openLock(const std::string& name) const
{
    OpenFile file(::openat(m_folder.get(), name.c_str(), O_RDWR | O_CREAT | kNoFollow, 0644));
    if (!file || !isRegular(file))
        return std::nullopt; // locks are advice
    return file;
}

std::optional<std::string> CacheFolder::readText(const std::string& name, size_t max_bytes) const
{
    const std::optional<OpenFile> file = openForReading(name);
    if (!file)
        return std::nullopt;
    std::string text(max_bytes + 1, '\0');
    size_t n_read = 0;
    while (n_read < text.size()) {
        const ssize_t n = ::read(file->get(), text.data() + n_read, text.size() - n_read);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            fail(name, "the file cannot be read", errno);
        if (n == 0)
            break;
        n_read += size_t(n);
    }
    if (n_read > max_bytes)
        return std::nullopt;
    text.resize(n_read);
    return text;
}

void CacheFolder::writeText(const std::string& name, std::string_view text, unsigned mode) const
{
    const std::string part = name + "." + randomName() + ".gorgon.tmp";
    const std::optional<OpenFile> file = create(part, mode);
    if (!file)
        fail(part, "the file cannot be made", EEXIST);
    const auto give_up = [&](int error) {
        ::unlinkat(m_folder.get(), part.c_str(), 0);
        fail(name, "the file cannot be written", error);
    };
    while (!text.empty()) {
        const ssize_t n = ::write(file->get(), text.data(), text.size());
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            give_up(n < 0 ? errno : EIO);
        text.remove_prefix(size_t(n));
    }
    if (::fsync(file->get()) != 0)
        give_up(errno);
    if (::renameat(m_folder.get(), part.c_str(), m_folder.get(), name.c_str()) != 0)
        give_up(errno);
}

std::optional<std::string> CacheFolder::readLink(const std::string& name) const
{
    std::string target(4096, '\0');
    const ssize_t n = ::readlinkat(m_folder.get(), name.c_str(), target.data(), target.size());
    if (n < 0 || size_t(n) == target.size())
        return std::nullopt;
    target.resize(size_t(n));
    return target;
}

bool CacheFolder::link(const std::string& target, const std::string& name) const
{
    const std::string part = "." + randomName() + ".gorgon.tmp";
    if (::symlinkat(target.c_str(), m_folder.get(), part.c_str()) != 0) {
        if (errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS)
            return false;
        fail(name, "the link cannot be made", errno);
    }
    if (::renameat(m_folder.get(), part.c_str(), m_folder.get(), name.c_str()) != 0) {
        const int error = errno;
        ::unlinkat(m_folder.get(), part.c_str(), 0);
        fail(name, "the link cannot be given its name", error);
    }
    return true;
}

bool CacheFolder::move(
    const std::string& from, const CacheFolder& folder, const std::string& to) const
{
    if (::renameat(m_folder.get(), from.c_str(), folder.m_folder.get(), to.c_str()) == 0)
        return true;
    if (errno != ENOENT)
        fail(from, "the file cannot be given its name", errno);
    return false;
}

bool CacheFolder::rename(const std::string& from, const std::string& to) const
{
    return move(from, *this, to);
}

bool CacheFolder::remove(const std::string& name) const
{
    if (::unlinkat(m_folder.get(), name.c_str(), 0) == 0)
        return true;
    if (errno != ENOENT)
        fail(name, "it cannot be removed", errno);
    return false;
}

bool CacheFolder::removeFolder(const std::string& name) const
{
    if (::unlinkat(m_folder.get(), name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT)
        return true;
    if (errno != ENOTEMPTY && errno != EEXIST)
        fail(name, "the folder cannot be removed", errno);
    return false;
}

void CacheFolder::sync() const
{
    // Not every file system lets folders be synchronised; there the rename is as sure as it gets.
    if (::fsync(m_folder.get()) != 0 && errno != EINVAL && errno != ENOTSUP && errno != EROFS)
        fail("", "the folder cannot be written", errno);
}

uint64_t CacheFolder::freeBytes() const
{
    struct statvfs status = {};
    if (::fstatvfs(m_folder.get(), &status) != 0)
        return UINT64_MAX; // unknown: writing will tell
    return uint64_t(status.f_bavail) * uint64_t(status.f_frsize);
}

} // namespace gorgon
