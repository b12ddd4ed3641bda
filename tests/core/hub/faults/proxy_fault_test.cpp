// SPDX-License-Identifier: Apache-2.0
// Proxies between this machine and the hub, good and bad.
#include "tests/core/hub/faults/child_process.h"
#include "tests/core/hub/faults/scene.h"

namespace gorgon::tests {
namespace {

constexpr const char* kFarHub = "http://hub.invalid:8000"; // no such name: only a proxy can know it

/// One process fetches the small file from the far hub.
std::string fetchedWith(const Scene& scene, const std::vector<std::string>& variables)
{
    ChildProcess child(
        {HUB_FETCH, kFarHub, scene.settings.cache.string(), kModelId, "--retries", "0", kSmallPath},
        variables);
    std::string output = child.wait();
    CHECK(child.status() <= 1);
    return output;
}

TEST_CASE("proxy: one that is set is asked for everything, and sees no token")
{
    Scene scene;
    scene.settings.endpoint = kFarHub;
    scene.settings.proxy = scene.hub.endpoint();
    scene.settings.token = "hf_known";
    CHECK(scene.client().files(kModelId, scene.commit).files.size() == 3);
    scene.fetch(kSmallPath);
    scene.checkWhole(kSmallPath);
    REQUIRE(!scene.hub.requests().empty());
    for (const HubRequest& request : scene.hub.requests()) {
        CHECK(request.proxied_to == kFarHub);
        CHECK(request.header("authorization").empty()); // over http it would be read on the way
    }
}

TEST_CASE("proxy: the environment's is used, except for the hosts that it names")
{
    Scene scene;
    const std::string proxy = "http_proxy=" + scene.hub.endpoint();
    const std::string none = fetchedWith(scene, {"http_proxy=", "no_proxy=", "NO_PROXY="});
    CHECK_MESSAGE(none.starts_with("error no_network"), none);
    const std::string excepted = fetchedWith(scene, {proxy, "no_proxy=hub.invalid", "NO_PROXY="});
    CHECK_MESSAGE(excepted.starts_with("error no_network"), excepted);
    CHECK(scene.hub.requests().empty());
    const std::string used = fetchedWith(scene, {proxy, "no_proxy=", "NO_PROXY="});
    CHECK_MESSAGE(used.starts_with("done"), used);
    scene.checkWhole(kSmallPath);
}

TEST_CASE("proxy: one that refuses, answers with a page or is gone is an error")
{
    Scene scene;
    scene.settings.n_retries = 1;
    scene.settings.endpoint = kFarHub;
    scene.settings.proxy = scene.hub.endpoint();
    SUBCASE("wants a password")
    {
        scene.hub.script(hubFault("", statusOf(407, "who are you")));
    }
    SUBCASE("answers with a page")
    {
        scene.hub.script(hubFault("", captivePortal()));
        CHECK(scene.failure(kSmallPath).kind == HubErrorKind::notAHub);
    }
    SUBCASE("refuses what is encrypted")
    {
        scene.settings.endpoint = "https://hub.invalid";
        scene.settings.token = "hf_known";
    }
    SUBCASE("is gone")
    {
        scene.settings.proxy = "http://127.0.0.1:1";
    }
    SUBCASE("is none")
    {
        scene.settings.proxy = "nothing like it";
    }
    scene.failure(kSmallPath);
    for (const HubRequest& request : scene.hub.requests())
        CHECK(request.header("authorization").empty());
}

} // namespace
} // namespace gorgon::tests
