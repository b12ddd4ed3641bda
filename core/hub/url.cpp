// SPDX-License-Identifier: Apache-2.0
#include "core/hub/url.h"

#include <arpa/inet.h>
#include <array>
#include <cstdlib>
#include <cstring>
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
    return printable(text.substr(0, text.find('?')), 200);
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
    return host == "localhost" || host.ends_with(".localhost") || host == "[::1]"
        || (host.starts_with("127.") && isPrivate());
}

bool Url::isPrivate() const
{
    if (host == "localhost" || host.ends_with(".localhost"))
        return true;
    std::array<unsigned char, 4> v4{};
    if (inet_pton(AF_INET, host.c_str(), v4.data()) != 1) {
        if (host.size() < 2 || host.front() != '[')
            return false;
        std::array<unsigned char, 16> v6{};
        if (inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), v6.data()) != 1)
            return true; // no address that is known to be public
        static constexpr std::array<unsigned char, 12> kMapped{
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
        static constexpr std::array<unsigned char, 12> kZero{};
        const bool is_v4 = std::memcmp(v6.data(), kMapped.data(), 12) == 0
            || std::memcmp(v6.data(), kZero.data(), 12) == 0; // also :: and ::1
        if (!is_v4)
            return (v6[0] & 0xFE) == 0xFC || (v6[0] == 0xFE && (v6[1] & 0xC0) == 0x80);
        std::memcpy(v4.data(), v6.data() + 12, 4);
    }
    return v4[0] == 0 || v4[0] == 10 || v4[0] == 127 || (v4[0] == 169 && v4[1] == 254)
        || (v4[0] == 172 && (v4[1] & 0xF0) == 16) || (v4[0] == 192 && v4[1] == 168)
        || (v4[0] == 100 && (v4[1] & 0xC0) == 64);
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
