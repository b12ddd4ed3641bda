// SPDX-License-Identifier: Apache-2.0
#include "core/hub/url.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdlib>
#include <curl/curl.h>
#include <memory>

#include "core/hub/hub_error.h"

namespace gorgon {

namespace {

struct CurlUrlDeleter
{
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using CurlUrl = std::unique_ptr<CURLU, CurlUrlDeleter>;

constexpr unsigned kFlags = CURLU_DISALLOW_USER | CURLU_URLENCODE | CURLU_NON_SUPPORT_SCHEME;
constexpr size_t kMaxUrl = 16 << 10; // signed addresses have some 2,000 characters

std::string part(CURLU* url, CURLUPart which, unsigned flags = 0)
{
    char* text = nullptr;
    if (curl_url_get(url, which, &text, flags) != CURLUE_OK)
        return {};
    const std::string result = text;
    curl_free(text);
    return result;
}

/// Throws the sentence's end where it is none of ours.
Url taken(CURLU* url)
{
    Url result;
    result.scheme = part(url, CURLUPART_SCHEME);
    if (result.scheme != "http" && result.scheme != "https")
        throw std::string("http or https was expected");
    result.host = part(url, CURLUPART_HOST);
    for (char& c : result.host)
        if (c >= 'A' && c <= 'Z')
            c = char(c + 32);
    if (result.host.empty() || result.host.find('%') != std::string::npos
        || !part(url, CURLUPART_ZONEID).empty())
        throw std::string("the name of a computer was expected");
    result.port = std::atoi(part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT).c_str());
    result.path = part(url, CURLUPART_PATH);
    if (const std::string query = part(url, CURLUPART_QUERY); !query.empty())
        result.path += "?" + query;
    return result;
}

std::string withoutQuery(std::string_view text)
{
    return printable(redacted(text.substr(0, text.find('?'))), 200);
}

} // namespace

std::string Url::text() const
{
    const bool is_usual = port == (scheme == "https" ? 443 : 80);
    return scheme + "://" + host + (is_usual ? "" : ":" + std::to_string(port)) + path;
}

std::string Url::place() const
{
    const std::string whole = text();
    return whole.substr(0, whole.find('?'));
}

bool Url::sameOrigin(const Url& other) const
{
    return scheme == other.scheme && host == other.host && port == other.port;
}

bool Url::isLoopback() const
{
    in_addr v4 = {};
    const bool is_v4 = inet_pton(AF_INET, host.c_str(), &v4) == 1;
    return host == "localhost" || host.ends_with(".localhost") || host == "[::1]"
        || (is_v4 && ntohl(v4.s_addr) >> 24 == 127);
}

bool Url::isPrivate() const
{
    std::string_view name = host;
    if (name.starts_with('['))
        return isPrivateAddress(name.substr(1, name.size() - 2)).value_or(true);
    while (name.ends_with('.')) // of the whole tree of names; the same computer
        name.remove_suffix(1);
    const std::string_view last = name.substr(name.rfind('.') + 1);
    const bool is_number = !last.empty() && last.front() >= '0' && last.front() <= '9'
        && last.find_first_not_of("0123456789abcdefx") == last.npos;
    if (is_number) { // written in whatever way; none that can be read is known to be public
        in_addr v4 = {};
        if (inet_aton(std::string(name).c_str(), &v4) != 1)
            return true;
        char text[INET_ADDRSTRLEN] = "";
        inet_ntop(AF_INET, &v4, text, sizeof text);
        return isPrivateAddress(text).value_or(true);
    }
    static constexpr std::array<std::string_view, 6> kLocal
        = {"localhost", "localdomain", "local", "internal", "lan", "intranet"};
    return name.find('.') == name.npos || name.ends_with(".home.arpa")
        || std::find(kLocal.begin(), kLocal.end(), last) != kLocal.end();
}

namespace {

using V4 = std::array<unsigned char, 4>;
using V6 = std::array<unsigned char, 16>;

bool isPrivateV4(const V4& a)
{
    return a[0] == 0 || a[0] == 10 || a[0] == 127 || a[0] >= 224 // many receivers, or reserved
        || (a[0] == 169 && a[1] == 254) || (a[0] == 172 && (a[1] & 0xF0) == 16)
        || (a[0] == 192 && a[1] == 168) || (a[0] == 192 && a[1] == 0 && a[2] == 0)
        || (a[0] == 100 && (a[1] & 0xC0) == 64) || (a[0] == 198 && (a[1] & 0xFE) == 18);
}

V4 partOf(const V6& address, size_t begin, unsigned char mask = 0)
{
    V4 part{};
    for (size_t i = 0; i < part.size(); ++i)
        part[i] = address[begin + i] ^ mask;
    return part;
}

bool startsWith(const V6& address, std::initializer_list<unsigned char> bytes)
{
    return std::equal(bytes.begin(), bytes.end(), address.begin());
}

bool isPrivateV6(const V6& a)
{
    // ::a.b.c.d (:: and ::1 too), ::ffff:a.b.c.d, ::ffff:0:a.b.c.d, 64:ff9b::a.b.c.d
    const bool holds_v4 = startsWith(a, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
        || startsWith(a, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF})
        || startsWith(a, {0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0})
        || startsWith(a, {0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0});
    if (holds_v4)
        return isPrivateV4(partOf(a, 12));
    if (startsWith(a, {0x20, 0x02})) // 6to4
        return isPrivateV4(partOf(a, 2));
    if (startsWith(a, {0x20, 0x01, 0, 0})) // Teredo: the client's address, inverted
        return isPrivateV4(partOf(a, 12, 0xFF));
    return (a[0] & 0xE0) != 0x20; // open to all is 2000::/3 alone
}

} // namespace

std::optional<bool> isPrivateAddress(std::string_view address)
{
    const std::string text(address);
    V4 v4{};
    V6 v6{};
    if (inet_pton(AF_INET, text.c_str(), v4.data()) == 1)
        return isPrivateV4(v4);
    if (inet_pton(AF_INET6, text.c_str(), v6.data()) == 1)
        return isPrivateV6(v6);
    return std::nullopt;
}

std::string redacted(std::string_view text)
{
    std::string result;
    for (;;) {
        const size_t authority = text.find("://");
        if (authority == text.npos)
            return result.append(text);
        result.append(text.substr(0, authority + 3));
        text.remove_prefix(authority + 3);
        const size_t end = std::min(text.find_first_of("/?#\\ \t\n\"'<>"), text.size());
        if (const size_t at = text.substr(0, end).rfind('@'); at != text.npos) {
            result += "***";
            text.remove_prefix(at);
        }
    }
}

Url parseUrl(std::string_view text)
{
    const CurlUrl url(curl_url());
    if (!url)
        throw std::bad_alloc();
    std::string problem = "a web address was expected";
    if (text.size() <= kMaxUrl && text.find('\0') == text.npos
        && curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(), kFlags) == CURLUE_OK)
    {
        try {
            return taken(url.get());
        } catch (const std::string& found) {
            problem = found;
        }
    }
    throw HubError(HubErrorKind::badName,
        "address \"" + withoutQuery(text) + "\": " + problem + "; check the address");
}

Url redirectTarget(const Url& from, std::string_view location)
{
    const auto refuse = [&](const std::string& why) {
        throw HubError(HubErrorKind::redirectRefused,
            from.place() + ": a redirect to the file was expected, it leads to \""
                + withoutQuery(location) + "\", " + why
                + "; check the network or change the mirror");
    };
    const CurlUrl url(curl_url());
    if (!url)
        throw std::bad_alloc();
    Url to;
    if (location.empty() || location.size() > kMaxUrl || location.find('\0') != location.npos
        || curl_url_set(url.get(), CURLUPART_URL, from.text().c_str(), kFlags) != CURLUE_OK
        || curl_url_set(url.get(), CURLUPART_URL, std::string(location).c_str(), kFlags)
            != CURLUE_OK)
        refuse("which is no address");
    try {
        to = taken(url.get());
    } catch (const std::string&) {
        refuse("which is neither http nor https");
    }
    if (from.scheme == "https" && to.scheme != "https")
        refuse("which is not encrypted");
    if (to.isPrivate() && !from.isPrivate())
        refuse("an address of the local network");
    return to;
}

} // namespace gorgon
