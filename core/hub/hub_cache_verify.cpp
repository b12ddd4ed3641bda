// SPDX-License-Identifier: Apache-2.0
// Whether the bytes in the cache are those that their names promise.
#include <algorithm>
#include <cerrno>
#include <unistd.h>

#include "core/hub/cache_contents.h"
#include "core/hub/content_digest.h"
#include "core/hub/damaged_blob.h"
#include "core/hub/hub_cache.h"
#include "core/hub/hub_error.h"
#include "core/hub/hub_names.h"

namespace gorgon {

namespace {

/// `is_wrong`: fetching it anew would help.
std::string problemOfBlob(const CacheFolder& blobs, const std::string& name, uint64_t bytes,
    bool& is_wrong, const std::function<void(uint64_t)>& on_bytes, const std::stop_token& stop)
{
    if (!isContentHash(name))
        return "";
    const auto file = blobs.openForReading(name);
    if (!file)
        return "it is missing; download it again";
    ContentDigest digest(name, bytes);
    std::vector<std::byte> block(size_t(1) << 20);
    for (;;) {
        if (stop.stop_requested())
            throw HubError(HubErrorKind::cancelled, "stopped");
        const ssize_t n = ::read(file->get(), block.data(), block.size());
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            is_wrong = true;
            return "it cannot be read; check the disk, then download it again";
        }
        if (n == 0)
            break;
        digest.add(std::span(block).first(size_t(n)));
        on_bytes(uint64_t(n));
    }
    is_wrong = digest.hex() != name;
    return !is_wrong ? "" : "its bytes are not those that the hub has; download it again";
}

} // namespace

std::vector<VerifiedFile> HubCache::verify(const std::string& repository,
    const std::function<void(const VerifyProgress&)>& on_progress,
    const std::stop_token& stop) const
{
    const auto folder = openRepository(repository);
    if (!folder)
        throw HubError(HubErrorKind::repositoryNotFound,
            repository + ": a model in the cache was expected, none of that name is there");
    const CacheContents contents = readContents(*folder, repository);
    const auto blobs
        = contents.blobs.empty() ? std::optional<CacheFolder>() : folder->open("blobs");
    std::vector<VerifiedFile> results;
    if (!contents.model.problem.empty())
        results.push_back({"", 0, contents.model.problem});
    std::map<std::string, std::string> names; // blob to the first path that uses it
    for (const InstalledSnapshot& snapshot : contents.model.snapshots)
        for (const InstalledFile& file : snapshot.files)
            if (contents.blobs.contains(file.blob))
                names.emplace(file.blob, file.path);
            else if (file.is_missing)
                results.push_back({file.path, 0, "its bytes are missing; download it again"});

    VerifyProgress progress;
    for (const auto& [name, bytes] : contents.blobs)
        progress.total_bytes += bytes;
    for (const auto& [name, bytes] : contents.blobs) {
        VerifiedFile result{names.contains(name) ? names[name] : "blobs/" + name, bytes, {}};
        bool is_wrong = false;
        std::optional<FolderEntry> before;
        try {
            before = blobs->entry(name);
            result.problem = problemOfBlob(
                *blobs, name, bytes, is_wrong,
                [&](uint64_t n) {
                    progress.done_bytes += n;
                    if (on_progress)
                        on_progress(progress);
                },
                stop);
        } catch (const HubError& error) {
            if (error.kind() == HubErrorKind::cancelled)
                throw;
            result.problem = error.what();
        }
        if (is_wrong && before)
            noteDamaged(*blobs, *before);
        else if (result.problem.empty())
            forgetDamage(*blobs, name);
        results.push_back(std::move(result));
    }
    std::sort(results.begin(), results.end(),
        [](const VerifiedFile& a, const VerifiedFile& b) { return a.path < b.path; });
    return results;
}

} // namespace gorgon
