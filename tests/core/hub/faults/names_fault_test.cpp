// SPDX-License-Identifier: Apache-2.0
// Names from outside (D7).
#include "core/hub/hub_names.h"
#include "tests/core/hub/faults/hostile_names.h"
#include "tests/core/hub/faults/scene.h"

#include <nlohmann/json.hpp>

#include <fstream>

namespace gorgon::tests {
namespace {

std::string shown(const std::string& name)
{
    std::string text;
    for (const unsigned char letter : name.substr(0, 80)) {
        if (letter >= 32 && letter < 127)
            text += char(letter);
        else
            text += "<" + std::to_string(letter) + ">";
    }
    return text;
}

/// JSON that keeps what is no UTF-8.
std::string quoted(const std::string& name)
{
    std::string text = "\"";
    for (const unsigned char letter : name) {
        char escaped[8] = {};
        if (letter < 32 || letter == '"' || letter == '\\')
            std::snprintf(escaped, sizeof escaped, "\\u%04x", letter);
        else
            escaped[0] = char(letter);
        text += escaped;
    }
    return text + "\"";
}

TEST_CASE("D7: 150 hostile names are refused wherever they come from")
{
    Scene scene;
    const auto names = hostileNames();
    CHECK(names.size() >= 150);
    scene.fetch(); // the cache is there
    const auto before = treeOf(scene.folder.path());
    for (const std::string& name : names) {
        const std::string label = shown(name);
        CAPTURE(label);
        CHECK(pathProblem(name).has_value());
        scene.hub.forgetRequests();
        const HubErrorInfo fetched = scene.errorOf([&](HubClient& client) {
            FetchRequest request = scene.request(name);
            request.etag = scene.files[kLargePath].etag; // a blob that is there
            fetchFile(client, HubCache(scene.settings.cache), request);
        });
        CHECK(fetched.kind == HubErrorKind::badName);
        CHECK(scene.hub.requests().empty());

        scene.hub.clearFaults();
        scene.hub.script(hubFault("/tree/",
            pageOf("application/json",
                R"([{"type":"file","size":1,"oid":"x","path":)" + quoted(name) + "}]")));
        try {
            const FileListing listing = scene.client().files(kModelId, scene.commit);
            CHECK(listing.files.empty());
            CHECK(listing.refused.size() == 1);
        } catch (const HubError& error) { // what is no UTF-8 is no JSON
            CHECK(
                (error.kind() == HubErrorKind::badName || error.kind() == HubErrorKind::badReply));
        }

        const HubCache cache(scene.settings.cache);
        CHECK_THROWS_AS(
            cache.linkFile(kModelId, scene.commit, name, scene.files[kLargePath].etag), HubError);
        CHECK_THROWS_AS(cache.rememberAbsent(kModelId, scene.commit, name), HubError);
    }
    CHECK(treeOf(scene.folder.path()) == before);
}

TEST_CASE("D7: odd names that are in order arrive as they are")
{
    Scene scene;
    for (const std::string& name : oddNames()) {
        CAPTURE(name);
        const auto problem = pathProblem(name);
        CHECK_MESSAGE(!problem, *problem);
        scene.files[name] = smallFile("bytes of " + name);
    }
    scene.commit = scene.hub.commit(kModelId, scene.files);
    CHECK(scene.client().files(kModelId, scene.commit).files.size() == scene.files.size());
    for (const std::string& name : oddNames()) {
        CAPTURE(name);
        scene.fetch(name);
        scene.checkWhole(name);
    }
}

TEST_CASE("D7: hostile repository names")
{
    Scene scene;
    const auto before = treeOf(scene.folder.path());
    for (const std::string& id : hostileRepositories()) {
        const std::string label = shown(id);
        CAPTURE(label);
        CHECK(repositoryProblem(id).has_value());
        CHECK(scene.errorOf([&](HubClient& client) { client.commit(id, "main"); }).kind
            == HubErrorKind::badName);
        CHECK(scene.errorOf([&](HubClient& client) { client.files(id, scene.commit); }).kind
            == HubErrorKind::badName);
        CHECK(scene
                  .errorOf([&](HubClient& client) {
                      FetchRequest request = scene.request(kLargePath);
                      request.repository = id;
                      fetchFile(client, HubCache(scene.settings.cache), request);
                  })
                  .kind
            == HubErrorKind::badName);
        HubCache cache(scene.settings.cache);
        CHECK_THROWS_AS(cache.remove(id), HubError);
        CHECK_THROWS_AS(cache.writeRef(id, "main", scene.commit), HubError);
    }
    CHECK(scene.hub.requests().empty());
    CHECK(treeOf(scene.folder.path()) == before);
}

TEST_CASE("D7: hostile revisions and commits")
{
    Scene scene;
    scene.fetch();
    const auto before = treeOf(scene.folder.path());
    scene.hub.forgetRequests();
    for (const std::string& revision : hostileRevisions()) {
        const std::string label = shown(revision);
        CAPTURE(label);
        CHECK(revisionProblem(revision).has_value());
        CHECK(scene.errorOf([&](HubClient& client) { client.commit(kModelId, revision); }).kind
            == HubErrorKind::badName);
        HubCache cache(scene.settings.cache);
        CHECK_THROWS_AS(cache.writeRef(kModelId, revision, scene.commit), HubError);
        CHECK_THROWS_AS(
            cache.linkFile(kModelId, revision, "a.txt", scene.files[kLargePath].etag), HubError);
        // An empty commit means all of them.
        if (!revision.empty())
            CHECK_THROWS_AS(cache.remove(kModelId, revision), HubError);
        scene.errorOf([&](HubClient& client) {
            FetchRequest request = scene.request(kLargePath);
            request.commit = revision;
            fetchFile(client, HubCache(scene.settings.cache), request);
        });
    }
    CHECK(scene.hub.requests().empty());
    CHECK(treeOf(scene.folder.path()) == before);
}

TEST_CASE("D7: hostile blob names cannot be linked")
{
    Scene scene;
    scene.fetch();
    const auto before = treeOf(scene.folder.path());
    const HubCache cache(scene.settings.cache);
    for (const std::string& blob :
        {std::string("../../../outside/secret.txt"), std::string("/etc/passwd"), std::string("."),
            std::string(""), std::string("x"), std::string(64, 'G'), std::string(63, 'a')})
    {
        CAPTURE(blob);
        CHECK_THROWS_AS(cache.linkFile(kModelId, scene.commit, "b.txt", blob), HubError);
    }
    CHECK(treeOf(scene.folder.path()) == before);
}

TEST_CASE("D7: a ref that leads out of the cache is not followed")
{
    Scene scene;
    scene.fetch();
    const HubCache cache(scene.settings.cache);
    for (const std::string& text :
        {std::string("../../../outside"), std::string("/etc"), std::string("abc"),
            std::string(40, 'A'), std::string(1 << 20, 'a'), std::string(), std::string(40, '\0')})
    {
        std::filesystem::create_directories(scene.repositoryFolder() / "refs");
        std::ofstream(scene.repositoryFolder() / "refs/main", std::ios::binary) << text;
        try {
            const auto commit = cache.commit(kModelId, "main");
            CHECK(!commit);
            const auto snapshot = cache.snapshot(kModelId, "main");
            CHECK(!snapshot);
        } catch (const HubError&) { // said, which is as good
        }
    }
}

TEST_CASE("D7: what was pasted is taken apart only where every part is safe")
{
    for (const char* path : {"..%2F..%2Fetc", "a/..", "%2e%2e/a", "CON", "a%00b", "a%5Cb"})
        CHECK_THROWS_AS(
            parseHubAddress(std::string("https://huggingface.co/org/model/blob/main/") + path),
            HubError);
    for (const std::string& text : {std::string("https://huggingface.co.example.com/org/model"),
             std::string("https://evil.example/org/model"), std::string("file:///etc/passwd"),
             std::string("javascript:alert(1)"), std::string(1 << 20, '/')})
        try {
            const auto address = parseHubAddress(text);
            CHECK(!address);
        } catch (const HubError&) {
        }
}

} // namespace
} // namespace gorgon::tests
