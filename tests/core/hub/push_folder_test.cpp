// SPDX-License-Identifier: Apache-2.0
#include "core/hub/push_folder.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sys/stat.h>

#include "core/hub/base64.h"
#include "core/hub/upload_record.h"
#include "tests/core/hub/hub_support.h"

using namespace gorgon;
using namespace gorgon::tests;
namespace fs = std::filesystem;

namespace {

constexpr const char* kToken = "hf_writer";
constexpr size_t kWeightBytes = 50'000;
constexpr size_t kChunk = 7'000; // of a part: eight in all

std::string weights(char seed = 'w')
{
    std::string bytes(kWeightBytes, seed);
    for (size_t i = 0; i < bytes.size(); i += 97)
        bytes[i] = char(i);
    return bytes;
}

struct PushBench : HubBench
{
    ScratchFolder folder{"heads"};
    PushRequest request;

    explicit PushBench(uint64_t chunk = 0)
    {
        folder.write("config.json", "{\"medusa_num_heads\": 3}");
        folder.write("medusa_lm_head.safetensors", weights());
        folder.write("notes/how.txt", "made by hand");
        folder.write(".hidden", "not this");
        request.folder = folder.path();
        request.repository = "me/heads";
        request.state_folder = scratch.path() / "uploads";
        hub.edit([&](HubContent& content, HubRules& rules) {
            content.tokens = {kToken, "hf_reader"};
            rules.writers = {kToken};
            rules.upload_chunk_bytes = chunk;
        });
    }

