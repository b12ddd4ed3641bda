// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_hub_wire.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <chrono>
#include <list>
#include <mutex>
#include <thread>

namespace gorgon::tests {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;

constexpr size_t kPiece = 256 * 1024;
constexpr std::chrono::milliseconds kDripPause{100}; // slower than any speed worth waiting for

const char* reasonOf(unsigned status)
{
    return http::obsolete_reason(http::int_to_status(status)).data();
}

} // namespace

class HubListener::Server
{
public:
    Server(HubHandler handler, const std::optional<HubIdentity>& identity, int send_buffer_bytes)
        : m_handler(std::move(handler))
        , m_acceptor(m_io)
    {
        if (identity) {
            m_tls.emplace(asio::ssl::context::tls_server);
            m_tls->use_certificate_chain(asio::buffer(identity->certificate));
            m_tls->use_private_key(asio::buffer(identity->key), asio::ssl::context::pem);
        }
        m_acceptor.open(Tcp::v4());
        if (send_buffer_bytes > 0)
            m_acceptor.set_option(asio::socket_base::send_buffer_size(send_buffer_bytes));
        m_acceptor.bind({asio::ip::address_v4::loopback(), 0});
        m_acceptor.listen(512);
        m_port = m_acceptor.local_endpoint().port();
        m_accepting = std::thread([this] { accept(); });
    }
    ~Server()
    {
        m_stopped = true;
        ::shutdown(m_acceptor.native_handle(), SHUT_RDWR); // wakes accept
        m_accepting.join();
        {
            const std::lock_guard lock(m_mutex);
            for (Connection& connection : m_connections)
                if (connection.open)
                    ::shutdown(connection.socket.native_handle(), SHUT_RDWR);
        }
        for (Connection& connection : m_connections)
            connection.thread.join();
    }
    uint16_t port() const { return m_port; }

private:
    struct Connection
    {
        Tcp::socket socket;
        std::thread thread;
        bool open = true;
    };

    void accept()
    {
        while (!m_stopped) {
            ErrorCode error;
            Tcp::socket socket(m_io);
            m_acceptor.accept(socket, error);
            if (error)
                continue;
            const std::lock_guard lock(m_mutex);
            for (auto it = m_connections.begin(); it != m_connections.end();) {
                if (!it->open) {
                    it->thread.join();
                    it = m_connections.erase(it);
                } else {
                    ++it;
                }
            }
            Connection& connection
                = m_connections.emplace_back(Connection{std::move(socket), {}, true});
            connection.thread = std::thread([this, &connection] { serve(connection); });
        }
    }

    void serve(Connection& connection)
    {
        try {
            ErrorCode ignored;
            connection.socket.set_option(Tcp::no_delay(true), ignored);
            if (!m_handler.cuts_connections()) {
                if (m_tls) {
                    asio::ssl::stream<Tcp::socket&> stream(connection.socket, *m_tls);
                    stream.handshake(asio::ssl::stream_base::server);
                    converse(stream, connection);
                } else {
                    converse(connection.socket, connection);
                }
            }
        } catch (const std::exception&) { // the other side left
        }
        const std::lock_guard lock(m_mutex);
        ErrorCode ignored;
        connection.socket.close(ignored);
        connection.open = false;
    }

    template <class Stream> void converse(Stream& stream, Connection& connection)
    {
        boost::beast::flat_buffer buffer;
        for (bool more = true; more && !m_stopped;) {
            http::request_parser<http::string_body> parser;
            parser.body_limit(64 << 20);
            http::read(stream, buffer, parser);
            const auto& read = parser.get();
            HubRequest request;
            request.method = std::string(read.method_string());
            request.target = std::string(read.target());
            for (const auto& field : read) {
                std::string name(field.name_string());
                std::transform(name.begin(), name.end(), name.begin(),
                    [](unsigned char letter) { return char(std::tolower(letter)); });
                request.headers.emplace_back(std::move(name), std::string(field.value()));
            }
            request.body = read.body();
            if (request.target.starts_with("http://")) { // as a proxy is asked
                const size_t slash = std::min(request.target.find('/', 7), request.target.size());
                request.proxied_to = request.target.substr(0, slash);
                request.target.erase(0, slash);
            }
            const bool body_wanted = request.method != "HEAD";
            const auto [reply, number] = m_handler.answer(std::move(request));
            more = send(stream, connection, reply, number, body_wanted) && read.keep_alive();
        }
    }

