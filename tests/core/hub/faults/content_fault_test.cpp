// SPDX-License-Identifier: Apache-2.0
// The right size and wrong bytes (D3).
#include "tests/core/hub/faults/scene.h"

#include <fstream>

namespace gorgon::tests {
namespace {

constexpr uint64_t kBytes = 200000;

TEST_CASE("D3: a bit that flips at any of 50 places never reaches a final name")
{
    Scene scene({}, kBytes);
    TestRandom random(301);
    for (int i = 0; i < 50; ++i) {
        const uint64_t place = i == 0 ? 0 : i == 1 ? kBytes - 1 : random.below(kBytes);
        CAPTURE(place);
        std::filesystem::remove_all(scene.settings.cache);
        scene.hub.clearFaults();
        scene.hub.script(contentFault(bitFlipped(place)));
        CHECK(scene.failure().kind == HubErrorKind::wrongContent);
        scene.hub.clearFaults();
        scene.fetch();
        scene.checkWhole();
    }
}

TEST_CASE("D3: wrong bytes are not kept to be resumed")
{
    Scene scene({}, kBytes);
    scene.settings.n_retries = 0;
    scene.hub.script(contentFault(bothOf(bitFlipped(500), cutAfter(100000)), 1));
    scene.failure();
    CHECK(scene.partialBytes() == 100000);
    // The rest is right and the whole is not: what was there before is dropped.
    try {
        scene.fetch();
    } catch (const HubError& error) {
        CHECK(error.kind() == HubErrorKind::wrongContent);
        CHECK(scene.partialBytes() == 0);
        scene.fetch();
    }
    scene.checkWhole();
}

TEST_CASE("D3: a small file is checked by its git name")
{
    Scene scene;
    for (const uint64_t place : {0, 7, 30}) {
        CAPTURE(place);
        scene.hub.script(hubFault("resolve-cache", bitFlipped(place), 1, "GET"));
        CHECK(scene.failure(kSmallPath).kind == HubErrorKind::wrongContent);
    }
    scene.fetch(kSmallPath);
    scene.checkWhole(kSmallPath);
}

TEST_CASE("D3: bytes that change on the disk between two runs are noticed")
{
    Scene scene({}, kBytes);
    scene.settings.n_retries = 0;
    scene.hub.script(contentFault(cutAfter(150000), 1));
    scene.failure();
    REQUIRE(scene.partials().size() == 1);
    const std::filesystem::path partial = scene.partials()[0];
    SUBCASE("one byte")
    {
        std::fstream file(partial, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(777);
        file.put('x');
    }
    SUBCASE("cut")
    {
        std::filesystem::resize_file(partial, 1000);
    }
    SUBCASE("longer than the file")
    {
        std::filesystem::resize_file(partial, kBytes + 1000);
    }
    SUBCASE("zeros behind")
    {
        std::filesystem::resize_file(partial, 180000);
    }
    SUBCASE("gone")
    {
        std::filesystem::remove(partial);
    }
    try {
        scene.fetch();
    } catch (const HubError& error) {
        CHECK(error.kind() == HubErrorKind::wrongContent);
        scene.checkAbsent();
        scene.fetch();
    }
    CHECK(bytesOf(scene.blob()) == scene.expected()); // a sidecar alone is kept for an hour
    CHECK(scene.partials().empty());
}

TEST_CASE("D3: a sidecar that lies or is cut is no guide")
{
    Scene scene({}, kBytes);
    scene.settings.n_retries = 0;
    scene.hub.script(contentFault(cutAfter(150000), 1));
    scene.failure();
    REQUIRE(scene.partials().size() == 1);
    std::filesystem::path sidecar = scene.partials()[0];
    sidecar.replace_extension(".json");
    REQUIRE(std::filesystem::exists(sidecar));
    std::string text = bytesOf(sidecar);
    SUBCASE("empty")
    {
        text = "";
    }
    SUBCASE("cut")
    {
        text.resize(text.size() / 2);
    }
    SUBCASE("no JSON")
    {
        text = std::string(1000, '\xFF');
    }
    SUBCASE("deep")
    {
        text = std::string(200000, '[');
    }
    SUBCASE("another type")
    {
        text = "[1, 2, 3]";
    }
    SUBCASE("huge")
    {
        text = "{\"size\": \"" + std::string(8 << 20, 'x') + "\"}";
    }
    SUBCASE("leads out")
    {
        for (size_t at = 0; (at = text.find("model.safetensors", at)) != std::string::npos;)
            text.replace(at, 17, "../../../../../outside/secret.txt");
    }
    SUBCASE("every digit another")
    {
        for (char& letter : text)
            if (letter >= '0' && letter < '9')
                ++letter;
    }
    std::ofstream(sidecar, std::ios::binary) << text;
    try {
        scene.fetch();
    } catch (const HubError& error) {
        CAPTURE(error.what());
        scene.checkAbsent();
        scene.fetch();
    }
    CHECK(bytesOf(scene.blob()) == scene.expected());
    scene.checkOutside();
}

TEST_CASE("D3: a blob that is whole is used without asking, by listing or by address")
{
    Scene scene({}, kBytes);
    scene.fetch();
    scene.hub.forgetRequests();
    const FetchedFile again = scene.fetch();
    CHECK(again.was_cached);
    CHECK(scene.contentRequests().empty());
    // A commit that names the same content: the listing alone says so.
    scene.files["other.txt"] = smallFile("new");
    scene.commit = scene.hub.commit(kModelId, scene.files);
    scene.hub.forgetRequests();
    HubClient client = scene.client();
    FetchRequest request = scene.request(kLargePath);
    request.etag = scene.files[kLargePath].etag;
    request.bytes = kBytes;
    CHECK(fetchFile(client, HubCache(scene.settings.cache), request).was_cached);
    CHECK(scene.hub.requests().empty());
    scene.checkWhole();
}

TEST_CASE("D3: verify finds every kind of damage")
{
    Scene scene({}, kBytes);
    scene.fetch();
    scene.fetch(kSmallPath);
    const HubCache cache(scene.settings.cache);
    const auto problems = [&] {
        size_t n = 0;
        for (const VerifiedFile& file : cache.verify(kModelId))
            n += !file.problem.empty();
        return n;
    };
    CHECK(problems() == 0);
    SUBCASE("a byte of a large file")
    {
        std::fstream file(scene.blob(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(kBytes - 1);
        file.put('x');
        file.close();
        CHECK(problems() == 1);
    }
    SUBCASE("a byte of a small file")
    {
        std::fstream file(scene.blob(kSmallPath), std::ios::in | std::ios::out | std::ios::binary);
        file.put('x');
        file.close();
        CHECK(problems() == 1);
    }
    SUBCASE("cut")
    {
        std::filesystem::resize_file(scene.blob(), 10);
        CHECK(problems() == 1);
    }
    SUBCASE("gone")
    {
        std::filesystem::remove(scene.blob());
        CHECK(problems() == 1);
    }
}

} // namespace
} // namespace gorgon::tests
