// SPDX-License-Identifier: Apache-2.0
// What a hub can be asked: models by words, one model, its files, where a file's bytes are.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/hub/http.h"
#include "core/hub/hub_clock.h"
#include "core/hub/hub_error.h"
#include "core/hub/url.h"

namespace gorgon {

struct SearchQuery
{
    enum class Sort
    {
        relevance,
        downloads,
        likes,
        lastModified
    };
    std::string words;
    std::string author;
    std::vector<std::string> filters; // tags: "medusa", "text-generation", "license:apache-2.0"
    Sort sort = Sort::downloads;
    int limit = 30; // of one page, 1 to 100
};

enum class Gate
{
    none,
    automatic, // after accepting the licence
    manual // after the owners agree
};

struct FoundModel
{
    std::string id;
    std::string last_modified; // ISO 8601
    std::string library;
    std::string pipeline;
    std::vector<std::string> tags;
    uint64_t n_downloads = 0;
    uint64_t n_likes = 0;
    Gate gate = Gate::none;
    bool is_private = false;
};

struct SearchPage
{
    std::vector<FoundModel> models;
    std::string next; // for the following page; empty at the end
};

struct RemoteFile
{
    std::string path;
    uint64_t bytes = 0;
    std::string git_oid; // sha1 of git
    std::string sha256; // of large files; empty for others

    bool operator==(const RemoteFile&) const = default;
};

struct FileListing
{
    std::vector<RemoteFile> files;
    std::vector<std::string> refused; // names that no rule allows, each with the reason
    size_t n_entries = 0; // that were read, folders too
    size_t path_bytes = 0; // of all paths together
};

struct ModelInformation
{
    FoundModel model;
    std::string commit;
    std::string licence; // from the card or the tags; empty: not stated
    std::vector<std::string> base_models; // from the card
    std::vector<std::string> files; // paths
    nlohmann::json card; // an object or null
    nlohmann::json config; // what the hub read of config.json; an object or null
};

/// Where a file's bytes are, and how they are known to be right.
struct FileMetadata
{
    std::string commit;
    std::string etag; // 40 hex digits: git blob; 64: SHA-256
    std::optional<uint64_t> bytes;
    std::string content_url; // where the bytes lie now; signed addresses expire
};

/// For one thread. Every call throws HubError.
class HubClient
{
public:
    explicit HubClient(std::shared_ptr<const HttpContext> context,
        std::shared_ptr<HubClock> clock = systemClock());

    SearchPage search(const SearchQuery& query, const std::stop_token& stop = {});
    SearchPage nextPage(const std::string& next, const std::stop_token& stop = {});
    ModelInformation model(const std::string& repository, const std::string& revision = "main",
        const std::stop_token& stop = {});
    /// The commit that a branch or tag is now; a commit is given back unasked.
    std::string commit(const std::string& repository, const std::string& revision,
        const std::stop_token& stop = {});
    /// Through all pages: names and sizes checked.
    FileListing files(
        const std::string& repository, const std::string& commit, const std::stop_token& stop = {});
    /// One HEAD request and what follows from it, with no retries of its own.
    FileMetadata metadata(const std::string& repository, const std::string& commit,
        const std::string& path, const std::stop_token& stop = {});

    /// One request, following redirects by the rules: at most five, no downgrade, the token for the
    /// endpoint alone. `final_url` gets the last address. A status that is not 2xx or 416 is a
    /// HubError about `what`. No retries.
    HttpReply follow(HttpRequest request, const std::string& what, const std::stop_token& stop,
        Url* final_url = nullptr);

    std::string resolveUrl(
        const std::string& repository, const std::string& commit, const std::string& path) const;
    const HubSettings& settings() const { return m_context->settings; }
    HubClock& clock() { return *m_clock; }

private:
    HttpReply ask(const std::string& url, const std::string& what, const std::stop_token& stop);
    HttpReply sendAs(
        HttpRequest& request, const Url& url, const std::string& what, const std::stop_token& stop);
    std::string nextLink(const HttpReply& reply, const std::string& what) const;

    std::shared_ptr<const HttpContext> m_context;
    std::shared_ptr<HubClock> m_clock;
    HttpConnection m_connection;
    Url m_endpoint;
    bool m_use_token = false;
    bool m_is_public = false; // the endpoint has answered from an address of the open network
};

/// The error that a reply means, by status and the hub's headers. `what`: "ORG/NAME" or
/// "ORG/NAME: PATH".
HubErrorInfo errorOfReply(const HttpReply& reply, const std::string& what, const std::string& url,
    const std::string& endpoint, bool had_token);

/// Seconds that a reply asks to wait (Retry-After, ratelimit); nullopt where it does not say.
std::optional<int> retryAfter(const HttpReply& reply);
/// Whether trying again may help.
bool isTransient(const HubErrorInfo& error);

} // namespace gorgon
