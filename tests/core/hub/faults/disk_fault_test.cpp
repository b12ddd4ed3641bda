// SPDX-License-Identifier: Apache-2.0
// Disks that are full, read-only, slow to say so, or gone (D4).
#include "core/hub/download_queue.h"
#include "tests/core/hub/faults/child_process.h"
#include "tests/core/hub/faults/scene.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace gorgon::tests {
namespace {

namespace fs = std::filesystem;

/// A small disk of its own, where this process may mount one.
class SmallDisk
{
public:
    SmallDisk(const fs::path& place, const std::string& size)
        : m_place(place)
    {
        fs::create_directories(place);
        m_mounted = mount("tmpfs", place.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
        if (!m_mounted)
            MESSAGE("skipped: mounting a small disk takes a superuser");
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    ~SmallDisk()
    {
        if (m_mounted)
            umount2(m_place.c_str(), MNT_DETACH);
    }
    explicit operator bool() const { return m_mounted; }
    bool resize(const std::string& size) const
    {
        return mount(nullptr, m_place.c_str(), nullptr, MS_REMOUNT, ("size=" + size).c_str()) == 0;
    }
    void setReadOnly(bool read_only) const
    {
        REQUIRE(mount(nullptr, m_place.c_str(), nullptr, MS_REMOUNT | (read_only ? MS_RDONLY : 0),
                    nullptr)
            == 0);
    }

private:
    fs::path m_place;
    bool m_mounted = false;
};

void fill(const fs::path& folder)
{
    std::ofstream file(folder / "filler", std::ios::binary);
    const std::string piece(4096, 'x');
    while (file.write(piece.data(), std::streamsize(piece.size())).flush())
        ;
}

std::string fetchedBy(const Scene& scene, const std::vector<std::string>& options,
    const std::vector<std::string>& variables = {}, int* status = nullptr)
{
    std::vector<std::string> arguments
        = {HUB_FETCH, scene.settings.endpoint, scene.settings.cache.string(), kModelId};
    arguments.insert(arguments.end(), options.begin(), options.end());
    arguments.emplace_back(kLargePath);
    ChildProcess child(arguments, variables);
    std::string output = child.wait();
    CHECK_MESSAGE(child.status() <= 1, "ended with " << child.status() << ": " << output);
    if (status)
        *status = child.status();
    return output;
}

TEST_CASE("D4: a disk that is too small is known before the first byte")
{
    Scene scene({}, 600000);
    const SmallDisk disk(scene.folder.path() / "disk", "400k");
    if (!disk)
        return;
    scene.settings.cache = scene.folder.path() / "disk/cache";
    const HubErrorInfo error = scene.failure();
    CHECK(error.kind == HubErrorKind::diskFull);
    CHECK(error.action == HubAction::freeSpace);
    CHECK(error.needed_bytes >= 190000); // 600000 on 409600
    CHECK(scene.contentRequests().empty());
}

TEST_CASE("D4: a download whose files fit one by one, but not together, is known before the first "
          "byte")
{
    Scene scene({}, 300000);
    scene.hub.commit(kModelId,
        {{"model-00001-of-00002.safetensors", largeFile(countedBytes(300000, 1))},
            {"model-00002-of-00002.safetensors", largeFile(countedBytes(300000, 2))}});
    const SmallDisk disk(scene.folder.path() / "disk", "500k");
    if (!disk)
        return;
    scene.settings.cache = scene.folder.path() / "disk/cache";
    const DownloadRequest request = {
        kModelId, "main", {"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"}};
    DownloadQueue queue({makeHttpContext(scene.settings), scene.clock, {}});
    const int64_t id = queue.add(request);
    const DownloadProgress paused = queue.wait(id);
    CHECK(paused.state == DownloadState::paused);
    REQUIRE(paused.error);
    CHECK(paused.error->kind == HubErrorKind::diskFull);
    CHECK(paused.error->needed_bytes >= 88000); // 600000 on 512000
    CHECK(scene.contentRequests().empty());
    CHECK(queue.unfinished().size() == 1);
    // Still too little, then enough.
    queue.resume(id);
    CHECK(queue.wait(id).error->kind == HubErrorKind::diskFull);
    REQUIRE(disk.resize("800k"));
    queue.resume(id);
    CHECK(queue.wait(id).state == DownloadState::done);
}

TEST_CASE(
    "D4: a disk that fills up in between keeps what was verified, and goes on once there is room")
{
    Scene scene({}, 9000000);
    const SmallDisk disk(scene.folder.path() / "disk", "12m");
    if (!disk)
        return;
    scene.settings.cache = scene.folder.path() / "disk/cache";
    scene.settings.n_retries = 1;
    const fs::path filler_folder = scene.folder.path() / "disk";
    scene.hub.script(contentFault(bothOf(cutAfter(5500000),
                                      [=](HubReply& reply, const HubRequest&) {
                                          reply.at_end = [=] { fill(filler_folder); };
                                      }),
        1));
    CHECK(scene.failure().kind == HubErrorKind::diskFull);
    const uint64_t kept = scene.partialBytes();
    CHECK(kept >= 4000000);
    // As long as it is full, the same again.
    CHECK(scene.failure().kind == HubErrorKind::diskFull);
    CHECK(scene.partialBytes() >= kept);
    fs::remove(filler_folder / "filler");
    scene.hub.forgetRequests();
    const FetchedFile file = scene.fetch();
    scene.checkWhole();
    CHECK(file.n_resumed >= kept);
    CHECK(rangeStart(scene.contentRequests().front()) >= kept);
}

TEST_CASE("D4: no file may become as long as this one")
{
    Scene scene({}, 600000);
    int status = 0;
    const std::string output = fetchedBy(scene, {"--file-bytes", "300000"}, {}, &status);
    CHECK(status == 1);
    CHECK_MESSAGE(output.rfind("error disk", 0) == 0, output);
    scene.checkAbsent();
    const uint64_t kept = scene.partialBytes();
    CHECK(kept > 0);
    scene.hub.forgetRequests();
    scene.fetch();
    scene.checkWhole();
    CHECK(rangeStart(scene.contentRequests().front()) == kept);
}

TEST_CASE("D4: a read-only disk serves what it has and says why it takes no more")
{
    Scene scene;
    const SmallDisk disk(scene.folder.path() / "disk", "4m");
    if (!disk)
        return;
    scene.settings.cache = scene.folder.path() / "disk/cache";
    scene.fetch();
    disk.setReadOnly(true);
    const HubErrorInfo error = scene.failure("tokenizer.json");
    CHECK(error.kind == HubErrorKind::diskFailed);
    CHECK(scene.fetch().was_cached);
    const HubCache cache(scene.settings.cache);
    CHECK(cache.list().size() == 1);
    CHECK(cache.verify(kModelId).size() == 1);
    CHECK_THROWS_AS(HubCache(scene.settings.cache).remove(kModelId), HubError);
    disk.setReadOnly(false);
    scene.fetch("tokenizer.json");
    scene.checkWhole("tokenizer.json");
}

TEST_CASE("D4: a cache that this user may not write")
{
    Scene scene;
    fs::create_directories(scene.settings.cache);
    fs::permissions(scene.folder.path(), fs::perms(0755));
    fs::permissions(scene.settings.cache, fs::perms(0555));
    std::vector<std::string> options;
    if (geteuid() == 0)
        options = {"--user", "65534"};
    int status = 0;
    const std::string output = fetchedBy(scene, options, {}, &status);
    CHECK(status == 1);
    CHECK_MESSAGE(output.rfind("error disk_failed", 0) == 0, output);
    CHECK(scene.contentRequests().empty());
    CHECK(fs::is_empty(scene.settings.cache));
}

TEST_CASE("D4: a cache that is no folder, or cannot be made")
{
    Scene scene;
    SUBCASE("a file")
    {
        scene.settings.cache = scene.folder.write("file", "x");
    }
    SUBCASE("below a file")
    {
        scene.settings.cache = scene.folder.write("file", "x") / "cache";
    }
    SUBCASE("a device")
    {
        scene.settings.cache = "/dev/null";
    }
    SUBCASE("in a folder of the system")
    {
        scene.settings.cache = "/proc/gorgon";
    }
    scene.errorOf([&](HubClient& client) {
        fetchFile(client, HubCache(scene.settings.cache), scene.request(kLargePath));
    });
    CHECK(scene.contentRequests().empty());
    scene.checkOutside();
}

TEST_CASE("D4: the drive goes away in the middle of a file")
{
    Scene scene;
    const fs::path cache = scene.settings.cache;
    const fs::path away = scene.folder.path() / "away";
    bool renamed = false;
    SUBCASE("removed") { }
    SUBCASE("under another name")
    {
        renamed = true;
    }
    scene.hub.script(contentFault(bothOf(cutAfter(100000),
                                      [=](HubReply& reply, const HubRequest&) {
                                          reply.at_end = [=] {
                                              std::error_code error;
                                              if (renamed)
                                                  fs::rename(cache, away, error);
                                              else
                                                  fs::remove_all(cache, error);
                                          };
                                      }),
        1));
    try {
        scene.fetch();
    } catch (const HubError& error) {
        CAPTURE(error.what());
        CHECK((
            error.kind() == HubErrorKind::diskFailed || error.kind() == HubErrorKind::unsafeCache));
    }
    scene.checkOutside();
    scene.fetch();
    scene.checkWhole();
}

#ifdef BAD_DISK
/// Fails every call in turn; the run after it is undisturbed.
void sweep(const std::string& does)
{
    Scene scene;
    scene.settings.n_retries = 1;
    const fs::path count = scene.folder.path() / "count";
    const auto variables = [&](long at) {
        return std::vector<std::string>{std::string("LD_PRELOAD=") + BAD_DISK,
            "BAD_DISK_AT=" + std::to_string(at), "BAD_DISK_DOES=" + does,
            "BAD_DISK_COUNT=" + count.string()};
    };
    const std::string undisturbed = fetchedBy(scene, {}, variables(0));
    REQUIRE_MESSAGE(undisturbed.rfind("done", 0) == 0, undisturbed);
    scene.checkRight();
    const long n_calls = std::stol(bytesOf(count));
    REQUIRE(n_calls > 10);
    MESSAGE(does << ": " << n_calls << " calls");
    int n_failed = 0;
    for (long at = 1; at <= n_calls; ++at) {
        CAPTURE(at);
        fs::remove_all(scene.settings.cache);
        std::vector<std::string> arguments = {HUB_FETCH, scene.settings.endpoint,
            scene.settings.cache.string(), kModelId, kLargePath};
        ChildProcess child(arguments, variables(at));
        const std::string output = child.wait();
        CHECK_MESSAGE(
            (child.status() <= 1 || (does == "kill" && child.status() == 128 + SIGKILL)), output);
        n_failed += child.status() != 0;
        if (fs::exists(scene.blob()))
            CHECK(bytesOf(scene.blob()) == scene.expected());
        if (child.status() == 0) {
            CHECK(bytesOf(scene.repositoryFolder() / "snapshots" / scene.commit / kLargePath)
                == scene.expected());
        } else if (child.status() == 1 && output.find("error disk") == std::string::npos) {
            CHECK_MESSAGE(false, output);
        }
        const std::string after = fetchedBy(scene, {});
        CHECK_MESSAGE(after.rfind("done", 0) == 0, after);
        scene.checkRight();
    }
    CHECK(n_failed > n_calls / 4);
}

TEST_CASE("D4: each call that changes the disk fails once for want of room")
{
    sweep("full");
}
TEST_CASE("D4: each call that changes the disk fails once for a broken disk")
{
    sweep("io");
}
TEST_CASE("D4: from each call on the disk is full")
{
    sweep("always-full");
}
TEST_CASE("D5: killed before each call that changes the disk")
{
    sweep("kill");
}
#endif

} // namespace
} // namespace gorgon::tests
