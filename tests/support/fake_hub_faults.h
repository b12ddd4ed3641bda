// SPDX-License-Identifier: Apache-2.0
// Faults by script: which replies go wrong, and how.
#pragma once

#include "tests/support/fake_hub_message.h"

#include <optional>

namespace gorgon::tests {

using HubChange = std::function<void(HubReply&, const HubRequest&)>;

/// Changes the replies to requests whose target holds `path`: `times` of them after the first
/// `skip`.
struct HubFault
{
    static constexpr unsigned kAlways = ~0U;

    std::string path; // empty: every one
    HubChange change;
    unsigned times = kAlways;
    unsigned skip = 0;
    std::optional<HubHost> host;
    std::string method = "GET"; // empty: any

    bool concerns(const HubRequest& request) const;
};

// A body that ends early, or never.
HubChange cutAfter(uint64_t n_bytes);
HubChange resetAfter(uint64_t n_bytes);
HubChange stallAfter(uint64_t n_bytes);
HubChange dripAfter(uint64_t n_bytes); // then ten bytes a second
HubChange cutAtFileByte(uint64_t offset); // where the reply holds it
HubChange unanswered(HubReply::End end); // not a byte, and then this
HubChange headReplaced(std::string head); // these bytes, and the end of the connection
HubChange slowedTo(uint64_t bytes_per_second);

// A reply that is not what was asked for.
HubChange rangeIgnored(); // 200 and the whole file
HubChange rangeClaimed(uint64_t first, uint64_t size); // Content-Range says this
HubChange rangeRefused(); // 416
HubChange etagChanged(std::string etag);
HubChange bodyResized(int64_t change); // and said so in Content-Length
HubChange lengthDeclared(uint64_t n_bytes); // a Content-Length that the body does not keep
HubChange lengthUntold(HubReply::Framing framing);
HubChange gzipAdded();
HubChange bitFlipped(uint64_t offset); // of the file
HubChange headerSet(std::string name, std::string value);
HubChange headerDropped(std::string name);

// Another reply altogether.
HubChange statusOf(unsigned status, std::string text = "");
HubChange tooMany(std::string retry_after);
HubChange redirectTo(std::string address, unsigned status = 302);
HubChange addressExpired();
HubChange captivePortal();
HubChange pageOf(std::string type, std::string text, unsigned status = 200);

HubChange bothOf(HubChange first, HubChange second);

/// `text` as gzip writes it, in stored blocks.
std::string gzipOf(const std::string& text);

/// "cut:1000", "status:503" and so on, as the command line of the server names them.
HubChange changeNamed(const std::string& text);

} // namespace gorgon::tests
