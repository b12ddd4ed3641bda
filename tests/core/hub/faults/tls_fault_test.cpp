// SPDX-License-Identifier: Apache-2.0
// Certificates that prove nothing (D10).
#include "tests/core/hub/faults/scene.h"

namespace gorgon::tests {
namespace {

FakeHubOptions withCertificates(HubCertificate hub, HubCertificate cdn)
{
    FakeHubOptions options;
    options.tls = true;
    options.hub_certificate = hub;
    options.cdn_certificate = cdn;
    return options;
}

TEST_CASE("D10: with good certificates everything works, cut or not")
{
    Scene scene(withCertificates(HubCertificate::good, HubCertificate::good));
    scene.hub.script(contentFault(cutAfter(70000), 1));
    scene.fetch();
    scene.checkWhole();
    CHECK(rangeStart(scene.contentRequests().back()) <= 70000);
    CHECK(scene.client().files(kModelId, scene.commit).files.size() == 3);
}

TEST_CASE("D10: a hub's bad certificate is refused before a word is said")
{
    HubCertificate kind = HubCertificate::self_signed;
    SUBCASE("self-signed") { }
    SUBCASE("expired")
    {
        kind = HubCertificate::expired;
    }
    SUBCASE("of another host")
    {
        kind = HubCertificate::wrong_host;
    }
    Scene scene(withCertificates(kind, HubCertificate::good));
    scene.settings.token = "hf_known";
    CHECK(scene.failure().kind == HubErrorKind::tlsRefused);
    CHECK(scene.errorOf([](HubClient& client) { client.search({}); }).kind
        == HubErrorKind::tlsRefused);
    CHECK(scene.hub.requests().empty());
}

TEST_CASE("D10: the second host's bad certificate is refused too")
{
    HubCertificate kind = HubCertificate::self_signed;
    SUBCASE("self-signed") { }
    SUBCASE("expired")
    {
        kind = HubCertificate::expired;
    }
    SUBCASE("of another host")
    {
        kind = HubCertificate::wrong_host;
    }
    Scene scene(withCertificates(HubCertificate::good, kind));
    CHECK(scene.failure().kind == HubErrorKind::tlsRefused);
    CHECK(scene.contentRequests().empty());
}

TEST_CASE("D10: an authority that nobody named is not trusted")
{
    Scene scene(withCertificates(HubCertificate::good, HubCertificate::good));
    scene.settings.ca_file.clear();
    CHECK(scene.failure().kind == HubErrorKind::tlsRefused);
    CHECK(scene.hub.requests().empty());
}

TEST_CASE("D10: a list of authorities that is not there is said to be missing")
{
    Scene scene(withCertificates(HubCertificate::good, HubCertificate::good));
    scene.settings.ca_file = scene.folder.path() / "nowhere.pem";
    scene.failure();
    CHECK(scene.hub.requests().empty());
}

TEST_CASE("D10: a handshake that is cut, and a server without TLS")
{
    Scene scene(withCertificates(HubCertificate::good, HubCertificate::good));
    scene.settings.n_retries = 1;
    SUBCASE("cut")
    {
        scene.hub.cutConnections(true);
    }
    SUBCASE("plain")
    {
        FakeHub plain;
        scene.settings.endpoint = "https" + plain.endpoint().substr(4);
        scene.failure();
        CHECK(plain.requests().empty());
    }
    scene.failure();
}

} // namespace
} // namespace gorgon::tests
