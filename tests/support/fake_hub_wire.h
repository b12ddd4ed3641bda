// SPDX-License-Identifier: Apache-2.0
// One port of the fake hub: HTTP/1.1 on the loopback interface, a thread for each connection.
#pragma once

#include "tests/support/fake_hub_message.h"
#include "tests/support/fake_hub_tls.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace gorgon::tests {

/// Called from the threads of the connections.
struct HubHandler
{
    /// The reply to a request, and the number under which it is counted.
    std::function<std::pair<HubReply, size_t>(HubRequest)> answer;
    std::function<void(size_t number, uint64_t bytes)> sent;
    std::function<bool()> cuts_connections; // before a word is said
};

class HubListener
{
public:
    /// Plain without an identity. `send_buffer_bytes` bounds what lies between the two sides.
    HubListener(HubHandler handler, std::optional<HubIdentity> identity, int send_buffer_bytes);
    ~HubListener(); // ends every connection

    uint16_t port() const;

private:
    class Server;
    std::unique_ptr<Server> m_server;
};

} // namespace gorgon::tests
