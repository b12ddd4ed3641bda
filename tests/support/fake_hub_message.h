// SPDX-License-Identifier: Apache-2.0
// Requests and replies of the fake hub as values, and how a reply leaves.
#pragma once

#include "tests/support/fake_hub_content.h"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gorgon::tests {

enum class HubHost
{
    hub,
    cdn
};

struct HubRequest
{
    HubHost host = HubHost::hub;
    std::string method;
    std::string target; // as it was sent
    std::vector<std::pair<std::string, std::string>> headers; // names in lower case
    std::string body;
    std::string proxied_to; // "http://HOST:PORT" where this server was asked as a proxy
    unsigned status = 0; // of the reply
    uint64_t first_byte = 0; // of the file, where the reply begins
    uint64_t bytes_sent = 0; // of the reply's body, handed to the system

    /// Empty where there is no such header.
    std::string header(std::string_view name) const;
    /// The target without what follows "?".
    std::string path() const { return target.substr(0, target.find('?')); }
    /// A decoded value behind "?"; `otherwise` where it is absent.
    std::string query(std::string_view name, std::string otherwise = "") const;
};

std::string percentDecoded(std::string_view text);
/// All but letters, digits and -._~/ as %XX.
std::string percentEncoded(std::string_view text);

struct HubReply
{
    enum class Framing
    {
        length,
        chunked,
        until_close
    };
    enum class End
    {
        whole,
        close,
        reset,
        stall,
        drip
    };

    unsigned status = 200;
    std::vector<std::pair<std::string, std::string>> headers;
    HubBytes whole; // the file; the body is `length` bytes of it from `first`
    uint64_t first = 0;
    uint64_t length = 0;

    Framing framing = Framing::length;
    std::optional<uint64_t> declared_length; // instead of `length`
    End end = End::whole; // what happens after `end_after` bytes of the body
    uint64_t end_after = 0;
    uint64_t bytes_per_second = 0; // 0: as fast as it goes
    std::function<void()> at_end; // called there, before it happens
    std::optional<std::string> raw_head; // all that is sent ahead of the body; empty: nothing is

    std::string header(std::string_view name) const;
    void setHeader(std::string_view name, std::string value);
    void dropHeader(std::string_view name);
    void setBody(std::string text);
    HubBytes body() const { return partOf(whole, first, length); }
};

HubReply textReply(unsigned status, std::string type, std::string text);

} // namespace gorgon::tests
