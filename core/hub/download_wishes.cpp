// SPDX-License-Identifier: Apache-2.0
#include "core/hub/download_wishes.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/hub/hub_json.h"
#include "core/hub/hub_names.h"
#include "core/hub/partial_file.h"

namespace gorgon {

namespace {

constexpr size_t kMaxBytes = 4 << 20;

std::vector<DownloadRequest> readWishes(const CacheFolder& folder, const std::string& repository)
{
    const auto text = folder.readText(kDownloadsFile, kMaxBytes);
    return text ? parseWishes(*text, repository) : std::vector<DownloadRequest>();
}

} // namespace

std::string toJsonText(const std::vector<DownloadRequest>& requests)
{
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const DownloadRequest& request : requests)
        list.push_back({{"revision", request.revision}, {"paths", request.paths}});
    return list.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::vector<DownloadRequest> parseWishes(std::string_view text, const std::string& repository)
{
    std::vector<DownloadRequest> requests;
    try {
        const nlohmann::json list = parseHubJson(text, repository);
        for (const nlohmann::json& each : list) {
            DownloadRequest request{.repository = repository,
                .revision = textField(each, "revision", repository),
                .paths = textsField(each, "paths", repository)};
            const bool is_sound = !revisionProblem(request.revision)
                && std::none_of(request.paths.begin(), request.paths.end(),
                    [](const std::string& path) { return pathProblem(path).has_value(); });
            if (is_sound)
                requests.push_back(std::move(request));
        }
    } catch (const HubError&) {
        // A file that says nothing.
    }
    return requests;
}

void rememberWish(const HubCache& cache, const DownloadRequest& request)
{
    const CacheFolder folder = cache.makeRepository(request.repository);
    std::vector<DownloadRequest> wishes = readWishes(folder, request.repository);
    if (std::find(wishes.begin(), wishes.end(), request) != wishes.end())
        return;
    wishes.push_back(request);
    folder.writeText(kDownloadsFile, toJsonText(wishes));
}

void forgetWish(const HubCache& cache, const DownloadRequest& request)
{
    const auto folder = cache.openRepository(request.repository);
    if (!folder)
        return;
    std::vector<DownloadRequest> wishes = readWishes(*folder, request.repository);
    if (std::erase(wishes, request) == 0)
        return;
    if (wishes.empty())
        folder->remove(kDownloadsFile);
    else
        folder->writeText(kDownloadsFile, toJsonText(wishes));
}

namespace {

/// What is unfinished in one repository's folder.
std::vector<DownloadRequest> wishesOf(const CacheFolder& folder, const std::string& repository)
{
    std::vector<DownloadRequest> wishes = readWishes(folder, repository);
    if (const auto blobs = folder.open("blobs"); blobs && wishes.empty())
        for (const FoundPartial& partial : findPartials(*blobs)) {
            const std::string& revision = partial.record.revision;
            DownloadRequest request{.repository = repository,
                .revision = revision.empty() ? partial.record.commit : revision,
                .paths = {}};
            if (!partial.is_owned
                && std::find(wishes.begin(), wishes.end(), request) == wishes.end())
                wishes.push_back(std::move(request));
        }
    return wishes;
}

} // namespace

std::vector<DownloadRequest> findWishes(const HubCache& cache)
{
    std::vector<DownloadRequest> all;
    const auto root = CacheFolder::openRoot(cache.root(), false);
    if (!root)
        return all;
    for (const FolderEntry& entry : root->entries()) {
        const auto repository = repositoryOfFolder(entry.name);
        if (!repository || entry.kind != FolderEntry::Kind::folder)
            continue;
        try {
            const auto folder = root->open(entry.name);
            const auto wishes
                = folder ? wishesOf(*folder, *repository) : std::vector<DownloadRequest>();
            all.insert(all.end(), wishes.begin(), wishes.end());
        } catch (const HubError&) {
            // One that is odd hides no other; the list of what is installed says why.
        }
    }
    return all;
}

} // namespace gorgon
