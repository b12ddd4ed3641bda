// SPDX-License-Identifier: Apache-2.0
// What can go wrong between this machine and a hub: one kind each, with its own sentence and what
// the user can do about it.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace gorgon {

enum class HubErrorKind
{
    badName, // a repository, revision, path or address that no rule allows
    offline, // the network is switched off by HF_HUB_OFFLINE, and the cache has no such file
    noNetwork, // name not found, no route, refused, reset
    timedOut, // no byte within the limit
    tlsRefused, // certificate or handshake
    redirectRefused, // to http, to another protocol, to a private address, or too many
    notAHub, // a login or proxy page, or a server that is no hub
    gated, // the licence must be accepted first
    repositoryNotFound, // missing, or private or gated while logged out
    badToken, // wrong or expired
    revisionNotFound,
    entryNotFound, // no such file in that revision
    disabled, // by the hub
    forbidden, // the token lacks the right
    rateLimited,
    serverFailed, // 5xx, after all retries
    refusedRequest, // any other status
    badReply, // JSON, headers or lengths that cannot be right
    wrongContent, // the bytes do not have the hash that was announced
    diskFull,
    diskFailed, // cannot be read or written
    unsafeCache, // a link or a special file where the cache has none
    cancelled,
};

/// What the user is offered beside the sentence.
enum class HubAction
{
    none,
    retry,
    wait, // `wait_s` says how long
    checkName,
    openLicencePage, // `page`
    addToken,
    chooseRevision,
    checkNetwork,
    goOnline,
    changeMirror,
    freeSpace, // `needed_bytes` says how much
    changeCacheFolder,
};

struct HubErrorInfo
{
    HubErrorKind kind = HubErrorKind::badReply;
    HubAction action = HubAction::none;
    std::string message; // WHAT: what was expected, what was found, what to do
    std::string page; // https address for openLicencePage
    std::string url; // without a query
    std::string request_id; // x-request-id of the reply
    int status = 0; // HTTP; 0 where there was no reply
    int wait_s = 0;
    uint64_t needed_bytes = 0;

    /// Message, address, status and request id, for "copy details".
    std::string details() const;
};

/// The action that belongs to a kind where nothing more is known.
HubAction usualAction(HubErrorKind kind);
HubErrorInfo hubErrorInfo(HubErrorKind kind, std::string message);

class HubError : public std::runtime_error
{
public:
    explicit HubError(HubErrorInfo info);
    HubError(HubErrorKind kind, std::string message);

    const HubErrorInfo& info() const { return m_info; }
    HubErrorKind kind() const { return m_info.kind; }

private:
    HubErrorInfo m_info;
};

/// "gated", "rate_limited", ...: for JSON and logs.
std::string_view hubErrorName(HubErrorKind kind);

/// Foreign text made fit for a sentence: control characters and broken UTF-8 escaped, cut short.
std::string printable(std::string_view text, size_t limit = 120);
/// "1.4 GB".
std::string byteCount(uint64_t bytes);

} // namespace gorgon
