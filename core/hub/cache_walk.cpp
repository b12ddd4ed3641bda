// SPDX-License-Identifier: Apache-2.0
#include "core/hub/cache_walk.h"

#include <vector>

#include "core/hub/hub_error.h"

namespace gorgon {

namespace {

constexpr size_t kMaxDepth = 40;
constexpr size_t kMaxEntries = 1'000'000;

struct Level
{
    CacheFolder folder;
    std::string path; // below the start; empty at the start
    std::vector<FolderEntry> entries;
    size_t next = 0;
};

/// Depth first; `leave` is called when a folder's entries are done.
void walk(const CacheFolder& start,
    const std::function<void(const CacheFolder&, const std::string&, const FolderEntry&)>& visit,
    const std::function<void(const CacheFolder& parent, const std::string& name)>& leave)
{
    std::vector<Level> levels;
    levels.push_back({*start.open(""), "", start.entries()});
    size_t n_entries = 0;
    while (!levels.empty()) {
        Level& level = levels.back();
        if (level.next == level.entries.size()) {
            const std::string path = level.path;
            levels.pop_back();
            if (!levels.empty())
                leave(levels.back().folder, path.substr(path.rfind('/') + 1));
            continue;
        }
        const FolderEntry entry = level.entries[level.next++];
        if (++n_entries > kMaxEntries || levels.size() > kMaxDepth)
            throw HubError(HubErrorKind::unsafeCache,
                start.path().string()
                    + ": the files of a model were expected, it nests deeper or holds more than "
                      "any "
                      "does; remove it");
        const std::string path = (level.path.empty() ? "" : level.path + "/") + entry.name;
        if (entry.kind != FolderEntry::Kind::folder) {
            visit(level.folder, path, entry);
        } else if (auto folder = level.folder.open(entry.name)) {
            std::vector<FolderEntry> entries = folder->entries();
            levels.push_back({std::move(*folder), path, std::move(entries)});
        }
    }
}

} // namespace

void walkFiles(const CacheFolder& start,
    const std::function<void(const CacheFolder&, const std::string&, const FolderEntry&)>& visit)
{
    walk(start, visit, [](const CacheFolder&, const std::string&) {});
}

void removeTree(const CacheFolder& parent, const std::string& name)
{
    const auto folder = parent.open(name);
    if (!folder)
        return;
    walk(
        *folder,
        [](const CacheFolder& at, const std::string&, const FolderEntry& entry) {
            at.remove(entry.name);
        },
        [](const CacheFolder& at, const std::string& empty) { at.removeFolder(empty); });
    parent.removeFolder(name);
}

} // namespace gorgon
