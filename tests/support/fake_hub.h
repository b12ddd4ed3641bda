// SPDX-License-Identifier: Apache-2.0
// A model hub and its second host (CDN) inside the test: HTTP or TLS on the loopback interface,
// with faults by script and a record of every request.
#pragma once

#include "tests/support/fake_hub_api.h"
#include "tests/support/fake_hub_faults.h"
#include "tests/support/fake_hub_tls.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace gorgon::tests {

struct FakeHubOptions
{
    bool tls = false;
    HubCertificate hub_certificate = HubCertificate::good;
    HubCertificate cdn_certificate = HubCertificate::good;
    int send_buffer_bytes = 64 * 1024; // between the two sides; 0: as the system likes
    // Two names of this machine, so that the hosts differ by more than a port.
    std::string hub_name = "127.0.0.1";
    std::string cdn_name = "localhost";
    HubRules rules;
};

class FakeHub
{
public:
    explicit FakeHub(const FakeHubOptions& options = {});
    ~FakeHub();

    std::string endpoint() const; // "http://127.0.0.1:1234"
    std::string cdn() const;
    std::string authorityCertificate() const; // PEM; what a client must trust

    void edit(const std::function<void(HubContent&, HubRules&)>& change);
    /// Adds a commit and moves `ref` to it; returns its 40 digits.
    std::string commit(const std::string& id, HubFiles files, const std::string& ref = "main");

    void script(HubFault fault);
    void clearFaults();
    /// Connections end before a word is said, also before a handshake.
    void cutConnections(bool cut);

    std::vector<HubRequest> requests() const; // in the order they came
    void forgetRequests();
    /// Called at the end of each reply's head, from its connection's thread.
    void onRequest(std::function<void(const HubRequest&)> watcher);

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace gorgon::tests
