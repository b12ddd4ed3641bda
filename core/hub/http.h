// SPDX-License-Identifier: Apache-2.0
// HTTP as the hub needs it, on libcurl: one request at a time, redirects left to the caller,
// nothing but http and https, certificates always checked, bodies as they are (no compression).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/hub/hub_settings.h"

namespace gorgon {

class HttpHeaders
{
public:
    void add(std::string_view name, std::string_view value);
    void clear() { m_fields.clear(); }
    /// The last of that name, whatever its case; empty where there is none.
    std::string_view get(std::string_view name) const;
    bool has(std::string_view name) const;

private:
    std::vector<std::pair<std::string, std::string>> m_fields; // names in lower case
};

struct HttpReply
{
    int status = 0;
    HttpHeaders headers;
    std::string body; // where the request had no sink, and of failures: at most `max_body`
    uint64_t n_bytes = 0; // of the body, given to the sink or not
    std::string peer; // address of the computer that answered; empty behind a proxy

    std::optional<uint64_t> contentLength() const;
};

/// What a request sends.
struct HttpUpload
{
    uint64_t bytes = 0;
    /// Bytes from `offset` on, as many as fit or are left; what it throws ends the request and is
    /// thrown on. Called again from the beginning where the connection has to be made anew.
    std::function<size_t(uint64_t offset, std::span<std::byte> out)> read;
};
/// The bytes of a text, which is held.
HttpUpload textUpload(std::string text);

struct HttpRequest
{
    enum class Method
    {
        get,
        head,
        post,
        put
    };
    Method method = Method::get;
    std::string url;
    std::string bearer; // token; the caller has checked that this host may see it
    std::vector<std::pair<std::string, std::string>> headers;
    HttpUpload upload; // of post and put
    /// Not to a computer of a local network, whatever its name is: HubError (redirectRefused).
    /// Known only where no proxy looks names up.
    bool public_only = false;
    uint64_t max_body = uint64_t(16) << 20; // without a sink; more is HubError badReply

    /// A reply that has begun and is not whole after this time is given up; of those with a sink
    /// only where `is_small` says so, for a body that goes on and on, however slowly.
    std::chrono::milliseconds small_limit{120'000};
    bool is_small = false;

    /// Called once before the body: false ends the request there, without error.
    std::function<bool(const HttpReply&)> on_headers;
    /// Takes the body of a 2xx reply piece by piece; what it throws ends the request and is thrown
    /// on.
    std::function<void(std::span<const std::byte>)> sink;
};

/// One request that was made, for the log page. Never holds a token or a query.
struct HttpLogEntry
{
    std::string method;
    std::string url;
    std::string range; // of the request
    int status = 0; // 0: no reply
    uint64_t n_bytes = 0;
    double seconds = 0;
    std::string error;
};

/// Shares one limit between all connections that hold it.
class Bandwidth
{
public:
    explicit Bandwidth(uint64_t bytes_per_second = 0)
        : m_rate(bytes_per_second)
    {
    }
    void limit(uint64_t bytes_per_second) { m_rate = bytes_per_second; } // 0: none
    /// Books `n` bytes; how long to wait before more are read.
    std::chrono::nanoseconds spend(uint64_t n);

private:
    std::atomic<uint64_t> m_rate;
    std::atomic<int64_t> m_free_at_ns = 0; // of the steady clock
};

/// What all connections of a program share.
struct HttpContext
{
    HubSettings settings;
    std::shared_ptr<Bandwidth> bandwidth = std::make_shared<Bandwidth>();
    /// Called from the thread of the request.
    std::function<void(const HttpLogEntry&)> on_request;
    /// What a hub wants its users to know (X-HF-Warning), fit to print; with each reply that says
    /// so.
    std::function<void(const std::string&)> on_warning;
};

/// With the limit of bandwidth that the settings name; `bandwidth` changes it later.
std::shared_ptr<HttpContext> makeHttpContext(HubSettings settings);

/// For one thread. Keeps its connection open between requests.
class HttpConnection
{
public:
    explicit HttpConnection(std::shared_ptr<const HttpContext> context);
    ~HttpConnection();
    HttpConnection(HttpConnection&&) noexcept;
    HttpConnection& operator=(HttpConnection&&) noexcept;

    /// Any status is a reply. Throws HubError: noNetwork, timedOut, tlsRefused, badReply,
    /// cancelled.
    HttpReply send(const HttpRequest& request, const std::stop_token& stop);

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace gorgon
