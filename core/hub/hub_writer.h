// SPDX-License-Identifier: Apache-2.0
// What a hub can be told about one repository of ours: that it exists, what is uploaded, what a
// commit holds.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/hub/hub_client.h"
#include "core/hub/push.h"

namespace gorgon {

/// How a large object reaches the hub.
struct LfsAction
{
    bool is_here = false; // nothing is to be sent
    std::string upload_url; // where all of it goes, or where its parts are declared complete
    std::string verify_url; // empty: nothing is to be told
    uint64_t chunk_bytes = 0; // of a part but the last; 0: all at once
    std::vector<std::string> part_urls;
};

/// For one thread. Every call throws HubError; those that change nothing twice are tried again.
class HubWriter
{
public:
    HubWriter(HubClient& client, std::string repository, std::stop_token stop);

    /// False where it is there already.
    bool create(bool is_private);
    /// For each file: whether it goes by LFS; nullopt where the repository ignores it.
    std::vector<std::optional<bool>> uploadModes(const std::vector<const PushFile*>& files);
    LfsAction lfsAction(const PushFile& file);
    /// One request with bytes [first, first + n) of the file; returns the ETag of the reply. A
    /// refused address is kind refusedRequest: it has expired.
    std::string put(const std::string& url, const PushFile& file, uint64_t first, uint64_t n,
        const std::function<void(uint64_t sent)>& on_sent);
    void completeParts(
        const std::string& url, const std::string& oid, const std::vector<std::string>& etags);
    void verify(const std::string& url, const PushFile& file);
    /// One try. `lines`: JSON values, the header first. Returns the commit.
    std::string commit(const std::vector<nlohmann::json>& lines);

    /// Checked: no other protocol, not down to http, not from the open network into a private one.
    std::string checkedAddress(const std::string& url) const;
    int retryCount() const { return m_n_retries; }

private:
    HttpReply send(const std::string& url, const std::string& type, const std::string& body);
    HttpReply sendPatiently(
        const std::string& url, const std::string& type, const std::string& body);

    HubClient& m_client;
    std::string m_repository;
    std::stop_token m_stop;
    int m_n_retries = 0;
};

} // namespace gorgon
