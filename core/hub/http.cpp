// SPDX-License-Identifier: Apache-2.0
#include "core/hub/http.h"

#include <algorithm>
#include <arpa/inet.h>
#include <chrono>
#include <cstring>
#include <curl/curl.h>
#include <exception>
#include <mutex>
#include <sys/socket.h>

#include "core/hub/connection_error.h"
#include "core/hub/hub_error.h"
#include "core/hub/quiet_pipes.h"
#include "core/hub/url.h"

namespace gorgon {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr size_t kMaxHeaderBytes = 128 << 10;
constexpr size_t kMaxFailureBody = 64 << 10;
constexpr long kReceiveBytes = 256 << 10;
constexpr milliseconds kAfterUpload(120'000); // for bytes that the system still holds to send

struct ListDeleter
{
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

class TextList
{
public:
    void add(const std::string& text)
    {
        curl_slist* const longer = curl_slist_append(m_list.get(), text.c_str());
        if (!longer)
            throw std::bad_alloc();
        (void)m_list.release();
        m_list.reset(longer);
    }
    curl_slist* get() const { return m_list.get(); }

private:
    std::unique_ptr<curl_slist, ListDeleter> m_list;
};

/// What the callbacks of one request share.
struct Exchange
{
    const HttpRequest& request;
    HttpReply reply;
    Bandwidth& bandwidth;
    size_t n_header_bytes = 0;
    bool headers_are_done = false;
    bool ended_early = false; // by us, without error
    std::exception_ptr problem; // thrown by what the request calls
    std::string refusal; // the reply cannot be right
    Clock::time_point last_byte = Clock::now();
    Clock::time_point headers_at{}; // when they were done
    Clock::time_point paused_until{};
    uint64_t n_sent = 0; // of the upload, handed to the connection
    std::string private_peer; // that was not connected to
    bool is_paused = false; // the connection keeps what comes

    bool isGood() const { return reply.status >= 200 && reply.status < 300; }
    bool isSmall() const { return request.is_small || !request.sink || !isGood(); }
};

size_t onHeader(char* data, size_t, size_t n, void* user)
{
    Exchange& exchange = *static_cast<Exchange*>(user);
    const std::string_view line(data, n);
    exchange.n_header_bytes += n;
    if (exchange.n_header_bytes > kMaxHeaderBytes) {
        exchange.refusal = "headers of at most 128 kB were expected, more were found";
        return 0;
    }
    HttpReply& reply = exchange.reply;
    if (line.starts_with("HTTP/")) {
        const size_t blank = line.find(' ');
        reply.headers.clear();
        reply.status = blank == line.npos ? 0 : std::atoi(line.data() + blank);
        return n;
    }
    if (const size_t colon = line.find(':'); colon != line.npos && colon > 0)
        reply.headers.add(line.substr(0, colon), line.substr(colon + 1));
    const bool at_end = line.find_first_not_of("\r\n") == line.npos;
    if (!at_end || reply.status < 200 || exchange.headers_are_done)
        return n;
    exchange.headers_are_done = true;
    exchange.last_byte = exchange.headers_at = Clock::now();
    try {
        if (exchange.request.on_headers && !exchange.request.on_headers(reply)) {
            exchange.ended_early = true;
            return 0;
        }
    } catch (...) {
        exchange.problem = std::current_exception();
        return 0;
    }
    return n;
}

size_t onBody(char* data, size_t, size_t n, void* user)
{
    Exchange& exchange = *static_cast<Exchange*>(user);
    HttpReply& reply = exchange.reply;
    if (Clock::now() < exchange.paused_until) {
        exchange.is_paused = true;
        return CURL_WRITEFUNC_PAUSE; // the same bytes come again
    }
    reply.n_bytes += n;
    if (exchange.request.sink && exchange.isGood()) {
        try {
            exchange.request.sink(std::as_bytes(std::span(data, n)));
        } catch (...) {
            exchange.problem = std::current_exception();
            return 0;
        }
        if (const auto delay = exchange.bandwidth.spend(n); delay > milliseconds(10))
            exchange.paused_until = Clock::now() + delay;
    } else {
        if (!exchange.isGood() && reply.body.size() + n > kMaxFailureBody) {
            exchange.ended_early = true; // the status says enough
            return 0;
        }
        if (reply.body.size() + n > exchange.request.max_body) {
            exchange.refusal = "at most " + byteCount(exchange.request.max_body)
                + " were expected, more were found";
            return 0;
        }
        reply.body.append(data, n);
    }
    exchange.last_byte = Clock::now();
    return n;
}

size_t onRead(char* data, size_t, size_t n, void* user)
{
    Exchange& exchange = *static_cast<Exchange*>(user);
    const HttpUpload& upload = exchange.request.upload;
    const size_t wanted = size_t(std::min<uint64_t>(n, upload.bytes - exchange.n_sent));
    if (wanted == 0)
        return 0;
    exchange.last_byte = Clock::now();
    try {
        const size_t given
            = upload.read(exchange.n_sent, std::as_writable_bytes(std::span(data, wanted)));
        exchange.n_sent += given;
        return given;
    } catch (...) {
        exchange.problem = std::current_exception();
        return CURL_READFUNC_ABORT;
    }
}

int onSeek(void* user, curl_off_t offset, int origin)
{
    Exchange& exchange = *static_cast<Exchange*>(user);
    if (origin != SEEK_SET || offset < 0 || uint64_t(offset) > exchange.request.upload.bytes)
        return CURL_SEEKFUNC_FAIL;
    exchange.n_sent = uint64_t(offset);
    return CURL_SEEKFUNC_OK;
}

curl_socket_t onSocket(void* user, curlsocktype, curl_sockaddr* address)
{
    char text[INET6_ADDRSTRLEN] = "";
    if (address->family == AF_INET)
        inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address->addr).sin_addr, text,
            sizeof text);
    else if (address->family == AF_INET6)
        inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address->addr).sin6_addr, text,
            sizeof text);
    if (isPrivateAddress(text) != false) {
        static_cast<Exchange*>(user)->private_peer = text;
        return CURL_SOCKET_BAD; // the name may have another address
    }
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/// That a request goes by a proxy, which then looks its name up.
bool mayUseProxy(const HubSettings& settings, const Url& url)
{
    if (settings.no_proxy)
        return false;
    if (!settings.proxy.empty())
        return true;
    if (url.isLoopback() || !settings.connect_to.empty())
        return false;
    for (const std::string& proxy : environmentProxies())
        if (!proxy.empty())
            return true;
    return false;
}

