// SPDX-License-Identifier: Apache-2.0
// How downloads of a queue end: paused or cramped at the last moment, cancelled beside others,
// removed under way, taken over by another queue.
#include <doctest/doctest.h>

#include <cerrno>
#include <thread>

#include "core/hub/download_queue.h"
#include "tests/core/hub/hub_support.h"
#include "tests/core/hub/odd_disk.h"

using namespace gorgon;
using namespace gorgon::tests;
namespace fs = std::filesystem;

namespace {

constexpr uint64_t kBytes = 2'000'000;

HubFiles twoFiles()
{
    return {{"config.json", smallFile("{\"model_type\": \"llama\"}")},
        {"model-00001-of-00002.safetensors", largeFile(countedBytes(kBytes))},
        {"model-00002-of-00002.safetensors", largeFile(countedBytes(kBytes, 1))}};
}
const DownloadRequest kFirst = {"org/name", "main", {"model-00001-of-00002.safetensors"}};
const DownloadRequest kWhole = {"org/name", "main",
    {"config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"}};
const DownloadRequest kSecond = {"org/name", "main", {"model-00002-of-00002.safetensors"}};

bool waitFor(const std::function<bool()>& is_so)
{
    for (int i = 0; i < 1000; ++i) {
        if (is_so())
            return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

bool reaches(const DownloadQueue& queue, int64_t id, DownloadState state)
{
    return waitFor([&] { return queue.progress(id)->state == state; });
}

HubFault slow(uint64_t bytes_per_second)
{
    return {.path = "",
        .change = slowedTo(bytes_per_second),
        .times = 1000,
        .skip = 0,
        .host = HubHost::cdn};
}

uint64_t partialBytes(const HubBench& bench)
{
    const auto model = bench.cache.model("org/name");
    return model ? model->partial_bytes : 0;
}

} // namespace

TEST_CASE("paused when its last byte was written, a download ends after it goes on")
{
    HubBench bench;
    bench.hub.commit("org/name", twoFiles());
    OddDisk disk;
    std::atomic<DownloadQueue*> paused = nullptr;
    disk.on_sync = [&](const std::string& path) {
        if (path.ends_with(".gorgon.incomplete"))
            if (DownloadQueue* const queue = paused.exchange(nullptr))
                queue->pause(1);
        return 0;
    };
    DownloadQueue queue(bench.queue());
    paused = &queue;
    const int64_t id = queue.add(kFirst);
    REQUIRE(queue.wait(id).state == DownloadState::paused);
    queue.resume(id);
    CHECK(reaches(queue, id, DownloadState::done));
    CHECK(bench.cache.commit("org/name", "main"));
    CHECK(queue.unfinished().empty());
}

TEST_CASE("a disk that is full at the very end pauses the download, which goes on with room")
{
    HubBench bench;
    bench.hub.commit("org/name", twoFiles());
    OddDisk disk;
    std::atomic<bool> is_full = true;
    disk.on_sync = [&](const std::string& path) {
        return is_full && path.find("/refs/") != path.npos ? ENOSPC : 0;
    };
    DownloadQueue queue(bench.queue());
    const int64_t id = queue.add(kFirst);
    const DownloadProgress paused = queue.wait(id);
    CHECK(paused.state == DownloadState::paused);
    REQUIRE(paused.error);
    CHECK(paused.error->kind == HubErrorKind::diskFull);
    is_full = false;
    queue.resume(id);
    CHECK(reaches(queue, id, DownloadState::done));
    CHECK(queue.unfinished().empty());
}

TEST_CASE("cancelling one download leaves alone what another of the same commit has begun")
{
    HubBench bench;
    bench.hub.commit("org/name", twoFiles());
    bench.hub.script(slow(1'000'000));
    const auto begin = [&](DownloadQueue& queue, const DownloadRequest& request) {
        const int64_t id = queue.add(request);
        REQUIRE(waitFor([&] { return queue.progress(id)->done_bytes > 300'000; }));
        queue.pause(id);
        queue.wait(id);
        return id;
    };
    SUBCASE("of the same queue")
    {
        DownloadQueue queue(bench.queue());
        const int64_t first = begin(queue, kFirst);
        const uint64_t kept = partialBytes(bench);
        const int64_t second = begin(queue, kSecond);
        queue.cancel(second);
        CHECK(waitFor([&] { return partialBytes(bench) == kept; }));
        CHECK(queue.unfinished().size() == 1);
        queue.cancel(first);
        CHECK(waitFor([&] { return partialBytes(bench) == 0; }));
    }
    SUBCASE("of an earlier run")
    {
        {
            DownloadQueue queue(bench.queue());
            begin(queue, kFirst);
        }
        const uint64_t kept = partialBytes(bench);
        DownloadQueue queue(bench.queue());
        queue.cancel(begin(queue, kSecond));
        CHECK(waitFor([&] { return queue.unfinished() == std::vector{kFirst}; }));
        CHECK(waitFor([&] { return partialBytes(bench) == kept; }));
    }
    SUBCASE("which wants the same file")
    {
        DownloadQueue queue(bench.queue());
        const int64_t whole = begin(queue, kWhole);
        const uint64_t kept = partialBytes(bench);
        const int64_t part = queue.add(kFirst);
        queue.pause(part);
        queue.wait(part);
        queue.cancel(part);
        CHECK(queue.wait(part).state == DownloadState::cancelled);
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        CHECK(partialBytes(bench) >= kept);
        bench.hub.clearFaults();
        queue.resume(whole);
        CHECK(queue.wait(whole).state == DownloadState::done);
    }
}

TEST_CASE("asked for again right after it was cancelled, a download keeps its wish")
{
    HubBench bench;
    bench.hub.commit("org/name", twoFiles());
    bench.hub.script(slow(1'000'000));
    DownloadQueue queue(bench.queue());
    for (int i = 0; i < 5; ++i) {
        const int64_t id = queue.add(kFirst);
        REQUIRE(waitFor([&] { return queue.progress(id)->done_bytes > 100'000; }));
        queue.cancel(id);
        const int64_t again = queue.add(kFirst);
        CHECK(again != id);
        REQUIRE(waitFor([&] { return queue.progress(again)->done_bytes > 100'000; }));
        CHECK(queue.unfinished() == std::vector{kFirst});
        queue.cancel(again);
        CHECK(waitFor([&] { return queue.unfinished().empty(); }));
        queue.wait(again);
    }
}

TEST_CASE("a model that is removed while it comes is no whole one, and can be tried again")
{
    HubBench bench;
    bench.hub.commit("org/name", twoFiles());
    bench.hub.script(slow(4'000'000));
    DownloadQueue queue(bench.queue());
    const int64_t id = queue.add(kWhole);
    REQUIRE(waitFor([&] {
        const DownloadProgress now = *queue.progress(id);
        return now.done_bytes > 400'000 && now.files.at(0).state == DownloadState::done;
    }));
    HubCache(bench.cache.root()).remove("org/name");
    const DownloadProgress end = queue.wait(id);
    CHECK(end.state == DownloadState::failed);
    REQUIRE(end.error);
    CHECK(end.error->action == HubAction::retry);
    bench.hub.clearFaults();
    queue.resume(id);
    REQUIRE(reaches(queue, id, DownloadState::done));
    const fs::path folder = queue.progress(id)->folder;
    for (const auto& [path, file] : twoFiles())
        CHECK(bytesOf(folder / path) == textOf(file.bytes));
}

TEST_CASE("another queue takes over the list: ids, order, what is paused, failed and done")
{
    HubBench bench;
    bench.hub.commit("org/name", twoFiles());
    std::vector<DownloadProgress> former;
    {
        DownloadQueue queue(bench.queue());
        REQUIRE(queue.wait(queue.add({"org/name", "main", {"config.json"}})).state
            == DownloadState::done);
        REQUIRE(queue.wait(queue.add({"org/none", "main", {}})).state == DownloadState::failed);
        bench.hub.script(slow(1'000'000));
        const int64_t paused = queue.add(kFirst);
        REQUIRE(waitFor([&] { return queue.progress(paused)->done_bytes > 300'000; }));
        queue.pause(paused);
        queue.wait(paused);
        const int64_t runs = queue.add(kSecond);
        REQUIRE(waitFor([&] { return queue.progress(runs)->done_bytes > 300'000; }));
        former = queue.list();
    }
    bench.hub.clearFaults();
    bench.hub.forgetRequests();
    DownloadQueue::Options options = bench.queue();
    options.former = former;
    DownloadQueue queue(std::move(options));
    const std::vector<DownloadProgress> now = queue.list();
    REQUIRE(now.size() == 4);
    for (size_t i = 0; i < 3; ++i) {
        CHECK(now[i].id == former[i].id);
        CHECK(now[i].state == former[i].state);
        CHECK(now[i].done_bytes == former[i].done_bytes);
        CHECK(now[i].total_bytes == former[i].total_bytes);
        CHECK(now[i].folder == former[i].folder);
        CHECK(now[i].files.size() == former[i].files.size());
    }
    REQUIRE(now[1].error);
    CHECK(now[1].error->kind == HubErrorKind::repositoryNotFound);
    CHECK(queue.wait(4).state == DownloadState::done); // goes on by itself
    queue.resume(3);
    const DownloadProgress end = queue.wait(3);
    CHECK(end.state == DownloadState::done);
    CHECK(end.files.size() == 1);
    CHECK(end.total_bytes == kBytes);
    uint64_t n_sent = 0;
    for (const HubRequest& request : bench.hub.requests())
        n_sent += request.host == HubHost::cdn ? request.bytes_sent : 0;
    CHECK(n_sent < 2 * kBytes - 500'000); // what was there was used
    CHECK(queue.add({"org/name", "v9", {}}) == 5);
    queue.cancel(2);
    CHECK(queue.progress(2)->state == DownloadState::cancelled);
}
