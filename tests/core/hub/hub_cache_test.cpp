// SPDX-License-Identifier: Apache-2.0
#include "core/hub/hub_cache.h"

#include <doctest/doctest.h>

#include "core/hub/content_digest.h"
#include "core/hub/download_wishes.h"
#include "core/hub/hub_error.h"
#include "tests/support/scratch_folder.h"

using namespace gorgon;
namespace fs = std::filesystem;

namespace {

const std::string kFirst = std::string(39, '0') + "1";
const std::string kSecond = std::string(39, '0') + "2";

/// A cache as the hub's own tools write it, by hand.
struct Folder
{
    tests::ScratchFolder scratch;
    fs::path root = scratch.path() / "hub";
    fs::path model = root / "models--org--name";

    std::string blob(const std::string& text) const
    {
        ContentDigest digest(std::string(64, '0'), text.size());
        digest.add(std::as_bytes(std::span(text)));
        scratch.write(model / "blobs" / digest.hex(), text);
        return digest.hex();
    }
    void link(const std::string& commit, const std::string& path, const std::string& target) const
    {
        const fs::path file = model / "snapshots" / commit / path;
        fs::create_directories(file.parent_path());
        fs::create_symlink(target, file);
    }
    void ref(const std::string& name, const std::string& commit) const
    {
        scratch.write(model / "refs" / name, commit);
    }
    HubCache cache() const { return HubCache(root); }
};

HubErrorKind kindOf(const std::function<void()>& call)
{
    try {
        call();
    } catch (const HubError& error) {
        return error.kind();
    }
    return HubErrorKind::cancelled;
}

} // namespace

TEST_CASE("names of repositories and of their folders go both ways")
{
    CHECK(cacheFolderName("org/name") == "models--org--name");
    CHECK(cacheFolderName("gpt2") == "models--gpt2");
    CHECK(repositoryOfFolder("models--org--name") == "org/name");
    CHECK(repositoryOfFolder("models--gpt2") == "gpt2");
    for (const char* odd : {"datasets--a--b", "models--", "models--a--b--c", "models--..--b", "x"})
        CHECK(!repositoryOfFolder(odd));
    CHECK_THROWS_AS(cacheFolderName("../x"), HubError);
}

TEST_CASE("what another tool has fetched is found, by branch and by commit")
{
    const Folder folder;
    const std::string blob = folder.blob("weights");
    folder.link(kFirst, "config.json", "../../blobs/" + blob);
    folder.link(kFirst, "a/b/x.json", "../../../../blobs/" + blob);
    folder.ref("main", kFirst);
    folder.ref("refs/pr/1", kFirst + "\n");
    const HubCache cache = folder.cache();
    CHECK(cache.commit("org/name", "main") == kFirst);
    CHECK(cache.commit("org/name", "refs/pr/1") == kFirst);
    CHECK(cache.commit("org/name", kFirst) == kFirst);
    CHECK(!cache.commit("org/name", kSecond));
    CHECK(!cache.commit("org/name", "other"));
    CHECK(!cache.commit("org/none", "main"));
    CHECK(cache.snapshot("org/name") == folder.model / "snapshots" / kFirst);
    const auto file = cache.file("org/name", kFirst, "a/b/x.json");
    REQUIRE(file);
    CHECK(file->blob == blob);
    CHECK(file->bytes == 7);
    CHECK(!cache.file("org/name", kFirst, "none.json"));
    CHECK(!HubCache(folder.scratch.path() / "absent").snapshot("org/name"));
    CHECK(HubCache(folder.scratch.path() / "absent").list().empty());
}

TEST_CASE("links that lead elsewhere are no files of the cache")
{
    const Folder folder;
    const fs::path secret = folder.scratch.write("secret", "secret");
    folder.link(kFirst, "absolute", secret.string());
    folder.link(kFirst, "outside", "../../../../secret");
    folder.link(kFirst, "other", "../../../models--a--b/blobs/x");
    folder.link(kFirst, "nested", "../../blobs/../../x");
    folder.link(kFirst, "gone", "../../blobs/" + std::string(40, 'a'));
    for (const char* name : {"absolute", "outside", "other", "nested", "gone"})
        CHECK_MESSAGE(!folder.cache().file("org/name", kFirst, name), std::string(name));
    // A blob that is a link itself.
    const std::string blob(40, 'b');
    fs::create_directories(folder.model / "blobs");
    fs::create_symlink(secret, folder.model / "blobs" / blob);
    folder.link(kFirst, "through", "../../blobs/" + blob);
    CHECK(!folder.cache().file("org/name", kFirst, "through"));
    for (const VerifiedFile& file : folder.cache().verify("org/name"))
        CHECK_MESSAGE(!file.problem.empty(), file.path);
    folder.cache().remove("org/name");
    CHECK(fs::exists(secret));
}

