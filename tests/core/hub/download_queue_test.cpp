// SPDX-License-Identifier: Apache-2.0
#include "core/hub/download_queue.h"

#include <doctest/doctest.h>

#include <thread>

#include "core/hub/fetch_file.h"
#include "tests/core/hub/hub_support.h"

using namespace gorgon;
using namespace gorgon::tests;
namespace fs = std::filesystem;

namespace {

constexpr uint64_t kWeightBytes = 3'000'000;

HubFiles modelFiles()
{
    return {{"config.json", smallFile("{\"model_type\": \"llama\"}")},
        {"tokenizer.json", smallFile("{}")}, {"README.md", smallFile("# Model")},
        {"model.safetensors", largeFile(countedBytes(kWeightBytes))},
        {"pytorch_model.bin", largeFile(countedBytes(1000, 1))}};
}

bool waitFor(const std::function<bool()>& is_so)
{
    for (int i = 0; i < 500; ++i) {
        if (is_so())
            return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

uint64_t bytesSent(const FakeHub& hub, const std::string& path)
{
    uint64_t sum = 0;
    for (const HubRequest& request : hub.requests())
        if (request.method == "GET" && request.target.find(path) != std::string::npos)
            sum += request.bytes_sent;
    return sum;
}

} // namespace

TEST_CASE("a model comes whole, in the layout that all tools share")
{
    HubBench bench;
    const std::string commit = bench.hub.commit("org/name", modelFiles());
    DownloadQueue queue(bench.queue());
    const int64_t id = queue.add({"org/name", "main", {}});
    CHECK(queue.add({"org/name", "main", {}}) == id);
    const DownloadProgress end = queue.wait(id);
    REQUIRE_MESSAGE(end.state == DownloadState::done, end.message);
    CHECK(end.commit == commit);
    CHECK(end.done_bytes == end.total_bytes);
    CHECK(end.total_bytes > kWeightBytes);
    CHECK(end.files.size() == 3);
    CHECK(bench.cache.commit("org/name", "main") == commit);
    CHECK(bytesOf(end.folder / "model.safetensors") == textOf(countedBytes(kWeightBytes)));
    CHECK(!fs::exists(end.folder / "README.md"));
    CHECK(!fs::exists(end.folder / "pytorch_model.bin"));
    for (const VerifiedFile& file : bench.cache.verify("org/name"))
        CHECK_MESSAGE(file.problem.empty(), file.path);
    const auto blobs = bench.cache.root() / "models--org--name" / "blobs";
    CHECK(std::distance(fs::directory_iterator(blobs), {}) == 3);
    CHECK(queue.unfinished().empty());

    // Again: nothing is fetched.
    bench.hub.forgetRequests();
    queue.forget(id);
    CHECK(queue.wait(queue.add({"org/name", "main", {}})).state == DownloadState::done);
    CHECK(bytesSent(bench.hub, "resolve") == 0);
}

TEST_CASE("a pause keeps what came, and a later run takes only the rest")
{
    HubBench bench;
    bench.hub.commit("org/name", modelFiles());
    bench.hub.script(
        {.path = "", .change = slowedTo(4'000'000), .times = 100, .skip = 0, .host = HubHost::cdn});
    {
        DownloadQueue queue(bench.queue());
        const int64_t id = queue.add({"org/name", "main", {}});
        REQUIRE(waitFor([&] { return queue.progress(id)->done_bytes > 1'500'000; }));
        queue.pause(id);
        const DownloadProgress paused = queue.wait(id);
        CHECK(paused.state == DownloadState::paused);
        CHECK(!paused.error);
        CHECK(paused.bytes_per_second == 0);
        CHECK(queue.unfinished().size() == 1);
    }
    DownloadQueue queue(bench.queue());
    const auto unfinished = queue.unfinished();
    REQUIRE(unfinished.size() == 1);
    CHECK(unfinished[0] == DownloadRequest{"org/name", "main", {}});
    CHECK(bench.cache.list().at(0).partial_bytes > 1'000'000);
    bench.hub.forgetRequests();
    const DownloadProgress end = queue.wait(queue.add(unfinished[0]));
    REQUIRE_MESSAGE(end.state == DownloadState::done, end.message);
    CHECK(bytesSent(bench.hub, "") < kWeightBytes);
    CHECK(bytesOf(end.folder / "model.safetensors") == textOf(countedBytes(kWeightBytes)));
}

TEST_CASE("pause and resume in quick turns end in the right bytes")
{
    HubBench bench;
    bench.hub.commit("org/name", modelFiles());
    bench.hub.script({.path = "",
        .change = slowedTo(20'000'000),
        .times = 100,
        .skip = 0,
        .host = HubHost::cdn});
    DownloadQueue queue(bench.queue());
    const int64_t id = queue.add({"org/name", "main", {}});
    for (int i = 0; i < 20; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(i));
        queue.pause(id);
        queue.resume(id);
    }
    const DownloadProgress end = queue.wait(id);
    REQUIRE_MESSAGE(end.state == DownloadState::done, end.message);
    CHECK(bytesOf(end.folder / "model.safetensors") == textOf(countedBytes(kWeightBytes)));
}

TEST_CASE("a cancelled download leaves no unfinished file")
{
    HubBench bench;
    bench.hub.commit("org/name", modelFiles());
    bench.hub.script(
        {.path = "", .change = slowedTo(2'000'000), .times = 100, .skip = 0, .host = HubHost::cdn});
    DownloadQueue queue(bench.queue());
    const int64_t id = queue.add({"org/name", "main", {}});
    REQUIRE(waitFor([&] { return queue.progress(id)->done_bytes > 100'000; }));
    queue.cancel(id);
    CHECK(queue.wait(id).state == DownloadState::cancelled);
    CHECK(waitFor([&] { return bench.cache.list().at(0).partial_bytes == 0; }));
    CHECK(waitFor([&] { return queue.unfinished().empty(); }));
    queue.forget(id);
    CHECK(queue.list().empty());
}

TEST_CASE("an error names its kind, and trying again goes on")
{
    HubBench bench;
    bench.hub.commit("org/name", modelFiles());
    DownloadQueue queue(bench.queue());
    const DownloadProgress none = queue.wait(queue.add({"org/none", "main", {}}));
    CHECK(none.state == DownloadState::failed);
    REQUIRE(none.error);
    CHECK(none.error->kind == HubErrorKind::repositoryNotFound);
    CHECK(queue.wait(queue.add({"org/name", "nowhere", {}})).error->kind
        == HubErrorKind::revisionNotFound);
    CHECK(queue.wait(queue.add({"org/name", "main", {"absent.json"}})).error->kind
        == HubErrorKind::entryNotFound);
    CHECK_THROWS_AS(queue.add({"../x", "main", {}}), HubError);

    bench.hub.script(
        {.path = "", .change = bitFlipped(1000), .times = 1, .skip = 0, .host = HubHost::cdn});
    const int64_t id = queue.add({"org/name", "main", {}});
    const DownloadProgress wrong = queue.wait(id);
    CHECK(wrong.state == DownloadState::failed);
    CHECK(wrong.error->kind == HubErrorKind::wrongContent);
    CHECK(!wrong.message.empty());
    queue.resume(id);
    CHECK(queue.wait(id).state == DownloadState::done);
}

TEST_CASE("a server that fails for a while costs retries, each after a longer wait")
{
    HubBench bench;
    const std::string commit = bench.hub.commit("org/name", modelFiles());
    bench.hub.script({.path = "resolve",
        .change = statusOf(503),
        .times = 3,
        .skip = 0,
        .host = {},
        .method = "HEAD"});
    HubClient client = bench.client();
    const FetchRequest request{"org/name", "main", commit, "config.json", {}, ""};
    const FetchedFile file = fetchFile(client, bench.cache, request);
    CHECK(file.n_received > 0);
    CHECK(bench.clock->slept_ms == 1000 + 2000 + 4000);
    CHECK(fetchFile(client, bench.cache, request).was_cached);
}

TEST_CASE("a search pages, and a listing tells names, sizes and hashes")
{
    HubBench bench;
    const std::string commit = bench.hub.commit("org/name", modelFiles());
    bench.hub.commit("org/other", {{"config.json", smallFile("{}")}});
    HubClient client = bench.client();
    SearchQuery query;
    query.words = "org";
    query.limit = 1;
    SearchPage page = client.search(query);
    CHECK(page.models.size() == 1);
    REQUIRE(!page.next.empty());
    CHECK(client.nextPage(page.next).models.size() == 1);
    CHECK(client.commit("org/name", "main") == commit);
    const FileListing listing = client.files("org/name", commit);
    CHECK(listing.refused.empty());
    CHECK(listing.files.size() == 5);
    const auto weights = std::find_if(listing.files.begin(), listing.files.end(),
        [](const RemoteFile& file) { return file.path == "model.safetensors"; });
    REQUIRE(weights != listing.files.end());
    CHECK(weights->bytes == kWeightBytes);
    CHECK(weights->sha256 == sha256Of(countedBytes(kWeightBytes)));
}
