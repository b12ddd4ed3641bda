// SPDX-License-Identifier: Apache-2.0
#include "core/hub/left_overs.h"

#include <chrono>

#include "core/hub/cache_walk.h"
#include "core/hub/damaged_blob.h"
#include "core/hub/partial_file.h"

namespace gorgon {

namespace {

constexpr int64_t kForgottenS = 3600; // such a file lives for milliseconds
constexpr std::string_view kEnding = ".gorgon.tmp";

/// "NAME.<8 hex>.gorgon.tmp", of links without the NAME.
bool isOurs(std::string_view name)
{
    if (!name.ends_with(kEnding))
        return false;
    name.remove_suffix(kEnding.size());
    const size_t dot = name.rfind('.');
    return dot != name.npos && name.size() == dot + 9
        && name.find_first_not_of("0123456789abcdef", dot + 1) == name.npos;
}

void removeOld(const CacheFolder& folder, const FolderEntry& entry)
{
    const bool is_plain
        = entry.kind == FolderEntry::Kind::file || entry.kind == FolderEntry::Kind::link;
    const int64_t now_s = std::chrono::duration_cast<std::chrono::seconds>(
        std::chrono::system_clock::now().time_since_epoch())
                              .count();
    if (is_plain && isOurs(entry.name) && now_s - entry.modified_s > kForgottenS)
        folder.remove(entry.name);
}

} // namespace

void removeLeftOvers(const HubCache& cache, const std::string& repository)
{
    if (const auto root = CacheFolder::openRoot(cache.root(), false))
        for (const FolderEntry& entry : root->entries())
            removeOld(*root, entry);
    const auto folder = cache.openRepository(repository);
    if (!folder)
        return;
    walkFiles(*folder, [](const CacheFolder& at, const std::string&, const FolderEntry& entry) {
        removeOld(at, entry);
    });
    const auto blobs = folder->open("blobs");
    if (!blobs)
        return;
    discardPartials(*blobs, [&](const FoundPartial& partial) {
        const auto whole = blobs->entry(partial.record.etag);
        return whole && whole->kind == FolderEntry::Kind::file
            && whole->bytes == partial.record.bytes && !isDamaged(*blobs, *whole);
    });
    forgetDamageOfMissing(*blobs);
}

} // namespace gorgon
