// SPDX-License-Identifier: Apache-2.0
#include "core/hub/download_wishes.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <sys/file.h>

#include <nlohmann/json.hpp>

#include "core/hub/hub_clock.h"
#include "core/hub/hub_json.h"
#include "core/hub/hub_names.h"

namespace gorgon {

namespace {

constexpr size_t kMaxBytes = 4 << 20;
constexpr auto kPatience = std::chrono::seconds(5); // who holds it writes one small file
constexpr auto kLook = std::chrono::milliseconds(5);

std::vector<DownloadRequest> readWishes(const CacheFolder& folder, const std::string& repository)
{
    const auto text = folder.readText(kDownloadsFile, kMaxBytes);
    return text ? parseWishes(*text, repository) : std::vector<DownloadRequest>();
}

bool contains(const std::vector<DownloadRequest>& wishes, const DownloadRequest& request)
{
    return std::find(wishes.begin(), wishes.end(), request) != wishes.end();
}

/// One at a time reads and writes the wishes: of this process always, of others where files can be
/// locked.
class WishLock
{
public:
    WishLock(const HubCache& cache, const std::string& repository)
        : m_ours(ours())
    {
        try {
            m_file = cache.makeLocks(repository).openLock("gorgon-downloads.lock");
        } catch (const HubError&) {
            return; // what is to be written tells
        }
        const auto end = std::chrono::steady_clock::now() + kPatience;
        while (m_file && ::flock(m_file->get(), LOCK_EX | LOCK_NB) != 0
            && (errno == EWOULDBLOCK || errno == EINTR) && std::chrono::steady_clock::now() < end)
            systemClock()->sleep(kLook, {});
    }

private:
    static std::mutex& ours()
    {
        static std::mutex mutex;
        return mutex;
    }

    std::lock_guard<std::mutex> m_ours;
    std::optional<OpenFile> m_file;
};

} // namespace

bool isOf(const DownloadRequest& request, const PartialRecord& record)
{
    return request.repository == record.repository
        && (request.revision == record.revision || request.revision == record.commit)
        && (request.paths.empty()
            || std::find(request.paths.begin(), request.paths.end(), record.path)
                != request.paths.end());
}

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
    if (contains(readWishes(folder, request.repository), request))
        return;
    const WishLock lock(cache, request.repository);
    std::vector<DownloadRequest> wishes = readWishes(folder, request.repository);
    if (contains(wishes, request))
        return;
    wishes.push_back(request);
    folder.writeText(kDownloadsFile, toJsonText(wishes));
    folder.sync();
}

void forgetWish(const HubCache& cache, const DownloadRequest& request)
{
    const auto folder = cache.openRepository(request.repository);
    if (!folder || !contains(readWishes(*folder, request.repository), request))
        return;
    const WishLock lock(cache, request.repository);
    std::vector<DownloadRequest> wishes = readWishes(*folder, request.repository);
    if (std::erase(wishes, request) == 0)
        return;
    if (wishes.empty())
        folder->remove(kDownloadsFile);
    else
        folder->writeText(kDownloadsFile, toJsonText(wishes));
}

void discardWish(const HubCache& cache, const DownloadRequest& request,
    const std::function<bool(const PartialRecord&)>& is_wanted)
{
    forgetWish(cache, request);
    const auto folder = cache.openRepository(request.repository);
    const auto blobs = folder ? folder->open("blobs") : std::nullopt;
    if (!blobs)
        return;
    const std::vector<DownloadRequest> others = readWishes(*folder, request.repository);
    discardPartials(*blobs, [&](const FoundPartial& partial) {
        const bool is_of_others = std::any_of(others.begin(), others.end(),
            [&](const DownloadRequest& other) { return isOf(other, partial.record); });
        return isOf(request, partial.record) && !is_of_others
            && !(is_wanted && is_wanted(partial.record));
    });
}

namespace {

/// What is unfinished in one repository's folder.
std::vector<DownloadRequest> wishesOf(const CacheFolder& folder, const std::string& repository)
{
    std::vector<DownloadRequest> wishes = readWishes(folder, repository);
    const auto blobs = folder.open("blobs");
    for (const FoundPartial& partial : blobs ? findPartials(*blobs) : std::vector<FoundPartial>()) {
        const bool is_known = std::any_of(wishes.begin(), wishes.end(),
            [&](const DownloadRequest& wish) { return isOf(wish, partial.record); });
        if (partial.is_owned || is_known || partial.record.repository != repository)
            continue;
        const std::string& revision = partial.record.revision;
        wishes.push_back({.repository = repository,
            .revision = revision.empty() ? partial.record.commit : revision,
            .paths = {}});
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
