// SPDX-License-Identifier: Apache-2.0
#include "core/hub/damaged_blob.h"

#include <doctest/doctest.h>

#include <fstream>

#include "core/hub/fetch_file.h"
#include "core/hub/read_facts.h"
#include "tests/core/hub/hub_support.h"

using namespace gorgon;
using namespace gorgon::tests;
namespace fs = std::filesystem;

namespace {

constexpr uint64_t kBytes = 300'000;
const DownloadRequest kRequest = {"org/name", "main", {}};

struct Installed : HubBench
{
    std::string commit = hub.commit("org/name",
        {{"config.json", smallFile("{}")}, {"tokenizer.json", smallFile("{\"a\": 1}")},
            {"model.safetensors", largeFile(countedBytes(kBytes))}});
    fs::path folder = cache.root() / "models--org--name";
    fs::path file = folder / "snapshots" / commit / "model.safetensors";

    Installed()
    {
        get();
        hub.forgetRequests();
    }
    void get()
    {
        DownloadQueue made(queue());
        const DownloadProgress end = made.wait(made.add(kRequest));
        REQUIRE_MESSAGE(end.state == DownloadState::done, end.message);
    }
    /// The same bytes but one, at the same place of the disk.
    void damage() const
    {
        std::string bytes = bytesOf(file);
        bytes[1000] ^= 1;
        write(bytes);
    }
    void write(const std::string& bytes) const
    {
        std::ofstream(fs::canonical(file), std::ios::binary) << bytes;
    }
    void checkSound() const
    {
        CHECK(bytesOf(file) == textOf(countedBytes(kBytes)));
        for (const VerifiedFile& each : cache.verify("org/name"))
            CHECK_MESSAGE(each.problem.empty(), each.path);
        CHECK(std::distance(fs::directory_iterator(folder / "blobs"), {}) == 3);
    }
    size_t nFetched() const
    {
        size_t n = 0;
        for (const HubRequest& request : hub.requests())
            n += request.method == "GET" && request.host == HubHost::cdn;
        return n;
    }
};

} // namespace

TEST_CASE("a file of another size than the hub's is fetched anew, the others stay")
{
    for (const char* bytes : {"", "short"}) {
        Installed bench;
        bench.write(bytes);
        bench.get();
        CHECK(bench.nFetched() == 1);
        bench.checkSound();
    }
}

TEST_CASE("what verification found damaged is fetched anew by the next download")
{
    Installed bench;
    bench.damage();
    bench.get();
    CHECK(bench.nFetched() == 0); // nobody knows of it
    size_t n_bad = 0;
    for (const VerifiedFile& each : bench.cache.verify("org/name"))
        n_bad += !each.problem.empty();
    CHECK(n_bad == 1);
    CHECK(fs::exists(bench.file)); // as it is, until there is better
    CHECK(!bench.cache.file("org/name", bench.commit, "model.safetensors"));
    CHECK(bench.cache.file("org/name", bench.commit, "config.json"));
    HubClient client = bench.client();
    CHECK(readFacts(client, bench.cache, "org/name").missingBytes() == kBytes);
    bench.hub.forgetRequests();
    bench.get();
    CHECK(bench.nFetched() == 1);
    bench.checkSound();
    bench.get();
    CHECK(bench.nFetched() == 1);
}

TEST_CASE("a verdict is void once the file has changed, and goes with it")
{
    Installed bench;
    bench.damage();
    bench.cache.verify("org/name");
    SUBCASE("another tool has put the right bytes there")
    {
        bench.write(textOf(countedBytes(kBytes)));
        fs::last_write_time(
            fs::canonical(bench.file), fs::file_time_type::clock::now() - std::chrono::hours(1));
        CHECK(bench.cache.file("org/name", bench.commit, "model.safetensors"));
        bench.checkSound();
    }
    SUBCASE("the model is removed")
    {
        HubCache(bench.cache.root()).remove("org/name");
        CHECK(!fs::exists(bench.folder));
    }
    SUBCASE("the blob is removed by hand")
    {
        fs::remove(fs::canonical(bench.file));
        bench.get();
        bench.checkSound();
    }
    SUBCASE("its snapshot is removed, another stays")
    {
        bench.hub.commit("org/name", {{"config.json", smallFile("{\"b\": 2}")}});
        DownloadQueue queue(bench.queue());
        REQUIRE(queue.wait(queue.add({"org/name", "main", {"config.json"}})).state
            == DownloadState::done);
        HubCache(bench.cache.root()).remove("org/name", bench.commit);
        CHECK(std::distance(fs::directory_iterator(bench.folder / "blobs"), {}) == 1);
    }
}

TEST_CASE("a single file that is asked for is judged in the same way")
{
    Installed bench;
    bench.damage();
    bench.cache.verify("org/name");
    HubClient client = bench.client();
    const FetchRequest request{"org/name", "main", bench.commit, "model.safetensors", {}, ""};
    CHECK(fetchFile(client, bench.cache, request).n_received == kBytes);
    CHECK(fetchFile(client, bench.cache, request).was_cached);
    bench.write("x");
    const FetchRequest sized{"org/name", "main", bench.commit, "model.safetensors", kBytes,
        fs::canonical(bench.file).filename().string()};
    CHECK(fetchFile(client, bench.cache, sized).n_received == kBytes);
    bench.checkSound();
}
