// SPDX-License-Identifier: Apache-2.0
#include "core/hub/url.h"

#include <doctest/doctest.h>

#include "core/hub/hub_error.h"

using namespace gorgon;

TEST_CASE("addresses are taken apart, and fit for logs without their query")
{
    const Url url = parseUrl("https://Hub.Example:8443/a/b?X-Signature=secret");
    CHECK(url.host == "hub.example");
    CHECK(url.port == 8443);
    CHECK(url.text() == "https://hub.example:8443/a/b?X-Signature=secret");
    CHECK(url.place() == "https://hub.example:8443/a/b");
    CHECK(parseUrl("https://hub.example:443/").sameOrigin(parseUrl("https://HUB.example")));
    CHECK(!parseUrl("http://hub.example/").sameOrigin(parseUrl("https://hub.example")));
    for (const std::string text : {"", "hub.example", "file:///etc/passwd", "ftp://x/y", "https://",
             "https://user:word@hub.example/", "https://a b/", "javascript:alert(1)", "//x/y",
             "https://x/\n", "https://[fe80::1%25eth0]/"})
        CHECK_THROWS_AS_MESSAGE(parseUrl(text), HubError, text);
}

TEST_CASE("addresses of this machine and of local networks are known")
{
    for (const std::string text : {"http://127.0.0.1", "http://localhost", "http://127.1.2.3",
             "http://[::1]", "http://2130706433", "http://0x7f.1", "http://x.localhost"})
        CHECK_MESSAGE(parseUrl(text).isLoopback(), text);
    for (const std::string text : {"http://10.0.0.1", "http://192.168.1.1", "http://172.31.0.1",
             "http://169.254.169.254", "http://0.0.0.0", "http://[fd00::1]", "http://[fe80::1]",
             "http://[::ffff:10.0.0.1]", "http://100.64.0.1"})
        CHECK_MESSAGE((parseUrl(text).isPrivate() && !parseUrl(text).isLoopback()), text);
    for (const std::string text : {"http://127.example.com", "http://172.32.0.1", "http://8.8.8.8",
             "http://[2606:4700::1]", "http://localhost.example.com"})
        CHECK_MESSAGE(!parseUrl(text).isPrivate(), text);
}

TEST_CASE("every way to write an address of a local network is known")
{
    for (const std::string text :
        {"http://localhost.", "http://LOCALHOST.:80/x", "http://x.localhost.", "http://127.0.0.1.",
            "http://127.1.", "http://0x7f000001.", "http://2130706433.", "http://017700000001",
            "http://10.1", "http://256.1.1.1.1", "http://router", "http://router.",
            "http://nas.local", "http://db.internal.", "http://x.home.arpa", "http://192.0.0.8",
            "http://198.18.0.1", "http://224.0.0.1", "http://255.255.255.255", "http://[::]",
            "http://[::1]", "http://[0:0:0:0:0:ffff:7f00:1]", "http://[::127.0.0.1]",
            "http://[::ffff:0:10.0.0.1]", "http://[64:ff9b::192.168.1.1]", "http://[64:ff9b:1::1]",
            "http://[2002:c0a8:101::]", "http://[2001:0:4136:e378:8000:63bf:f5ff:fffe]",
            "http://[fec0::1]", "http://[ff02::1]", "http://[fc00::1]", "http://[100::1]"})
        CHECK_MESSAGE(parseUrl(text).isPrivate(), text);
    for (const std::string text : {"http://example.com.", "http://1.1.1.1", "http://[2001:4860::1]",
             "http://[64:ff9b::8.8.8.8]", "http://[2002:808:808::]", "http://[::ffff:8.8.8.8]",
             "http://127.0.0.1.example.com", "http://local.example.com", "http://192.0.1.1"})
        CHECK_MESSAGE(!parseUrl(text).isPrivate(), text);
    CHECK(!parseUrl("http://127.nas.local").isLoopback());
    CHECK(isPrivateAddress("10.0.0.1") == true);
    CHECK(isPrivateAddress("8.8.8.8") == false);
    CHECK(isPrivateAddress("fe80::1") == true);
    CHECK(isPrivateAddress("2606:4700::1") == false);
    CHECK(!isPrivateAddress(""));
    CHECK(!isPrivateAddress("hub.example"));
    const Url hub = parseUrl("https://hub.example/x");
    for (const std::string location :
        {"https://localhost./x", "https://127.0.0.1./", "https://[64:ff9b::a00:1]/", "//router/"})
        CHECK_THROWS_AS_MESSAGE(redirectTarget(hub, location), HubError, location);
}

TEST_CASE("user names and passwords of addresses are not for people")
{
    CHECK(redacted("http://me:word@proxy.example:3128/") == "http://***@proxy.example:3128/");
    CHECK(redacted("from http://a:b@c to https://d@e/f@g, then")
        == "from http://***@c to https://***@e/f@g, then");
    CHECK(redacted("https://hub.example/org/name@main") == "https://hub.example/org/name@main");
    CHECK(redacted("me@example.com") == "me@example.com");
    for (const std::string text : {"https://me:word@hub.example/x", "ftp://me:word@x/"})
        try {
            parseUrl(text);
            FAIL(text);
        } catch (const HubError& error) {
            CHECK_MESSAGE(error.info().details().find("word@") == std::string::npos, text);
        }
}

TEST_CASE("redirects stay encrypted, on http and on the open network")
{
    const Url hub = parseUrl("https://hub.example/org/name/resolve/main/x?y=1");
    CHECK(redirectTarget(hub, "/new/name").text() == "https://hub.example/new/name");
    CHECK(redirectTarget(hub, "https://cdn.example/a%20b?sig=a%2Fb").text()
        == "https://cdn.example/a%20b?sig=a%2Fb");
    CHECK(redirectTarget(hub, "//cdn.example/x").host == "cdn.example");
    for (const std::string location : {"", "http://cdn.example/x", "file:///etc/passwd",
             "ftp://x/y", "https://127.0.0.1/x", "https://localhost:1/x", "https://192.168.0.1/",
             "https://[::1]/", "https://user@cdn.example/", "gopher://x", "data:text/plain,x"})
    {
        try {
            redirectTarget(hub, location);
            FAIL(location);
        } catch (const HubError& error) {
            CHECK_MESSAGE(error.kind() == HubErrorKind::redirectRefused, location);
        }
    }
    const Url local = parseUrl("http://127.0.0.1:8000/x");
    CHECK(redirectTarget(local, "http://localhost:9000/y").port == 9000);
}
