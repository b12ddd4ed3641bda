// SPDX-License-Identifier: Apache-2.0
// A certificate authority for one run of the tests, and the certificates it gives out or should
// not.
#pragma once

#include <memory>
#include <string>

namespace gorgon::tests {

enum class HubCertificate
{
    good,
    self_signed,
    expired,
    wrong_host
};

struct HubIdentity
{
    std::string certificate; // PEM
    std::string key; // PEM
};

class TestAuthority
{
public:
    TestAuthority();
    ~TestAuthority();

    /// What a client must trust, in PEM.
    std::string certificate() const;
    /// For `name` ("localhost" or an address such as "127.0.0.1"), as good or bad as `kind` says.
    HubIdentity identity(const std::string& name, HubCertificate kind) const;

private:
    struct Keys;
    std::unique_ptr<Keys> m_keys;
};

} // namespace gorgon::tests
