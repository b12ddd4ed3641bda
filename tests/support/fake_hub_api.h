// SPDX-License-Identifier: Apache-2.0
// What a hub answers when nothing goes wrong.
#pragma once

#include "tests/support/fake_hub_message.h"

#include <optional>
#include <set>

namespace gorgon::tests {

struct HubRules
{
    size_t page_entries = 1000; // of a listing
    bool small_files_elsewhere = true; // by a relative redirect, as the hub does
    bool xet_headers = false; // those a client without that protocol passes over
    bool gzip_files = false; // files that compress arrive compressed, asked for or not
    uint64_t signing_round = 0; // addresses of the second host signed in another are expired

    // Of uploads.
    std::set<std::string> writers; // tokens that may write
    uint64_t large_from = 1000; // bytes: these go by LFS
    uint64_t upload_chunk_bytes = 0; // of a part; 0: all at once
    uint64_t max_upload_bytes = UINT64_MAX; // the hub takes no larger file
    std::optional<unsigned> uploads_until_cut; // so many arrive, later ones are cut off
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
