// SPDX-License-Identifier: Apache-2.0
#include "core/hub/hub_client.h"

#include <algorithm>
#include <set>

#include "core/hub/hub_error.h"
#include "core/hub/hub_json.h"
#include "core/hub/hub_names.h"
#include "core/hub/hub_records.h"
#include "core/hub/retries.h"

namespace gorgon {

namespace {

constexpr size_t kMaxPages = 1000;
constexpr uint64_t kMaxJsonBytes = uint64_t(16) << 20;
constexpr uint64_t kMaxListingBytes = uint64_t(128) << 20; // of all pages together

bool isRedirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// "W/\"abc\"" -> "abc"
std::string bareEtag(std::string_view text)
{
    if (text.starts_with("W/"))
        text.remove_prefix(2);
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
        text = text.substr(1, text.size() - 2);
    return std::string(text);
}

[[noreturn]] void failReply(
    HubErrorKind kind, const std::string& what, const std::string& sentence, const HttpReply& reply)
{
    HubErrorInfo info = hubErrorInfo(kind, what + ": " + sentence);
    info.status = reply.status;
    info.request_id = printable(reply.headers.get("x-request-id"), 80);
    throw HubError(std::move(info));
}

void refuseCompression(const HttpReply& reply, const std::string& what)
{
    const std::string_view encoding = reply.headers.get("content-encoding");
    if (!encoding.empty() && encoding != "identity")
        failReply(HubErrorKind::badReply, what,
            "bytes as they are were expected, \"" + printable(encoding, 40)
                + "\" was found; a proxy on the way changes them: check the proxy and the mirror",
            reply);
}

} // namespace

HubClient::HubClient(std::shared_ptr<const HttpContext> context, std::shared_ptr<HubClock> clock)
    : m_context(std::move(context))
    , m_clock(std::move(clock))
    , m_connection(m_context)
    , m_endpoint(parseUrl(m_context->settings.endpoint))
    , m_use_token(mayUseToken(m_context->settings))
{
}

std::string HubClient::resolveUrl(
    const std::string& repository, const std::string& commit, const std::string& path) const
{
    return m_context->settings.endpoint + "/" + urlPath(repository) + "/resolve/"
        + urlSegment(commit) + "/" + urlPath(path);
}

HttpReply HubClient::sendAs(
    HttpRequest& request, const Url& url, const std::string& what, const std::stop_token& stop)
{
    if (m_context->settings.offline)
        throw HubError(HubErrorKind::offline,
            what
                + ": it was expected in the cache, it is not there whole, and HF_HUB_OFFLINE "
                  "switches the network off; unset it to download");
    const bool is_hub = url.sameOrigin(m_endpoint);
    request.url = url.text();
    request.bearer = m_use_token && is_hub ? m_context->settings.token : "";
    request.public_only = m_is_public && !is_hub;
    HttpReply reply = m_connection.send(request, stop);
    if (is_hub)
        m_is_public = isPrivateAddress(reply.peer) == false;
    const std::string_view warning = reply.headers.get("x-hf-warning");
    if (m_context->on_warning && !warning.empty() && is_hub)
        m_context->on_warning(printable(warning, 500));
    return reply;
}

HttpReply HubClient::follow(
    HttpRequest request, const std::string& what, const std::stop_token& stop, Url* final_url)
{
    Url url = parseUrl(request.url);
    const auto on_headers = std::move(request.on_headers);
    request.on_headers = [&](const HttpReply& reply) {
        const bool is_good = (reply.status >= 200 && reply.status < 300) || reply.status == 416;
        if (is_good)
            refuseCompression(reply, what);
        return !is_good || !on_headers || on_headers(reply);
    };
    for (int n_hops = 0;; ++n_hops) {
        HttpReply reply = sendAs(request, url, what, stop);
        if (isRedirect(reply.status)) {
            if (n_hops >= m_context->settings.max_redirects)
                failReply(HubErrorKind::redirectRefused, what,
                    "at most " + std::to_string(m_context->settings.max_redirects)
                        + " redirects were expected, more were found; change the mirror",
                    reply);
            url = redirectTarget(url, reply.headers.get("location"));
            continue;
        }
        if ((reply.status < 200 || reply.status >= 300) && reply.status != 416)
            throw HubError(
                errorOfReply(reply, what, url.text(), m_context->settings.endpoint, m_use_token));
        if (final_url)
            *final_url = url;
        return reply;
    }
}

HttpReply HubClient::ask(
    const std::string& url, const std::string& what, const std::stop_token& stop)
{
    Retries retries(*m_clock, m_context->settings.n_retries);
    for (;;) {
        try {
            HttpRequest request;
            request.url = url;
            request.max_body = kMaxJsonBytes;
            return follow(std::move(request), what, stop);
        } catch (const HubError& error) {
            retries.wait(error, stop);
        }
    }
}

std::string HubClient::nextLink(const HttpReply& reply, const std::string& what) const
{
    // <https://...>; rel="next"
    const std::string_view link = reply.headers.get("link");
    const size_t begin = link.find('<'), end = link.find('>');
    if (begin == link.npos || end == link.npos || end < begin
        || link.find("rel=\"next\"", end) == link.npos)
        return {};
    const Url next = redirectTarget(m_endpoint, link.substr(begin + 1, end - begin - 1));
    if (!next.sameOrigin(m_endpoint))
        failReply(HubErrorKind::badReply, what,
            "its next page was expected on the same host, found " + printable(next.place(), 120)
                + "; change the mirror",
            reply);
    return next.text();
}

SearchPage HubClient::nextPage(const std::string& next, const std::stop_token& stop)
{
    const std::string what = "search";
    const HttpReply reply = ask(next, what, stop);
    const nlohmann::json list = parseHubJson(reply.body, what);
    if (!list.is_array())
        failReply(HubErrorKind::badReply, what, "a list of models was expected; try again", reply);
    SearchPage page;
    for (const nlohmann::json& each : list)
        if (FoundModel model = readFoundModel(each, what); !repositoryProblem(model.id))
            page.models.push_back(std::move(model));
    page.next = nextLink(reply, what);
    return page;
}

SearchPage HubClient::search(const SearchQuery& query, const std::stop_token& stop)
{
    return nextPage(m_context->settings.endpoint + "/api/models?" + searchParameters(query), stop);
}

ModelInformation HubClient::model(
    const std::string& repository, const std::string& revision, const std::stop_token& stop)
{
    checkRepository(repository);
    checkRevision(revision);
    const HttpReply reply = ask(m_context->settings.endpoint + "/api/models/" + urlPath(repository)
            + "/revision/" + urlSegment(revision) + "?blobs=true",
        repository, stop);
    return readModelInformation(parseHubJson(reply.body, repository), repository);
}

std::string HubClient::commit(
    const std::string& repository, const std::string& revision, const std::stop_token& stop)
{
    return isCommit(revision) ? revision : model(repository, revision, stop).commit;
}

FileListing HubClient::files(
    const std::string& repository, const std::string& commit, const std::stop_token& stop)
{
    checkRepository(repository);
    checkRevision(commit);
    FileListing listing;
    PathSet paths;
    std::set<std::string> seen;
    uint64_t n_bytes = 0;
    std::string url = m_context->settings.endpoint + "/api/models/" + urlPath(repository) + "/tree/"
        + urlSegment(commit) + "?recursive=true";
    while (!url.empty()) {
        const HttpReply reply = ask(url, repository, stop);
        n_bytes += reply.body.size();
        readListing(parseHubJson(reply.body, repository), repository, paths, listing);
        seen.insert(url);
        url = nextLink(reply, repository);
        const bool is_endless
            = seen.size() >= kMaxPages || n_bytes > kMaxListingBytes || seen.contains(url);
        if (!url.empty() && is_endless)
            failReply(HubErrorKind::badReply, repository,
                "a listing of at most " + std::to_string(kMaxPages) + " pages and "
                    + byteCount(kMaxListingBytes)
                    + " was expected, it does not end; choose another model",
                reply);
    }
    return listing;
}

FileMetadata HubClient::metadata(const std::string& repository, const std::string& commit,
    const std::string& path, const std::stop_token& stop)
{
    checkRepository(repository);
    checkRevision(commit);
    checkPath(path);
    const std::string what = repository + ": " + path;
    HttpRequest request;
    request.method = HttpRequest::Method::head;
    Url url = parseUrl(resolveUrl(repository, commit, path));
    HttpReply reply;
    for (int n_hops = 0;; ++n_hops) {
        reply = sendAs(request, url, what, stop);
        const std::string_view location = reply.headers.get("location");
        const bool is_relative = location.starts_with('/') && !location.starts_with("//");
        if (!isRedirect(reply.status) || !is_relative)
            break;
        if (n_hops >= m_context->settings.max_redirects)
            failReply(HubErrorKind::redirectRefused, what,
                "at most " + std::to_string(m_context->settings.max_redirects)
                    + " redirects were expected, more were found; change the mirror",
                reply);
        url = redirectTarget(url, location);
    }
    const bool is_elsewhere = isRedirect(reply.status);
    if (!is_elsewhere && (reply.status < 200 || reply.status >= 300))
        throw HubError(
            errorOfReply(reply, what, url.text(), m_context->settings.endpoint, m_use_token));

    FileMetadata file;
    file.commit = reply.headers.get("x-repo-commit");
    if (file.commit.empty())
        failReply(HubErrorKind::notAHub, what,
            "a model hub was expected at " + m_endpoint.place()
                + ", the reply is not one of a hub; log in to this network in a browser, or check "
                  "the proxy and the mirror",
            reply);
    if (!isCommit(file.commit) || (isCommit(commit) && commit != file.commit))
        failReply(HubErrorKind::badReply, what,
            "commit " + printable(commit, 40) + " was expected, found \""
                + printable(file.commit, 40) + "\"; try again or change the mirror",
            reply);
    file.content_url
        = (is_elsewhere ? redirectTarget(url, reply.headers.get("location")) : url).text();
    const bool is_linked = reply.headers.has("x-linked-etag");
    file.etag = bareEtag(reply.headers.get(is_linked ? "x-linked-etag" : "etag"));
    if (!isContentHash(file.etag))
        failReply(HubErrorKind::badReply, what,
            "the hash of its content was expected as ETag, found \"" + printable(file.etag, 80)
                + "\"; try again or change the mirror",
            reply);
    if (reply.headers.has("x-linked-size")) {
        HttpReply linked;
        linked.headers.add("content-length", reply.headers.get("x-linked-size"));
        file.bytes = linked.contentLength();
    } else if (!is_elsewhere) {
        refuseCompression(reply, what);
        file.bytes = reply.contentLength();
    }
    if (file.bytes && *file.bytes > kMaxFileBytes)
        failReply(HubErrorKind::badReply, what,
            "a size of at most " + byteCount(kMaxFileBytes) + " was expected, found "
                + byteCount(*file.bytes) + "; change the mirror",
            reply);
    return file;
}

} // namespace gorgon
