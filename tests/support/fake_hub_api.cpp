// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_hub_api.h"
#include "tests/support/fake_hub_listings.h"

#include <charconv>

namespace gorgon::tests {
namespace {

using Path = std::vector<std::string>; // still percent-encoded

Path partsOf(const std::string& path)
{
    Path parts;
    for (size_t at = 0; at < path.size();) {
        const size_t end = std::min(path.find('/', at + 1), path.size());
        parts.push_back(path.substr(at + 1, end - at - 1));
        at = end;
    }
    return parts;
}

std::string joined(const Path& parts, size_t first)
{
    std::string path;
    for (size_t i = first; i < parts.size(); ++i)
        path += (i > first ? "/" : "") + percentDecoded(parts[i]);
    return path;
}

HubReply errorReply(unsigned status, const std::string& code, const std::string& message)
{
    HubReply reply = textReply(status, "application/json", R"({"error":")" + message + "\"}");
    if (!code.empty())
        reply.setHeader("X-Error-Code", code);
    reply.setHeader("X-Error-Message", message);
    return reply;
}

std::string tokenOf(const HubRequest& request)
{
    const std::string value = request.header("authorization");
    return value.rfind("Bearer ", 0) == 0 ? value.substr(7) : value;
}

/// Why a token may not read a repository; status 200 where it may.
HubReply refusal(const HubRequest& request, const std::string& id, const HubRepository* repository)
{
    using Access = HubRepository::Access;
    const std::string token = tokenOf(request);
    const bool admitted = repository && repository->admitted.count(token) > 0;
    if (!repository || (repository->access == Access::secret && !admitted))
        return token.empty() ? errorReply(401, "RepoNotFound", "Invalid username or password.")
                             : errorReply(404, "RepoNotFound", "Repository not found");
    if (repository->access == Access::disabled)
        return errorReply(403, "", "Access to this resource is disabled.");
    if (repository->access == Access::gated && !admitted)
        return errorReply(token.empty() ? 401 : 403, "GatedRepo",
            "Access to model " + id
                + " is restricted and you are not in the authorized list. Visit the model's page "
                  "to ask for access.");
    return {};
}

HubReply movedReply(const HubRequest& request, const std::string& from, const std::string& to)
{
    std::string target = request.target;
    target.replace(target.find(from), from.size(), to);
    HubReply reply = textReply(307, "text/plain", "Temporary Redirect. Redirecting to " + target);
    reply.setHeader("Location", target);
    return reply;
}

void addFileHeaders(HubReply& reply, const std::string& commit, const HubFile& file)
{
    reply.setHeader("X-Repo-Commit", commit);
    reply.setHeader("Accept-Ranges", "bytes");
    reply.setHeader("ETag", '"' + file.etag + '"');
    reply.setHeader("Content-Security-Policy", "default-src 'none'; sandbox");
}

HubReply fileReply(const HubFile& file, const std::string& commit, const HubRequest& request)
{
    HubReply reply;
    reply.whole = file.bytes;
    reply.length = file.bytes.size;
    reply.setHeader("Content-Type", "application/octet-stream");
    addFileHeaders(reply, commit, file);
    applyRange(reply, request);
    return reply;
}

HubReply linkedReply(const HubFile& file, const std::string& commit, const HubRules& rules,
    const HubAddresses& addresses)
{
    const std::string address = signedAddress(addresses.cdn, file.etag, rules.signing_round);
    HubReply reply = textReply(302, "text/plain", "Found. Redirecting to " + address);
    addFileHeaders(reply, commit, file);
    reply.setHeader("ETag", '"' + sha1Of(file.etag) + '"'); // of the pointer, not of the file
    reply.setHeader("Location", address);
    reply.setHeader("X-Linked-Size", std::to_string(file.bytes.size));
    reply.setHeader("X-Linked-ETag", '"' + file.etag + '"');
    if (rules.xet_headers) {
        reply.setHeader("X-Xet-Hash", file.etag);
        reply.setHeader("Link",
            "<" + addresses.hub + "/api/xet-read-token>; rel=\"xet-auth\", <" + addresses.hub
                + "/reconstruction>; rel=\"xet-reconstruction-info\"");
    }
    return reply;
}

/// What one repository answers, reached as `id` at parts `rest` and on.
class RepositoryReplies
{
public:
    RepositoryReplies(const HubRequest& request, const HubContent& content, const HubRules& rules,
        const HubAddresses& addresses, std::string id)
        : m_request(request)
        , m_rules(rules)
        , m_addresses(addresses)
        , m_id(std::move(id))
    {
        const auto found = content.repositories.find(m_id);
        m_repository = found != content.repositories.end() ? &found->second : nullptr;
        const std::string token = tokenOf(request);
        m_bad_token = !token.empty() && content.tokens.count(token) == 0;
    }

