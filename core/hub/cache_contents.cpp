// SPDX-License-Identifier: Apache-2.0
#include "core/hub/cache_contents.h"

#include <algorithm>
#include <optional>
#include <set>

#include "core/hub/cache_walk.h"
#include "core/hub/hub_error.h"
#include "core/hub/hub_names.h"
#include "core/hub/snapshot_link.h"

namespace gorgon {

namespace {

/// Does what may throw; the first problem is kept.
template <typename Read> void attempt(InstalledModel& model, Read&& read)
{
    try {
        read();
    } catch (const HubError& error) {
        if (model.problem.empty())
            model.problem = error.what();
    }
}

void readBlobs(const CacheFolder& folder, CacheContents& contents)
{
    const auto blobs = folder.open("blobs");
    if (!blobs)
        return;
    for (const FolderEntry& entry : blobs->entries()) {
        if (entry.kind != FolderEntry::Kind::file)
            continue;
        const int64_t used = std::max(entry.accessed_s, entry.modified_s);
        contents.model.used_s = std::max(contents.model.used_s, used);
        if (entry.name.ends_with(".gorgon.incomplete"))
            contents.model.partial_bytes += entry.bytes;
        else if (entry.name.find('.') == entry.name.npos)
            contents.blobs[entry.name] = entry.bytes;
    }
}

void readRefs(const CacheFolder& folder, CacheContents& contents)
{
    const auto refs = folder.open("refs");
    if (!refs)
        return;
    walkFiles(*refs, [&](const CacheFolder& at, const std::string& path, const FolderEntry& entry) {
        if (entry.kind != FolderEntry::Kind::file)
            return;
        attempt(contents.model, [&] {
            std::string commit = at.readText(entry.name, 128).value_or("");
            commit = commit.substr(0, commit.find('\n'));
            if (isCommit(commit))
                contents.refs[commit].push_back(path);
        });
    });
}

InstalledSnapshot readSnapshot(
    const CacheFolder& folder, const std::string& commit, const CacheContents& contents)
{
    InstalledSnapshot snapshot;
    snapshot.commit = commit;
    snapshot.folder = folder.path();
    if (const auto names = contents.refs.find(commit); names != contents.refs.end())
        snapshot.revisions = names->second;
    walkFiles(
        folder, [&](const CacheFolder& at, const std::string& path, const FolderEntry& entry) {
            InstalledFile file{.path = path, .blob = {}, .bytes = entry.bytes};
            if (entry.kind == FolderEntry::Kind::link) {
                file.blob = blobOfLink(at, entry.name, path).value_or("");
                const auto blob = contents.blobs.find(file.blob);
                file.is_missing = blob == contents.blobs.end();
                file.bytes = file.is_missing ? 0 : blob->second;
            } else if (entry.kind != FolderEntry::Kind::file)
                return;
            snapshot.bytes += file.bytes;
            snapshot.files.push_back(std::move(file));
        });
    return snapshot;
}

} // namespace

CacheContents readContents(const CacheFolder& folder, const std::string& repository)
{
    CacheContents contents;
    InstalledModel& model = contents.model;
    model.repository = repository;
    attempt(model, [&] { readBlobs(folder, contents); });
    attempt(model, [&] { readRefs(folder, contents); });
    std::optional<CacheFolder> snapshots;
    std::vector<FolderEntry> entries;
    attempt(model, [&] {
        snapshots = folder.open("snapshots");
        entries = snapshots ? snapshots->entries() : entries;
    });
    for (const FolderEntry& entry : entries)
        if (entry.kind == FolderEntry::Kind::folder && isCommit(entry.name))
            attempt(model, [&] {
                if (const auto snapshot = snapshots->open(entry.name))
                    model.snapshots.push_back(readSnapshot(*snapshot, entry.name, contents));
            });

    std::map<std::string, size_t> users; // snapshots of a blob
    for (const InstalledSnapshot& snapshot : model.snapshots) {
        std::set<std::string> seen;
        for (const InstalledFile& file : snapshot.files)
            if (!file.blob.empty() && seen.insert(file.blob).second)
                ++users[file.blob];
    }
    for (InstalledSnapshot& snapshot : model.snapshots) {
        std::set<std::string> seen;
        for (const InstalledFile& file : snapshot.files) {
            const bool is_own
                = file.blob.empty() || (users[file.blob] == 1 && seen.insert(file.blob).second);
            snapshot.freed_bytes += is_own ? file.bytes : 0;
            model.bytes += file.blob.empty() ? file.bytes : 0;
        }
    }
    for (const auto& [name, bytes] : contents.blobs)
        model.bytes += bytes;
    model.freed_bytes = model.bytes + model.partial_bytes;
    return contents;
}

} // namespace gorgon