const char* methodName(HttpRequest::Method method)
{
    switch (method) {
    case HttpRequest::Method::head:
        return "HEAD";
    case HttpRequest::Method::post:
        return "POST";
    case HttpRequest::Method::put:
        return "PUT";
    default:
        return "GET";
    }
}

} // namespace

struct HttpConnection::State
{
    std::shared_ptr<const HttpContext> context;
    CURLM* multi = nullptr;
    CURL* easy = nullptr;

    explicit State(std::shared_ptr<const HttpContext> shared)
        : context(std::move(shared))
    {
        static std::once_flag once;
        std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
        multi = curl_multi_init();
        easy = curl_easy_init();
        if (!multi || !easy)
            throw std::bad_alloc();
    }
    ~State()
    {
        const QuietPipes quiet;
        curl_easy_cleanup(easy);
        curl_multi_cleanup(multi);
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    template <typename T> void set(CURLoption option, T value)
    {
        curl_easy_setopt(easy, option, value);
    }

    void prepare(const HttpRequest& request, const Url& url, Exchange& exchange,
        const TextList& headers, const TextList& connect_to, char* detail);
    void prepareUpload(const HttpRequest& request, Exchange& exchange);
    CURLcode run(Exchange& exchange, const std::stop_token& stop);
};

void HttpConnection::State::prepare(const HttpRequest& request, const Url& url, Exchange& exchange,
    const TextList& headers, const TextList& connect_to, char* detail)
{
    const HubSettings& settings = context->settings;
    curl_easy_reset(easy);
    set(CURLOPT_ERRORBUFFER, detail);
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_HTTP_VERSION, long(CURL_HTTP_VERSION_1_1)); // one connection a file
    set(CURLOPT_HTTP09_ALLOWED, 0L);
    set(CURLOPT_HTTP_CONTENT_DECODING, 0L);
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_SSLVERSION, long(CURL_SSLVERSION_TLSv1_2));
    if (!settings.ca_file.empty()) // note: the system's folder of certificates stays in use
        set(CURLOPT_CAINFO, settings.ca_file.c_str());
    // Requests to this machine, and those sent elsewhere on purpose, do not ask the environment's
    // proxy.
    if (settings.no_proxy)
        set(CURLOPT_PROXY, "");
    else if (!settings.proxy.empty() || url.isLoopback() || connect_to.get())
        set(CURLOPT_PROXY, settings.proxy.c_str());
    if (connect_to.get())
        set(CURLOPT_CONNECT_TO, connect_to.get());
    set(CURLOPT_USERAGENT, settings.user_agent.c_str());
    set(CURLOPT_HTTPHEADER, headers.get());
    set(CURLOPT_CONNECTTIMEOUT_MS, long(settings.connect_ms));
    set(CURLOPT_BUFFERSIZE, kReceiveBytes);
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    const bool sends
        = request.method == HttpRequest::Method::post || request.method == HttpRequest::Method::put;
    if (sends)
        prepareUpload(request, exchange);
    if (request.method == HttpRequest::Method::head)
        set(CURLOPT_NOBODY, 1L);
    set(CURLOPT_HEADERFUNCTION, &onHeader);
    set(CURLOPT_HEADERDATA, &exchange);
    set(CURLOPT_WRITEFUNCTION, &onBody);
    set(CURLOPT_WRITEDATA, &exchange);
    if (request.public_only && !mayUseProxy(settings, url)) {
        set(CURLOPT_OPENSOCKETFUNCTION, &onSocket);
        set(CURLOPT_OPENSOCKETDATA, &exchange);
    }
}

