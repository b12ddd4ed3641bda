// SPDX-License-Identifier: Apache-2.0
// How the fake hub is written to: repositories made, large files by the LFS protocol (at once or in
// parts), commits as lines of JSON.
#pragma once

#include "tests/support/fake_hub_api.h"

#include <map>
#include <string>

namespace gorgon::tests {

/// What has arrived ahead of a commit.
struct HubUploads
{
    struct Parts
    {
        std::string oid;
        uint64_t size = 0;
        uint64_t chunk = 0;
        uint64_t round = 0; // of the signatures of its addresses
        std::map<unsigned, std::string> arrived; // by number, from 1
    };
    std::map<std::string, std::string> objects; // whole, by SHA-256
    std::map<std::string, Parts> open; // by upload id
    uint64_t n_uploads = 0;
};

/// True of requests that write; those are answered here alone.
bool isUpload(const HubRequest& request);

HubReply uploadReply(const HubRequest& request, HubContent& content, HubUploads& uploads,
    HubRules& rules, const HubAddresses& addresses);

} // namespace gorgon::tests
