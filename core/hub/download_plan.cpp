// SPDX-License-Identifier: Apache-2.0
#include "core/hub/download_plan.h"

#include <algorithm>
#include <map>

#include "core/hub/choose_files.h"
#include "core/hub/disk_room.h"
#include "core/hub/download_wishes.h"
#include "core/hub/hub_names.h"
#include "core/hub/left_overs.h"

namespace gorgon {

namespace {

/// Hashes of the files that a download has yet to fetch.
std::map<std::string, uint64_t> missingFiles(const std::vector<JobFile>& files)
{
    std::map<std::string, uint64_t> sizes;
    for (const JobFile& file : files)
        if (file.progress.state != DownloadState::done)
            sizes[file.request.etag] = file.progress.bytes;
    return sizes;
}

[[noreturn]] void failRemoved(const std::string& repository, const std::string& path)
{
    HubErrorInfo info = hubErrorInfo(HubErrorKind::diskFailed,
        repository + ": its files were expected to stay in the cache, " + printable(path)
            + " was removed while it was downloaded; try again, or take it from the list");
    info.action = HubAction::retry;
    throw HubError(std::move(info));
}

} // namespace

std::vector<JobFile> planFiles(HubClient& client, const HubCache& cache,
    const DownloadRequest& request, std::string& commit, const std::stop_token& stop)
{
    commit = client.commit(request.repository, request.revision, stop);
    const FileListing listing = client.files(request.repository, commit, stop);
    std::vector<RemoteFile> wanted;
    if (request.paths.empty()) {
        ChosenFiles chosen = chooseFiles(listing.files);
        if (!chosen.problem.empty())
            throw HubError(HubErrorKind::entryNotFound, request.repository + ": " + chosen.problem);
        wanted = std::move(chosen.files);
    }
    for (const std::string& path : request.paths) {
        const auto found = std::find_if(listing.files.begin(), listing.files.end(),
            [&](const RemoteFile& file) { return file.path == path; });
        if (found == listing.files.end())
            throw HubError(HubErrorKind::entryNotFound,
                request.repository + ": " + printable(path)
                    + " was expected in this revision, there is no such file");
        wanted.push_back(*found);
    }
    std::vector<JobFile> files;
    for (const RemoteFile& file : wanted) {
        JobFile job_file;
        job_file.request = {request.repository, request.revision, commit, file.path, file.bytes,
            file.sha256.empty() ? file.git_oid : file.sha256};
        job_file.progress.path = file.path;
        job_file.progress.bytes = file.bytes;
        const auto here = cache.file(request.repository, commit, file.path);
        if (here && here->bytes == file.bytes) {
            job_file.progress.state = DownloadState::done;
            job_file.progress.done_bytes = file.bytes;
        }
        files.push_back(std::move(job_file));
    }
    return files;
}

void rememberPlan(const HubCache& cache, const DownloadRequest& request,
    const std::vector<JobFile>& files, const std::function<uint64_t()>& bytes_of_others)
{
    const std::map<std::string, uint64_t> missing = missingFiles(files);
    if (missing.empty())
        return; // note: a whole model may lie where nothing can be written
    rememberWish(cache, request);
    const CacheFolder blobs = cache.makeRepository(request.repository).make("blobs");
    checkRoom(blobs, request.repository, missingBytes(blobs, missing), bytes_of_others());
}

void finishFiles(const HubCache& cache, const DownloadRequest& request, const std::string& commit,
    const std::vector<std::string>& paths)
{
    for (const std::string& path : paths)
        if (!cache.file(request.repository, commit, path))
            failRemoved(request.repository, path);
    cache.writeRef(request.repository, request.revision, commit);
    cache.sync(request.repository, request.revision, commit, paths);
    forgetWish(cache, request);
    try {
        removeLeftOvers(cache, request.repository);
    } catch (const HubError&) {
        // They are in nobody's way.
    }
}

} // namespace gorgon
