// SPDX-License-Identifier: Apache-2.0
#include "core/hub/http.h"

#include <doctest/doctest.h>

#include <chrono>
#include <mutex>
#include <thread>

#include "core/hub/url.h"
#include "tests/core/hub/hub_support.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point begin)
{
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

HttpRequest requestOf(const std::string& url)
{
    HttpRequest request;
    request.url = url;
    return request;
}

} // namespace

TEST_CASE("a stop ends a request at once, also one that waits for bytes")
{
    HubBench bench;
    const std::string commit
        = bench.hub.commit("org/name", {{"x.bin", largeFile(countedBytes(1'000'000))}});
    bench.hub.script(
        {.path = "", .change = stallAfter(1000), .times = 100, .skip = 0, .host = HubHost::cdn});
    auto context = bench.context();
    context->settings.stall_ms = 60'000;
    HubClient client(context, bench.clock);
    HttpRequest request = requestOf(client.metadata("org/name", commit, "x.bin").content_url);
    request.sink = [](std::span<const std::byte>) {};
    std::stop_source stop;
    Clock::time_point asked;
    std::thread other([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        asked = Clock::now();
        stop.request_stop();
    });
    HttpConnection connection(context);
    HubErrorKind kind = HubErrorKind::badReply;
    try {
        connection.send(request, stop.get_token());
    } catch (const HubError& error) {
        kind = error.kind();
    }
    const double late = secondsSince(asked);
    other.join();
    CHECK(kind == HubErrorKind::cancelled);
    CHECK(late < 0.3);
}

TEST_CASE("bytes come no faster than they may, and the limit can change")
{
    HubBench bench;
    const std::string commit
        = bench.hub.commit("org/name", {{"x.bin", largeFile(countedBytes(2'000'000))}});
    auto context = bench.context();
    HubClient client(context, bench.clock);
    HttpRequest request = requestOf(client.metadata("org/name", commit, "x.bin").content_url);
    uint64_t n_bytes = 0;
    request.sink = [&](std::span<const std::byte> bytes) { n_bytes += bytes.size(); };
    HttpConnection connection(context);
    context->bandwidth->limit(4'000'000);
    Clock::time_point begin = Clock::now();
    connection.send(request, {});
    CHECK(n_bytes == 2'000'000);
    CHECK(secondsSince(begin) > 0.35);
    context->bandwidth->limit(0);
    begin = Clock::now();
    connection.send(request, {});
    CHECK(secondsSince(begin) < 0.35);
}

TEST_CASE("every request is told, without tokens and signatures, and so are the hub's warnings")
{
    HubBench bench;
    bench.hub.edit([](HubContent& content, HubRules&) { content.tokens.insert("hf_secret"); });
    const std::string commit
        = bench.hub.commit("org/name", {{"x.bin", largeFile(countedBytes(1000))}});
    bench.hub.script({.path = "api",
        .change = headerSet("X-HF-Warning", "quota; \x1b[2Jnearly full"),
        .times = 1,
        .skip = 0,
        .host = {}});
    auto context = bench.context();
    context->settings.token = "hf_secret";
    context->settings.token_to_mirror = true;
    std::vector<HttpLogEntry> log;
    std::vector<std::string> warnings;
    context->on_request = [&](const HttpLogEntry& entry) { log.push_back(entry); };
    context->on_warning = [&](const std::string& warning) { warnings.push_back(warning); };
    HubClient client(context, bench.clock);
    client.files("org/name", commit);
    HttpRequest request = requestOf(client.resolveUrl("org/name", commit, "x.bin"));
    request.headers = {{"Range", "bytes=10-"}};
    request.sink = [](std::span<const std::byte>) {};
    client.follow(request, "org/name: x.bin", {});
    REQUIRE(log.size() == 3);
    CHECK(log[0].status == 200);
    CHECK(log[1].status == 302);
    CHECK(log[2].status == 206);
    CHECK(log[2].range == "bytes=10-");
    CHECK(log[2].n_bytes == 990);
    for (const HttpLogEntry& entry : log) {
        CHECK(entry.url.find('?') == std::string::npos);
        CHECK((entry.method + entry.url + entry.error).find("hf_secret") == std::string::npos);
    }
    REQUIRE(warnings.size() == 1);
    CHECK(warnings[0] == "quota; \\x1B[2Jnearly full");
}

