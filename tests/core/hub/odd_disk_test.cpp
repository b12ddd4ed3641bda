// SPDX-License-Identifier: Apache-2.0
// Caches on disks without links or locks, and on disks that keep what was synchronised alone.
#include "tests/core/hub/odd_disk.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <sys/stat.h>
#include <unistd.h>

#include "core/hub/fetch_file.h"
#include "core/hub/partial_file.h"
#include "tests/core/hub/hub_support.h"

using namespace gorgon;
using namespace gorgon::tests;
namespace fs = std::filesystem;

namespace {

constexpr uint64_t kBytes = 400'000;

uint64_t contentBytes(const FakeHub& hub)
{
    uint64_t sum = 0;
    for (const HubRequest& request : hub.requests())
        if (request.host == HubHost::cdn && request.method == "GET")
            sum += request.bytes_sent;
    return sum;
}

PartialRecord record()
{
    PartialRecord made;
    made.repository = "org/name";
    made.revision = "main";
    made.commit = std::string(40, '1');
    made.path = "a.bin";
    made.etag = std::string(64, 'a');
    made.bytes = 1000;
    return made;
}

uint64_t inodeOf(const PartialFile& file)
{
    struct stat status = {};
    REQUIRE(fstat(file.descriptor(), &status) == 0);
    return status.st_ino;
}

} // namespace

TEST_CASE("without links the same bytes come once, for two names and for the next commit")
{
    OddDisk disk;
    disk.has_links = false;
    HubBench bench;
    HubFiles files
        = {{"config.json", smallFile("{}")}, {"model.safetensors", largeFile(countedBytes(kBytes))},
            {"copy.safetensors", largeFile(countedBytes(kBytes))},
            {"other.safetensors", largeFile(countedBytes(kBytes, 1))}}; // of the same size
    const std::string first = bench.hub.commit("org/name", files);
    const DownloadRequest request
        = {"org/name", "main", {"model.safetensors", "copy.safetensors", "other.safetensors"}};
    const auto check = [&](const std::string& commit) {
        DownloadQueue queue(bench.queue());
        const DownloadProgress end = queue.wait(queue.add(request));
        REQUIRE_MESSAGE(end.state == DownloadState::done, end.message);
        CHECK(end.commit == commit);
        for (const std::string& path : request.paths) {
            CHECK(!fs::is_symlink(end.folder / path));
            CHECK(bytesOf(end.folder / path) == textOf(files.at(path).bytes));
        }
    };
    check(first);
    CHECK(contentBytes(bench.hub) == 2 * kBytes);
    files["config.json"] = smallFile("{\"later\": 1}");
    bench.hub.forgetRequests();
    check(bench.hub.commit("org/name", files));
    CHECK(contentBytes(bench.hub) == 0);
}

TEST_CASE("without locks two threads of a process do not write one unfinished file")
{
    OddDisk disk;
    disk.has_locks = false;
    const ScratchFolder scratch;
    const CacheFolder blobs = *CacheFolder::openRoot(scratch.path(), false);
    {
        PartialFile left = PartialFile::take(blobs, record());
        REQUIRE(write(left.descriptor(), "0123456789", 10) == 10);
        left.save(10, "digest");
    }
    PartialFile first = PartialFile::take(blobs, record());
    CHECK(first.usableBytes() == 10);
    PartialFile second = PartialFile::take(blobs, record());
    CHECK(second.usableBytes() == 0);
    CHECK(inodeOf(first) != inodeOf(second));
    discardPartials(blobs); // of nobody's
    CHECK(findPartials(blobs).size() == 2);
    second.discard();
    first.truncate();
    CHECK(first.finish());
}

TEST_CASE("links and the revision's name are on the disk before the wish is forgotten")
{
    HubBench bench;
    const std::string commit = bench.hub.commit("org/name",
        {{"a/config.json", smallFile("{}")},
            {"model.safetensors", largeFile(countedBytes(kBytes))}});
    OddDisk disk;
    DownloadQueue queue(bench.queue());
    const DownloadProgress end
        = queue.wait(queue.add({"org/name", "pr/1", {"a/config.json", "model.safetensors"}}));
    CHECK(end.state == DownloadState::failed); // there is no such revision
    const DownloadProgress done
        = queue.wait(queue.add({"org/name", "main", {"a/config.json", "model.safetensors"}}));
    REQUIRE_MESSAGE(done.state == DownloadState::done, done.message);
    const std::vector<std::string> deeds = disk.deeds();
    const auto forgotten
        = std::find(deeds.begin(), deeds.end(), std::string("remove ") + kDownloadsFile);
    REQUIRE(forgotten != deeds.end());
    const fs::path model = bench.cache.root() / "models--org--name";
    for (const fs::path& folder : {bench.cache.root(), model, model / "refs", model / "snapshots",
             model / "snapshots" / commit, model / "snapshots" / commit / "a", model / "blobs"})
        CHECK_MESSAGE(
            std::find(deeds.begin(), forgotten, "sync " + folder.string()) != forgotten, folder);
    // The folder after the file that was renamed within it.
    const auto last = [&](const std::string& start) {
        size_t at = 0;
        for (size_t i = 0; i < deeds.size(); ++i)
            at = deeds[i].starts_with(start) ? i : at;
        return at;
    };
    const std::string refs = "sync " + (model / "refs").string();
    CHECK(last(refs + "/main.") > 0);
    CHECK(last(refs) > last(refs + "/main."));
}
