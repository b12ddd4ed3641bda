// SPDX-License-Identifier: Apache-2.0
// What is installed, what a removal would free, and removal.
#include <set>

#include "core/hub/cache_contents.h"
#include "core/hub/cache_walk.h"
#include "core/hub/damaged_blob.h"
#include "core/hub/hub_cache.h"
#include "core/hub/hub_error.h"
#include "core/hub/left_overs.h"
#include "core/hub/partial_file.h"

namespace gorgon {

namespace {

/// Snapshots that a removal takes, and the blobs that go with them.
struct Plan
{
    Removal numbers;
    std::vector<std::string> commits, refs, blobs;
};

Plan planRemoval(
    const CacheContents& contents, const std::string& repository, const std::string& commit)
{
    // Of a snapshot that cannot be read nobody knows which blobs it needs.
    if (!commit.empty() && !contents.model.problem.empty())
        throw HubError(HubErrorKind::unsafeCache, contents.model.problem);
    Plan plan;
    std::set<std::string> kept, gone;
    for (const InstalledSnapshot& snapshot : contents.model.snapshots) {
        const bool goes = commit.empty() || snapshot.commit == commit;
        for (const InstalledFile& file : snapshot.files)
            (goes ? gone : kept).insert(file.blob);
        if (!goes)
            continue;
        plan.commits.push_back(snapshot.commit);
        plan.refs.insert(plan.refs.end(), snapshot.revisions.begin(), snapshot.revisions.end());
        plan.numbers.bytes += snapshot.bytes;
        for (const InstalledFile& file : snapshot.files)
            plan.numbers.freed_bytes += file.blob.empty() ? file.bytes : 0;
    }
    if (!commit.empty() && plan.commits.empty())
        throw HubError(HubErrorKind::revisionNotFound,
            repository + ": commit " + printable(commit, 48)
                + " was expected in the cache, it is not there; gorgon-cli list shows what is");
    for (const auto& [name, bytes] : contents.blobs)
        if (commit.empty() || (gone.contains(name) && !kept.contains(name))) {
            plan.blobs.push_back(name);
            plan.numbers.freed_bytes += bytes;
        }
    if (commit.empty()) {
        plan.numbers.partial_bytes = contents.model.partial_bytes;
        plan.numbers.freed_bytes += contents.model.partial_bytes;
    }
    plan.numbers.n_snapshots = plan.commits.size();
    plan.numbers.n_blobs = plan.blobs.size();
    return plan;
}

[[noreturn]] void failNotInstalled(const std::string& repository)
{
    throw HubError(HubErrorKind::repositoryNotFound,
        repository
            + ": a model in the cache was expected, none of that name is there; gorgon-cli list "
              "shows what is");
}

} // namespace

std::vector<InstalledModel> HubCache::list() const
{
    std::vector<InstalledModel> models;
    const auto root = CacheFolder::openRoot(m_root, false);
    if (!root)
        return models;
    for (const FolderEntry& entry : root->entries()) {
        const auto repository = repositoryOfFolder(entry.name);
        if (!repository)
            continue;
        InstalledModel model;
        model.repository = *repository;
        try {
            const auto folder = root->open(entry.name);
            if (!folder)
                continue; // it went away
            model = readContents(*folder, *repository).model;
        } catch (const HubError& error) {
            model.problem = error.what(); // one that is odd hides no other
        }
        models.push_back(std::move(model));
    }
    return models;
}

std::optional<InstalledModel> HubCache::model(const std::string& repository) const
{
    const auto folder = openRepository(repository);
    return folder ? std::optional(readContents(*folder, repository).model) : std::nullopt;
}

Removal HubCache::removal(const std::string& repository, const std::string& commit) const
{
    const auto folder = openRepository(repository);
    if (!folder)
        failNotInstalled(repository);
    return planRemoval(readContents(*folder, repository), repository, commit).numbers;
}

Removal HubCache::remove(const std::string& repository, const std::string& commit)
{
    const auto folder = openRepository(repository);
    if (!folder)
        failNotInstalled(repository);
    const CacheContents contents = readContents(*folder, repository);
    const Plan plan = planRemoval(contents, repository, commit);
    const bool is_last = plan.commits.size() == contents.model.snapshots.size()
        && plan.blobs.size() == contents.blobs.size() && contents.model.partial_bytes == 0;
    if (!commit.empty() && is_last)
        return remove(repository); // an empty folder would be left
    if (commit.empty()) {
        removeTree(*folder, "refs");
        removeTree(*folder, "snapshots");
        removeTree(*folder, ".no_exist");
        removeTree(*folder, "trees");
        if (const auto blobs = folder->open("blobs"))
            discardPartials(*blobs);
    } else {
        for (const std::string& ref : plan.refs) {
            const size_t slash = ref.rfind('/');
            const std::string parent = slash == ref.npos ? "refs" : "refs/" + ref.substr(0, slash);
            if (const auto at = folder->open(parent))
                at->remove(ref.substr(slash == ref.npos ? 0 : slash + 1));
        }
        for (const char* part : {"snapshots", ".no_exist"})
            if (const auto at = folder->open(part))
                removeTree(*at, commit);
    }
    if (const auto blobs = folder->open("blobs"))
        for (const std::string& blob : plan.blobs) {
            blobs->remove(blob);
            forgetDamage(*blobs, blob);
        }
    if (commit.empty()) {
        try {
            removeLeftOvers(*this, repository);
        } catch (const HubError&) {
            // Something odd lies among them, and the folder stays with it.
        }
        folder->remove(kDownloadsFile);
        folder->removeFolder("blobs"); // stays where another program's unfinished files are in it
        CacheFolder::openRoot(m_root, false)->removeFolder(cacheFolderName(repository));
    }
    return plan.numbers;
}

} // namespace gorgon
