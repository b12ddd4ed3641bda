// SPDX-License-Identifier: Apache-2.0
// What a hub refuses, and what is made of it.
#include "tests/core/hub/faults/scene.h"

namespace gorgon::tests {
namespace {

using Access = HubRepository::Access;

void setAccess(Scene& scene, Access access)
{
    scene.hub.edit(
        [&](HubContent& content, HubRules&) { content.repositories[kModelId].access = access; });
}

TEST_CASE("answers: a gated model names the page of its licence")
{
    Scene scene;
    setAccess(scene, Access::gated);
    SUBCASE("logged out") { }
    SUBCASE("logged in, not accepted")
    {
        scene.settings.token = "hf_known";
    }
    const HubErrorInfo error = scene.failure();
    CHECK(error.kind == HubErrorKind::gated);
    CHECK(error.action == HubAction::openLicencePage);
    CHECK(error.page.find(kModelId) != std::string::npos);
    CHECK(!error.request_id.empty());
    // Accepted meanwhile: the retry works.
    scene.settings.token = "hf_admitted";
    scene.fetch();
    scene.checkWhole();
}

TEST_CASE("answers: a repository that is missing, or that only some may see")
{
    Scene scene;
    SUBCASE("secret, logged out")
    {
        setAccess(scene, Access::secret);
    }
    SUBCASE("secret, another account")
    {
        setAccess(scene, Access::secret);
        scene.settings.token = "hf_known";
    }
    SUBCASE("missing")
    {
        scene.hub.edit([](HubContent& content, HubRules&) { content.repositories.clear(); });
    }
    CHECK(scene.failure().kind == HubErrorKind::repositoryNotFound);
    for (const bool listing : {false, true}) {
        const HubErrorInfo error = scene.errorOf([&](HubClient& client) {
            if (listing)
                client.files(kModelId, scene.commit);
            else
                client.model(kModelId);
        });
        CHECK(error.kind == HubErrorKind::repositoryNotFound);
    }
}

TEST_CASE("answers: a token that is wrong is told from a repository that is missing")
{
    Scene scene;
    scene.settings.token = "hf_expired";
    const HubErrorInfo error = scene.failure();
    CHECK(error.kind == HubErrorKind::badToken);
    CHECK(error.action == HubAction::addToken);
}

TEST_CASE("answers: a revision or a file that is missing")
{
    Scene scene;
    CHECK(scene.errorOf([](HubClient& client) { client.commit(kModelId, "no-such-branch"); }).kind
        == HubErrorKind::revisionNotFound);
    CHECK(
        scene.errorOf([](HubClient& client) { client.files(kModelId, std::string(40, '1')); }).kind
        == HubErrorKind::revisionNotFound);
    const HubErrorInfo error = scene.errorOf([&](HubClient& client) {
        fetchFile(client, HubCache(scene.settings.cache), scene.request("chat_template.jinja"));
    });
    CHECK(error.kind == HubErrorKind::entryNotFound);
}

TEST_CASE("answers: a branch with a slash is one part of an address")
{
    Scene scene;
    const std::string commit
        = scene.hub.commit(kModelId, {{"new.txt", smallFile("new")}}, "refs/pr/1");
    CHECK(scene.client().commit(kModelId, "refs/pr/1") == commit);
    CHECK(scene.client().files(kModelId, commit).files.size() == 1);
    CHECK(scene.requestsOf("GET", "refs%2Fpr%2F1").size() == 1);
}

TEST_CASE("answers: a disabled repository, and a token without the right")
{
    Scene scene;
    SUBCASE("disabled")
    {
        setAccess(scene, Access::disabled);
        CHECK(scene.failure().kind == HubErrorKind::disabled);
    }
    SUBCASE("forbidden")
    {
        scene.settings.token = "hf_known";
        scene.hub.script(hubFault("", statusOf(403, "Forbidden")));
        CHECK(scene.failure().kind == HubErrorKind::forbidden);
    }
}

TEST_CASE("answers: 429 is waited for as long as it asks")
{
    Scene scene;
    SUBCASE("in seconds, for the bytes")
    {
        scene.hub.script(contentFault(tooMany("7"), 1));
        scene.fetch();
        CHECK(scene.clock->slept() >= std::chrono::seconds(7));
        CHECK(scene.clock->slept() <= std::chrono::seconds(15));
    }
    SUBCASE("in seconds, for the address")
    {
        scene.hub.script(hubFault("resolve", tooMany("11"), 2));
        scene.fetch();
        CHECK(scene.clock->slept() >= std::chrono::seconds(22));
    }
    SUBCASE("in seconds, for a listing")
    {
        scene.hub.script(hubFault("/tree/", tooMany("5"), 1));
        scene.client().files(kModelId, scene.commit);
        CHECK(scene.clock->slept() >= std::chrono::seconds(5));
        scene.fetch();
    }
    SUBCASE("by the hub's own header")
    {
        scene.hub.script(hubFault(
            "resolve", bothOf(statusOf(429), headerSet("ratelimit", "\"api\";r=0;t=9")), 1));
        scene.fetch();
        CHECK(scene.clock->slept() >= std::chrono::seconds(9));
    }
    SUBCASE("without a number")
    {
        scene.hub.script(contentFault(statusOf(429), 1));
        scene.fetch();
        CHECK(scene.clock->slept() >= std::chrono::milliseconds(500));
    }
    scene.checkWhole();
}

TEST_CASE("answers: 429 with a wait that cannot be meant")
{
    Scene scene;
    scene.settings.n_retries = 2;
    std::string wait;
    SUBCASE("negative")
    {
        wait = "-100";
    }
    SUBCASE("a thousand years")
    {
        wait = "31536000000";
    }
    SUBCASE("beyond all numbers")
    {
        wait = "99999999999999999999999999";
    }
    SUBCASE("a word")
    {
        wait = "soon";
    }
    SUBCASE("a date of the past")
    {
        wait = "Wed, 21 Oct 2015 07:28:00 GMT";
    }
    scene.hub.script(contentFault(tooMany(wait), 1));
    try {
        scene.fetch();
        scene.checkWhole();
    } catch (const HubError& error) {
        CHECK(error.kind() == HubErrorKind::rateLimited);
        scene.checkAbsent();
    }
    CHECK(scene.clock->slept() <= std::chrono::hours(2));
}

TEST_CASE("answers: 429 without end is an error that says how long to wait")
{
    Scene scene;
    scene.settings.n_retries = 2;
    scene.hub.script(hubFault("", tooMany("30")));
    const HubErrorInfo error = scene.failure();
    CHECK(error.kind == HubErrorKind::rateLimited);
    CHECK(error.wait_s == 30);
}

TEST_CASE("answers: what a server fails at is tried again, and not for ever")
{
    Scene scene;
    for (const unsigned status : {408U, 500U, 502U, 503U, 504U}) {
        CAPTURE(status);
        std::filesystem::remove_all(scene.settings.cache);
        scene.hub.clearFaults();
        scene.hub.script(contentFault(statusOf(status), 2));
        scene.hub.script(hubFault("resolve", statusOf(status), 1));
        scene.fetch();
        scene.checkWhole();
        std::filesystem::remove_all(scene.settings.cache);
        scene.hub.clearFaults();
        scene.hub.forgetRequests();
        scene.hub.script(contentFault(statusOf(status)));
        const HubErrorInfo error = scene.failure();
        CHECK((error.kind == HubErrorKind::serverFailed || error.kind == HubErrorKind::timedOut));
        CHECK(scene.contentRequests().size() <= 5);
    }
}

TEST_CASE("answers: what will not change is not tried again")
{
    Scene scene;
    for (const unsigned status : {400U, 402U, 405U, 410U, 451U, 501U, 505U, 600U}) {
        CAPTURE(status);
        scene.hub.clearFaults();
        scene.hub.forgetRequests();
        scene.hub.script(hubFault("", statusOf(status, "no")));
        scene.failure();
        if (status < 500)
            CHECK(scene.hub.requests().size() == 1);
    }
}

TEST_CASE("answers: success without content is no file")
{
    Scene scene;
    scene.settings.n_retries = 1;
    for (const unsigned status : {201U, 202U, 203U, 204U, 205U, 300U, 304U}) {
        CAPTURE(status);
        scene.hub.clearFaults();
        scene.hub.script(contentFault(statusOf(status)));
        scene.failure();
    }
}

TEST_CASE("answers: a page of a hotel or a proxy is told from a hub")
{
    Scene scene;
    scene.settings.n_retries = 1;
    SUBCASE("instead of everything")
    {
        scene.hub.script(hubFault("", captivePortal()));
        CHECK(scene.failure().kind == HubErrorKind::notAHub);
        CHECK(scene.errorOf([](HubClient& client) { client.search({}); }).kind
            == HubErrorKind::notAHub);
        CHECK(scene.errorOf([](HubClient& client) { client.model(kModelId); }).kind
            == HubErrorKind::notAHub);
        CHECK(scene.errorOf([&](HubClient& client) { client.files(kModelId, scene.commit); }).kind
            == HubErrorKind::notAHub);
    }
    SUBCASE("by a redirect")
    {
        scene.hub.script(hubFault("", redirectTo(scene.hub.cdn() + "/login")));
        scene.failure();
    }
    SUBCASE("instead of the bytes")
    {
        scene.hub.script(contentFault(captivePortal()));
        scene.failure();
        CHECK(scene.partialBytes() == 0);
    }
    SUBCASE("instead of the bytes, of the right length")
    {
        scene.hub.script(contentFault(pageOf("text/html", std::string(200000, '<'))));
        scene.failure();
    }
    scene.hub.clearFaults();
    scene.fetch();
    scene.checkWhole();
}

TEST_CASE("answers: offline asks nobody")
{
    Scene scene;
    scene.fetch();
    scene.settings.offline = true;
    scene.hub.forgetRequests();
    CHECK(scene.fetch().was_cached);
    CHECK(scene.failure("tokenizer.json").kind == HubErrorKind::offline);
    CHECK(
        scene.errorOf([](HubClient& client) { client.search({}); }).kind == HubErrorKind::offline);
    CHECK(scene.hub.requests().empty());
}

TEST_CASE("answers: what a refusal says is shown without its tricks")
{
    Scene scene;
    scene.hub.script(hubFault("",
        bothOf(statusOf(403),
            headerSet("X-Error-Message",
                "\x1B[31mred\x1B[0m \xE2\x80\xAEtxt.exe \xFF" + std::string(5000, 'x')))));
    const HubErrorInfo error = scene.failure(); // which checks the message
    CHECK(error.message.find("\xE2\x80\xAE") == std::string::npos);
}

} // namespace
} // namespace gorgon::tests