TEST_CASE("where only the open network may answer, a name that leads into a local one is refused")
{
    HubBench bench;
    const std::string commit = bench.hub.commit("org/name", {{"a.txt", smallFile("text")}});
    const auto context = bench.context();
    HttpConnection connection(context);
    HttpRequest request = requestOf(bench.hub.cdn() + "/none"); // by the name of localhost
    CHECK(isPrivateAddress(connection.send(request, {}).peer) == true);
    bench.hub.forgetRequests();
    request.public_only = true;
    HttpConnection other(context);
    try {
        other.send(request, {});
        FAIL("answered");
    } catch (const HubError& error) {
        CHECK(error.kind() == HubErrorKind::redirectRefused);
        CHECK(error.info().message.find("an address of the local network") != std::string::npos);
    }
    CHECK(bench.hub.requests().empty());
    // A hub in a local network may send its clients around in it.
    HubClient client(context, bench.clock);
    CHECK(client.files("org/name", commit).files.size() == 1);
    CHECK(client.metadata("org/name", commit, "a.txt").bytes == 4);
}

TEST_CASE("what is said of a proxy tells no password")
{
    HubBench bench;
    for (const std::string proxy : {"http://me:secret@127.0.0.1:1", "me:secret@127.0.0.1:1",
             "http://me:se/cret@127.0.0.1:1", "http://me:secret@no such:host",
             "nothing://me:secret@127.0.0.1:1", "http://me:secret@[::1:9", "http://me:secret@:x"})
    {
        const auto context = bench.context();
        context->settings.proxy = proxy;
        context->settings.n_retries = 0;
        std::string said;
        context->on_request
            = [&](const HttpLogEntry& entry) { said += entry.error + entry.url + "\n"; };
        try {
            HubClient(context, bench.clock).commit("org/name", "main");
            FAIL(proxy);
        } catch (const HubError& error) {
            said += error.info().details();
        }
        CHECK_MESSAGE(said.find("cret") == std::string::npos, said);
        HubSettings settings = context->settings;
        settings.token = "hf_word";
        CHECK(withoutSecrets("with " + proxy + " and hf_word", settings).find("cret")
            == std::string::npos);
        CHECK(withoutSecrets("hf_word", settings) == "***");
    }
}

TEST_CASE("what does not answer is given up in time")
{
    HubBench bench;
    auto context = bench.context();
    context->settings.connect_ms = 300;
    context->settings.reply_ms = 300;
    bench.hub.script({.path = "",
        .change = unanswered(HubReply::End::stall),
        .times = 100,
        .skip = 0,
        .host = {}});
    HttpConnection connection(context);
    const Clock::time_point begin = Clock::now();
    try {
        connection.send(requestOf(bench.hub.endpoint() + "/api/models"), {});
        FAIL("nothing answered");
    } catch (const HubError& error) {
        CHECK(error.kind() == HubErrorKind::timedOut);
    }
    CHECK(secondsSince(begin) < 3);
}

TEST_CASE(
    "a small reply that trickles on is given up, with a sink and without, and after an upload")
{
    HubBench bench;
    bench.hub.commit("org/name", {{"config.json", smallFile(std::string(5000, 'x'))}});
    for (const char* method : {"GET", "POST"})
        bench.hub.script({.path = "", .change = dripAfter(10), .host = {}, .method = method});
    bench.hub.script(
        {.path = "failing", .change = statusOf(503, std::string(5000, 'x')), .host = {}});
    bench.hub.script({.path = "failing", .change = dripAfter(10), .host = {}});
    HttpConnection connection(bench.context());
    const auto end = [&](HttpRequest request) {
        request.small_limit = std::chrono::milliseconds(400);
        const Clock::time_point begin = Clock::now();
        HubErrorKind kind = HubErrorKind::cancelled;
        try {
            connection.send(request, {});
        } catch (const HubError& error) {
            kind = error.kind();
        }
        CHECK(secondsSince(begin) < 3);
        return kind;
    };
    const std::string url = bench.hub.endpoint() + "/api/models?search=org";
    CHECK(end(requestOf(url)) == HubErrorKind::timedOut);
    HttpRequest request = requestOf(url);
    request.sink = [](std::span<const std::byte>) {};
    request.is_small = true;
    CHECK(end(request) == HubErrorKind::timedOut);
    request.is_small = false;
    request.url = bench.hub.endpoint() + "/failing";
    CHECK(end(request) == HubErrorKind::timedOut);
    HttpRequest upload = requestOf(bench.hub.endpoint() + "/api/repos/create");
    upload.method = HttpRequest::Method::post;
    upload.upload = textUpload("{}");
    CHECK(end(upload) == HubErrorKind::timedOut);
}
