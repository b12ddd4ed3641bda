// SPDX-License-Identifier: Apache-2.0
// Where the hub is, where its files go, and who asks: the environment that the hub's own tools
// read, with a field for each so that a program may override it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gorgon {

inline constexpr const char* kHubEndpoint = "https://huggingface.co";

/// Looks a variable up; std::nullopt where it is not set.
using Environment = std::function<std::optional<std::string>(const char* name)>;
Environment processEnvironment();

struct HubSettings
{
    std::string endpoint = kHubEndpoint; // no slash at the end
    std::filesystem::path cache; // the folder with models--*
    std::filesystem::path token_file;
    std::string token; // empty: not logged in. Never printed
    std::string token_problem; // of what lies where the token should; the hub is asked without one
    bool token_to_mirror = false; // also to an endpoint that is not the hub's own
    bool offline = false;

    std::string proxy; // empty: those of the environment (https_proxy, no_proxy ...)
    bool no_proxy = false; // none, whatever the environment says
    std::filesystem::path ca_file; // beside the system's certificates; empty: the system's alone
    /// "HOST:PORT:TO_HOST:TO_PORT": connects there instead, names and certificates stay those of
    /// HOST.
    std::vector<std::string> connect_to;
    std::string user_agent = "gorgon";

    int connect_ms = 10'000;
    int reply_ms = 10'000; // from the request to the first byte of the reply
    int stall_ms = 20'000; // a body in which no byte arrives for so long is given up
    int n_retries = 5; // in a row, without a byte between them
    int max_redirects = 5;
    uint64_t bytes_per_second = 0; // of all downloads together; 0: no limit
    int n_parallel_files = 4;

    bool operator==(const HubSettings&) const = default;
};

/// The settings that the environment gives, the token read from its file where no variable has it.
/// An endpoint that is no http(s) address is a HubError (badName).
HubSettings readHubSettings(const Environment& environment = processEnvironment());

/// The token may be sent to the endpoint: over https, or http on this machine; to a mirror only
/// where that is allowed.
bool mayUseToken(const HubSettings& settings);

/// What the variables of the environment say about proxies, passwords and all.
std::vector<std::string> environmentProxies();
/// Text for people: without the token and without passwords of proxies and addresses.
std::string withoutSecrets(std::string text, const HubSettings& settings);

/// Trimmed; what cannot be a token is a HubError (badToken) that says `where`, not what.
std::string checkedToken(std::string_view text, const std::string& where);
/// Empty where there is no such file.
std::string readToken(const std::filesystem::path& file);
/// Mode 0600, by way of a new file that is renamed; a folder that is made for it has mode 0700.
void saveToken(const std::filesystem::path& file, const std::string& token);
void removeToken(const std::filesystem::path& file);

} // namespace gorgon
