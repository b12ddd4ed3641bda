// SPDX-License-Identifier: Apache-2.0
#include "core/hub/damaged_blob.h"

#include "core/hub/hub_error.h"
#include "core/hub/hub_names.h"

namespace gorgon {

namespace {

constexpr std::string_view kEnding = ".gorgon.damaged";
constexpr size_t kMaxBytes = 100;

std::string remarkName(const std::string& blob)
{
    return blob + std::string(kEnding);
}

/// Which bytes it was said of. note: no inode, since some file systems number anew at each start.
std::string remarkOn(const FolderEntry& blob)
{
    return std::to_string(blob.bytes) + " bytes of " + std::to_string(blob.modified_s) + "\n";
}

} // namespace

void noteDamaged(const CacheFolder& blobs, const FolderEntry& blob) noexcept
{
    try {
        blobs.writeText(remarkName(blob.name), remarkOn(blob));
    } catch (const std::exception&) {
        // Whoever verified it was told; there is nothing to be fetched to such a disk.
    }
}

bool isDamaged(const CacheFolder& blobs, const FolderEntry& blob)
{
    const std::string name = remarkName(blob.name);
    const auto entry = blobs.entry(name);
    return entry && entry->kind == FolderEntry::Kind::file
        && blobs.readText(name, kMaxBytes) == remarkOn(blob);
}

void forgetDamage(const CacheFolder& blobs, const std::string& blob) noexcept
{
    try {
        blobs.remove(remarkName(blob));
    } catch (const std::exception&) {
        // It is void, since the blob has changed.
    }
}

void forgetDamageOfMissing(const CacheFolder& blobs)
{
    for (const FolderEntry& entry : blobs.entries()) {
        if (!entry.name.ends_with(kEnding))
            continue;
        const std::string blob = entry.name.substr(0, entry.name.size() - kEnding.size());
        if (isContentHash(blob) && !blobs.entry(blob))
            blobs.remove(entry.name);
    }
}

} // namespace gorgon