    /// Status 200 where the repository may be read.
    HubReply refused() const
    {
        if (m_bad_token)
            return errorReply(401, "", "Invalid credentials in Authorization header");
        if (m_repository && !m_repository->moved_to.empty())
            return movedReply(m_request, m_id, m_repository->moved_to);
        return refusal(m_request, m_id, m_repository);
    }

    HubReply information(const std::string& revision) const
    {
        // A gated repository's description is open to everybody.
        const bool gated = m_repository && m_repository->access == HubRepository::Access::gated;
        if (HubReply no = refused(); no.status != 200 && !(gated && !m_bad_token))
            return no;
        const std::string commit = commitOf(revision);
        if (commit.empty())
            return noRevision(revision);
        return informationReply(m_id, *m_repository, commit, m_request);
    }

    HubReply tree(const std::string& revision) const
    {
        if (HubReply no = refused(); no.status != 200)
            return no;
        const std::string commit = commitOf(revision);
        if (commit.empty())
            return noRevision(revision);
        return treeReply(
            m_repository->commits.at(commit), m_request, m_rules.page_entries, m_addresses.hub);
    }

    HubReply file(const std::string& revision, const std::string& path, bool here) const
    {
        if (HubReply no = refused(); no.status != 200)
            return no;
        const std::string commit = commitOf(revision);
        if (commit.empty())
            return noRevision(revision);
        const HubFiles& files = m_repository->commits.at(commit);
        const auto found = files.find(path);
        if (found == files.end()) {
            HubReply reply = errorReply(404, "EntryNotFound", "Entry not found");
            reply.setHeader("X-Repo-Commit", commit);
            return reply;
        }
        if (found->second.large)
            return linkedReply(found->second, commit, m_rules, m_addresses);
        if (here || !m_rules.small_files_elsewhere)
            return fileReply(found->second, commit, m_request);
        const std::string target = "/api/resolve-cache/models/" + m_id + "/" + commit + "/"
            + percentEncoded(path) + "?etag=" + percentEncoded('"' + found->second.etag + '"');
        HubReply reply
            = textReply(307, "text/plain", "Temporary Redirect. Redirecting to " + target);
        addFileHeaders(reply, commit, found->second);
        reply.setHeader("X-Linked-Size", std::to_string(found->second.bytes.size));
        reply.setHeader("X-Linked-ETag", '"' + found->second.etag + '"');
        reply.setHeader("Location", target);
        return reply;
    }

private:
    std::string commitOf(const std::string& revision) const
    {
        const auto ref = m_repository->refs.find(revision);
        if (ref != m_repository->refs.end())
            return ref->second;
        return m_repository->commits.count(revision) > 0 ? revision : "";
    }
    static HubReply noRevision(const std::string& revision)
    {
        return errorReply(404, "RevisionNotFound", "Invalid rev id: " + revision);
    }

    const HubRequest& m_request;
    const HubRules& m_rules;
    const HubAddresses& m_addresses;
    std::string m_id;
    const HubRepository* m_repository = nullptr;
    bool m_bad_token = false;
};

std::string signatureOf(const std::string& sha256, const std::string& expires)
{
    return sha1Of("a key that only the hub knows " + sha256 + expires);
}

} // namespace

