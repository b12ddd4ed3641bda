// SPDX-License-Identifier: Apache-2.0
// The cache that all of the hub's tools share: blobs by their hash, snapshots that link to them,
// refs that name commits.
//   models--ORG--NAME/blobs/HASH  snapshots/COMMIT/PATH -> ../../blobs/HASH  refs/REVISION
//   .locks/models--ORG--NAME/HASH.lock  models--ORG--NAME/.no_exist/COMMIT/PATH
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/hub/cache_folder.h"

namespace gorgon {

struct InstalledFile
{
    std::string path; // within the repository
    std::string blob; // hash; empty where the snapshot holds the file itself
    uint64_t bytes = 0;
    bool is_missing = false; // the snapshot names it, its bytes are gone
};

/// In a repository's folder: what of it is to be downloaded; see download_queue.h.
inline constexpr const char* kDownloadsFile = "gorgon-downloads.json";

struct InstalledSnapshot
{
    std::string commit;
    std::vector<std::string> revisions; // that name this commit
    std::vector<InstalledFile> files;
    std::filesystem::path folder;
    uint64_t bytes = 0; // of its files, shared ones counted too
    uint64_t freed_bytes = 0; // what its removal would free
};

struct InstalledModel
{
    std::string repository;
    std::vector<InstalledSnapshot> snapshots;
    uint64_t bytes = 0; // on the disk, each blob once
    uint64_t partial_bytes = 0; // of unfinished downloads of ours
    uint64_t freed_bytes = 0; // what the removal of all of it would free, unfinished ones too
    int64_t used_s = 0; // last access or change, since 1970
    /// Why not all of its folder can be read; what could be is above. Empty otherwise.
    std::string problem;
};

struct Removal
{
    uint64_t bytes = 0; // what the removed snapshots hold
    uint64_t partial_bytes = 0; // of unfinished downloads that go with them
    uint64_t freed_bytes = 0; // what the disk gains: blobs that nothing else uses, unfinished ones
    size_t n_snapshots = 0;
    size_t n_blobs = 0;
};

struct VerifiedFile
{
    /// Within the repository; of a blob that no snapshot uses: blobs/HASH; empty: the folder
    /// itself.
    std::string path;
    uint64_t bytes = 0;
    std::string problem; // empty: sound
};

struct VerifyProgress
{
    uint64_t done_bytes = 0;
    uint64_t total_bytes = 0;
};

/// Reading writes nothing, but for what verification found. Throws HubError.
class HubCache
{
public:
    explicit HubCache(std::filesystem::path root);

    const std::filesystem::path& root() const { return m_root; }

    /// The commit that a revision was when it was last fetched; a commit is itself where a snapshot
    /// of it is here.
    std::optional<std::string> commit(
        const std::string& repository, const std::string& revision) const;
    /// Folder of the snapshot; nullopt where there is none. It may lack files.
    std::optional<std::filesystem::path> snapshot(
        const std::string& repository, const std::string& revision = "main") const;
    /// A whole file of a snapshot; nullopt where it is not here or was found damaged.
    std::optional<InstalledFile> file(
        const std::string& repository, const std::string& commit, const std::string& path) const;
    /// The hub has said that there is no such file.
    bool isKnownAbsent(
        const std::string& repository, const std::string& commit, const std::string& path) const;

    std::vector<InstalledModel> list() const;
    std::optional<InstalledModel> model(const std::string& repository) const;

    /// What a removal would do: of one snapshot, or of everything of the repository.
    Removal removal(const std::string& repository, const std::string& commit = {}) const;
    /// Links first, then blobs that no other snapshot uses. Unfinished downloads of other programs
    /// stay.
    Removal remove(const std::string& repository, const std::string& commit = {});

    /// Hashes every file. Problems are results, and remembered: the next download fetches those
    /// files anew. An error is thrown only where nothing can be read.
    std::vector<VerifiedFile> verify(const std::string& repository,
        const std::function<void(const VerifyProgress&)>& on_progress = {},
        const std::stop_token& stop = {}) const;

    // What downloads write.
    CacheFolder makeRepository(const std::string& repository) const; // with CACHEDIR.TAG
    CacheFolder makeLocks(const std::string& repository) const;
    /// Names a blob that is there as a file of a snapshot. Without links it moves there: false
    /// where another has moved it first.
    bool linkFile(const std::string& repository, const std::string& commit, const std::string& path,
        const std::string& blob) const;
    void writeRef(const std::string& repository, const std::string& revision,
        const std::string& commit) const;
    /// The names of these files and of the revision are on the disk for certain afterwards.
    void sync(const std::string& repository, const std::string& revision, const std::string& commit,
        const std::vector<std::string>& paths) const;
    void rememberAbsent(
        const std::string& repository, const std::string& commit, const std::string& path) const;

    std::optional<CacheFolder> openRepository(const std::string& repository) const;

private:
    CacheFolder makeRoot() const;

    std::filesystem::path m_root;
};

/// "models--org--name" and back; nullopt where it is no folder of a model.
std::string cacheFolderName(const std::string& repository);
std::optional<std::string> repositoryOfFolder(const std::string& name);

} // namespace gorgon
