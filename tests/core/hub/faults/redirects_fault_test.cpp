// SPDX-License-Identifier: Apache-2.0
// Where redirects may lead, and what may go along (D9).
#include "tests/core/hub/faults/scene.h"

namespace gorgon::tests {
namespace {

constexpr uint64_t kBytes = 50000;

FakeHubOptions overTls()
{
    FakeHubOptions options;
    options.tls = true;
    return options;
}

TEST_CASE("D9: the token goes to the hub and never to the second host")
{
    for (const bool tls : {false, true}) {
        CAPTURE(tls);
        Scene scene(tls ? overTls() : FakeHubOptions{}, kBytes);
        scene.settings.token = "hf_known";
        scene.settings.token_to_mirror = true;
        scene.hub.script(contentFault(cutAfter(1000), 1));
        scene.fetch();
        scene.fetch(kSmallPath);
        scene.checkWhole();
        size_t n_with = 0;
        for (const HubRequest& request : scene.hub.requests()) {
            const std::string sent = request.header("authorization");
            if (request.host == HubHost::cdn) {
                CHECK(sent.empty());
                for (const auto& [name, value] : request.headers)
                    CHECK(value.find("hf_known") == std::string::npos);
                CHECK(request.header("cookie").empty());
                CHECK(request.header("referer").empty());
            } else {
                CHECK(sent == "Bearer hf_known");
                ++n_with;
            }
            CHECK(request.target.find("hf_known") == std::string::npos);
        }
        CHECK(n_with >= 3);
    }
}

TEST_CASE("D9: a mirror sees no token unless that is allowed")
{
    Scene scene({}, kBytes);
    scene.settings.token = "hf_known";
    scene.settings.token_to_mirror = false;
    scene.fetch();
    scene.client().files(kModelId, scene.commit);
    scene.client().search({});
    for (const HubRequest& request : scene.hub.requests())
        CHECK(request.header("authorization").empty());
}

TEST_CASE("D9: a renamed repository is followed with the token")
{
    Scene scene({}, kBytes);
    scene.settings.token = "hf_known";
    scene.hub.edit([](HubContent& content, HubRules&) {
        content.repositories["org/old"].moved_to = kModelId;
    });
    FetchRequest request = scene.request(kLargePath);
    request.repository = "org/old";
    HubClient client = scene.client();
    CHECK(client.commit("org/old", "main") == scene.commit);
    CHECK(client.files("org/old", scene.commit).files.size() == 3);
    const FetchedFile file = fetchFile(client, HubCache(scene.settings.cache), request);
    CHECK(bytesOf(file.path) == scene.expected());
    for (const HubRequest& seen : scene.hub.requests())
        CHECK(seen.header("authorization").empty() == (seen.host == HubHost::cdn));
}

TEST_CASE("D9: addresses that no redirect may name")
{
    Scene scene({}, kBytes);
    scene.settings.n_retries = 1;
    const std::string secret = (scene.folder.path() / "outside/secret.txt").string();
    std::string address;
    SUBCASE("a file")
    {
        address = "file://" + secret;
    }
    SUBCASE("a file of a host")
    {
        address = "file://localhost" + secret;
    }
    SUBCASE("a file in capitals")
    {
        address = "FILE://" + secret;
    }
    SUBCASE("ftp")
    {
        address = "ftp://localhost/model";
    }
    SUBCASE("gopher")
    {
        address = "gopher://localhost:70/_x";
    }
    SUBCASE("scp")
    {
        address = "scp://localhost/etc/passwd";
    }
    SUBCASE("dict")
    {
        address = "dict://localhost:11211/stat";
    }
    SUBCASE("data")
    {
        address = "data:text/plain,abc";
    }
    SUBCASE("javascript")
    {
        address = "javascript:alert(1)";
    }
    SUBCASE("a share")
    {
        address = "\\\\host\\share\\model";
    }
    SUBCASE("a user name")
    {
        address = "http://user:password@localhost:1/x";
    }
    SUBCASE("no host")
    {
        address = "http:///model";
    }
    SUBCASE("no port")
    {
        address = "http://localhost:99999/model";
    }
    SUBCASE("a blank")
    {
        address = "http://local host/model";
    }
    SUBCASE("a line")
    {
        address = "http://localhost/a\tb";
    }
    SUBCASE("nothing")
    {
        address = "";
    }
    SUBCASE("a scheme alone")
    {
        address = "http:";
    }
    SUBCASE("very long")
    {
        address = "http://localhost/" + std::string(70000, 'x');
    }
    SUBCASE("a backslash")
    {
        address = "http:\\\\localhost\\x";
    }
    CAPTURE(address);
    for (const bool second : {false, true}) {
        CAPTURE(second);
        scene.hub.clearFaults();
        scene.hub.forgetRequests();
        scene.hub.script(second ? contentFault(redirectTo(address))
                                : hubFault("resolve", headerSet("Location", address)));
        scene.failure();
        CHECK(scene.hub.requests().size() <= 8);
    }
}

TEST_CASE("D9: from https nothing leads to http")
{
    FakeHub plain;
    plain.commit(kModelId, {{kLargePath, largeFile(countedBytes(kBytes, 7))}});
    Scene scene(overTls(), kBytes);
    scene.settings.n_retries = 1;
    scene.settings.token = "hf_known";
    const std::string path = std::string("/") + kModelId + "/resolve/main/" + kLargePath;
    SUBCASE("from the hub")
    {
        scene.hub.script(hubFault("resolve", headerSet("Location", plain.endpoint() + path)));
    }
    SUBCASE("from the second host")
    {
        scene.hub.script(contentFault(redirectTo(plain.endpoint() + path)));
    }
    SUBCASE("to the same host")
    {
        scene.hub.script(hubFault("resolve", headerSet("Location", "http://127.0.0.1/x")));
    }
    SUBCASE("in capitals")
    {
        scene.hub.script(
            hubFault("resolve", headerSet("Location", "HTTP" + plain.endpoint().substr(4) + path)));
    }
    CHECK(scene.failure().kind == HubErrorKind::redirectRefused);
    CHECK(plain.requests().empty());
}

TEST_CASE("D9: a listing's redirect and its next page keep the same rules")
{
    FakeHub other;
    Scene scene({}, kBytes);
    scene.settings.n_retries = 1;
    scene.settings.token = "hf_known";
    SUBCASE("redirect to a file")
    {
        scene.hub.script(hubFault("/tree/", redirectTo("file:///etc/passwd")));
        scene.errorOf([&](HubClient& client) { client.files(kModelId, scene.commit); });
    }
    SUBCASE("next page of a file")
    {
        scene.hub.script(
            hubFault("/tree/", headerSet("Link", "<file:///etc/passwd>; rel=\"next\"")));
        scene.errorOf([&](HubClient& client) { client.files(kModelId, scene.commit); });
    }
    SUBCASE("next page elsewhere")
    {
        scene.hub.script(hubFault("/tree/",
            headerSet("Link",
                "<" + other.endpoint() + "/api/models/org/model/tree/main>; rel=\"next\"")));
        scene.errorOf([&](HubClient& client) { client.files(kModelId, scene.commit); });
    }
    SUBCASE("redirect elsewhere")
    {
        scene.hub.script(hubFault("/api/models", redirectTo(other.endpoint() + "/api/models")));
        try {
            scene.client().search({});
        } catch (const HubError& error) {
            CHECK(error.kind() == HubErrorKind::redirectRefused);
        }
    }
    for (const HubRequest& request : other.requests())
        CHECK(request.header("authorization").empty());
}

TEST_CASE("D9: five redirects are followed, more are not, and a loop ends")
{
    Scene scene({}, kBytes);
    scene.settings.n_retries = 0;
    size_t n_hops = 0;
    SUBCASE("three")
    {
        n_hops = 3;
    }
    SUBCASE("nine")
    {
        n_hops = 9;
    }
    SUBCASE("for ever")
    {
        n_hops = 1000;
    }
    scene.hub.script(hubFault("/resolve/", [&](HubReply& reply, const HubRequest& request) {
        const size_t hop = size_t(std::stoul("0" + request.query("hop")));
        if (hop < n_hops)
            redirectTo(request.path() + "?hop=" + std::to_string(hop + 1), 307)(reply, request);
    }));
    if (n_hops == 3) {
        scene.fetch();
        scene.checkWhole();
        return;
    }
    CHECK(scene.failure().kind == HubErrorKind::redirectRefused);
    CHECK(scene.hub.requests().size() <= 7);
    CHECK(scene.contentRequests().empty());
}

TEST_CASE("D9: an address that leads to itself ends, on the second host too")
{
    Scene scene({}, kBytes);
    scene.settings.n_retries = 0;
    scene.hub.script(contentFault([](HubReply& reply, const HubRequest& request) {
        redirectTo(request.target)(reply, request);
    }));
    CHECK(scene.failure().kind == HubErrorKind::redirectRefused);
    CHECK(scene.contentRequests().size() <= 6);
}

TEST_CASE("D9: from the open network nothing leads into this machine or its network")
{
    // The hub is reached under a name that is not this machine's, as far as the client can see.
    FakeHubOptions options = overTls();
    options.hub_name = "hub.example";
    options.cdn_name = "cdn.example";
    Scene scene(options, kBytes);
    scene.settings.n_retries = 0;
    for (const std::string& address : {scene.hub.endpoint(), scene.hub.cdn()}) {
        const size_t colon = address.rfind(':');
        const std::string host = address.substr(8, colon - 8);
        const std::string port = address.substr(colon + 1);
        scene.settings.connect_to.push_back(host + ":" + port + ":127.0.0.1:" + port);
    }
    SUBCASE("the names work")
    {
        scene.fetch();
        scene.checkWhole();
        return;
    }
    const std::string port = scene.hub.cdn().substr(scene.hub.cdn().rfind(':'));
    std::string host;
    SUBCASE("127.0.0.1")
    {
        host = "127.0.0.1";
    }
    SUBCASE("localhost")
    {
        host = "localhost";
    }
    SUBCASE("localhost with a dot")
    {
        host = "localhost.";
    }
    SUBCASE("a name below localhost")
    {
        host = "x.localhost";
    }
    SUBCASE("IPv6")
    {
        host = "[::1]";
    }
    SUBCASE("IPv4 within IPv6")
    {
        host = "[::ffff:127.0.0.1]";
    }
    SUBCASE("short")
    {
        host = "127.1";
    }
    SUBCASE("one number")
    {
        host = "2130706433";
    }
    SUBCASE("hexadecimal")
    {
        host = "0x7f.0.0.1";
    }
    SUBCASE("octal")
    {
        host = "0177.0.0.1";
    }
    SUBCASE("zero")
    {
        host = "0.0.0.0";
    }
    SUBCASE("10.0.0.1")
    {
        host = "10.0.0.1";
    }
    SUBCASE("192.168.1.1")
    {
        host = "192.168.1.1";
    }
    SUBCASE("172.16.0.1")
    {
        host = "172.16.0.1";
    }
    SUBCASE("the cloud's own")
    {
        host = "169.254.169.254";
    }
    SUBCASE("local IPv6")
    {
        host = "[fe80::1]";
    }
    SUBCASE("private IPv6")
    {
        host = "[fd00::1]";
    }
    CAPTURE(host);
    scene.hub.script(
        hubFault("/resolve/", headerSet("Location", "https://" + host + port + "/repos/x")));
    CHECK(scene.failure().kind == HubErrorKind::redirectRefused);
    CHECK(scene.contentRequests().empty());
}

} // namespace
} // namespace gorgon::tests
