// SPDX-License-Identifier: Apache-2.0
#include "core/hub/download_wishes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/hub/left_overs.h"
#include "tests/support/scratch_folder.h"

using namespace gorgon;
using namespace gorgon::tests;
namespace fs = std::filesystem;

namespace {

const std::string kCommit(40, '1');

/// An unfinished file that nobody writes.
std::string leave(const HubCache& cache, const std::string& path, char digit,
    const std::string& revision = "main")
{
    PartialRecord record;
    record.repository = "org/name";
    record.revision = revision;
    record.commit = kCommit;
    record.path = path;
    record.etag = std::string(64, digit);
    record.bytes = 1000;
    const CacheFolder blobs = cache.makeRepository("org/name").make("blobs");
    const PartialFile file = PartialFile::take(blobs, record);
    REQUIRE(write(file.descriptor(), "0123456789", 10) == 10);
    return record.etag;
}

std::vector<std::string> leftPaths(const HubCache& cache)
{
    std::vector<std::string> paths;
    for (const FoundPartial& each : findPartials(*cache.openRepository("org/name")->open("blobs")))
        paths.push_back(each.record.path);
    std::sort(paths.begin(), paths.end());
    return paths;
}

void makeOld(const fs::path& path, int hours)
{
    timespec times[2];
    clock_gettime(CLOCK_REALTIME, &times[0]);
    times[0].tv_sec -= hours * 3600;
    times[1] = times[0];
    REQUIRE(utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0);
}

} // namespace

TEST_CASE("wishes of several processes at once are all remembered, and all forgotten")
{
    const ScratchFolder scratch;
    const HubCache cache(scratch.path() / "hub");
    constexpr int kProcesses = 6, kWishes = 20;
    const auto inEach = [&](const auto& deed) {
        std::vector<pid_t> children;
        for (int i = 0; i < kProcesses; ++i) {
            const pid_t child = fork();
            if (child == 0) {
                int status = 0;
                try {
                    for (int j = 0; j < kWishes; ++j)
                        deed(DownloadRequest{
                            "org/name", "v" + std::to_string(i) + "." + std::to_string(j), {}});
                } catch (...) {
                    status = 1;
                }
                _exit(status);
            }
            children.push_back(child);
        }
        for (const pid_t child : children) {
            int status = 0;
            waitpid(child, &status, 0);
            CHECK(status == 0);
        }
    };
    inEach([&](const DownloadRequest& request) { rememberWish(cache, request); });
    CHECK(findWishes(cache).size() == kProcesses * kWishes);
    inEach([&](const DownloadRequest& request) { forgetWish(cache, request); });
    CHECK(findWishes(cache).empty());
}

TEST_CASE("a discarded wish takes its unfinished files along, and those of no other")
{
    const ScratchFolder scratch;
    const HubCache cache(scratch.path() / "hub");
    const DownloadRequest whole{"org/name", "main", {}}, part{"org/name", "main", {"b"}},
        other{"org/name", "v1", {}};
    leave(cache, "a", 'a');
    leave(cache, "b", 'b');
    leave(cache, "c", 'c', "v1");
    const fs::path theirs = scratch.write(
        cache.root() / "models--org--name/blobs" / (std::string(64, 'a') + ".incomplete"), "x");
    SUBCASE("the only wish: the files of another revision stay, and are a wish by themselves")
    {
        rememberWish(cache, whole);
        CHECK(findWishes(cache).size() == 2);
        discardWish(cache, whole);
        CHECK(leftPaths(cache) == std::vector<std::string>{"c"});
        CHECK(findWishes(cache) == std::vector<DownloadRequest>{other});
        discardWish(cache, other); // which nobody wrote down
        CHECK(findWishes(cache).empty());
    }
    SUBCASE("one path of two")
    {
        rememberWish(cache, part);
        discardWish(cache, part);
        CHECK(leftPaths(cache) == std::vector<std::string>{"a", "c"});
    }
    SUBCASE("what another wish names stays")
    {
        rememberWish(cache, whole);
        rememberWish(cache, part);
        discardWish(cache, whole);
        CHECK(leftPaths(cache) == std::vector<std::string>{"b", "c"});
        CHECK(findWishes(cache) == std::vector<DownloadRequest>{part, other});
    }
    SUBCASE("a wish for the commit is one for its files")
    {
        rememberWish(cache, {"org/name", kCommit, {"a"}});
        discardWish(cache, whole);
        CHECK(leftPaths(cache) == std::vector<std::string>{"a", "c"});
    }
    SUBCASE("what the caller wants stays")
    {
        discardWish(cache, whole, [](const PartialRecord& each) { return each.path == "b"; });
        CHECK(leftPaths(cache) == std::vector<std::string>{"b", "c"});
    }
    CHECK(fs::exists(theirs));
}

TEST_CASE("left-overs of ended runs go when they are old; those of others never")
{
    const ScratchFolder scratch;
    const HubCache cache(scratch.path() / "hub");
    const fs::path model = cache.root() / "models--org--name";
    const std::string whole = leave(cache, "whole", 'e'); // another tool was faster
    leave(cache, "unfinished", 'f');
    scratch.write(model / "blobs" / whole, std::string(1000, 'x'));
    const std::string ours = ".0123abcd.gorgon.tmp";
    std::vector<fs::path> old, kept;
    for (const fs::path& folder : {cache.root(), model, model / "blobs", model / "refs/pr",
             model / "snapshots" / kCommit / "deep"})
    {
        old.push_back(scratch.write(folder / ("main" + ours), "x"));
        fs::create_symlink("nowhere", folder / ours);
        old.push_back(folder / ours);
        kept.push_back(scratch.write(folder / ("young" + ours), "x"));
        for (const char* name : {"x.tmp", "main.0123abcd.tmp", "main.gorgon.tmp",
                 "main.0123abcX.gorgon.tmp", "0123abcd.gorgon.tmp.bak"})
        {
            kept.push_back(scratch.write(folder / name, "theirs"));
            makeOld(kept.back(), 1000);
        }
    }
    for (const fs::path& path : old)
        makeOld(path, 2);
    removeLeftOvers(cache, "org/name");
    for (const fs::path& path : old)
        CHECK_MESSAGE(!fs::is_symlink(path), path);
    for (const fs::path& path : old)
        CHECK_MESSAGE(!fs::exists(path), path);
    for (const fs::path& path : kept)
        CHECK_MESSAGE(fs::exists(path), path);
    CHECK(leftPaths(cache) == std::vector<std::string>{"unfinished"});
    removeLeftOvers(cache, "org/none");
    removeLeftOvers(HubCache(scratch.path() / "none"), "org/name");
}