TEST_CASE("a folder that is a link is refused, and nothing is written through it")
{
    const Folder folder;
    const fs::path outside = folder.scratch.path() / "outside";
    fs::create_directories(outside);
    fs::create_directories(folder.model);
    fs::create_directory_symlink(outside, folder.model / "snapshots");
    CHECK(kindOf([&] { folder.cache().linkFile("org/name", kFirst, "x", std::string(40, 'a')); })
        == HubErrorKind::unsafeCache);
    const auto listed = folder.cache().list();
    REQUIRE(listed.size() == 1);
    CHECK(!listed[0].problem.empty());
    fs::create_directory_symlink(outside, folder.root / "models--a--b");
    CHECK(kindOf([&] { folder.cache().makeRepository("a/b"); }) == HubErrorKind::unsafeCache);
    CHECK(fs::is_empty(outside));
}

TEST_CASE("one odd folder hides no other, and says why")
{
    const Folder folder;
    const std::string blob = folder.blob("weights");
    folder.link(kFirst, "model.safetensors", "../../blobs/" + blob);
    folder.ref("main", kFirst);
    const fs::path outside = folder.scratch.path() / "outside";
    fs::create_directories(outside);
    const auto odd
        = [&](const std::string& name) { return folder.root / ("models--odd--" + name); };
    fs::create_directory_symlink(outside, odd("link"));
    folder.scratch.write(odd("file"), "text");
    fs::create_directories(odd("blobs"));
    fs::create_directory_symlink(outside, odd("blobs") / "blobs");
    fs::create_directories(odd("refs"));
    fs::create_directory_symlink(outside, odd("refs") / "refs");
    fs::create_directories(odd("wishes"));
    fs::create_symlink(outside / "x", odd("wishes") / kDownloadsFile);
    fs::path deep = odd("deep") / "snapshots" / kSecond;
    for (int i = 0; i < 50; ++i)
        deep /= "d";
    fs::create_directories(deep);
    folder.scratch.write(odd("deep") / "snapshots" / kFirst / "a", "abc");
    folder.scratch.write(
        folder.root / "models--org--unfinished" / kDownloadsFile, R"([{"revision": "main"}])");

    HubCache cache = folder.cache();
    size_t n_odd = 0;
    for (const InstalledModel& model : cache.list()) {
        CAPTURE(model.repository);
        const bool is_odd
            = model.repository.starts_with("odd/") && model.repository != "odd/wishes";
        CHECK(model.problem.empty() != is_odd);
        n_odd += is_odd;
        if (model.repository == "odd/deep") {
            REQUIRE(model.snapshots.size() == 1); // what can be read of it
            CHECK(model.bytes == 3);
        }
        if (model.repository == "org/name")
            CHECK(model.bytes == 7);
    }
    CHECK(n_odd == 5);
    const std::vector<DownloadRequest> unfinished = findWishes(cache);
    REQUIRE(unfinished.size() == 1);
    CHECK(unfinished[0].repository == "org/unfinished");
    const auto verified = cache.verify("odd/deep");
    REQUIRE(!verified.empty());
    CHECK(verified.front().path.empty());
    CHECK(verified.front().problem.find("nests deeper") != std::string::npos);
    // Nobody knows what the snapshot that cannot be read shares with others.
    CHECK(kindOf([&] { cache.remove("odd/deep", kFirst); }) == HubErrorKind::unsafeCache);
    CHECK(fs::exists(odd("deep") / "snapshots" / kFirst / "a"));
    for (const char* name : {"odd/link", "odd/blobs", "odd/refs"})
        CHECK(kindOf([&] { cache.remove(name); }) != HubErrorKind::badName);
    CHECK(fs::is_empty(outside));
}

TEST_CASE("what an unfinished download left is counted once")
{
    const Folder folder;
    const std::string blob = folder.blob("whole");
    folder.link(kFirst, "a", "../../blobs/" + blob);
    folder.scratch.write(
        folder.model / "blobs" / (std::string(64, 'b') + ".gorgon.incomplete"), "half of it");
    HubCache cache = folder.cache();
    const auto model = cache.model("org/name");
    REQUIRE(model);
    CHECK(model->bytes == 5);
    CHECK(model->partial_bytes == 10);
    CHECK(model->freed_bytes == 15);
    const Removal planned = cache.removal("org/name");
    CHECK(planned.bytes == 5);
    CHECK(planned.partial_bytes == 10);
    CHECK(planned.freed_bytes == 15);
    CHECK(cache.removal("org/name", kFirst).freed_bytes == 5);
    CHECK(cache.removal("org/name", kFirst).partial_bytes == 0);
    CHECK(cache.remove("org/name").freed_bytes == 15);
}

