// SPDX-License-Identifier: Apache-2.0
// What a reply other than 2xx means: by its status and by the headers that the hub adds.
#include <algorithm>
#include <charconv>

#include "core/hub/hub_client.h"
#include "core/hub/hub_error.h"

namespace gorgon {

namespace {

constexpr std::string_view kBadCredentials = "Invalid credentials in Authorization header";
constexpr std::string_view kDisabled = "Access to this resource is disabled.";
constexpr int kMaxWaitS = 24 * 3600;

std::optional<int> seconds(std::string_view text)
{
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end == text.data() || value < 0)
        return std::nullopt;
    return std::min(value, kMaxWaitS);
}

std::string waitText(int wait_s)
{
    if (wait_s <= 0)
        return "try again in a while";
    return "try again in " + std::to_string(wait_s) + " s";
}

} // namespace

std::optional<int> retryAfter(const HttpReply& reply)
{
    if (const auto wait = seconds(reply.headers.get("retry-after")))
        return wait;
    // ratelimit: "api";r=0;t=55
    const std::string_view limit = reply.headers.get("ratelimit");
    if (const size_t time = limit.find(";t="); time != limit.npos)
        return seconds(limit.substr(time + 3));
    return std::nullopt;
}

bool isTransient(const HubErrorInfo& error)
{
    return error.kind == HubErrorKind::noNetwork || error.kind == HubErrorKind::timedOut
        || error.kind == HubErrorKind::rateLimited || error.kind == HubErrorKind::serverFailed;
}

HubErrorInfo errorOfReply(const HttpReply& reply, const std::string& what, const std::string& url,
    const std::string& endpoint, bool had_token)
{
    const std::string_view code = reply.headers.get("x-error-code");
    const std::string_view said = reply.headers.get("x-error-message");
    const Url at = parseUrl(url);
    const bool is_hub = at.sameOrigin(parseUrl(endpoint));
    const bool is_file = at.path.find("/resolve/") != std::string::npos;
    const int status = reply.status;
    const int wait_s = retryAfter(reply).value_or(0);
    const auto made = [&](HubErrorKind kind, const std::string& sentence) {
        HubErrorInfo info = hubErrorInfo(kind, what + ": " + sentence);
        info.url = at.place();
        info.status = status;
        info.request_id = printable(reply.headers.get("x-request-id"), 80);
        return info;
    };
    const std::string page = endpoint + "/" + what.substr(0, what.find(':'));

    if (status == 429) {
        HubErrorInfo info = made(HubErrorKind::rateLimited,
            "the hub asks for fewer requests; " + waitText(wait_s)
                + (had_token ? "" : ", or log in, which allows more"));
        info.wait_s = wait_s;
        return info;
    }
    if (status == 408 || status >= 500) {
        HubErrorInfo info = made(HubErrorKind::serverFailed,
            "a reply was expected, the server failed with status " + std::to_string(status) + "; "
                + waitText(wait_s));
        info.wait_s = wait_s;
        return info;
    }
    // Where the bytes lie, addresses are signed for a while; the hub signs a new one.
    if (!is_hub && (status == 401 || status == 403 || status == 404 || status == 410))
        return made(HubErrorKind::serverFailed,
            "the address of its bytes was refused with status " + std::to_string(status)
                + ", it may have expired; try again");
    if (code == "GatedRepo") {
        HubErrorInfo info = made(HubErrorKind::gated,
            status == 401 || !had_token
                ? "its licence must be accepted first, by somebody who is logged in; open its "
                  "page, "
                  "accept, then add a token"
                : "its licence was not accepted yet with this token's account; open its page, "
                  "accept, then try again");
        info.page = page;
        return info;
    }
    if (said == kDisabled)
        return made(
            HubErrorKind::disabled, "the hub has disabled access to it; choose another model");
    if (status == 401 && said == kBadCredentials)
        return made(HubErrorKind::badToken,
            "the hub refused the token, it is wrong or has expired; make a new one and save it");
    if (code == "RevisionNotFound")
        return made(HubErrorKind::revisionNotFound,
            "there is no such branch, tag or commit; choose another revision");
    if (code == "EntryNotFound" || (status == 404 && code.empty() && is_file))
        return made(HubErrorKind::entryNotFound, "there is no such file in this revision");
    if (code == "RepoNotFound" || status == 401 || (status == 404 && is_hub)) {
        HubErrorInfo info = made(HubErrorKind::repositoryNotFound,
            had_token ? "no model of that name is visible with this token; check the spelling and "
                        "whether the account may see it"
                      : "no model of that name is public: it is missing, private or gated; check "
                        "the spelling, or add a token");
        if (!had_token && status == 401)
            info.action = HubAction::addToken;
        return info;
    }
    if (status == 403)
        return made(HubErrorKind::forbidden,
            "the token does not allow it (" + (said.empty() ? "403" : printable(said, 160))
                + "); make a token that may read this model");
    return made(HubErrorKind::refusedRequest,
        "a file or an answer was expected, status " + std::to_string(status) + " was found"
            + (said.empty() ? "" : " (" + printable(said, 160) + ")")
            + "; check the address and the mirror");
}

} // namespace gorgon
