// SPDX-License-Identifier: Apache-2.0
#include "core/hub/hub_error.h"

#include <array>
#include <cstdio>
#include <utility>

#include "core/hub/hub_names.h"

namespace gorgon {

namespace {

struct KindFacts
{
    HubErrorKind kind;
    std::string_view name;
    HubAction action;
};

constexpr std::array kKinds = {
    KindFacts{HubErrorKind::badName, "bad_name", HubAction::checkName},
    KindFacts{HubErrorKind::offline, "offline", HubAction::goOnline},
    KindFacts{HubErrorKind::noNetwork, "no_network", HubAction::checkNetwork},
    KindFacts{HubErrorKind::timedOut, "timed_out", HubAction::retry},
    KindFacts{HubErrorKind::tlsRefused, "tls_refused", HubAction::checkNetwork},
    KindFacts{HubErrorKind::redirectRefused, "redirect_refused", HubAction::changeMirror},
    KindFacts{HubErrorKind::notAHub, "not_a_hub", HubAction::checkNetwork},
    KindFacts{HubErrorKind::gated, "gated", HubAction::openLicencePage},
    KindFacts{HubErrorKind::repositoryNotFound, "repository_not_found", HubAction::checkName},
    KindFacts{HubErrorKind::badToken, "bad_token", HubAction::addToken},
    KindFacts{HubErrorKind::revisionNotFound, "revision_not_found", HubAction::chooseRevision},
    KindFacts{HubErrorKind::entryNotFound, "entry_not_found", HubAction::none},
    KindFacts{HubErrorKind::disabled, "disabled", HubAction::none},
    KindFacts{HubErrorKind::forbidden, "forbidden", HubAction::addToken},
    KindFacts{HubErrorKind::rateLimited, "rate_limited", HubAction::wait},
    KindFacts{HubErrorKind::serverFailed, "server_failed", HubAction::retry},
    KindFacts{HubErrorKind::refusedRequest, "refused_request", HubAction::none},
    KindFacts{HubErrorKind::badReply, "bad_reply", HubAction::retry},
    KindFacts{HubErrorKind::wrongContent, "wrong_content", HubAction::retry},
    KindFacts{HubErrorKind::diskFull, "disk_full", HubAction::freeSpace},
    KindFacts{HubErrorKind::diskFailed, "disk_failed", HubAction::changeCacheFolder},
    KindFacts{HubErrorKind::unsafeCache, "unsafe_cache", HubAction::changeCacheFolder},
    KindFacts{HubErrorKind::cancelled, "cancelled", HubAction::none},
};

const KindFacts& factsOf(HubErrorKind kind)
{
    return kKinds[size_t(kind)];
}

constexpr bool inOrder()
{
    for (size_t i = 0; i < kKinds.size(); ++i)
        if (kKinds[i].kind != HubErrorKind(i))
            return false;
    return kKinds.size() == size_t(HubErrorKind::cancelled) + 1;
}
static_assert(inOrder());

} // namespace

HubAction usualAction(HubErrorKind kind)
{
    return factsOf(kind).action;
}

std::string_view hubErrorName(HubErrorKind kind)
{
    return factsOf(kind).name;
}

std::string HubErrorInfo::details() const
{
    std::string text = message;
    if (!url.empty())
        text += "\naddress: " + url;
    if (status > 0)
        text += "\nstatus: " + std::to_string(status);
    if (!request_id.empty())
        text += "\nrequest id: " + request_id;
    return text + "\nkind: " + std::string(hubErrorName(kind));
}

HubErrorInfo hubErrorInfo(HubErrorKind kind, std::string message)
{
    HubErrorInfo info;
    info.kind = kind;
    info.action = usualAction(kind);
    info.message = std::move(message);
    return info;
}

HubError::HubError(HubErrorInfo info)
    : std::runtime_error(info.message)
    , m_info(std::move(info))
{
}

HubError::HubError(HubErrorKind kind, std::string message)
    : HubError(hubErrorInfo(kind, std::move(message)))
{
}

std::string printable(std::string_view text, size_t limit)
{
    const bool is_text = isValidUtf8Text(text);
    std::string result;
    for (size_t i = 0; i < text.size() && result.size() < limit; ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        const bool is_c1
            = c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
        if (c < 0x20 || c == 0x7F || (c >= 0x80 && (!is_text || is_c1))) {
            char code[8];
            std::snprintf(code, sizeof code, "\\x%02X", c);
            result += code;
            if (is_text && is_c1) {
                std::snprintf(code, sizeof code, "\\x%02X", static_cast<unsigned char>(text[++i]));
                result += code;
            }
        } else
            result += text[i];
    }
    if (result.size() < limit)
        return result;
    // Cut between characters.
    while (!result.empty() && (static_cast<unsigned char>(result.back()) & 0xC0) == 0x80)
        result.pop_back();
    if (!result.empty() && static_cast<unsigned char>(result.back()) >= 0xC0)
        result.pop_back();
    return result + "...";
}

std::string byteCount(uint64_t bytes)
{
    static constexpr std::array<const char*, 5> kUnits = {"bytes", "kB", "MB", "GB", "TB"};
    double value = double(bytes);
    size_t unit = 0;
    for (; value >= 999.5 && unit + 1 < kUnits.size(); ++unit)
        value /= 1000;
    char text[40];
    std::snprintf(
        text, sizeof text, unit == 0 || value >= 99.5 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
    return text;
}

} // namespace gorgon
