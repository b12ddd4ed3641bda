// SPDX-License-Identifier: Apache-2.0
// Replies that are not what was asked for (D2).
#include "tests/core/hub/faults/scene.h"

namespace gorgon::tests {
namespace {

constexpr uint64_t kBytes = 200000;
constexpr uint64_t kCut = 77777;

/// The first reply is cut; the second, to a range, goes wrong once.
void cutThen(Scene& scene, HubChange change)
{
    scene.hub.script(contentFault(cutAfter(kCut), 1));
    scene.hub.script(contentFault(std::move(change), 1, 1));
}

TEST_CASE("D2: 200 for a range begins again, and nothing is appended blindly")
{
    Scene scene({}, kBytes);
    cutThen(scene, rangeIgnored());
    scene.fetch();
    scene.checkWhole();
    CHECK(rangeStart(scene.contentRequests()[1]) == kCut);
}

TEST_CASE("D2: a server without ranges serves a file that is cut once in between")
{
    Scene scene({}, kBytes);
    scene.hub.script(contentFault(rangeIgnored()));
    scene.hub.script(contentFault(cutAfter(kCut), 1));
    scene.fetch();
    scene.checkWhole();
}

TEST_CASE("D2: 416 in the middle of a file begins again")
{
    Scene scene({}, kBytes);
    cutThen(scene, rangeRefused());
    scene.fetch();
    scene.checkWhole();
}

TEST_CASE("D2: 416 for ever is an error")
{
    Scene scene({}, kBytes);
    scene.hub.script(contentFault(cutAfter(kCut), 1));
    scene.hub.script(contentFault(rangeRefused(), HubFault::kAlways, 1));
    scene.failure();
}

TEST_CASE("D2: everything is there but its name: no byte is fetched again")
{
    Scene scene({}, kBytes);
    scene.settings.n_retries = 0;
    // The length says one more byte than there is, so the body arrives whole and the reply fails.
    scene.hub.script(contentFault(lengthDeclared(kBytes + 1), 1));
    try {
        scene.fetch();
    } catch (const HubError&) {
        CHECK(scene.partialBytes() <= kBytes);
        scene.fetch();
    }
    scene.checkWhole();
}

TEST_CASE("D2: a wrong Content-Range is never written where it does not belong")
{
    Scene scene({}, kBytes);
    SUBCASE("begins before")
    {
        cutThen(scene, rangeClaimed(kCut - 1000, kBytes));
    }
    SUBCASE("begins behind")
    {
        cutThen(scene, rangeClaimed(kCut + 1000, kBytes));
    }
    SUBCASE("begins at 0")
    {
        cutThen(scene, rangeClaimed(0, kBytes));
    }
    SUBCASE("of another file")
    {
        cutThen(scene, rangeClaimed(kCut, kBytes + 5));
    }
    SUBCASE("missing")
    {
        cutThen(scene, headerDropped("Content-Range"));
    }
    SUBCASE("no number")
    {
        cutThen(scene, headerSet("Content-Range", "bytes x-y/z"));
    }
    SUBCASE("beyond all numbers")
    {
        cutThen(scene, headerSet("Content-Range", "bytes 99999999999999999999999-1/2"));
    }
    SUBCASE("another unit")
    {
        cutThen(scene, headerSet("Content-Range", "lines 1-2/3"));
    }
    SUBCASE("the bytes too")
    {
        cutThen(scene, [](HubReply& reply, const HubRequest&) {
            reply.first -= 5000; // what is sent is what is claimed, not what was asked for
            reply.length += 5000;
            reply.setHeader("Content-Range",
                "bytes " + std::to_string(reply.first) + "-199999/" + std::to_string(kBytes));
        });
    }
    scene.fetch();
    scene.checkWhole();
}

TEST_CASE("D2: 206 to a request without a range")
{
    Scene scene({}, kBytes);
    SUBCASE("of the whole")
    {
        scene.hub.script(contentFault(
            [](HubReply& reply, const HubRequest&) {
                reply.status = 206;
                reply.setHeader("Content-Range", "bytes 0-199999/200000");
            },
            1));
    }
    SUBCASE("of a part")
    {
        scene.hub.script(contentFault(
            [](HubReply& reply, const HubRequest&) {
                reply.status = 206;
                reply.first = 1000;
                reply.length = kBytes - 1000;
                reply.setHeader("Content-Range", "bytes 1000-199999/200000");
            },
            1));
    }
    try {
        scene.fetch();
    } catch (const HubError& error) {
        CHECK(error.kind() == HubErrorKind::badReply);
        scene.checkAbsent();
        scene.fetch();
    }
    scene.checkWhole();
}

TEST_CASE("D2: another ETag on the second host is another copy, of which nothing is joined unseen")
{
    Scene scene({}, kBytes);
    cutThen(scene, etagChanged("0123456789abcdef0123456789abcdef"));
    scene.fetch();
    scene.checkWhole();
}

TEST_CASE("D2: a file that changes between two runs is the new one, whole")
{
    Scene scene({}, kBytes);
    scene.settings.n_retries = 0;
    scene.hub.script(contentFault(cutAfter(kCut), 1));
    scene.failure();
    scene.files[kLargePath] = largeFile(countedBytes(kBytes, 8));
    scene.commit = scene.hub.commit(kModelId, scene.files);
    scene.fetch();
    CHECK(bytesOf(scene.blob()) == scene.expected());
    scene.checkOutside();
    const auto last = scene.contentRequests().back();
    CHECK(rangeStart(last) == 0);
}

TEST_CASE("D2: the address says another hash than the listing: an error, not a wrong file")
{
    Scene scene({}, kBytes);
    const std::string other(64, 'a');
    scene.hub.script(hubFault("resolve", etagChanged(other)));
    FetchRequest request = scene.request(kLargePath);
    SUBCASE("told")
    {
        request.etag = scene.files[kLargePath].etag;
    }
    SUBCASE("not told") { }
    scene.errorOf(
        [&](HubClient& client) { fetchFile(client, HubCache(scene.settings.cache), request); });
    scene.checkAbsent();
    CHECK(!std::filesystem::exists(scene.repositoryFolder() / "blobs" / other));
    scene.checkOutside();
}

TEST_CASE("D2: a body shorter or longer than the file")
{
    Scene scene({}, kBytes);
    int64_t change = 0;
    SUBCASE("a byte shorter")
    {
        change = -1;
    }
    SUBCASE("half")
    {
        change = -100000;
    }
    SUBCASE("empty")
    {
        change = -200000;
    }
    SUBCASE("a byte longer")
    {
        change = 1;
    }
    SUBCASE("a megabyte longer")
    {
        change = 1000000;
    }
    SUBCASE("always")
    {
        scene.settings.n_retries = 2;
        scene.hub.script(contentFault(bodyResized(500)));
        scene.failure();
        CHECK(scene.partialBytes() <= kBytes);
        scene.hub.clearFaults();
    }
    if (change != 0)
        scene.hub.script(contentFault(bodyResized(change), 1));
    try {
        scene.fetch();
    } catch (const HubError& error) {
        CAPTURE(error.what());
        scene.checkAbsent();
        CHECK(scene.partialBytes() <= kBytes);
        scene.fetch();
    }
    scene.checkWhole();
}

TEST_CASE("D2: a length that the body does not keep")
{
    Scene scene({}, kBytes);
    SUBCASE("too long")
    {
        scene.hub.script(contentFault(lengthDeclared(kBytes + 999), 1));
    }
    SUBCASE("too short")
    {
        scene.hub.script(contentFault(lengthDeclared(kBytes - 999), 1));
    }
    try {
        scene.fetch();
    } catch (const HubError&) {
        scene.checkAbsent();
        scene.fetch();
    }
    scene.checkWhole();
}

TEST_CASE("D2: no Content-Length")
{
    Scene scene({}, kBytes);
    using Framing = HubReply::Framing;
    SUBCASE("until the connection ends")
    {
        scene.hub.script(contentFault(lengthUntold(Framing::until_close)));
    }
    SUBCASE("in pieces")
    {
        scene.hub.script(contentFault(lengthUntold(Framing::chunked)));
    }
    SUBCASE("until the connection ends, too early")
    {
        scene.hub.script(contentFault(lengthUntold(Framing::until_close)));
        scene.hub.script(contentFault(cutAfter(kCut), 1));
    }
    SUBCASE("in pieces, cut")
    {
        scene.hub.script(contentFault(lengthUntold(Framing::chunked)));
        scene.hub.script(contentFault(cutAfter(kCut), 1));
    }
    scene.fetch();
    scene.checkWhole();
    CHECK(scene.servedBytes(kBytes) == kBytes);
}

TEST_CASE("D2: a body without end stops where the file ends")
{
    Scene scene({}, kBytes);
    scene.settings.n_retries = 1;
    scene.hub.script(contentFault([](HubReply& reply, const HubRequest&) {
        reply.whole = countedBytes(uint64_t(1) << 40, 7);
        reply.length = reply.whole.size - reply.first;
        reply.framing = HubReply::Framing::until_close;
        reply.dropHeader("Content-Range");
        reply.status = 200;
    }));
    try {
        scene.fetch();
        CHECK(bytesOf(scene.blob()).size() == kBytes);
    } catch (const HubError&) {
        scene.checkAbsent();
    }
    CHECK(scene.partialBytes() <= kBytes);
    CHECK(scene.servedBytes() < 64 * kBytes);
}

TEST_CASE("D2: gzip that nobody asked for")
{
    Scene scene({}, kBytes);
    std::string path = kLargePath;
    SUBCASE("once")
    {
        scene.hub.script(contentFault(gzipAdded(), 1));
    }
    SUBCASE("always")
    {
        scene.settings.n_retries = 1;
        scene.hub.script(contentFault(gzipAdded()));
        scene.failure();
        scene.hub.clearFaults();
    }
    SUBCASE("a small file")
    {
        path = kSmallPath;
        scene.hub.script(hubFault("resolve-cache", gzipAdded(), 1, "GET"));
    }
    try {
        scene.fetch(path);
    } catch (const HubError&) {
        scene.checkAbsent(path);
        scene.fetch(path);
    }
    scene.checkWhole(path);
    for (const HubRequest& request : scene.hub.requests())
        CHECK(request.header("accept-encoding") == "identity");
}

TEST_CASE("D2: a signed address that expired is asked for anew")
{
    Scene scene({}, kBytes);
    SUBCASE("at once")
    {
        scene.hub.script(contentFault(addressExpired(), 1));
        scene.fetch();
    }
    SUBCASE("between cut and range")
    {
        cutThen(scene, addressExpired());
        scene.fetch();
        CHECK(scene.servedBytes() < kBytes + 1000); // and a page that says so
    }
    SUBCASE("between two runs")
    {
        scene.settings.n_retries = 0;
        scene.hub.script(contentFault(cutAfter(kCut), 1));
        scene.failure();
        scene.hub.edit([](HubContent&, HubRules& rules) { ++rules.signing_round; });
        scene.fetch();
        CHECK(scene.servedBytes(kBytes) == kBytes);
    }
    scene.checkWhole();
    CHECK(scene.requestsOf("HEAD", "resolve").size() >= 2);
}

TEST_CASE("D2: addresses that are always expired end in an error")
{
    Scene scene({}, kBytes);
    scene.hub.script(contentFault(addressExpired()));
    scene.failure();
    CHECK(scene.contentRequests().size() < 20);
}

} // namespace
} // namespace gorgon::tests