TEST_CASE("what downloads write is what the hub's own tools read")
{
    const Folder folder;
    const HubCache cache = folder.cache();
    const std::string blob = folder.blob("x");
    cache.linkFile("org/name", kFirst, "a/x.json", blob);
    cache.linkFile("org/name", kFirst, "a/x.json", blob);
    CHECK(fs::read_symlink(folder.model / "snapshots" / kFirst / "a" / "x.json")
        == "../../../blobs/" + blob);
    cache.writeRef("org/name", "main", kSecond);
    cache.writeRef("org/name", "main", kFirst);
    cache.writeRef("org/name", kFirst, kFirst);
    CHECK(tests::bytesOf(folder.model / "refs" / "main") == kFirst);
    CHECK(!fs::exists(folder.model / "refs" / kFirst));
    CHECK(tests::bytesOf(folder.root / "CACHEDIR.TAG")
              .starts_with("Signature: 8a477f597d28d172789f06886806bc55\n"));
    CHECK(!cache.isKnownAbsent("org/name", kFirst, "a/none.json"));
    cache.rememberAbsent("org/name", kFirst, "a/none.json");
    CHECK(cache.isKnownAbsent("org/name", kFirst, "a/none.json"));
    CHECK_THROWS_AS(cache.linkFile("org/name", kFirst, "../x", blob), HubError);
    CHECK_THROWS_AS(cache.writeRef("org/name", "../x", kFirst), HubError);
}

TEST_CASE("removing a snapshot keeps what others share, and says both numbers")
{
    const Folder folder;
    const std::string shared = folder.blob("shared bytes"), own = folder.blob("own");
    folder.link(kFirst, "a", "../../blobs/" + shared);
    folder.link(kFirst, "b", "../../blobs/" + own);
    folder.link(kFirst, "sub/b2", "../../../blobs/" + own);
    folder.link(kSecond, "a", "../../blobs/" + shared);
    folder.ref("main", kSecond);
    folder.ref("old", kFirst);
    HubCache cache = folder.cache();
    const auto model = cache.model("org/name");
    REQUIRE(model);
    CHECK(model->bytes == 15);
    REQUIRE(model->snapshots.size() == 2);
    CHECK(model->snapshots[0].bytes == 18);
    CHECK(model->snapshots[0].freed_bytes == 3);
    CHECK(model->snapshots[0].revisions == std::vector<std::string>{"old"});
    const Removal removal = cache.remove("org/name", kFirst);
    CHECK(removal.bytes == 18);
    CHECK(removal.freed_bytes == 3);
    CHECK(!fs::exists(folder.model / "snapshots" / kFirst));
    CHECK(!fs::exists(folder.model / "refs" / "old"));
    CHECK(!fs::exists(folder.model / "blobs" / own));
    CHECK(cache.file("org/name", kSecond, "a"));
    CHECK(kindOf([&] { cache.remove("org/name", kFirst); }) == HubErrorKind::revisionNotFound);
    CHECK(cache.remove("org/name", kSecond).freed_bytes == 12); // the last: nothing is left
    CHECK(!fs::exists(folder.model));
    CHECK(kindOf([&] { cache.remove("org/name"); }) == HubErrorKind::repositoryNotFound);
}

TEST_CASE("unfinished files of other programs outlive a removal")
{
    const Folder folder;
    const std::string blob = folder.blob("x");
    folder.link(kFirst, "a", "../../blobs/" + blob);
    const fs::path theirs
        = folder.scratch.write(folder.model / "blobs" / (blob + ".12345678.incomplete"), "half");
    folder.cache().remove("org/name");
    CHECK(fs::exists(theirs));
    CHECK(!fs::exists(folder.model / "blobs" / blob));
}

TEST_CASE("verification finds the file whose bytes are wrong")
{
    const Folder folder;
    const std::string sound = folder.blob("sound"), rotten = folder.blob("rotten");
    folder.link(kFirst, "sound", "../../blobs/" + sound);
    folder.link(kFirst, "rotten", "../../blobs/" + rotten);
    folder.link(kFirst, "git", "../../blobs/ce013625030ba8dba906f756967f9e9ca394464a");
    folder.scratch.write(
        folder.model / "blobs" / "ce013625030ba8dba906f756967f9e9ca394464a", "hello\n");
    folder.scratch.write(folder.model / "blobs" / rotten, "rotteN");
    VerifyProgress last;
    const auto files = folder.cache().verify(
        "org/name", [&](const VerifyProgress& progress) { last = progress; });
    REQUIRE(files.size() == 3);
    CHECK(files[0].path == "git");
    CHECK(files[0].problem.empty());
    CHECK(files[1].path == "rotten");
    CHECK(!files[1].problem.empty());
    CHECK(files[2].problem.empty());
    CHECK(last.done_bytes == last.total_bytes);
}
