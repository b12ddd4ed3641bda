// SPDX-License-Identifier: Apache-2.0
// What people paste where a model is asked for.
#include <algorithm>
#include <array>
#include <vector>

#include "core/hub/hub_error.h"
#include "core/hub/hub_names.h"

namespace gorgon {

namespace {

constexpr std::array<std::string_view, 4> kHubHosts
    = {"huggingface.co", "www.huggingface.co", "hf.co", "hf-mirror.com"};

std::string lowerAscii(std::string_view text)
{
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z')
            c = char(c + 32);
    return result;
}

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view kBlanks = " \t\r\n<>\"'";
    const size_t begin = text.find_first_not_of(kBlanks);
    if (begin == text.npos)
        return {};
    return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

int hexDigit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string percentDecoded(std::string_view text)
{
    std::string result;
    for (size_t i = 0; i < text.size(); ++i) {
        const bool is_code = text[i] == '%' && i + 2 < text.size() && hexDigit(text[i + 1]) >= 0
            && hexDigit(text[i + 2]) >= 0;
        if (is_code) {
            result += char(hexDigit(text[i + 1]) * 16 + hexDigit(text[i + 2]));
            i += 2;
        } else
            result += text[i];
    }
    return result;
}

std::vector<std::string> segments(std::string_view path)
{
    std::vector<std::string> result;
    for (size_t begin = 0; begin < path.size();) {
        const size_t end = std::min(path.find('/', begin), path.size());
        if (end > begin)
            result.push_back(percentDecoded(path.substr(begin, end - begin)));
        begin = end + 1;
    }
    return result;
}

std::string joined(const std::vector<std::string>& parts, size_t from)
{
    std::string result;
    for (size_t i = from; i < parts.size(); ++i)
        result += (result.empty() ? "" : "/") + parts[i];
    return result;
}

HubAddress checked(HubAddress address)
{
    checkRepository(address.repository);
    if (!address.revision.empty())
        checkRevision(address.revision);
    if (!address.path.empty())
        checkPath(address.path);
    return address;
}

/// ORG/NAME[/tree|resolve|blob|raw/REVISION[/PATH]] of a page's address.
std::optional<HubAddress> ofPage(std::string host, std::string_view path)
{
    std::vector<std::string> parts = segments(path.substr(0, path.find_first_of("?#")));
    if (parts.size() > 2 && parts[0] == "api" && parts[1] == "models")
        parts.erase(parts.begin(), parts.begin() + 2);
    if (parts.empty() || parts[0] == "models")
        return std::nullopt;
    for (const std::string_view other : {"datasets", "spaces", "collections", "papers"})
        if (parts[0] == other)
            throw HubError(HubErrorKind::badName,
                "address \"" + printable(path) + "\": a model was expected, this leads to "
                    + std::string(other) + "; give the page of a model");
    static constexpr std::array<std::string_view, 6> kKinds
        = {"tree", "resolve", "blob", "raw", "commit", "revision"};
    const auto is_kind = [&](size_t i) {
        return i < parts.size()
            && std::find(kKinds.begin(), kKinds.end(), parts[i]) != kKinds.end();
    };
    HubAddress address;
    address.host = std::move(host);
    // Models without an owner are old: "gpt2/tree/main".
    const size_t n_name = parts.size() < 2 || is_kind(1) ? 1 : 2;
    address.repository = n_name == 1 ? parts[0] : parts[0] + "/" + parts[1];
    if (is_kind(n_name) && parts.size() > n_name + 1) {
        size_t next = n_name + 1;
        address.revision = parts[next++];
        if (address.revision == "refs" && parts.size() > next + 1) { // refs/pr/1 not encoded
            address.revision += "/" + parts[next] + "/" + parts[next + 1];
            next += 2;
        }
        address.path = joined(parts, next);
    }
    return checked(std::move(address));
}

/// ORG/NAME[@REVISION][/PATH]
std::optional<HubAddress> ofScheme(std::string_view rest)
{
    std::vector<std::string> parts = segments(rest);
    if (!parts.empty() && parts[0] == "models")
        parts.erase(parts.begin());
    if (parts.size() < 2)
        return std::nullopt;
    HubAddress address;
    if (const size_t at = parts[1].find('@'); at != std::string::npos) {
        address.revision = parts[1].substr(at + 1);
        parts[1].resize(at);
        if (address.revision.empty())
            checkRevision(address.revision);
    }
    address.repository = parts[0] + "/" + parts[1];
    address.path = joined(parts, 2);
    return checked(std::move(address));
}

std::string hostOf(std::string_view url)
{
    if (const size_t scheme = url.find("://"); scheme != url.npos)
        url.remove_prefix(scheme + 3);
    return lowerAscii(url.substr(0, url.find('/')));
}

} // namespace

std::optional<HubAddress> parseHubAddress(std::string_view text, std::string_view endpoint)
{
    text = trimmed(text);
    if (text.size() > 4096)
        return std::nullopt;
    const std::string lower = lowerAscii(text);
    if (lower.starts_with("hf://"))
        return ofScheme(text.substr(5));
    size_t begin = 0;
    for (const std::string_view scheme : {"https://", "http://"})
        if (lower.starts_with(scheme))
            begin = scheme.size();
    const size_t slash = std::min(text.find('/', begin), text.size());
    const std::string host = lower.substr(begin, slash - begin);
    const bool is_hub = std::find(kHubHosts.begin(), kHubHosts.end(), host) != kHubHosts.end()
        || (!endpoint.empty() && host == hostOf(endpoint));
    if (is_hub)
        return ofPage(host, text.substr(slash));
    if (begin > 0 || text.empty() || repositoryProblem(text))
        return std::nullopt;
    return HubAddress{.repository = std::string(text), .revision = {}, .path = {}, .host = {}};
}

namespace {

std::string encoded(std::string_view text, bool keep_slash)
{
    std::string result;
    for (const char c : text) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
            || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
        if (is_plain || (c == '/' && keep_slash))
            result += c;
        else {
            const auto byte = static_cast<unsigned char>(c);
            result += {'%', "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15]};
        }
    }
    return result;
}

} // namespace

std::string urlSegment(std::string_view text)
{
    return encoded(text, false);
}

std::string urlPath(std::string_view text)
{
    return encoded(text, true);
}

} // namespace gorgon
