// SPDX-License-Identifier: Apache-2.0
#include "core/hub/verified_writer.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <vector>

#include "core/hub/cache_folder.h"
#include "core/hub/content_digest.h"
#include "core/hub/hub_error.h"
#include "tests/support/scratch_folder.h"

using namespace gorgon;

namespace {

std::string patternOf(size_t n)
{
    std::string text(n, '\0');
    uint32_t state = 1;
    for (char& c : text)
        c = char((state = state * 1664525 + 1013904223) >> 24);
    return text;
}

std::span<const std::byte> spanOf(std::string_view text)
{
    return std::as_bytes(std::span(text));
}

std::string digestOf(std::string_view text)
{
    ContentDigest digest(std::string(64, '0'), text.size());
    digest.add(spanOf(text));
    return digest.hex();
}

struct Target
{
    tests::ScratchFolder scratch;
    OpenFile file{open((scratch.path() / "f").c_str(), O_RDWR | O_CREAT, 0600)};
    VerifiedWriter::Options options() const
    {
        VerifiedWriter::Options made;
        made.etag = std::string(64, '0');
        return made;
    }
};

} // namespace

TEST_CASE("what is added in any portions is written whole and hashed")
{
    for (const size_t portion :
        {size_t(1000), size_t(1) << 20, (size_t(1) << 20) + 7, size_t(5) << 20}) {
        const Target target;
        const std::string text = patternOf((size_t(9) << 20) + 123);
        VerifiedWriter writer(target.file.get(), "f", target.options());
        for (size_t at = 0; at < text.size(); at += portion)
            writer.add(spanOf(std::string_view(text).substr(at, portion)));
        CHECK(writer.addedBytes() == text.size());
        writer.flush();
        writer.flush();
        CHECK(writer.doneBytes() == text.size());
        CHECK(writer.digest() == digestOf(text));
        CHECK(tests::bytesOf(target.scratch.path() / "f") == text);
    }
}

TEST_CASE("flushes in between, a resumed file and a new beginning all end in the same bytes")
{
    const Target target;
    const std::string text = patternOf(3'000'000);
    {
        VerifiedWriter writer(target.file.get(), "f", target.options());
        writer.add(spanOf(std::string_view(text).substr(0, 1'500'000)));
    } // dropped, some of it perhaps written
    REQUIRE(ftruncate(target.file.get(), 0) == 0);
    REQUIRE(pwrite(target.file.get(), text.data(), 1'200'000, 0) == 1'200'000);
    VerifiedWriter writer(target.file.get(), "f", target.options());
    std::string digest;
    uint64_t reported = 0;
    writer.adopt(1'200'000, 700'000, digest, [&](uint64_t n) { reported = n; }, {});
    CHECK(reported == 1'200'000);
    CHECK(digest == digestOf(std::string_view(text).substr(0, 700'000)));
    writer.add(spanOf(std::string_view(text).substr(1'200'000, 5)));
    writer.flush();
    writer.add(spanOf(std::string_view(text).substr(1'200'005)));
    writer.flush();
    CHECK(writer.digest() == digestOf(text));
    CHECK(tests::bytesOf(target.scratch.path() / "f") == text);
    writer.restart();
    REQUIRE(ftruncate(target.file.get(), 0) == 0);
    writer.add(spanOf("abc"));
    writer.flush();
    CHECK(writer.digest() == digestOf("abc"));
    CHECK(tests::bytesOf(target.scratch.path() / "f") == "abc");
}

TEST_CASE("checkpoints tell the digest of what is on the disk")
{
    const Target target;
    const std::string text = patternOf(size_t(8) << 20);
    VerifiedWriter::Options options = target.options();
    options.checkpoint_s = 0;
    std::vector<std::pair<uint64_t, std::string>> seen;
    options.on_checkpoint
        = [&](uint64_t bytes, const std::string& digest) { seen.emplace_back(bytes, digest); };
    VerifiedWriter writer(target.file.get(), "f", options);
    writer.add(spanOf(text));
    writer.add(spanOf("rest"));
    writer.checkpoint();
    CHECK(seen.size() >= 9);
    CHECK(seen.back().first == text.size() + 4);
    for (const auto& [bytes, digest] : seen)
        CHECK(digest == digestOf((text + "rest").substr(0, bytes)));
}

TEST_CASE("a disk that takes no more is said to the caller")
{
    const OpenFile full(open("/dev/full", O_RDWR));
    REQUIRE(full);
    VerifiedWriter::Options options;
    options.etag = std::string(64, '0');
    VerifiedWriter writer(full.get(), "/dev/full", options);
    const std::string text = patternOf(size_t(1) << 20);
    try {
        for (int i = 0; i < 100; ++i)
            writer.add(spanOf(text));
        writer.flush();
        FAIL("the disk was full");
    } catch (const HubError& error) {
        CHECK(error.kind() == HubErrorKind::diskFull);
    }
    CHECK_THROWS_AS(writer.flush(), HubError);
}
