// SPDX-License-Identifier: Apache-2.0
// Connections that end, hang or crawl (D1).
#include "tests/core/hub/faults/scene.h"

#include <thread>

namespace gorgon::tests {
namespace {

constexpr uint64_t kBytes = 200000;

TEST_CASE("D1: a download cut at any of 200 points goes on where it was cut")
{
    Scene scene({}, kBytes);
    TestRandom random(101);
    for (int i = 0; i < 200; ++i) {
        const uint64_t point = i < 3 ? uint64_t(i)
            : i < 6                  ? kBytes - uint64_t(i - 3)
                                     : random.below(kBytes);
        CAPTURE(point);
        std::filesystem::remove_all(scene.settings.cache);
        scene.hub.clearFaults();
        scene.hub.forgetRequests();
        scene.hub.script(contentFault(cutAfter(point), 1));
        scene.fetch();
        scene.checkWhole();
        const auto content = scene.contentRequests();
        REQUIRE(content.size() == (point < kBytes ? 2 : 1));
        CHECK(rangeStart(content.back()) == point % kBytes);
        CHECK(scene.servedBytes(kBytes) == kBytes);
    }
}

TEST_CASE("D1: a new run goes on where the last was cut, at any of 200 points")
{
    Scene scene({}, kBytes);
    scene.settings.n_retries = 0;
    TestRandom random(102);
    for (int i = 0; i < 200; ++i) {
        const uint64_t point = 1 + random.below(kBytes - 1);
        CAPTURE(point);
        std::filesystem::remove_all(scene.settings.cache);
        scene.hub.clearFaults();
        scene.hub.forgetRequests();
        scene.hub.script(contentFault(cutAfter(point), 1));
        CHECK(scene.failure().kind == HubErrorKind::noNetwork);
        CHECK(scene.partialBytes() == point);
        const FetchedFile file = scene.fetch();
        scene.checkWhole();
        CHECK(file.n_resumed == point);
        CHECK(file.n_received == kBytes - point);
        CHECK(rangeStart(scene.contentRequests().back()) == point);
        CHECK(scene.servedBytes(kBytes) == kBytes);
    }
}

TEST_CASE("D1: retries are counted from the last byte that arrived")
{
    Scene scene({}, kBytes);
    scene.settings.n_retries = 1;
    scene.hub.script(contentFault(cutAfter(kBytes / 41), 40));
    scene.fetch();
    scene.checkWhole();
    CHECK(scene.servedBytes(kBytes) == kBytes);
}

TEST_CASE("D1: without a byte between them the retries end, with pauses from one to eight seconds")
{
    Scene scene({}, kBytes);
    scene.settings.n_retries = 6;
    scene.hub.script(contentFault(cutAfter(0)));
    CHECK(scene.failure().kind == HubErrorKind::noNetwork);
    const auto sleeps = scene.clock->sleeps();
    REQUIRE(sleeps.size() == 6);
    for (size_t i = 0; i < sleeps.size(); ++i) {
        CAPTURE(i);
        const auto usual = std::chrono::seconds(i < 3 ? 1 << i : 8);
        CHECK(sleeps[i] >= usual / 2);
        CHECK(sleeps[i] <= usual * 2);
    }
    CHECK(scene.contentRequests().size() == 7);
}

TEST_CASE("D1: a reset connection costs at most what was on the way")
{
    Scene scene({}, kBytes);
    TestRandom random(103);
    for (int i = 0; i < 20; ++i) {
        const uint64_t point = random.below(kBytes);
        CAPTURE(point);
        std::filesystem::remove_all(scene.settings.cache);
        scene.hub.clearFaults();
        scene.hub.forgetRequests();
        scene.hub.script(contentFault(resetAfter(point), 1));
        scene.fetch();
        scene.checkWhole();
        CHECK(rangeStart(scene.contentRequests().back()) <= point);
    }
}

TEST_CASE("D1: a stalled body is given up and resumed")
{
    Scene scene({}, kBytes);
    scene.settings.stall_ms = 100;
    scene.hub.script(contentFault(stallAfter(70000), 1));
    scene.fetch();
    scene.checkWhole();
    CHECK(rangeStart(scene.contentRequests().back()) == 70000);
    CHECK(scene.servedBytes(kBytes) == kBytes);
}

TEST_CASE("D1: a body that stalls again and again without a byte times out")
{
    Scene scene({}, kBytes);
    scene.settings.stall_ms = 50;
    scene.hub.script(contentFault(stallAfter(0)));
    CHECK(scene.failure().kind == HubErrorKind::timedOut);
}

TEST_CASE("D1: bytes that drip slower than the limit are a stall, and none is fetched twice")
{
    Scene scene({}, kBytes);
    scene.settings.stall_ms = 50; // a byte comes each 100 ms
    scene.hub.script(contentFault(dripAfter(1234), 1));
    scene.fetch();
    scene.checkWhole();
    CHECK(rangeStart(scene.contentRequests().back()) >= 1234);
}

TEST_CASE("D1: a download that crawls stops at once when told")
{
    Scene scene({}, kBytes);
    scene.settings.stall_ms = 10000;
    for (const bool stalls : {false, true}) {
        scene.hub.clearFaults();
        scene.hub.script(contentFault(stalls ? stallAfter(5000) : dripAfter(5000)));
        std::stop_source stop;
        std::thread stopper([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(150));
            stop.request_stop();
        });
        const auto start = std::chrono::steady_clock::now();
        const HubErrorInfo error = scene.errorOf([&](HubClient& client) {
            fetchFile(client, HubCache(scene.settings.cache), scene.request(kLargePath), {},
                stop.get_token());
        });
        const auto took = std::chrono::steady_clock::now() - start;
        stopper.join();
        CHECK(error.kind == HubErrorKind::cancelled);
        CHECK(took < std::chrono::milliseconds(1500));
        CHECK(scene.partialBytes() >= 5000);
    }
    scene.hub.clearFaults();
    scene.fetch();
    scene.checkWhole();
}

TEST_CASE("D1: a wait between retries ends at once when told")
{
    class WaitingClock : public HubClock
    {
    public:
        std::chrono::steady_clock::time_point now() const override
        {
            return std::chrono::steady_clock::now();
        }
        void sleep(std::chrono::milliseconds, const std::stop_token& stop) override
        {
            while (!stop.stop_requested())
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    };
    Scene scene({}, kBytes);
    scene.hub.script(contentFault(cutAfter(0)));
    auto context = std::make_shared<HttpContext>();
    context->settings = scene.settings;
    HubClient client(context, std::make_shared<WaitingClock>());
    std::stop_source stop;
    std::thread stopper([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(60));
        stop.request_stop();
    });
    CHECK_THROWS_AS(fetchFile(client, HubCache(scene.settings.cache), scene.request(kLargePath), {},
                        stop.get_token()),
        HubError);
    stopper.join();
    scene.checkAbsent();
}

TEST_CASE("D1: a hub that does not answer is given up within the limit")
{
    Scene scene({}, kBytes);
    scene.settings.connect_ms = 100; // the limit is the sum of both
    scene.settings.reply_ms = 60;
    scene.settings.n_retries = 1;
    SUBCASE("the file's address")
    {
        scene.hub.script(hubFault("resolve", unanswered(HubReply::End::stall)));
    }
    SUBCASE("the bytes' address")
    {
        scene.hub.script(contentFault(unanswered(HubReply::End::stall)));
    }
    CHECK(scene.failure().kind == HubErrorKind::timedOut);
}

TEST_CASE("D1: a reply that ends before or within its head is tried again")
{
    Scene scene({}, kBytes);
    SUBCASE("closed")
    {
        scene.hub.script(contentFault(unanswered(HubReply::End::close), 2));
    }
    SUBCASE("reset")
    {
        scene.hub.script(contentFault(unanswered(HubReply::End::reset), 2));
    }
    SUBCASE("within the status line")
    {
        scene.hub.script(contentFault(headReplaced("HTTP/1.1 20"), 2));
    }
    SUBCASE("within a header")
    {
        scene.hub.script(contentFault(headReplaced("HTTP/1.1 200 OK\r\nContent-Len"), 2));
    }
    SUBCASE("the hub closes")
    {
        scene.hub.script(hubFault("resolve", unanswered(HubReply::End::close), 2));
    }
    SUBCASE("the hub resets")
    {
        scene.hub.script(hubFault("resolve", unanswered(HubReply::End::reset), 2));
    }
    scene.fetch();
    scene.checkWhole();
}

TEST_CASE("D1: a server that speaks no HTTP is an error, whatever it sends")
{
    Scene scene({}, kBytes);
    scene.settings.n_retries = 1;
    std::string head = "SSH-2.0-OpenSSH_9.2\r\n";
    SUBCASE("another protocol") { }
    SUBCASE("a negative length")
    {
        head = "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc";
    }
    SUBCASE("a length beyond all numbers")
    {
        head = "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nabc";
    }
    SUBCASE("a header without end")
    {
        head = "HTTP/1.1 200 OK\r\nX: " + std::string(2 << 20, 'x');
    }
    SUBCASE("headers without end")
    {
        head = "HTTP/1.1 200 OK\r\n";
        for (int i = 0; i < 100000; ++i)
            head += "X-" + std::to_string(i) + ": 1\r\n";
    }
    scene.hub.script(contentFault(headReplaced(head)));
    scene.failure();
    scene.hub.clearFaults();
    scene.fetch();
    scene.checkWhole();
}

TEST_CASE("D1: bytes that come again and again are no progress")
{
    Scene scene({}, kBytes);
    scene.settings.n_retries = 3;
    // No ranges here, and always the same end.
    scene.hub.script(contentFault(bothOf(rangeIgnored(), cutAfter(kBytes / 2))));
    CHECK(scene.failure().kind == HubErrorKind::noNetwork);
    CHECK(scene.contentRequests().size() <= 20);
    scene.hub.clearFaults();
    scene.fetch();
    scene.checkWhole();
}

TEST_CASE("D1: connections cut before a word are no network, and nobody there as well")
{
    Scene scene({}, kBytes);
    scene.settings.n_retries = 1;
    SUBCASE("cut")
    {
        scene.hub.cutConnections(true);
    }
    SUBCASE("nobody")
    {
        FakeHub gone;
        scene.settings.endpoint = gone.endpoint();
    }
    CHECK(scene.failure().kind == HubErrorKind::noNetwork);
}

TEST_CASE("D1: a small file cut on its way is right in the end")
{
    Scene scene;
    for (uint64_t point = 0; point < 60; point += 7) {
        std::filesystem::remove_all(scene.settings.cache);
        scene.hub.clearFaults();
        scene.hub.script(hubFault("resolve-cache", cutAfter(point), 1, "GET"));
        scene.fetch(kSmallPath);
        scene.checkWhole(kSmallPath);
    }
}

TEST_CASE("D1: a limit of bytes a second is kept, and changes nothing else")
{
    Scene scene({}, 4000000); // many times what is received at once
    auto context = std::make_shared<HttpContext>();
    context->settings = scene.settings;
    context->bandwidth->limit(20000000);
    HubClient client(context, scene.clock);
    const auto start = std::chrono::steady_clock::now();
    fetchFile(client, HubCache(scene.settings.cache), scene.request(kLargePath));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    CHECK(took.count() > 0.1);
    CHECK(took.count() < 2);
    scene.checkWhole();
}

} // namespace
} // namespace gorgon::tests
