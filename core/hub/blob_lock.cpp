// SPDX-License-Identifier: Apache-2.0
#include "core/hub/blob_lock.h"

#include <cerrno>
#include <chrono>
#include <sys/file.h>

#include "core/hub/hub_clock.h"
#include "core/hub/hub_error.h"

namespace gorgon {

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPatience = std::chrono::seconds(60);
constexpr auto kLook = std::chrono::milliseconds(100);

/// What all programs have of the blob so far.
uint64_t unfinishedBytes(const CacheFolder& blobs, const std::string& blob)
{
    uint64_t sum = 0;
    for (const FolderEntry& entry : blobs.entries())
        if (entry.name.starts_with(blob) && entry.name.ends_with("incomplete"))
            sum += entry.bytes;
    return sum;
}

} // namespace

OpenFile takeBlobLock(const HubCache& cache, const std::string& repository,
    const CacheFolder& blobs, const std::string& blob, const std::function<bool()>& is_there,
    const std::function<void()>& on_wait, const std::stop_token& stop)
{
    std::optional<OpenFile> file;
    try {
        file = cache.makeLocks(repository).openLock(blob + ".lock");
    } catch (const HubError&) {
        return {};
    }
    uint64_t seen = 0;
    Clock::time_point progress = Clock::now();
    while (file && ::flock(file->get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return {};
        if (stop.stop_requested())
            throw HubError(HubErrorKind::cancelled, repository + ": stopped");
        if (is_there())
            return {};
        if (const uint64_t now = unfinishedBytes(blobs, blob); now != seen) {
            seen = now;
            progress = Clock::now();
        }
        if (Clock::now() - progress > kPatience)
            return {};
        on_wait();
        systemClock()->sleep(kLook, stop);
    }
    return file ? std::move(*file) : OpenFile();
}

} // namespace gorgon
