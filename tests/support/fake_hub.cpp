// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_hub.h"
#include "tests/support/fake_hub_upload.h"
#include "tests/support/fake_hub_wire.h"

#include <atomic>
#include <mutex>
#include <optional>

namespace gorgon::tests {

struct FakeHub::State
{
    struct Scripted
    {
        HubFault fault;
        unsigned met = 0; // requests it concerned
    };

    mutable std::mutex mutex; // of everything down to `watcher`
    HubContent content;
    HubUploads uploads;
    HubRules rules;
    HubAddresses addresses;
    std::vector<Scripted> faults;
    std::vector<HubRequest> requests;
    size_t n_forgotten = 0;
    std::function<void(const HubRequest&)> watcher;

    std::atomic<bool> cut_connections{false};
    std::unique_ptr<TestAuthority> authority;
    std::optional<HubListener> hub;
    std::optional<HubListener> cdn; // the listeners end first

    std::pair<HubReply, size_t> answer(HubRequest request)
    {
        const std::unique_lock lock(mutex);
        HubReply reply = isUpload(request)
            ? uploadReply(request, content, uploads, rules, addresses)
            : request.host == HubHost::hub ? hubReply(request, content, rules, addresses)
                                           : cdnReply(request, content, rules);
        reply.setHeader("X-Request-Id", "Root=1-" + std::to_string(n_forgotten + requests.size()));
        for (Scripted& scripted : faults) {
            const HubFault& fault = scripted.fault;
            if (!fault.concerns(request))
                continue;
            const unsigned before = scripted.met++;
            if (before >= fault.skip && before - fault.skip < fault.times)
                fault.change(reply, request);
        }
        request.status = reply.status;
        request.first_byte = reply.first;
        requests.push_back(request);
        if (watcher)
            watcher(request);
        return {std::move(reply), n_forgotten + requests.size() - 1};
    }

    HubHandler handler(HubHost host)
    {
        HubHandler handler;
        handler.answer = [this, host](HubRequest request) {
            request.host = host;
            return answer(std::move(request));
        };
        handler.sent = [this](size_t number, uint64_t bytes) {
            const std::lock_guard lock(mutex);
            if (number >= n_forgotten)
                requests[number - n_forgotten].bytes_sent += bytes;
        };
        handler.cuts_connections = [this] { return cut_connections.load(); };
        return handler;
    }
};

FakeHub::FakeHub(const FakeHubOptions& options)
    : m_state(std::make_unique<State>())
{
    State& state = *m_state;
    state.rules = options.rules;
    std::optional<HubIdentity> hub_identity;
    std::optional<HubIdentity> cdn_identity;
    if (options.tls) {
        state.authority = std::make_unique<TestAuthority>();
        hub_identity = state.authority->identity(options.hub_name, options.hub_certificate);
        cdn_identity = state.authority->identity(options.cdn_name, options.cdn_certificate);
    }
    const std::unique_lock lock(state.mutex);
    state.hub.emplace(state.handler(HubHost::hub), hub_identity, options.send_buffer_bytes);
    state.cdn.emplace(state.handler(HubHost::cdn), cdn_identity, options.send_buffer_bytes);
    const std::string scheme = options.tls ? "https://" : "http://";
    state.addresses.hub = scheme + options.hub_name + ":" + std::to_string(state.hub->port());
    state.addresses.cdn = scheme + options.cdn_name + ":" + std::to_string(state.cdn->port());
}

FakeHub::~FakeHub() = default;

std::string FakeHub::endpoint() const
{
    return m_state->addresses.hub;
}
std::string FakeHub::cdn() const
{
    return m_state->addresses.cdn;
}

std::string FakeHub::authorityCertificate() const
{
    return m_state->authority ? m_state->authority->certificate() : "";
}

void FakeHub::edit(const std::function<void(HubContent&, HubRules&)>& change)
{
    const std::lock_guard lock(m_state->mutex);
    change(m_state->content, m_state->rules);
}

std::string FakeHub::commit(const std::string& id, HubFiles files, const std::string& ref)
{
    const std::lock_guard lock(m_state->mutex);
    return m_state->content.commit(id, std::move(files), ref);
}

void FakeHub::script(HubFault fault)
{
    const std::lock_guard lock(m_state->mutex);
    m_state->faults.push_back({std::move(fault)});
}

void FakeHub::clearFaults()
{
    const std::lock_guard lock(m_state->mutex);
    m_state->faults.clear();
}

void FakeHub::cutConnections(bool cut)
{
    m_state->cut_connections = cut;
}

std::vector<HubRequest> FakeHub::requests() const
{
    const std::lock_guard lock(m_state->mutex);
    return m_state->requests;
}

void FakeHub::forgetRequests()
{
    const std::lock_guard lock(m_state->mutex);
    m_state->n_forgotten += m_state->requests.size();
    m_state->requests.clear();
}

void FakeHub::onRequest(std::function<void(const HubRequest&)> watcher)
{
    const std::lock_guard lock(m_state->mutex);
    m_state->watcher = std::move(watcher);
}

} // namespace gorgon::tests
