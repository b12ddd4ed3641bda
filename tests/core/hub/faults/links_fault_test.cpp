// SPDX-License-Identifier: Apache-2.0
// Links planted in the cache (D8).
#include "tests/core/hub/faults/scene.h"

#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <thread>

namespace gorgon::tests {
namespace {

namespace fs = std::filesystem;

/// Whatever is planted, fetching ends with the right file or a sentence, and nothing outside
/// changes.
void fetchAround(Scene& scene)
{
    try {
        const FetchedFile file = scene.fetch();
        CHECK(bytesOf(file.path) == scene.expected());
        CHECK(!fs::is_symlink(fs::symlink_status(scene.blob())));
    } catch (const HubError& error) {
        CAPTURE(error.what());
        CHECK((
            error.kind() == HubErrorKind::unsafeCache || error.kind() == HubErrorKind::diskFailed));
    }
    scene.checkOutside();
}

TEST_CASE("D8: a link where a folder of the cache belongs")
{
    Scene scene;
    const fs::path outside = scene.folder.path() / "outside/folder";
    fs::path planted;
    SUBCASE("the repository")
    {
        planted = scene.repositoryFolder();
    }
    SUBCASE("blobs")
    {
        planted = scene.repositoryFolder() / "blobs";
    }
    SUBCASE("snapshots")
    {
        planted = scene.repositoryFolder() / "snapshots";
    }
    SUBCASE("the commit")
    {
        planted = scene.repositoryFolder() / "snapshots" / scene.commit;
    }
    SUBCASE("locks")
    {
        planted = scene.settings.cache / ".locks";
    }
    SUBCASE("the repository's locks")
    {
        planted = scene.settings.cache / ".locks/models--org--model";
    }
    fs::create_directories(planted.parent_path());
    fs::create_directory_symlink(outside, planted);
    fetchAround(scene);
}

TEST_CASE("D8: a link where refs belong")
{
    Scene scene;
    const fs::path refs = scene.repositoryFolder() / "refs";
    fs::create_directories(scene.repositoryFolder());
    const HubCache cache(scene.settings.cache);
    SUBCASE("the folder")
    {
        fs::create_directory_symlink(scene.folder.path() / "outside/folder", refs);
        CHECK_THROWS_AS(cache.writeRef(kModelId, "main", scene.commit), HubError);
    }
    SUBCASE("the file")
    {
        fs::create_directories(refs);
        fs::create_symlink(scene.folder.path() / "outside/secret.txt", refs / "main");
        try {
            cache.writeRef(kModelId, "main", scene.commit);
            CHECK(!fs::is_symlink(refs / "main"));
        } catch (const HubError&) {
        }
    }
    SUBCASE("a folder of a branch")
    {
        fs::create_directories(refs);
        fs::create_directory_symlink(scene.folder.path() / "outside/folder", refs / "pr");
        CHECK_THROWS_AS(cache.writeRef(kModelId, "pr/1", scene.commit), HubError);
    }
    scene.checkOutside();
}

TEST_CASE("D8: a link or a device under the final name")
{
    Scene scene;
    fs::create_directories(scene.blob().parent_path());
    SUBCASE("to a file")
    {
        fs::create_symlink(scene.folder.path() / "outside/secret.txt", scene.blob());
    }
    SUBCASE("to nothing")
    {
        fs::create_symlink(scene.folder.path() / "outside/new.txt", scene.blob());
    }
    SUBCASE("to itself")
    {
        fs::create_symlink(scene.blob(), scene.blob());
    }
    SUBCASE("to a device")
    {
        fs::create_symlink("/dev/zero", scene.blob());
    }
    SUBCASE("a pipe")
    {
        REQUIRE(mkfifo(scene.blob().c_str(), 0600) == 0);
    }
    SUBCASE("a folder")
    {
        fs::create_directories(scene.blob() / "x");
    }
    fetchAround(scene);
}

TEST_CASE("D8: a link among the snapshot's files")
{
    Scene scene;
    const fs::path snapshot = scene.repositoryFolder() / "snapshots" / scene.commit;
    fs::create_directories(snapshot);
    SUBCASE("of the file")
    {
        fs::create_symlink(scene.folder.path() / "outside/secret.txt", snapshot / kLargePath);
    }
    SUBCASE("of a folder on the way")
    {
        scene.files["sub/file.txt"] = smallFile("text");
        scene.commit = scene.hub.commit(kModelId, scene.files);
        fs::create_directories(scene.repositoryFolder() / "snapshots" / scene.commit);
        fs::create_directory_symlink(scene.folder.path() / "outside/folder",
            scene.repositoryFolder() / "snapshots" / scene.commit / "sub");
        scene.errorOf([&](HubClient& client) {
            fetchFile(client, HubCache(scene.settings.cache), scene.request("sub/file.txt"));
        });
    }
    fetchAround(scene);
}

TEST_CASE("D8: a file of the snapshot that leads out of the cache is not one of ours")
{
    Scene scene;
    scene.fetch();
    const fs::path link = scene.repositoryFolder() / "snapshots" / scene.commit / "extra.txt";
    fs::create_symlink(scene.folder.path() / "outside/secret.txt", link);
    const HubCache cache(scene.settings.cache);
    CHECK(!cache.file(kModelId, scene.commit, "extra.txt"));
    // Removing the model takes the link, not what it leads to.
    HubCache(scene.settings.cache).remove(kModelId);
    scene.checkOutside();
    CHECK(!fs::exists(fs::symlink_status(link)));
}

TEST_CASE("D8: removal stays in the cache, whatever its folders are")
{
    Scene scene;
    scene.fetch();
    const fs::path outside = scene.folder.path() / "outside/folder";
    SUBCASE("blobs are a link")
    {
        fs::remove_all(scene.repositoryFolder() / "blobs");
        fs::create_directory_symlink(outside, scene.repositoryFolder() / "blobs");
    }
    SUBCASE("a snapshot is a link")
    {
        fs::create_directory_symlink(
            outside, scene.repositoryFolder() / "snapshots" / std::string(40, 'a'));
    }
    SUBCASE("the repository is a link")
    {
        fs::remove_all(scene.repositoryFolder());
        fs::create_directory_symlink(outside, scene.repositoryFolder());
    }
    try {
        HubCache(scene.settings.cache).remove(kModelId);
    } catch (const HubError& error) {
        CAPTURE(error.what());
        CHECK((error.kind() == HubErrorKind::unsafeCache || error.kind() == HubErrorKind::diskFailed
            || error.kind() == HubErrorKind::entryNotFound));
    }
    scene.checkOutside();
}

TEST_CASE("D8: an unfinished file that is a link is not resumed through it")
{
    Scene scene;
    scene.settings.n_retries = 0;
    scene.hub.script(contentFault(cutAfter(100000), 1));
    scene.failure();
    REQUIRE(scene.partials().size() == 1);
    const fs::path partial = scene.partials()[0];
    fs::remove(partial);
    SUBCASE("to a file")
    {
        fs::create_symlink(scene.folder.path() / "outside/secret.txt", partial);
    }
    SUBCASE("to nothing")
    {
        fs::create_symlink(scene.folder.path() / "outside/new.txt", partial);
    }
    SUBCASE("a pipe")
    {
        REQUIRE(mkfifo(partial.c_str(), 0600) == 0);
    }
    SUBCASE("a hard link of a file outside")
    {
        std::error_code error;
        fs::create_hard_link(scene.folder.path() / "outside/secret.txt", partial, error);
        if (error)
            return;
    }
    try {
        scene.fetch();
        CHECK(bytesOf(scene.blob()) == scene.expected());
    } catch (const HubError&) {
    }
    scene.checkOutside();
}

TEST_CASE("D8: the unfinished files of other programs are left as they are")
{
    Scene scene;
    fs::create_directories(scene.blob().parent_path());
    const std::string name = scene.files[kLargePath].etag;
    const std::vector<std::string> theirs = {name + ".incomplete", name + ".0123abcd.incomplete",
        std::string(64, 'b') + ".89abcdef.incomplete", "something else"};
    for (const std::string& other : theirs)
        std::ofstream(scene.blob().parent_path() / other) << "theirs";
    scene.fetch();
    CHECK(bytesOf(scene.blob()) == scene.expected());
    HubCache(scene.settings.cache).remove(kModelId);
    for (const std::string& other : theirs)
        if (other != "something else")
            CHECK(bytesOf(scene.blob().parent_path() / other) == "theirs");
}

TEST_CASE("D8: somebody swaps a folder for a link while we work")
{
    Scene scene;
    const fs::path outside = scene.folder.path() / "outside/folder";
    const fs::path blobs = scene.repositoryFolder() / "blobs";
    const fs::path aside = scene.repositoryFolder() / "aside";
    std::atomic<bool> over{false};
    std::thread swapper([&] {
        std::error_code error;
        while (!over) {
            fs::rename(blobs, aside, error);
            fs::create_directory_symlink(outside, blobs, error);
            fs::remove(blobs, error);
            fs::rename(aside, blobs, error);
        }
    });
    for (int i = 0; i < 60; ++i) {
        try {
            scene.fetch();
        } catch (const HubError&) {
        }
        std::error_code error;
        fs::remove(scene.blob(), error);
    }
    over = true;
    swapper.join();
    scene.checkOutside();
}

} // namespace
} // namespace gorgon::tests