HubReply hubReply(const HubRequest& request, const HubContent& content, const HubRules& rules,
    const HubAddresses& addresses)
{
    if (request.method != "GET" && request.method != "HEAD")
        return errorReply(405, "", "Method not allowed");
    Path parts = partsOf(request.path());
    const bool api = parts.size() >= 2 && parts[0] == "api";
    const bool cached = api && parts[1] == "resolve-cache";
    if (api && parts[1] == "whoami-v2") {
        const bool known = content.tokens.count(tokenOf(request)) > 0;
        return known ? textReply(200, "application/json", R"({"type":"user","name":"somebody"})")
                     : errorReply(401, "", "Invalid credentials in Authorization header");
    }
    if (api && parts[1] == "models" && parts.size() == 2)
        return searchReply(content, request, rules.page_entries, addresses.hub);
    parts.erase(parts.begin(), parts.begin() + (cached ? 3 : api ? 2 : 0));

    // Old repositories have no organization before their name.
    static const std::set<std::string> words = {"resolve", "revision", "tree"};
    const bool short_id = parts.size() == 1 || (parts.size() > 1 && words.count(parts[1]) > 0);
    const size_t n = short_id ? 1 : 2;
    if (parts.size() < n)
        return errorReply(404, "", "Sorry, we can't find the page you are looking for.");
    const std::string id = parts[0] + (short_id ? "" : "/" + parts[1]);
    const RepositoryReplies replies(request, content, rules, addresses, id);
    const std::string word = parts.size() > n ? parts[n] : "";
    const std::string revision = parts.size() > n + 1 ? percentDecoded(parts[n + 1]) : "main";
    if (cached && parts.size() > n + 1)
        return replies.file(percentDecoded(parts[n]), joined(parts, n + 1), true);
    if (api && (word.empty() || word == "revision"))
        return replies.information(revision);
    if (api && word == "tree")
        return replies.tree(revision);
    if (!api && word == "resolve" && parts.size() > n + 2)
        return replies.file(revision, joined(parts, n + 2), false);
    return errorReply(404, "", "Sorry, we can't find the page you are looking for.");
}

HubReply cdnReply(const HubRequest& request, const HubContent& content, const HubRules& rules)
{
    const std::string sha256 = request.path().substr(request.path().rfind('/') + 1);
    const HubFile* file = content.largeFileNamed(sha256);
    const std::string expires = request.query("Expires");
    if (!file || request.query("Signature") != signatureOf(sha256, expires)
        || expires != std::to_string(rules.signing_round))
        return textReply(403, "application/xml",
            "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code>"
            "<Message>Request has expired</Message></Error>");
    HubReply reply;
    reply.whole = file->bytes;
    reply.length = file->bytes.size;
    reply.setHeader("Content-Type", "binary/octet-stream");
    reply.setHeader("Accept-Ranges", "bytes");
    // Its own, which is not the hub's.
    reply.setHeader("ETag", '"' + sha1Of("stored " + sha256) + "-1\"");
    applyRange(reply, request);
    return reply;
}

std::string signedAddress(const std::string& cdn, const std::string& sha256, uint64_t round)
{
    const std::string expires = std::to_string(round);
    return cdn + "/repos/a1/b2/" + sha256 + "?Expires=" + expires
        + "&Key-Pair-Id=K1&Signature=" + signatureOf(sha256, expires);
}

void applyRange(HubReply& reply, const HubRequest& request)
{
    const std::string range = request.header("range");
    const std::string condition = request.header("if-range");
    if (reply.status != 200 || range.rfind("bytes=", 0) != 0
        || (!condition.empty() && condition != reply.header("etag")))
        return;
    const size_t dash = range.find('-');
    if (dash == std::string::npos || range.find(',') != std::string::npos)
        return;
    const auto number = [&](size_t from, size_t to, uint64_t otherwise) {
        uint64_t value = otherwise;
        std::from_chars(range.data() + from, range.data() + to, value);
        return value;
    };
    const uint64_t size = reply.whole.size;
    uint64_t first = number(6, dash, 0);
    uint64_t last = number(dash + 1, range.size(), size - 1);
    if (dash == 6) { // the last so many
        first = size - std::min(size, last);
        last = size - 1;
    }
    if (first >= size || last < first) {
        reply.status = 416;
        reply.setBody("");
        reply.setHeader("Content-Range", "bytes */" + std::to_string(size));
        return;
    }
    last = std::min(last, size - 1);
    reply.status = 206;
    reply.first = first;
    reply.length = last - first + 1;
    reply.setHeader("Content-Range",
        "bytes " + std::to_string(first) + "-" + std::to_string(last) + "/" + std::to_string(size));
}

} // namespace gorgon::tests