    HubClient writer(const std::string& token = kToken) const
    {
        auto made = std::make_shared<HttpContext>(*context());
        made->settings.token = token;
        made->settings.token_to_mirror = true;
        return HubClient(made, clock);
    }
    PushResult push(const std::string& token = kToken, const PushCallback& on_progress = {},
        const std::stop_token& stop = {})
    {
        HubClient client = writer(token);
        return pushFolder(client, planPush(client, request, {}, stop), on_progress, stop);
    }
    HubErrorInfo failure(const std::string& token = kToken)
    {
        try {
            push(token);
        } catch (const HubError& error) {
            return error.info();
        }
        FAIL("an error was expected");
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
    size_t count(const std::string& method, const std::string& part) const
    {
        size_t n = 0;
        for (const HubRequest& made : hub.requests())
            n += made.method == method && made.target.find(part) != std::string::npos;
        return n;
    }
    void rules(const std::function<void(HubRules&)>& change)
    {
        hub.edit([&](HubContent&, HubRules& rules) { change(rules); });
    }
};

} // namespace

TEST_CASE("base64 as the hub reads it")
{
    CHECK(base64("") == "");
    CHECK(base64("f") == "Zg==");
    CHECK(base64("fo") == "Zm8=");
    CHECK(base64("foo") == "Zm9v");
    CHECK(base64("foobar") == "Zm9vYmFy");
    CHECK(base64(std::string("\xff\x00\xfe", 3)) == "/wD+");
}

TEST_CASE("a folder becomes a repository: small files in the commit, large ones ahead of it")
{
    for (const uint64_t chunk : {uint64_t(0), uint64_t(kChunk)}) {
        CAPTURE(chunk);
        PushBench bench(chunk);
        bench.request.card = "# Heads\n";
        const PushResult result = bench.push();
        CHECK(result.was_created);
        CHECK(result.commit.size() == 40);
        CHECK(result.page == bench.hub.endpoint() + "/me/heads");
        CHECK(result.sent_bytes == kWeightBytes);
        CHECK(bench.remote("medusa_lm_head.safetensors") == weights());
        CHECK(bench.remote("config.json") == "{\"medusa_num_heads\": 3}");
        CHECK(bench.remote("notes/how.txt") == "made by hand");
        CHECK(bench.remote("README.md") == "# Heads\n");
        CHECK(bench.remote(".hidden") == "(absent)");
        CHECK(bench.count("PUT", "") == (chunk == 0 ? 1 : 8));
        // The token goes to the hub alone.
        for (const HubRequest& request : bench.hub.requests())
            CHECK((request.host == HubHost::hub) == !request.header("authorization").empty());
        // What comes down again is what went up.
        HubClient client = bench.writer();
        const PushPlan again = planPush(client, bench.request);
        CHECK(again.exists);
        CHECK(again.bytes() == 0);
        bench.hub.forgetRequests();
        CHECK(pushFolder(client, again).commit == result.commit);
        CHECK(bench.count("POST", "") == 0);
    }
}

TEST_CASE("a plan says what is new, what is replaced and what is left out")
{
    PushBench bench;
    bench.push();
    bench.folder.write("config.json", "{\"medusa_num_heads\": 5}");
    bench.folder.write("more.json", "{}");
    bench.folder.write("aux.txt", "a name that one system has no room for");
    HubClient client = bench.writer();
    const PushPlan plan = planPush(client, bench.request);
    REQUIRE(plan.changed(PushChange::replaced).size() == 1);
    CHECK(plan.changed(PushChange::replaced)[0]->path == "config.json");
    REQUIRE(plan.changed(PushChange::added).size() == 1);
    CHECK(plan.changed(PushChange::added)[0]->path == "more.json");
    CHECK(plan.changed(PushChange::same).size() == 2);
    CHECK(plan.left_out.size() == 2);
    CHECK(bench.count("PUT", "") == 1); // planning sends nothing
    pushFolder(client, plan);
    CHECK(bench.remote("config.json") == "{\"medusa_num_heads\": 5}");
    CHECK(bench.remote("medusa_lm_head.safetensors") == weights());
    CHECK(bench.count("PUT", "") == 1);
}

TEST_CASE("a card of the folder's own stays")
{
    PushBench bench;
    bench.folder.write("README.md", "mine");
    bench.request.card = "generated";
    bench.push();
    CHECK(bench.remote("README.md") == "mine");
}

TEST_CASE("a private repository is made private")
{
    PushBench bench;
    bench.request.is_private = true;
    CHECK(bench.push().was_created);
    bench.hub.edit([](HubContent& content, HubRules&) {
        CHECK(content.repositories["me/heads"].access == HubRepository::Access::secret);
    });
    HubClient stranger = bench.client();
    CHECK_THROWS_AS(stranger.model("me/heads"), HubError);
    // Its owner goes on with it.
    bench.folder.write("more.json", "{}");
    CHECK_FALSE(bench.push().was_created);
    CHECK(bench.remote("more.json") == "{}");
}

TEST_CASE("without a token, with a wrong one and with one that may only read: a sentence each")
{
    PushBench bench;
    const HubErrorInfo none = bench.failure("");
    CHECK(none.kind == HubErrorKind::badToken);
    CHECK(none.action == HubAction::addToken);
    CHECK(none.message.find("/settings/tokens") != std::string::npos);
    CHECK(bench.hub.requests().empty());
    const HubErrorInfo wrong = bench.failure("hf_wrong");
    CHECK(wrong.kind == HubErrorKind::badToken);
    CHECK(wrong.message.find("hf_wrong") == std::string::npos);
    const HubErrorInfo reader = bench.failure("hf_reader");
    CHECK(reader.kind == HubErrorKind::forbidden);
    CHECK(reader.action == HubAction::addToken);
    CHECK(reader.message
        == "me/heads: the token may not write there; make a token with write access to it");
    CHECK(bench.remote("config.json") == "(absent)");
    // A mirror gets no token unless that is allowed.
    auto context = std::make_shared<HttpContext>(*bench.context());
    context->settings.token = kToken;
    HubClient mirror(context, bench.clock);
    CHECK_THROWS_WITH_AS(
        planPush(mirror, bench.request), doctest::Contains("GORGON_HUB_TRUST_ENDPOINT"), HubError);
}

TEST_CASE("an upload that is cut after any part goes on behind it, in another run")
{
    for (unsigned arrived = 0; arrived < 8; ++arrived) {
        CAPTURE(arrived);
        PushBench bench(kChunk);
        bench.rules([&](HubRules& rules) { rules.uploads_until_cut = arrived; });
        CHECK(bench.failure().kind == HubErrorKind::noNetwork);
        CHECK(bench.remote("medusa_lm_head.safetensors") == "(absent)");
        bench.rules([](HubRules& rules) { rules.uploads_until_cut.reset(); });
        bench.hub.forgetRequests();
        const PushResult result = bench.push();
        CHECK(result.kept_bytes == arrived * kChunk);
        CHECK(result.sent_bytes == kWeightBytes - arrived * kChunk);
        CHECK(bench.count("PUT", "") == 8 - arrived);
        CHECK(bench.remote("medusa_lm_head.safetensors") == weights());
    }
}

TEST_CASE("a connection that breaks is made anew within the run")
{
    PushBench bench(kChunk);
    bench.hub.script({.path = "/part/",
        .change = unanswered(HubReply::End::reset),
        .times = 3,
        .skip = 2,
        .host = {},
        .method = "PUT"});
    bench.hub.script(
        {.path = "/preupload/", .change = statusOf(503), .times = 1, .host = {}, .method = "POST"});
    bench.hub.script(
        {.path = "/complete", .change = tooMany("1"), .times = 1, .host = {}, .method = "POST"});
    int n_retries = 0;
    const PushResult result
        = bench.push(kToken, [&](const PushProgress& progress) { n_retries = progress.n_retries; });
    CHECK(result.sent_bytes == kWeightBytes);
    CHECK(n_retries >= 3); // some the connection makes by itself
    CHECK(bench.remote("medusa_lm_head.safetensors") == weights());
}

TEST_CASE("addresses that have expired meanwhile are asked for again")
{
    PushBench bench(kChunk);
    bench.rules([](HubRules& rules) { rules.uploads_until_cut = 3; });
    bench.failure();
    bench.rules([](HubRules& rules) {
        rules.uploads_until_cut.reset();
        rules.signing_round = 1;
    });
    const PushResult result = bench.push();
    CHECK(result.kept_bytes == 0);
    CHECK(bench.remote("medusa_lm_head.safetensors") == weights());
}

TEST_CASE("a file that changed is not glued to parts of the former one")
{
    PushBench bench(kChunk);
    bench.rules([](HubRules& rules) { rules.uploads_until_cut = 3; });
    bench.failure();
    bench.rules([](HubRules& rules) { rules.uploads_until_cut.reset(); });
    bench.folder.write("medusa_lm_head.safetensors", weights('v'));
    CHECK(bench.push().kept_bytes == 0);
    CHECK(bench.remote("medusa_lm_head.safetensors") == weights('v'));
}

TEST_CASE("where nothing can be remembered uploads work all the same")
{
    PushBench bench(kChunk);
    bench.scratch.write("taken", "a file where the folder should be");
    bench.request.state_folder = bench.scratch.path() / "taken";
    CHECK(bench.push().sent_bytes == kWeightBytes);
    CHECK(bench.remote("medusa_lm_head.safetensors") == weights());
}

TEST_CASE("large files that the hub has are not sent, wherever they lie there")
{
    PushBench bench;
    bench.push();
    bench.request.repository = "me/copy";
    bench.hub.forgetRequests();
    const PushResult result = bench.push();
    CHECK(result.kept_bytes == kWeightBytes);
    CHECK(result.sent_bytes == 0);
    CHECK(bench.count("PUT", "") == 0);
}

TEST_CASE("a commit whose answer was lost is found, not made twice")
{
    PushBench bench;
    bench.hub.script({.path = "/commit/main",
        .change = unanswered(HubReply::End::reset),
        .times = 1,
        .host = {},
        .method = "POST"});
    const PushResult result = bench.push();
    CHECK(result.commit.size() == 40);
    bench.hub.edit([&](HubContent& content, HubRules&) {
        const HubRepository& repository = content.repositories["me/heads"];
        CHECK(repository.commits.size() == 2); // with the first, empty one
        CHECK(repository.refs.at("main") == result.commit);
    });
    CHECK(bench.count("POST", "/commit/main") <= 2);
}

TEST_CASE("what somebody else has committed meanwhile is not overwritten")
{
    PushBench bench;
    bench.push();
    bench.folder.write("config.json", "{}");
    HubClient client = bench.writer();
    const PushPlan plan = planPush(client, bench.request);
    bench.hub.commit("me/heads", {{"config.json", smallFile("theirs")}});
    CHECK_THROWS_WITH_AS(
        pushFolder(client, plan), doctest::Contains("somebody else has changed it"), HubError);
    CHECK(bench.remote("config.json") == "theirs");
}

TEST_CASE("a stop ends an upload at once, and what arrived stays")
{
    PushBench bench(kChunk);
    std::stop_source stop;
    HubClient client = bench.writer();
    const PushPlan plan = planPush(client, bench.request);
    const auto on_progress = [&](const PushProgress& progress) {
        if (progress.done_bytes > 3 * kChunk)
            stop.request_stop();
    };
    CHECK_THROWS_AS(pushFolder(client, plan, on_progress, stop.get_token()), HubError);
    CHECK(bench.remote("medusa_lm_head.safetensors") == "(absent)");
    const PushResult result = bench.push();
    CHECK(result.kept_bytes >= 3 * kChunk);
    CHECK(bench.remote("medusa_lm_head.safetensors") == weights());
}

TEST_CASE("what changes while it is uploaded is not committed")
{
    PushBench bench;
    HubClient client = bench.writer();
    const PushPlan plan = planPush(client, bench.request);
    fs::last_write_time(bench.folder.path() / "medusa_lm_head.safetensors",
        fs::file_time_type::clock::now() + std::chrono::seconds(10));
    CHECK_THROWS_WITH_AS(
        pushFolder(client, plan), doctest::Contains("changed while it was uploaded"), HubError);
    CHECK(bench.remote("config.json") == "(absent)");
}

TEST_CASE("answers that cannot be right, refusals and empty folders are sentences")
{
    PushBench bench;
    bench.rules([](HubRules& rules) { rules.max_upload_bytes = 100; });
    CHECK(bench.failure().message.find("Storage limit reached") != std::string::npos);
    bench.rules([](HubRules& rules) { rules.max_upload_bytes = UINT64_MAX; });
    const auto answered = [&](const char* path, const char* text) {
        bench.hub.script({.path = path,
            .change = pageOf("application/json", text),
            .times = 1,
            .host = {},
            .method = "POST"});
        return bench.failure().kind;
    };
    for (const char* text : {"[]", "{}", "{\"files\": []}",
             R"({"files": [{"path": "config.json", "uploadMode": "other"}]})"})
        CHECK(answered("/preupload/", text) == HubErrorKind::badReply);
    CHECK(answered("/preupload/", "<html>log in</html>") == HubErrorKind::notAHub);
    for (const char* text : {"{}", R"({"objects": []})", R"({"objects": [{"oid": "0"}]})"})
        CHECK(answered("objects/batch", text) == HubErrorKind::badReply);

    HubClient client = bench.writer();
    PushRequest request = bench.request;
    request.folder = bench.folder.path() / "nothing";
    CHECK_THROWS_AS(planPush(client, request), HubError);
    fs::create_directory(request.folder);
    CHECK_THROWS_AS(planPush(client, request), HubError);
    request.repository = "../me";
    CHECK_THROWS_AS(planPush(client, request), HubError);
}

TEST_CASE("an address for the bytes that leads to another protocol is refused")
{
    for (const char* href : {"file:///etc/passwd", "ftp://127.0.0.1/a", "http://[bad"}) {
        PushBench bench;
        HubClient client = bench.writer();
        const PushPlan plan = planPush(client, bench.request);
        for (const PushFile& file : plan.files)
            if (file.path == "medusa_lm_head.safetensors")
                bench.hub.script({.path = "objects/batch",
                    .change = pageOf("application/json",
                        "{\"objects\": [{\"oid\": \"" + file.sha256
                            + "\", \"size\": 1, \"actions\": {\"upload\": {\"href\": \"" + href
                            + "\"}}}]}"),
                    .times = 1,
                    .host = {},
                    .method = "POST"});
        CHECK_THROWS_AS(pushFolder(client, plan), HubError);
        CHECK(bench.count("PUT", "") == 0);
    }
}

TEST_CASE("what is remembered of an upload is for its owner alone, and is checked")
{
    PushBench bench(kChunk);
    bench.rules([](HubRules& rules) { rules.uploads_until_cut = 3; });
    bench.failure();
    std::vector<fs::path> records;
    for (const auto& entry : fs::recursive_directory_iterator(bench.request.state_folder))
        if (entry.is_regular_file())
            records.push_back(entry.path());
    REQUIRE(records.size() == 1);
    struct stat status = {};
    REQUIRE(stat(records[0].c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    const std::string text = bytesOf(records[0]);
    CHECK(text.find(kToken) == std::string::npos);
    const auto record = parseUploadRecord(text);
    REQUIRE(record);
    CHECK(record->sentBytes() == 3 * kChunk);
    CHECK(toJsonText(*record) == text);
    for (size_t n = 0; n + 2 < text.size(); n += 7)
        CHECK_FALSE(parseUploadRecord(text.substr(0, n)));
    CHECK_FALSE(parseUploadRecord("{}"));
    CHECK_FALSE(parseUploadRecord("[1]"));

    // Damaged, it is as if there was none.
    std::ofstream(records[0]) << "{";
    bench.rules([](HubRules& rules) { rules.uploads_until_cut.reset(); });
    CHECK(bench.push().kept_bytes == 0);
    CHECK(bench.remote("medusa_lm_head.safetensors") == weights());
    CHECK_FALSE(fs::exists(records[0])); // forgotten when it is done
}
