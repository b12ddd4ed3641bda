// SPDX-License-Identifier: Apache-2.0
// Uploads where each step goes wrong in turn: cut, busy, failing, refused, killed. In the end the
// hub has the right bytes, what it has is not sent again, and the second host sees no token.
#include "core/hub/push_folder.h"
#include "tests/core/hub/faults/child_process.h"
#include "tests/core/hub/faults/scene.h"

#include <algorithm>
#include <atomic>
#include <sstream>
#include <thread>

namespace gorgon::tests {
namespace {

namespace fs = std::filesystem;

constexpr const char* kToken = "hf_writer";
constexpr const char* kHeads = "medusa_lm_head.safetensors";
constexpr uint64_t kBytes = 50'000;
constexpr uint64_t kChunk = 7'000;
constexpr size_t kParts = 8;

/// Of one upload in parts, in the order in which they come: method and part of the address.
struct Step
{
    const char* method;
    const char* path;
};
constexpr Step kSteps[] = {{"POST", "/api/repos/create"}, {"POST", "/preupload/main"},
    {"POST", "objects/batch"}, {"PUT", "/part/"}, {"POST", "/complete_multipart"},
    {"POST", "/lfs/verify"}, {"POST", "/commit/main"}};

class PushScene
{
public:
    explicit PushScene(uint64_t chunk = kChunk)
    {
        heads = textOf(countedBytes(kBytes, 3));
        source.write("config.json", "{\"medusa_num_heads\": 3}");
        source.write(kHeads, heads);
        hub.edit([&](HubContent& content, HubRules& rules) {
            content.tokens = {kToken};
            rules.writers = {kToken};
            rules.upload_chunk_bytes = chunk;
        });
    }
    ~PushScene()
    {
        // Whatever happened, the token went to the hub alone, and nothing was written beside.
        for (const HubRequest& request : hub.requests())
            if (request.host == HubHost::cdn)
                CHECK(request.header("authorization").empty());
        CHECK(bytesOf(source.path() / kHeads) == heads);
    }
    PushScene(const PushScene&) = delete;
    PushScene& operator=(const PushScene&) = delete;

    void script(
        const Step& step, HubChange change, unsigned times = HubFault::kAlways, unsigned skip = 0)
    {
        hub.script({.path = step.path,
            .change = std::move(change),
            .times = times,
            .skip = skip,
            .host = {},
            .method = step.method});
    }
    PushResult push()
    {
        auto context = std::make_shared<HttpContext>();
        context->settings.endpoint = hub.endpoint();
        context->settings.token = kToken;
        context->settings.token_to_mirror = true;
        context->settings.n_retries = 4;
        context->settings.connect_ms = 2000;
        HubClient client(context, clock);
        PushRequest request;
        request.folder = source.path();
        request.repository = "me/heads";
        request.state_folder = state.path();
        return pushFolder(client, planPush(client, request));
    }
    HubErrorInfo failure()
    {
        try {
            push();
        } catch (const HubError& error) {
            CAPTURE(error.what());
            CHECK(std::string(error.what()).find(kToken) == std::string::npos);
            CHECK(error.info().details().find(kToken) == std::string::npos);
            CHECK(error.info().details().find("round=") == std::string::npos);
            return error.info();
        }
        FAIL("no error was thrown");
        return {};
    }
    std::string remote(const std::string& path)
    {
        std::string text = "(absent)";
        hub.edit([&](HubContent& content, HubRules&) {
            const HubRepository& repository = content.repositories["me/heads"];
            const auto head = repository.refs.find("main");
            if (head == repository.refs.end())
                return;
            const HubFiles& files = repository.commits.at(head->second);
            if (const auto found = files.find(path); found != files.end())
                text = textOf(found->second.bytes);
        });
        return text;
    }
    size_t nCommits()
    {
        size_t n = 0;
        hub.edit([&](HubContent& content, HubRules&) {
            n = content.repositories["me/heads"].commits.size();
        });
        return n;
    }
    void checkWhole()
    {
        CHECK(remote(kHeads) == heads);
        CHECK(remote("config.json") == "{\"medusa_num_heads\": 3}");
        CHECK(nCommits() == 2); // with the first one of the repository
        CHECK(std::none_of(fs::recursive_directory_iterator(state.path()), {},
            [](const fs::directory_entry& entry) { return entry.is_regular_file(); }));
    }
    size_t count(const Step& step) const
    {
        size_t n = 0;
        for (const HubRequest& request : hub.requests())
            n += request.method == step.method
                && request.target.find(step.path) != std::string::npos;
        return n;
    }

