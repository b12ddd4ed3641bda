// SPDX-License-Identifier: Apache-2.0
// What the hub says about a file before its bytes are asked for (D2).
#include "tests/core/hub/faults/scene.h"

namespace gorgon::tests {
namespace {

constexpr uint64_t kBytes = 200000;

TEST_CASE("D2: a size that cannot be read is not believed")
{
    Scene scene({}, kBytes);
    scene.settings.n_retries = 1;
    std::string size;
    SUBCASE("negative")
    {
        size = "-1";
    }
    SUBCASE("10 TB")
    {
        size = "10000000000000";
    }
    SUBCASE("beyond all numbers")
    {
        size = "99999999999999999999999999";
    }
    SUBCASE("a word")
    {
        size = "many";
    }
    SUBCASE("a sum")
    {
        size = "1e5";
    }
    SUBCASE("hexadecimal")
    {
        size = "0x30d40";
    }
    scene.hub.script(hubFault("resolve", headerSet("X-Linked-Size", size)));
    try {
        scene.fetch(); // what cannot be read is asked of the second host
        scene.checkWhole();
    } catch (const HubError&) {
        scene.checkAbsent();
        CHECK(scene.contentRequests().empty());
        CHECK(scene.partialBytes() == 0);
    }
}

TEST_CASE("D2: sizes that are no file's are refused before a byte is asked for")
{
    Scene scene({}, kBytes);
    std::string size;
    SUBCASE("10 TB")
    {
        size = "10000000000000";
    }
    SUBCASE("more than any disk has")
    {
        size = "4398046511103";
    }
    scene.hub.script(hubFault("resolve", headerSet("X-Linked-Size", size)));
    scene.failure();
    CHECK(scene.contentRequests().empty());
    CHECK(scene.partialBytes() == 0);
}

TEST_CASE("D2: the hash that the address states becomes a name only where it is one")
{
    Scene scene({}, kBytes);
    scene.settings.n_retries = 1;
    std::string etag;
    SUBCASE("leads out")
    {
        etag = "../../../outside/secret.txt";
    }
    SUBCASE("absolute")
    {
        etag = "/etc/passwd";
    }
    SUBCASE("too short")
    {
        etag = "abc";
    }
    SUBCASE("capitals")
    {
        etag = std::string(64, 'A');
    }
    SUBCASE("empty")
    {
        etag = "";
    }
    SUBCASE("300 digits")
    {
        etag = std::string(300, 'a');
    }
    SUBCASE("a dot")
    {
        etag = ".";
    }
    scene.hub.script(hubFault("resolve", headerSet("X-Linked-ETag", '"' + etag + '"')));
    scene.failure();
    CHECK(scene.contentRequests().empty());
}

TEST_CASE("D2: weak and bare ETags name the same file")
{
    Scene scene({}, kBytes);
    const std::string etag = scene.files[kLargePath].etag;
    SUBCASE("weak")
    {
        scene.hub.script(hubFault("resolve", headerSet("X-Linked-ETag", "W/\"" + etag + "\"")));
    }
    SUBCASE("bare")
    {
        scene.hub.script(hubFault("resolve", headerSet("X-Linked-ETag", etag)));
    }
    scene.fetch();
    scene.checkWhole();
}

TEST_CASE("D2: headers that are missing make no hub")
{
    Scene scene({}, kBytes);
    scene.settings.n_retries = 1;
    SUBCASE("the commit")
    {
        scene.hub.script(hubFault("resolve", headerDropped("X-Repo-Commit")));
        CHECK(scene.failure().kind == HubErrorKind::notAHub);
    }
    SUBCASE("another commit than the one asked for")
    {
        scene.hub.script(hubFault("resolve", headerSet("X-Repo-Commit", std::string(40, 'a'))));
        scene.failure();
    }
    SUBCASE("the commit leads out")
    {
        scene.hub.script(hubFault("resolve", headerSet("X-Repo-Commit", "../../../outside")));
        scene.failure();
    }
    SUBCASE("the address")
    {
        scene.hub.script(hubFault("resolve", headerDropped("Location")));
        scene.failure();
    }
    CHECK(scene.contentRequests().empty());
}

TEST_CASE("D2: headers of a protocol we do not speak are passed over")
{
    FakeHubOptions options;
    options.rules.xet_headers = true;
    Scene scene(options, kBytes);
    scene.fetch();
    scene.checkWhole();
}

TEST_CASE("D2: an empty file is a file")
{
    Scene scene({}, 0);
    scene.files["empty.txt"] = smallFile("");
    scene.commit = scene.hub.commit(kModelId, scene.files);
    scene.fetch();
    scene.checkWhole();
    scene.fetch("empty.txt");
    scene.checkWhole("empty.txt");
}

} // namespace
} // namespace gorgon::tests
