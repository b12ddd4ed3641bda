// SPDX-License-Identifier: Apache-2.0
#include "core/hub/plain_copy.h"

#include <cerrno>
#include <unistd.h>
#include <vector>

#include "core/hub/cache_walk.h"
#include "core/hub/content_digest.h"
#include "core/hub/hub_error.h"

namespace gorgon {

namespace {

constexpr size_t kBlockBytes = size_t(1) << 20;

bool hasDigest(const OpenFile& file, const std::string& etag, uint64_t bytes,
    const std::function<void()>& on_bytes, const std::stop_token& stop)
{
    ContentDigest digest(etag, bytes);
    const bool is_read = readAll(file, [&](std::span<const std::byte> piece) {
        digest.add(piece);
        on_bytes();
        return !stop.stop_requested();
    });
    if (stop.stop_requested())
        throw HubError(HubErrorKind::cancelled, "stopped");
    return is_read && digest.hex() == etag;
}

} // namespace

std::optional<OpenFile> findPlainCopy(const HubCache& cache, const std::string& repository,
    const std::string& etag, uint64_t bytes, const std::function<void()>& on_bytes,
    const std::stop_token& stop)
{
    const auto folder = cache.openRepository(repository);
    const auto snapshots = folder ? folder->open("snapshots") : std::nullopt;
    if (!snapshots || bytes == 0)
        return std::nullopt;
    std::optional<OpenFile> found;
    const auto look = [&](const CacheFolder& at, const std::string&, const FolderEntry& entry) {
        if (found || entry.kind != FolderEntry::Kind::file || entry.bytes != bytes)
            return;
        auto file = at.openForReading(entry.name);
        if (file && hasDigest(*file, etag, bytes, on_bytes, stop)
            && ::lseek(file->get(), 0, SEEK_SET) == 0)
            found = std::move(file);
    };
    try {
        walkFiles(*snapshots, look);
    } catch (const HubError& error) {
        if (error.kind() == HubErrorKind::cancelled)
            throw;
        // An odd folder; the bytes come from the hub.
    }
    return found;
}

bool readAll(const OpenFile& file, const std::function<bool(std::span<const std::byte>)>& take)
{
    std::vector<std::byte> block(kBlockBytes);
    for (;;) {
        const ssize_t n = ::read(file.get(), block.data(), block.size());
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        if (!take(std::span(block).first(size_t(n))))
            return false;
    }
}

} // namespace gorgon
