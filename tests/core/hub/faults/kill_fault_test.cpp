// SPDX-License-Identifier: Apache-2.0
// Runs that end at any moment, and several at once (D5, D6).
#include "tests/core/hub/faults/child_process.h"
#include "tests/core/hub/faults/scene.h"

#include <atomic>
#include <thread>

namespace gorgon::tests {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kBytes = 12000000;
#ifdef __SANITIZE_ADDRESS__
constexpr int kKills = 50; // a process takes a quarter of a second to start
#else
constexpr int kKills = 200;
#endif

std::vector<std::string> fetchCommand(const Scene& scene)
{
    return {
        HUB_FETCH, scene.settings.endpoint, scene.settings.cache.string(), kModelId, kLargePath};
}

TEST_CASE("D5: killed at 200 random points, the file is right in the end and no written byte is "
          "fetched twice")
{
    Scene scene({}, kBytes);
    TestRandom random(501);
    int n_whole = 0;
    uint64_t n_resumed = 0;
    for (int i = 0; i < kKills; ++i) {
        CAPTURE(i);
        const uint64_t before = scene.partialBytes();
        // Some way on, sometimes to the end: there it dies while the file is finished.
        const uint64_t left = kBytes - before;
        const uint64_t point
            = random.below(6) == 0 ? left : random.below(std::min<uint64_t>(left, kBytes / 4) + 1);
        const auto pause = std::chrono::microseconds(random.below(point == left ? 8000 : 1500));
        std::atomic<bool> reached{false};
        scene.hub.clearFaults();
        scene.hub.forgetRequests();
        scene.hub.script(
            contentFault(bothOf(stallAfter(point), [&](HubReply& reply, const HubRequest&) {
                reply.end_after = std::min(point, reply.length);
                reply.at_end = [&] { reached = true; };
            })));
        ChildProcess child(fetchCommand(scene));
        const auto start = std::chrono::steady_clock::now();
        while (!reached && std::chrono::steady_clock::now() - start < std::chrono::seconds(10))
            std::this_thread::sleep_for(std::chrono::microseconds(100));
        REQUIRE(reached);
        std::this_thread::sleep_for(pause);
        child.kill();
        child.wait();
        REQUIRE(!scene.contentRequests().empty());
        CHECK(rangeStart(scene.contentRequests().front()) == before);
        n_resumed += before > 0;
        if (fs::exists(scene.blob())) {
            CHECK(bytesOf(scene.blob()) == scene.expected());
            ++n_whole;
        }
        CHECK(scene.partialBytes() <= kBytes);
        if (scene.partialBytes() == kBytes || fs::exists(scene.blob())) {
            scene.hub.clearFaults();
            scene.hub.forgetRequests();
            scene.fetch();
            scene.checkRight();
            CHECK(scene.contentRequests().empty()); // not a byte more
            fs::remove_all(scene.settings.cache);
        }
    }
    scene.hub.clearFaults();
    scene.fetch();
    scene.checkRight();
    CHECK(n_resumed > kKills / 2);
    CHECK(n_whole > 0);
}

TEST_CASE("D5: what a slow line brought more than a second or two ago survives a kill")
{
    Scene scene({}, kBytes);
    scene.hub.script(contentFault(slowedTo(200000)));
    ChildProcess child(fetchCommand(scene));
    for (int n = 0; n < 5000 && scene.partialBytes() == 0; ++n)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    child.kill();
    child.wait();
    const uint64_t kept = scene.partialBytes();
    CHECK(kept > 100000);
    CHECK(kept < 800000);
    scene.hub.clearFaults();
    scene.hub.forgetRequests();
    scene.fetch();
    CHECK(rangeStart(scene.contentRequests().front()) == kept);
    scene.checkRight();
}

TEST_CASE("D5: stopped at 200 random points, no byte that was written is fetched twice")
{
    Scene scene({}, kBytes);
    TestRandom random(502);
    uint64_t n_served = 0;
    for (int i = 0; i < 200; ++i) {
        CAPTURE(i);
        const uint64_t before = scene.partialBytes();
        const uint64_t point = random.below(std::min<uint64_t>(kBytes - before, kBytes / 8));
        std::stop_source stop;
        scene.hub.clearFaults();
        scene.hub.forgetRequests();
        scene.hub.script(
            contentFault(bothOf(stallAfter(point), [&](HubReply& reply, const HubRequest&) {
                reply.at_end = [stop]() mutable { stop.request_stop(); };
            })));
        try {
            scene.fetch(kLargePath, stop.get_token());
            FAIL("it was not stopped");
        } catch (const HubError& error) {
            CHECK(error.kind() == HubErrorKind::cancelled);
        }
        CHECK(rangeStart(scene.contentRequests().front()) == before);
        CHECK(scene.partialBytes() >= before);
        scene.checkAbsent();
        n_served += scene.servedBytes();
        if (kBytes - scene.partialBytes() < 1000 || i == 199) {
            scene.hub.clearFaults();
            scene.hub.forgetRequests();
            scene.fetch();
            n_served += scene.servedBytes();
            scene.checkWhole();
            // Beyond the file: only what was on its way when it stopped, a buffer or two each time.
            fs::remove_all(scene.settings.cache);
        }
    }
    CHECK(n_served > 0);
}

TEST_CASE("D6: eight processes fetch one file, and it is served once")
{
    Scene scene({}, kBytes);
    scene.hub.script(contentFault(slowedTo(60000000)));
    std::vector<std::unique_ptr<ChildProcess>> children;
    for (int i = 0; i < 8; ++i)
        children.push_back(std::make_unique<ChildProcess>(fetchCommand(scene)));
    for (const auto& child : children) {
        const std::string output = child->wait();
        CHECK_MESSAGE(child->status() == 0, output);
        CHECK(output.rfind("done", 0) == 0);
    }
    scene.checkWhole();
    CHECK(scene.servedBytes(kBytes) == kBytes);
}

TEST_CASE("D6: the writer dies and one of those who wait goes on where it was")
{
    Scene scene({}, kBytes);
    std::atomic<bool> reached{false};
    scene.hub.script(contentFault(
        bothOf(stallAfter(kBytes / 2),
            [&](HubReply& reply, const HubRequest&) { reply.at_end = [&] { reached = true; }; }),
        1));
    ChildProcess writer(fetchCommand(scene));
    while (!reached)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::vector<std::unique_ptr<ChildProcess>> waiters;
    for (int i = 0; i < 4; ++i)
        waiters.push_back(std::make_unique<ChildProcess>(fetchCommand(scene)));
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    const uint64_t kept = scene.partialBytes();
    writer.kill();
    writer.wait();
    for (const auto& child : waiters) {
        const std::string output = child->wait();
        CHECK_MESSAGE(child->status() == 0, output);
    }
    scene.checkRight();
    CHECK(rangeStart(scene.contentRequests().back()) == kept);
    CHECK(scene.servedBytes() <= 2 * kBytes - kept);
}

#ifdef BAD_DISK
TEST_CASE("D6: eight processes whose locks do nothing end with one right file")
{
    Scene scene({}, kBytes);
    scene.hub.script(contentFault(slowedTo(60000000)));
    scene.hub.script(contentFault(cutAfter(7000000), 4));
    std::vector<std::unique_ptr<ChildProcess>> children;
    const std::vector<std::string> variables
        = {std::string("LD_PRELOAD=") + BAD_DISK, "BAD_DISK_LOCKS=lie"};
    for (int i = 0; i < 8; ++i)
        children.push_back(std::make_unique<ChildProcess>(fetchCommand(scene), variables));
    for (const auto& child : children) {
        const std::string output = child->wait();
        CHECK_MESSAGE(child->status() == 0, output);
    }
    CHECK(bytesOf(scene.blob()) == scene.expected());
    scene.checkOutside();
    scene.fetch();
    scene.checkWhole();
}
#endif

TEST_CASE("D6: eight threads fetch one file, and it is served once")
{
    Scene scene({}, kBytes);
    scene.hub.script(contentFault(slowedTo(60000000)));
    std::vector<std::thread> threads;
    std::atomic<int> n_right{0};
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] {
            try {
                n_right += bytesOf(scene.fetch().path) == scene.expected();
            } catch (const std::exception&) {
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    CHECK(n_right == 8);
    scene.checkWhole();
    CHECK(scene.servedBytes(kBytes) == kBytes);
}

} // namespace
} // namespace gorgon::tests