    /// False where the connection ends with this reply.
    template <class Stream>
    bool send(Stream& stream, Connection& connection, const HubReply& reply, size_t number,
        bool body_wanted)
    {
        std::string head
            = "HTTP/1.1 " + std::to_string(reply.status) + " " + reasonOf(reply.status) + "\r\n";
        for (const auto& [name, value] : reply.headers)
            head += name + ": " + value + "\r\n";
        if (reply.framing == HubReply::Framing::length)
            head += "Content-Length: "
                + std::to_string(reply.declared_length.value_or(reply.length)) + "\r\n";
        else if (reply.framing == HubReply::Framing::chunked)
            head += "Transfer-Encoding: chunked\r\n";
        else
            head += "Connection: close\r\n";
        head += "\r\n";
        asio::write(stream, asio::buffer(reply.raw_head.value_or(head)));
        const bool faulty = reply.end != HubReply::End::whole;
        const HubBytes body = reply.body();
        if (!body_wanted) {
            if (faulty)
                endBadly(stream, connection, reply, body, body.size, number);
            return !faulty;
        }
        const uint64_t n = faulty ? std::min(reply.end_after, reply.length) : reply.length;
        sendBody(stream, reply, body, n, number);
        if (faulty) {
            if (reply.at_end)
                reply.at_end();
            endBadly(stream, connection, reply, body, n, number);
            return false;
        }
        if (reply.framing == HubReply::Framing::chunked)
            asio::write(stream, asio::buffer(std::string("0\r\n\r\n")));
        return reply.framing != HubReply::Framing::until_close
            && reply.declared_length.value_or(reply.length) == reply.length;
    }

    template <class Stream>
    void sendBody(
        Stream& stream, const HubReply& reply, const HubBytes& body, uint64_t n, size_t number)
    {
        size_t piece_bytes = kPiece;
        if (reply.bytes_per_second > 0)
            piece_bytes = size_t(std::clamp<uint64_t>(reply.bytes_per_second / 500, 1, kPiece));
        std::vector<char> piece(size_t(std::min<uint64_t>(piece_bytes, n)));
        const auto start = std::chrono::steady_clock::now();
        for (uint64_t done = 0; done < n && !m_stopped;) {
            const std::span<char> part(
                piece.data(), size_t(std::min<uint64_t>(piece.size(), n - done)));
            body.read(done, part);
            writePart(stream, reply, part);
            done += part.size();
            m_handler.sent(number, part.size());
            if (reply.bytes_per_second > 0)
                std::this_thread::sleep_until(
                    start + std::chrono::microseconds(done * 1000000 / reply.bytes_per_second));
        }
    }

    template <class Stream>
    void writePart(Stream& stream, const HubReply& reply, std::span<const char> part)
    {
        if (reply.framing != HubReply::Framing::chunked) {
            asio::write(stream, asio::buffer(part.data(), part.size()));
            return;
        }
        char size[24];
        const int length = std::snprintf(size, sizeof size, "%zx\r\n", part.size());
        asio::write(stream, asio::buffer(size, size_t(length)));
        asio::write(stream, asio::buffer(part.data(), part.size()));
        asio::write(stream, asio::buffer("\r\n", 2));
    }

    template <class Stream>
    void endBadly(Stream& stream, Connection& connection, const HubReply& reply,
        const HubBytes& body, uint64_t n, size_t number)
    {
        switch (reply.end) {
        case HubReply::End::reset:
            connection.socket.set_option(asio::socket_base::linger(true, 0)); // close sends RST
            break;
        case HubReply::End::stall:
            while (waits(connection))
                ;
            break;
        case HubReply::End::drip:
            for (char letter = 0; n < body.size && waits(connection); ++n) {
                body.read(n, std::span(&letter, 1));
                writePart(stream, reply, std::span(&letter, 1));
                m_handler.sent(number, 1);
            }
            break;
        case HubReply::End::close:
        case HubReply::End::whole:
            break;
        }
    }

    /// Lets a moment pass; false where the other side left, or the hub is to stop.
    bool waits(Connection& connection) const
    {
        pollfd watched = {connection.socket.native_handle(), POLLRDHUP, 0};
        return ::poll(&watched, 1, int(kDripPause.count())) == 0 && !m_stopped;
    }

    HubHandler m_handler;
    asio::io_context m_io;
    Tcp::acceptor m_acceptor;
    std::optional<asio::ssl::context> m_tls;
    uint16_t m_port = 0;
    std::atomic<bool> m_stopped{false};
    std::mutex m_mutex; // of the connections
    std::list<Connection> m_connections;
    std::thread m_accepting;
};

HubListener::HubListener(
    HubHandler handler, std::optional<HubIdentity> identity, int send_buffer_bytes)
    : m_server(std::make_unique<Server>(std::move(handler), identity, send_buffer_bytes))
{
}

HubListener::~HubListener() = default;

uint16_t HubListener::port() const
{
    return m_server->port();
}

} // namespace gorgon::tests