    FakeHub hub;
    ScratchFolder source{"heads"};
    ScratchFolder state{"uploads"};
    std::string heads;
    std::shared_ptr<TestClock> clock = std::make_shared<TestClock>();
};

TEST_CASE("U1: each step's answer is lost, or a connection cut, for a while and for good")
{
    for (const Step& step : kSteps) {
        CAPTURE(step.path);
        for (const HubReply::End end : {HubReply::End::reset, HubReply::End::close}) {
            PushScene scene;
            scene.script(step, unanswered(end), 2);
            scene.push();
            scene.checkWhole();
        }
        PushScene scene;
        scene.script(step, unanswered(HubReply::End::reset));
        if (std::string(step.path) == "/commit/main") {
            scene.push(); // it was made all the same, which can be seen
        } else {
            CHECK(scene.failure().kind == HubErrorKind::noNetwork);
            scene.hub.clearFaults();
            scene.push();
        }
        scene.checkWhole();
    }
}

TEST_CASE("U2: too many requests at any step: it waits as long as it is told, and goes on")
{
    for (const Step& step : kSteps) {
        CAPTURE(step.path);
        PushScene scene;
        scene.script(step, tooMany("37"), 1);
        scene.push();
        scene.checkWhole();
        // What the fake hub refused in words it has done: a commit is found at once.
        const bool is_commit = std::string(step.path) == "/commit/main";
        CHECK(scene.clock->slept() == std::chrono::seconds(is_commit ? 0 : 37));
    }
}

TEST_CASE("U2: a wait that is too long is shown, not waited for")
{
    PushScene scene;
    scene.script(kSteps[3], tooMany("7200"), 1, 4);
    const HubErrorInfo error = scene.failure();
    CHECK(error.kind == HubErrorKind::rateLimited);
    CHECK(error.wait_s == 7200);
    CHECK(scene.clock->slept().count() == 0);
    scene.hub.forgetRequests();
    CHECK(scene.push().kept_bytes == 4 * kChunk);
    CHECK(scene.count(kSteps[3]) == kParts - 4);
    scene.checkWhole();
}

TEST_CASE("U3: a server that fails at any step: after longer and longer waits, or in the next run")
{
    for (const Step& step : kSteps) {
        CAPTURE(step.path);
        for (const unsigned status : {500U, 502U, 503U, 504U}) {
            PushScene scene;
            // What failed did not happen.
            scene.script(step, statusOf(status), 3);
            scene.push();
            CHECK(scene.remote(kHeads) == scene.heads);
        }
        PushScene scene;
        scene.script(step, statusOf(503));
        const bool is_commit = std::string(step.path) == "/commit/main";
        if (is_commit) {
            scene.push(); // the fake hub has made it, and it is found
        } else {
            CHECK(scene.failure().kind == HubErrorKind::serverFailed);
            CHECK(scene.clock->slept() == std::chrono::seconds(1 + 2 + 4 + 8));
        }
        scene.hub.clearFaults();
        scene.push();
        scene.checkWhole();
    }
}

TEST_CASE("U4: an address that expires under way is asked for again, once and again, not for ever")
{
    for (const uint64_t chunk : {uint64_t(0), kChunk}) {
        CAPTURE(chunk);
        const Step put = {"PUT", chunk == 0 ? "/upload/" : "/part/"};
        for (const unsigned at : {0U, 3U}) {
            if (chunk == 0 && at > 0)
                continue;
            PushScene scene(chunk);
            scene.script(put, addressExpired(), 1, at);
            const PushResult result = scene.push();
            CHECK(result.sent_bytes + result.kept_bytes == kBytes);
            CHECK(scene.count(kSteps[2]) == 2);
            scene.checkWhole();
        }
    }
    PushScene scene;
    scene.script(kSteps[3], addressExpired());
    CHECK(scene.failure().kind == HubErrorKind::refusedRequest);
    CHECK(scene.count(kSteps[3]) == 3);
    CHECK(scene.remote(kHeads) == "(absent)");
    scene.hub.clearFaults();
    scene.push();
    scene.checkWhole();
}

TEST_CASE("U5: a part with another ETag, without one, or refused")
{
    for (unsigned part = 0; part < kParts; ++part) {
        CAPTURE(part);
        for (const HubChange& change :
            {etagChanged("0123456789abcdef0123456789abcdef01234567"), statusOf(400, "bad digest")})
        {
            PushScene scene;
            scene.script(kSteps[3], change, 1, part);
            scene.push();
            CHECK(scene.count(kSteps[2]) >= 2); // it began anew
            scene.checkWhole();
        }
    }
    PushScene wrong;
    wrong.script(kSteps[3], etagChanged(std::string(40, 'a')));
    CHECK(wrong.failure().kind == HubErrorKind::refusedRequest);
    CHECK(wrong.count(kSteps[3]) == 3 * kParts);
    CHECK(wrong.remote(kHeads) == "(absent)");
    PushScene without;
    without.script(kSteps[3], headerDropped("ETag"), 1, 2);
    CHECK(without.failure().kind == HubErrorKind::badReply);
    without.hub.forgetRequests();
    CHECK(without.push().kept_bytes == 2 * kChunk);
    without.checkWhole();
}

TEST_CASE("U6: login pages and answers that are none stop it before anything is committed")
{
    for (const Step& step : kSteps) {
        const std::string path = step.path;
        if (path == "/part/" || path == "/lfs/verify" || path == "/complete_multipart"
            || path == "/api/repos/create")
            continue; // nothing is read of these
        CAPTURE(path);
        PushScene scene;
        scene.script(step, captivePortal());
        const HubErrorKind kind = scene.failure().kind;
        CHECK((kind == HubErrorKind::notAHub || kind == HubErrorKind::badReply));
    }
}

TEST_CASE(
    "U7: redirects of an upload lose the token at another host, and lead to no other protocol")
{
    for (const Step& step : kSteps) {
        CAPTURE(step.path);
        for (const unsigned status : {307U, 308U}) {
            PushScene scene;
            scene.script(step, redirectTo(scene.hub.cdn() + "/elsewhere", status), 1);
            try {
                scene.push(); // its end checks the second host
            } catch (const HubError& error) {
                CHECK(error.kind() != HubErrorKind::diskFailed);
            }
        }
        for (const char* address : {"file:///etc/passwd", "ftp://127.0.0.1/x"}) {
            PushScene scene;
            scene.script(step, redirectTo(address, 307));
            scene.failure();
        }
    }
}

TEST_CASE("U8: killed at random parts, it goes on behind what had arrived")
{
    PushScene scene;
    TestRandom random(801);
    const std::vector<std::string> command = {HUB_PUSH, scene.hub.endpoint(),
        scene.state.path().string(), "me/heads", scene.source.path().string()};
    const std::vector<std::string> variables = {std::string("HUB_PUSH_TOKEN=") + kToken};
    size_t n_remembered = 0; // parts whose answer was written down
    for (int i = 0; i < 30; ++i) {
        CAPTURE(i);
        const auto more = unsigned(random.below(3)); // parts that are answered in this run
        if (n_remembered + more >= kParts)
            break; // it would end
        std::atomic<bool> reached = false;
        scene.hub.clearFaults();
        scene.hub.forgetRequests();
        scene.script(kSteps[3],
            bothOf(unanswered(HubReply::End::stall),
                [&](HubReply& reply, const HubRequest&) {
                    reply.at_end = [&] { reached = true; };
                }),
            HubFault::kAlways, more);
        ChildProcess child(command, variables);
        const auto start = std::chrono::steady_clock::now();
        while (!reached && std::chrono::steady_clock::now() - start < std::chrono::seconds(20))
            std::this_thread::sleep_for(std::chrono::microseconds(200));
        std::this_thread::sleep_for(std::chrono::microseconds(random.below(1500)));
        child.kill();
        const std::string output = child.wait();
        REQUIRE_MESSAGE(reached, output);
        // It began where the last run had been answered.
        std::string first;
        for (const HubRequest& request : scene.hub.requests())
            if (first.empty() && request.method == "PUT")
                first = request.path();
        CHECK(first.ends_with("/" + std::to_string(n_remembered + 1)));
        n_remembered += more;
    }
    CHECK(n_remembered > 3);
    scene.hub.clearFaults();
    scene.hub.forgetRequests();
    ChildProcess last(command, variables);
    const std::string output = last.wait();
    REQUIRE_MESSAGE(output.starts_with("done"), output);
    CHECK(output.find(kToken) == std::string::npos);
    CHECK(scene.count(kSteps[3]) == kParts - std::min(n_remembered, kParts));
    scene.checkWhole();
}

TEST_CASE("U9: eight uploads of one folder at once make one set of right bytes")
{
    PushScene scene;
    scene.push();
    scene.source.write("more.bin", textOf(countedBytes(20'000, 9)));
    std::vector<std::unique_ptr<ChildProcess>> children;
    for (int i = 0; i < 8; ++i)
        children.push_back(std::make_unique<ChildProcess>(
            std::vector<std::string>{HUB_PUSH, scene.hub.endpoint(), scene.state.path().string(),
                "me/heads", scene.source.path().string()},
            std::vector<std::string>{std::string("HUB_PUSH_TOKEN=") + kToken}));
    size_t n_done = 0;
    for (const auto& child : children) {
        const std::string output = child->wait();
        n_done += output.starts_with("done");
        CHECK_MESSAGE((child->status() == 0 || child->status() == 1), output);
    }
    CHECK(n_done >= 1);
    CHECK(scene.push().sent_bytes == 0);
    CHECK(scene.remote("more.bin") == textOf(countedBytes(20'000, 9)));
    CHECK(scene.remote(kHeads) == scene.heads);
}

} // namespace
} // namespace gorgon::tests
