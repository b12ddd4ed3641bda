// SPDX-License-Identifier: Apache-2.0
#include "core/hub/hub_cache.h"

#include <algorithm>
#include <set>

#include "core/hub/damaged_blob.h"
#include "core/hub/hub_error.h"
#include "core/hub/hub_names.h"
#include "core/hub/snapshot_link.h"

namespace gorgon {

namespace {

constexpr std::string_view kPrefix = "models--";
constexpr std::string_view kTag
    = "Signature: 8a477f597d28d172789f06886806bc55\n"
      "# This file is a cache directory tag: what lies here may be fetched again.\n"
      "# For information about cache directory tags, see https://bford.info/cachedir/\n";

/// "a/b/c" -> "a/b", "c"
std::pair<std::string, std::string> parted(const std::string& path)
{
    const size_t slash = path.rfind('/');
    if (slash == path.npos)
        return {"", path};
    return {path.substr(0, slash), path.substr(slash + 1)};
}

std::string joined(const std::string& folder, const std::string& name)
{
    return name.empty() ? folder : folder + "/" + name;
}

void checkCommit(const std::string& commit)
{
    if (!isCommit(commit))
        throw HubError(HubErrorKind::badName,
            "the commit \"" + printable(commit, 60) + "\": 40 hexadecimal digits were expected");
}

} // namespace

std::string cacheFolderName(const std::string& repository)
{
    checkRepository(repository);
    std::string name(kPrefix);
    for (const char c : repository)
        name += c == '/' ? std::string("--") : std::string(1, c);
    return name;
}

std::optional<std::string> repositoryOfFolder(const std::string& name)
{
    if (!name.starts_with(kPrefix))
        return std::nullopt;
    std::string repository = name.substr(kPrefix.size());
    if (const size_t dashes = repository.find("--"); dashes != repository.npos)
        repository.replace(dashes, 2, "/");
    if (repositoryProblem(repository))
        return std::nullopt;
    return repository;
}

HubCache::HubCache(std::filesystem::path root)
    : m_root(std::move(root))
{
}

std::optional<CacheFolder> HubCache::openRepository(const std::string& repository) const
{
    const std::string name = cacheFolderName(repository);
    const auto root = CacheFolder::openRoot(m_root, false);
    return root ? root->open(name) : std::nullopt;
}

std::optional<std::string> HubCache::commit(
    const std::string& repository, const std::string& revision) const
{
    checkRevision(revision);
    const auto folder = openRepository(repository);
    if (!folder)
        return std::nullopt;
    if (isCommit(revision))
        return folder->open("snapshots/" + revision) ? std::optional(revision) : std::nullopt;
    const auto [parent, name] = parted(joined("refs", revision));
    const auto refs = folder->open(parent);
    auto text = refs ? refs->readText(name, 128) : std::nullopt;
    if (!text)
        return std::nullopt;
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r' || text->back() == ' '))
        text->pop_back();
    return isCommit(*text) ? text : std::nullopt;
}

std::optional<std::filesystem::path> HubCache::snapshot(
    const std::string& repository, const std::string& revision) const
{
    const auto found = commit(repository, revision);
    if (!found)
        return std::nullopt;
    const auto folder = openRepository(repository);
    const auto snapshot = folder ? folder->open("snapshots/" + *found) : std::nullopt;
    return snapshot ? std::optional(snapshot->path()) : std::nullopt;
}

std::optional<InstalledFile> HubCache::file(
    const std::string& repository, const std::string& commit, const std::string& path) const
{
    checkPath(path);
    if (!isCommit(commit))
        return std::nullopt;
    const auto folder = openRepository(repository);
    if (!folder)
        return std::nullopt;
    const auto [parent, name] = parted(path);
    const auto at = folder->open(joined("snapshots/" + commit, parent));
    const auto entry = at ? at->entry(name) : std::nullopt;
    if (!entry)
        return std::nullopt;
    InstalledFile file;
    file.path = path;
    if (entry->kind == FolderEntry::Kind::file) {
        file.bytes = entry->bytes;
        return file;
    }
    const auto blob = blobOfLink(*at, name, path);
    const auto blobs = blob ? folder->open("blobs") : std::nullopt;
    const auto content = blobs ? blobs->entry(*blob) : std::nullopt;
    if (!content || content->kind != FolderEntry::Kind::file || isDamaged(*blobs, *content))
        return std::nullopt;
    file.blob = *blob;
    file.bytes = content->bytes;
    return file;
}

bool HubCache::isKnownAbsent(
    const std::string& repository, const std::string& commit, const std::string& path) const
{
    checkPath(path);
    const auto folder = isCommit(commit) ? openRepository(repository) : std::nullopt;
    if (!folder)
        return false;
    const auto [parent, name] = parted(path);
    const auto at = folder->open(joined(".no_exist/" + commit, parent));
    return at && at->entry(name).has_value();
}

CacheFolder HubCache::makeRoot() const
{
    CacheFolder root = *CacheFolder::openRoot(m_root, true);
    if (!root.entry("CACHEDIR.TAG"))
        root.writeText("CACHEDIR.TAG", kTag);
    return root;
}

CacheFolder HubCache::makeRepository(const std::string& repository) const
{
    const std::string name = cacheFolderName(repository); // checks it before anything is made
    return makeRoot().make(name);
}

CacheFolder HubCache::makeLocks(const std::string& repository) const
{
    const std::string name = ".locks/" + cacheFolderName(repository);
    return makeRoot().make(name);
}

bool HubCache::linkFile(const std::string& repository, const std::string& commit,
    const std::string& path, const std::string& blob) const
{
    checkPath(path);
    checkCommit(commit);
    if (!isContentHash(blob))
        throw HubError(HubErrorKind::badName,
            "the blob \"" + printable(blob, 60) + "\": 40 or 64 hexadecimal digits were expected");
    const auto [parent, name] = parted(path);
    const CacheFolder folder = makeRepository(repository);
    const CacheFolder at = folder.make(joined("snapshots/" + commit, parent));
    const std::string target = linkToBlob(path, blob);
    if (at.readLink(name) == target || at.link(target, name))
        return true;
    // No links here: the file itself moves, as the hub's own tools do it.
    const auto blobs = folder.open("blobs");
    return blobs && blobs->move(blob, at, name);
}

void HubCache::writeRef(
    const std::string& repository, const std::string& revision, const std::string& commit) const
{
    checkRevision(revision);
    if (isCommit(revision) || !isCommit(commit) || this->commit(repository, revision) == commit)
        return;
    const auto [parent, name] = parted(joined("refs", revision));
    makeRepository(repository).make(parent).writeText(name, commit);
}

void HubCache::sync(const std::string& repository, const std::string& revision,
    const std::string& commit, const std::vector<std::string>& paths) const
{
    const auto repository_folder = openRepository(repository);
    if (!repository_folder)
        return;
    std::vector<std::string> names = {"blobs/", "refs/" + revision};
    for (const std::string& path : paths)
        names.push_back("snapshots/" + commit + "/" + path);
    std::set<std::string> folders = {""};
    for (const std::string& name : names)
        for (size_t slash = name.find('/'); slash != name.npos; slash = name.find('/', slash + 1))
            folders.insert(name.substr(0, slash));
    for (const std::string& each : folders)
        if (const auto folder = repository_folder->open(each))
            folder->sync();
    CacheFolder::openRoot(m_root, false)->sync();
}

void HubCache::rememberAbsent(
    const std::string& repository, const std::string& commit, const std::string& path) const
{
    checkPath(path);
    checkCommit(commit);
    const auto [parent, name] = parted(path);
    makeRepository(repository).make(joined(".no_exist/" + commit, parent)).create(name);
}

} // namespace gorgon
