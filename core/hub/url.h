// SPDX-License-Identifier: Apache-2.0
// Addresses of requests and redirects.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gorgon {

struct Url
{
    std::string scheme; // "http" or "https"
    std::string host; // lower case
    int port = 0; // that of the scheme where none is written
    std::string path; // with the query; begins with '/'

    std::string text() const;
    /// Scheme, host, port and path, without the query: fit for logs.
    std::string place() const;
    bool sameOrigin(const Url& other) const;
    bool isLoopback() const; // localhost, 127.*, [::1]
    /// An address of a local network or of this machine, or a name that only such a network knows.
    bool isPrivate() const;
};

/// Of "10.0.0.1" or "fd00::1": whether it lies in a local network, in this machine or in no network
/// that is open to all, also where it stands within another address (mapped, translated, 6to4,
/// Teredo). nullopt where it is no address.
std::optional<bool> isPrivateAddress(std::string_view address);

/// Text for people: without the user name and password of any address in it.
std::string redacted(std::string_view text);

/// HubError (badName) for anything but http and https, user names, broken hosts, control
/// characters.
Url parseUrl(std::string_view text);

/// Where a Location header leads from `from`. HubError (redirectRefused): another protocol, from
/// https to http, from the open network to a private address.
Url redirectTarget(const Url& from, std::string_view location);

} // namespace gorgon
