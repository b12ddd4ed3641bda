// SPDX-License-Identifier: Apache-2.0
#include "core/hub/hub_settings.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/hub/cache_folder.h"
#include "core/hub/hub_error.h"
#include "core/hub/url.h"

namespace gorgon {

namespace {

constexpr size_t kMaxToken = 4096;

class Variables
{
public:
    explicit Variables(const Environment& environment)
        : m_environment(environment)
    {
    }

    /// The first that is set and not empty.
    std::string text(std::initializer_list<const char*> names) const
    {
        for (const char* name : names)
            if (const auto value = m_environment(name); value && !value->empty())
                return *value;
        return {};
    }

    std::filesystem::path path(std::initializer_list<const char*> names) const
    {
        const std::string value = text(names);
        if (value == "~" || value.starts_with("~/"))
            return home() / value.substr(std::min<size_t>(2, value.size()));
        return value;
    }

    bool flag(std::initializer_list<const char*> names) const
    {
        std::string value = text(names);
        for (char& c : value)
            if (c >= 'a' && c <= 'z')
                c = char(c - 32);
        return value == "1" || value == "ON" || value == "YES" || value == "TRUE";
    }

    /// Whole seconds as milliseconds.
    int milliseconds(const char* name, int otherwise) const
    {
        const std::string value = text({name});
        int seconds = 0;
        const auto [end, error]
            = std::from_chars(value.data(), value.data() + value.size(), seconds);
        const bool is_number = error == std::errc() && (*end == '\0' || *end == '.');
        return is_number && seconds >= 1 && seconds <= 3600 ? seconds * 1000 : otherwise;
    }

    std::filesystem::path home() const { return text({"HOME"}); }

private:
    const Environment& m_environment;
};

} // namespace

Environment processEnvironment()
{
    return [](const char* name) -> std::optional<std::string> {
        const char* value = std::getenv(name);
        return value ? std::optional<std::string>(value) : std::nullopt;
    };
}

HubSettings readHubSettings(const Environment& environment)
{
    const Variables variables(environment);
    HubSettings settings;
    if (std::string endpoint = variables.text({"HF_ENDPOINT"}); !endpoint.empty()) {
        while (endpoint.ends_with('/'))
            endpoint.pop_back();
        if (const Url url = parseUrl(endpoint); url.path.find('?') != std::string::npos)
            throw HubError(HubErrorKind::badName,
                "HF_ENDPOINT: an address without a query was expected, \"" + printable(endpoint)
                    + "\" was found; check the variable");
        settings.endpoint = endpoint;
    }

    std::filesystem::path home = variables.path({"HF_HOME"});
    if (home.empty()) {
        std::filesystem::path caches = variables.path({"XDG_CACHE_HOME"});
        if (caches.empty())
            caches = variables.home() / ".cache";
        home = caches / "huggingface";
    }
    settings.cache = variables.path({"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"});
    if (settings.cache.empty())
        settings.cache = home / "hub";
    settings.token_file = variables.path({"HF_TOKEN_PATH"});
    if (settings.token_file.empty())
        settings.token_file = home / "token";

    settings.offline
        = variables.flag({"HF_HUB_OFFLINE"}) || variables.flag({"TRANSFORMERS_OFFLINE"});
    settings.token_to_mirror = variables.flag({"GORGON_HUB_TRUST_ENDPOINT"});
    settings.ca_file = variables.path({"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"});
    settings.reply_ms = variables.milliseconds("HF_HUB_ETAG_TIMEOUT", settings.reply_ms);
    settings.stall_ms = variables.milliseconds("HF_HUB_DOWNLOAD_TIMEOUT", settings.stall_ms);
    if (!variables.flag({"HF_HUB_DISABLE_IMPLICIT_TOKEN"})) {
        try {
            const std::string named = variables.text({"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"});
            settings.token
                = named.empty() ? readToken(settings.token_file) : checkedToken(named, "HF_TOKEN");
        } catch (const HubError& problem) {
            settings.token_problem = problem.what();
        }
    }
    return settings;
}

bool mayUseToken(const HubSettings& settings)
{
    if (settings.token.empty())
        return false;
    const Url endpoint = parseUrl(settings.endpoint);
    if (endpoint.scheme != "https" && !endpoint.isLoopback())
        return false;
    return settings.token_to_mirror || endpoint.sameOrigin(parseUrl(kHubEndpoint));
}

std::vector<std::string> environmentProxies()
{
    std::vector<std::string> proxies;
    for (const char* name : {"https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"})
        if (const char* const value = std::getenv(name); value && *value != '\0')
            proxies.emplace_back(value);
    return proxies;
}

std::string withoutSecrets(std::string text, const HubSettings& settings)
{
    const auto hide = [&](const std::string& secret, const std::string& instead) {
        for (size_t at = text.find(secret); !secret.empty() && at != text.npos;
             at = text.find(secret, at + instead.size()))
            text.replace(at, secret.size(), instead);
    };
    hide(settings.token, "***");
    // Whole, since a password may hold what ends an address.
    std::vector<std::string> proxies = environmentProxies();
    proxies.push_back(settings.proxy);
    for (const std::string& proxy : proxies)
        if (const size_t at = proxy.rfind('@'); at != proxy.npos) {
            const size_t scheme = proxy.find("://");
            const size_t begin = scheme == proxy.npos ? 0 : scheme + 3;
            hide(proxy, proxy.substr(0, begin) + "***" + proxy.substr(at));
            if (begin < at)
                hide(proxy.substr(begin, at - begin), "***");
        }
    return redacted(text);
}

std::string checkedToken(std::string_view text, const std::string& where)
{
    constexpr std::string_view kBlanks = " \t\r\n";
    const size_t begin = text.find_first_not_of(kBlanks);
    if (begin == text.npos)
        return {};
    text = text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
    const bool is_sound = text.size() <= kMaxToken
        && std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
    if (!is_sound)
        throw HubError(HubErrorKind::badToken,
            where
                + ": a token was expected, one word of plain characters, something else was found; "
                  "log in again");
    return std::string(text);
}

std::string readToken(const std::filesystem::path& file)
{
    // A token file may be a link that its owner made, so it is not opened as parts of the cache
    // are.
    const OpenFile open(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat status = {};
    if (!open || ::fstat(open.get(), &status) != 0 || !S_ISREG(status.st_mode))
        return {};
    std::string text(kMaxToken + 1, '\0');
    const ssize_t n = ::read(open.get(), text.data(), text.size());
    text.resize(n > 0 ? size_t(n) : 0);
    return checkedToken(text, file.string());
}

void saveToken(const std::filesystem::path& file, const std::string& token)
{
    const std::string checked = checkedToken(token, "token");
    if (checked.empty())
        throw HubError(HubErrorKind::badToken,
            "token: one word was expected, nothing was found; copy it again");
    std::error_code error;
    std::filesystem::create_directories(file.parent_path().parent_path(), error);
    ::mkdir(file.parent_path().c_str(), 0700); // other users may not even list what lies beside it
    const auto folder = CacheFolder::openRoot(file.parent_path(), false);
    if (!folder)
        failDisk(file, "the folder cannot be made", ENOENT);
    folder->writeText(file.filename().string(), checked, 0600);
}

void removeToken(const std::filesystem::path& file)
{
    if (const auto folder = CacheFolder::openRoot(file.parent_path(), false))
        folder->remove(file.filename().string());
}

} // namespace gorgon
