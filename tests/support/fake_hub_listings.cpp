// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_hub_listings.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>

namespace gorgon::tests {
namespace {

using nlohmann::json;

std::string lowered(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(),
        [](unsigned char letter) { return char(std::tolower(letter)); });
    return text;
}

size_t numberOf(const std::string& text, size_t otherwise)
{
    return !text.empty() && text.size() < 9
            && text.find_first_not_of("0123456789") == std::string::npos
        ? size_t(std::stoul(text))
        : otherwise;
}

/// One page of a list; the next one's address goes into Link.
HubReply pageReply(
    const json& all, const HubRequest& request, size_t page_entries, const std::string& hub_address)
{
    const size_t first = std::min(numberOf(request.query("cursor"), 0), all.size());
    const size_t limit = std::min(
        std::max<size_t>(1, numberOf(request.query("limit"), page_entries)), page_entries);
    const size_t last = std::min(first + limit, all.size());
    json page = json::array();
    for (size_t i = first; i < last; ++i)
        page.push_back(all[i]);
    HubReply reply = textReply(200, "application/json; charset=utf-8", page.dump());
    if (last < all.size()) {
        std::string target = request.target;
        const size_t cursor = target.find("cursor=");
        if (cursor != std::string::npos)
            target.erase(cursor - 1);
        target += (target.find('?') == std::string::npos ? "?" : "&") + std::string("cursor=")
            + std::to_string(last);
        reply.setHeader("Link", "<" + hub_address + target + ">; rel=\"next\"");
    }
    return reply;
}

json descriptionOf(const std::string& id, const HubRepository& repository)
{
    using Access = HubRepository::Access;
    json gated = false;
    if (repository.access == Access::gated)
        gated = "auto";
    return {{"_id", sha1Of(id).substr(0, 24)}, {"id", id}, {"modelId", id},
        {"author", id.substr(0, std::min(id.find('/'), id.size()))}, {"gated", gated},
        {"private", repository.access == Access::secret},
        {"disabled", repository.access == Access::disabled}, {"tags", repository.tags},
        {"downloads", repository.downloads}, {"likes", repository.likes},
        {"lastModified", "2024-05-01T10:00:00.000Z"}, {"createdAt", "2023-05-01T10:00:00.000Z"},
        {"library_name", "transformers"}, {"pipeline_tag", "text-generation"}};
}

json largePartOf(const HubFile& file)
{
    return {
        {"sha256", file.etag}, {"oid", file.etag}, {"size", file.bytes.size}, {"pointerSize", 135}};
}

/// A large file's git object is its pointer.
std::string gitIdOf(const HubFile& file)
{
    return file.large ? gitBlobId("version https://git-lfs.github.com/spec/v1\noid sha256:"
               + file.etag + "\nsize " + std::to_string(file.bytes.size) + "\n")
                      : file.etag;
}

} // namespace

HubReply searchReply(const HubContent& content, const HubRequest& request, size_t page_entries,
    const std::string& hub_address)
{
    const std::string wanted = lowered(request.query("search"));
    const std::string author = request.query("author");
    const std::string filter = request.query("filter");
    json found = json::array();
    for (const auto& [id, repository] : content.repositories) {
        const bool shown = repository.access != HubRepository::Access::secret
            && repository.moved_to.empty() && !repository.refs.empty();
        const bool tagged = filter.empty()
            || std::count(repository.tags.begin(), repository.tags.end(), filter) > 0;
        if (!shown || !tagged || lowered(id).find(wanted) == std::string::npos
            || (!author.empty() && id.rfind(author + "/", 0) != 0))
            continue;
        found.push_back(descriptionOf(id, repository));
        found.back()["sha"] = repository.refs.begin()->second;
    }
    const std::string order = request.query("sort");
    if (order == "downloads" || order == "likes")
        std::stable_sort(found.begin(), found.end(),
            [&](const json& a, const json& b) { return a[order] > b[order]; });
    return pageReply(found, request, page_entries, hub_address);
}

HubReply informationReply(const std::string& id, const HubRepository& repository,
    const std::string& commit, const HubRequest& request)
{
    json information = descriptionOf(id, repository);
    information["sha"] = commit;
    information["cardData"] = {{"license", "apache-2.0"}};
    json& siblings = information["siblings"] = json::array();
    for (const auto& [path, file] : repository.commits.at(commit)) {
        siblings.push_back({{"rfilename", path}});
        if (request.query("blobs") != "true" && request.query("blobs") != "True")
            continue;
        siblings.back()["size"] = file.bytes.size;
        siblings.back()["blobId"] = gitIdOf(file);
        if (file.large)
            siblings.back()["lfs"] = largePartOf(file);
    }
    HubReply reply = textReply(200, "application/json; charset=utf-8", information.dump());
    reply.setHeader("X-Repo-Commit", commit);
    return reply;
}

HubReply treeReply(const HubFiles& files, const HubRequest& request, size_t page_entries,
    const std::string& hub_address)
{
    const std::string wanted = lowered(request.query("recursive"));
    const bool recursive = wanted == "true" || wanted == "1";
    json entries = json::array();
    std::set<std::string> folders;
    for (const auto& [path, file] : files) {
        bool inside = false;
        for (size_t slash = path.find('/'); slash != std::string::npos;
             slash = path.find('/', slash + 1)) {
            if (inside && !recursive)
                break;
            inside = true;
            const std::string folder = path.substr(0, slash);
            if (folders.insert(folder).second)
                entries.push_back({{"type", "directory"}, {"oid", sha1Of(folder)}, {"size", 0},
                    {"path", folder}});
        }
        if (inside && !recursive)
            continue;
        json entry
            = {{"type", "file"}, {"oid", gitIdOf(file)}, {"size", file.bytes.size}, {"path", path}};
        if (file.large)
            entry["lfs"] = largePartOf(file);
        entries.push_back(std::move(entry));
    }
    return pageReply(entries, request, page_entries, hub_address);
}

} // namespace gorgon::tests
