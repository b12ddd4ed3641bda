// SPDX-License-Identifier: Apache-2.0
#include "core/hub/partial_file.h"

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include "core/hub/hub_error.h"
#include "core/hub/partial_owner.h"
#include "tests/support/scratch_folder.h"

using namespace gorgon;

namespace {

PartialRecord record()
{
    PartialRecord made;
    made.repository = "org/name";
    made.revision = "main";
    made.commit = std::string(40, '1');
    made.path = "a/b.bin";
    made.etag = std::string(64, 'a');
    made.bytes = 1000;
    return made;
}

size_t nEntries(const CacheFolder& folder)
{
    return folder.entries().size();
}

} // namespace

TEST_CASE("a sidecar says again what was written, and nothing unsound is believed")
{
    PartialRecord written = record();
    written.synced_bytes = 500;
    written.synced_digest = "abc";
    written.content_etag = "\"x\"";
    written.content_place = "https://cdn.example/x";
    written.owner = thisProcess();
    written.boot = thisBoot();
    const std::string text = toJsonText(written);
    CHECK(parsePartialRecord(text) == written);
    for (size_t n = 0; n + 2 < text.size(); ++n)
        CHECK(!parsePartialRecord(text.substr(0, n)));
    const auto with = [&](const std::string& from, const std::string& to) {
        std::string changed = text;
        const size_t at = changed.find(from);
        REQUIRE(at != std::string::npos);
        return changed.replace(at, from.size(), to);
    };
    CHECK(!parsePartialRecord(with("a/b.bin", "../b.bin")));
    CHECK(!parsePartialRecord(with("org/name", "org/../x")));
    CHECK(!parsePartialRecord(with("\"version\": 1", "\"version\": 2")));
    CHECK(!parsePartialRecord(with("\"synced_bytes\": 500", "\"synced_bytes\": 1001")));
    CHECK(!parsePartialRecord(with("\"bytes\": 1000", "\"bytes\": -1")));
    CHECK(!parsePartialRecord(with("\"bytes\": 1000", "\"bytes\": 10995116277760")));
}

TEST_CASE("an abandoned file is taken over once, by one")
{
    const tests::ScratchFolder scratch;
    const CacheFolder blobs = *CacheFolder::openRoot(scratch.path(), false);
    {
        PartialFile first = PartialFile::take(blobs, record());
        CHECK(first.usableBytes() == 0);
        REQUIRE(write(first.descriptor(), "0123456789", 10) == 10);
        first.save(10, "digest");
        CHECK(findPartials(blobs).size() == 1);
        // While one writes, another begins a file of its own.
        PartialFile second = PartialFile::take(blobs, record());
        CHECK(second.usableBytes() == 0);
        second.discard();
    }
    CHECK(nEntries(blobs) == 2);
    PartialFile again = PartialFile::take(blobs, record());
    CHECK(again.usableBytes() == 10);
    CHECK(again.record().synced_digest == "digest");
    CHECK(nEntries(blobs) == 2);
    again.truncate();
    CHECK(again.finish());
    CHECK(nEntries(blobs) == 1);
    CHECK(blobs.entry(record().etag)->bytes == 0);
}

TEST_CASE("what a killed process left is taken over, within one boot all of it")
{
    const tests::ScratchFolder scratch;
    const CacheFolder blobs = *CacheFolder::openRoot(scratch.path(), false);
    const pid_t child = fork();
    if (child == 0) {
        PartialFile file = PartialFile::take(blobs, record());
        if (write(file.descriptor(), "0123456789", 10) == 10)
            file.save(4, "digest");
        kill(getpid(), SIGKILL);
    }
    int status = 0;
    waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    SUBCASE("the same boot")
    {
        CHECK(PartialFile::take(blobs, record()).usableBytes() == 10);
    }
    SUBCASE("another boot: what was synchronised")
    {
        const std::string name = findPartials(blobs).at(0).name;
        const std::string sidecar = name.substr(0, name.size() - 11) + ".json";
        std::string text = *blobs.readText(sidecar, 10'000);
        const std::string boot = thisBoot();
        for (size_t at = text.find(boot); at != std::string::npos; at = text.find(boot))
            text.replace(at, boot.size(), std::string(boot.size(), 'x'));
        blobs.writeText(sidecar, text);
        CHECK(PartialFile::take(blobs, record()).usableBytes() == 4);
    }
    SUBCASE("another size: nothing")
    {
        PartialRecord larger = record();
        larger.bytes = 2000;
        CHECK(PartialFile::take(blobs, larger).usableBytes() == 0);
    }
}

TEST_CASE("files of other names are nobody's business")
{
    const tests::ScratchFolder scratch;
    const std::string etag = record().etag;
    for (const std::string& name :
        std::vector<std::string>{etag + ".incomplete", etag + ".12345678.incomplete",
            etag + ".gorgon.incomplete", "x.12345678.gorgon.incomplete"})
        scratch.write(name, "theirs");
    scratch.write(etag + ".0123abcd.gorgon.incomplete", "no sidecar");
    const CacheFolder blobs = *CacheFolder::openRoot(scratch.path(), false);
    CHECK(findPartials(blobs).empty());
    discardPartials(blobs);
    PartialFile::take(blobs, record()).discard();
    CHECK(nEntries(blobs) == 5);
}

TEST_CASE("a link in place of an unfinished file is not written through")
{
    const tests::ScratchFolder scratch;
    const auto target = scratch.write("target", "precious");
    const std::string stem = record().etag + ".0123abcd.gorgon";
    std::filesystem::create_symlink(target, scratch.path() / (stem + ".incomplete"));
    scratch.write(stem + ".json", toJsonText(record()));
    const CacheFolder blobs = *CacheFolder::openRoot(scratch.path(), false);
    PartialFile file = PartialFile::take(blobs, record());
    CHECK(file.usableBytes() == 0);
    REQUIRE(write(file.descriptor(), "x", 1) == 1);
    CHECK(tests::bytesOf(target) == "precious");
}

TEST_CASE("owners are told from those who have ended")
{
    CHECK(!mayBeAlive("", 0));
    CHECK(!mayBeAlive("x", 1'000'000));
    CHECK(mayBeAlive("another-machine/b/n/1/1", 10));
    const std::string ours = thisProcess();
    CHECK(ours.substr(ours.rfind('/') + 1).size() > 0);
    const pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    std::string theirs = thisProcess(); // with the child's id and start
    const std::string id = std::to_string(getpid());
    theirs.replace(theirs.rfind("/" + id + "/") + 1, theirs.npos, std::to_string(child) + "/1");
    CHECK(!mayBeAlive(theirs, 0)); // the id was given to another
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
}

TEST_CASE("a process that has ended is not alive, though its parent has not asked")
{
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t child = fork();
    if (child == 0) {
        const std::string name = thisProcess();
        const ssize_t written = write(ends[1], name.data(), name.size());
        close(ends[1]);
        while (written > 0)
            pause();
        _exit(1);
    }
    close(ends[1]);
    std::string theirs;
    char some[256];
    for (ssize_t n; (n = read(ends[0], some, sizeof some)) > 0;)
        theirs.append(some, size_t(n));
    close(ends[0]);
    CHECK(mayBeAlive(theirs, 0));
    kill(child, SIGKILL);
    siginfo_t ended;
    REQUIRE(waitid(P_PID, id_t(child), &ended, WEXITED | WNOWAIT) == 0);
    CHECK(!mayBeAlive(theirs, 0));
    waitpid(child, nullptr, 0);
}
