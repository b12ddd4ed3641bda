// SPDX-License-Identifier: Apache-2.0
// What a hub answers when nothing goes wrong.
#pragma once

#include "tests/support/fake_hub_message.h"

namespace gorgon::tests {

struct HubRules
{
    size_t page_entries = 1000; // of a listing
    bool small_files_elsewhere = true; // by a relative redirect, as the hub does
    bool xet_headers = false; // those a client without that protocol passes over
    bool gzip_files = false; // files that compress arrive compressed, asked for or not
    uint64_t signing_round = 0; // addresses of the second host signed in another are expired
};

struct HubAddresses
{
    std::string hub; // "http://127.0.0.1:1234"
    std::string cdn;
};

HubReply hubReply(const HubRequest& request, const HubContent& content, const HubRules& rules,
    const HubAddresses& addresses);
HubReply cdnReply(const HubRequest& request, const HubContent& content, const HubRules& rules);

/// Cuts a reply of status 200 to what Range asks for, where If-Range allows it.
void applyRange(HubReply& reply, const HubRequest& request);

/// The address under which the second host serves a large file.
std::string signedAddress(const std::string& cdn, const std::string& sha256, uint64_t round);

} // namespace gorgon::tests