void HttpConnection::State::prepareUpload(const HttpRequest& request, Exchange& exchange)
{
    if (request.method == HttpRequest::Method::put) {
        set(CURLOPT_UPLOAD, 1L);
        set(CURLOPT_INFILESIZE_LARGE, curl_off_t(request.upload.bytes));
    } else {
        set(CURLOPT_POST, 1L);
        set(CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.upload.bytes));
    }
    set(CURLOPT_UPLOAD_BUFFERSIZE, kReceiveBytes);
    set(CURLOPT_READFUNCTION, &onRead);
    set(CURLOPT_READDATA, &exchange);
    set(CURLOPT_SEEKFUNCTION, &onSeek);
    set(CURLOPT_SEEKDATA, &exchange);
}

CURLcode HttpConnection::State::run(Exchange& exchange, const std::stop_token& stop)
{
    const HubSettings& settings = context->settings;
    const std::stop_callback wake(stop, [this] { curl_multi_wakeup(multi); });
    const Clock::time_point begin = Clock::now();
    const auto reply_limit = milliseconds(settings.connect_ms + settings.reply_ms)
        + (exchange.request.upload.bytes > 0 ? kAfterUpload : milliseconds(0));
    curl_multi_add_handle(multi, easy);
    CURLcode result = CURLE_OK;
    for (bool is_over = false; !is_over;) {
        if (stop.stop_requested()) {
            set(CURLOPT_QUICK_EXIT, 1L); // do not wait for a name that is still looked up
            result = CURLE_ABORTED_BY_CALLBACK;
            break;
        }
        int n_running = 0;
        curl_multi_perform(multi, &n_running);
        int n_messages = 0;
        while (const CURLMsg* message = curl_multi_info_read(multi, &n_messages))
            if (message->msg == CURLMSG_DONE) {
                result = message->data.result;
                is_over = true;
            }
        if (is_over)
            break;

        const Clock::time_point now = Clock::now();
        milliseconds nap(100);
        if (exchange.is_paused) {
            exchange.last_byte = now;
            if (now >= exchange.paused_until) {
                exchange.is_paused = false;
                curl_easy_pause(easy, CURLPAUSE_CONT);
                continue;
            }
            nap = std::min(nap, std::chrono::ceil<milliseconds>(exchange.paused_until - now));
        }
        const bool is_late = exchange.headers_are_done
            ? now - exchange.last_byte > milliseconds(settings.stall_ms)
            : now - std::max(begin, exchange.last_byte) > reply_limit;
        const bool is_endless = exchange.headers_are_done && exchange.isSmall()
            && now - exchange.headers_at > exchange.request.small_limit;
        if (is_late || is_endless) {
            result = CURLE_OPERATION_TIMEDOUT;
            break;
        }
        curl_multi_poll(multi, nullptr, 0, int(nap.count()), nullptr);
    }
    curl_multi_remove_handle(multi, easy);
    return result;
}

HttpUpload textUpload(std::string text)
{
    const auto held = std::make_shared<const std::string>(std::move(text));
    return {held->size(), [held](uint64_t offset, std::span<std::byte> out) {
                const size_t n = std::min<size_t>(out.size(), held->size() - offset);
                std::memcpy(out.data(), held->data() + offset, n);
                return n;
            }};
}

HttpConnection::HttpConnection(std::shared_ptr<const HttpContext> context)
    : m_state(std::make_unique<State>(std::move(context)))
{
}

HttpConnection::~HttpConnection() = default;
HttpConnection::HttpConnection(HttpConnection&&) noexcept = default;
HttpConnection& HttpConnection::operator=(HttpConnection&&) noexcept = default;

HttpReply HttpConnection::send(const HttpRequest& request, const std::stop_token& stop)
{
    const Url url = parseUrl(request.url);
    Exchange exchange{.request = request,
        .reply = {},
        .bandwidth = *m_state->context->bandwidth,
        .problem = {},
        .refusal = {},
        .private_peer = {}};
    HttpLogEntry log;
    log.method = methodName(request.method);
    log.url = url.place();
    TextList headers, connect_to;
    headers.add("Accept-Encoding: identity");
    headers.add("Expect:"); // no round trip ahead of an upload
    for (const auto& [name, value] : request.headers) {
        headers.add(name + ": " + value);
        if (name == "Range")
            log.range = value;
    }
    if (!request.bearer.empty())
        headers.add("Authorization: Bearer " + request.bearer);
    for (const std::string& place : m_state->context->settings.connect_to)
        connect_to.add(place);

    const QuietPipes quiet;
    const Clock::time_point begin = Clock::now();
    char detail[CURL_ERROR_SIZE] = "";
    m_state->prepare(request, url, exchange, headers, connect_to, detail);
    const CURLcode code = m_state->run(exchange, stop);
    long os_error = 0;
    curl_easy_getinfo(m_state->easy, CURLINFO_OS_ERRNO, &os_error);
    curl_easy_setopt(m_state->easy, CURLOPT_ERRORBUFFER, nullptr);

    log.status = exchange.reply.status;
    log.n_bytes = exchange.reply.n_bytes;
    log.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    const HubSettings& settings = m_state->context->settings;
    const char* peer = nullptr;
    curl_easy_getinfo(m_state->easy, CURLINFO_PRIMARY_IP, &peer);
    if (peer && !mayUseProxy(settings, url))
        exchange.reply.peer = peer;
    const std::string found
        = withoutSecrets(*detail != '\0' ? detail : curl_easy_strerror(code), settings);
    const bool is_ours = exchange.ended_early || exchange.problem || !exchange.refusal.empty();
    if (code != CURLE_OK && !is_ours)
        log.error = found;
    if (m_state->context->on_request)
        m_state->context->on_request(log);

    if (exchange.problem)
        std::rethrow_exception(exchange.problem);
    if (!exchange.refusal.empty())
        throw HubError(HubErrorKind::badReply,
            log.url + ": " + exchange.refusal + "; try again or change the mirror");
    if (stop.stop_requested() && code == CURLE_ABORTED_BY_CALLBACK)
        throw HubError(HubErrorKind::cancelled, log.url + ": stopped");
    if (code != CURLE_OK && !exchange.private_peer.empty())
        throw HubError(HubErrorKind::redirectRefused,
            log.url + ": a computer of the open network was expected, its name leads to "
                + exchange.private_peer
                + ", an address of the local network; check the network or change the mirror");
    if (code != CURLE_OK && !exchange.ended_early)
        throw connectionError(code, found, os_error, url);
    return std::move(exchange.reply);
}

} // namespace gorgon
