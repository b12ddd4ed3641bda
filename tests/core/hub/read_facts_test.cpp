// SPDX-License-Identifier: Apache-2.0
#include "core/hub/read_facts.h"

#include <doctest/doctest.h>

#include "core/hub/fetch_file.h"
#include "tests/core/hub/hub_support.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

constexpr uint64_t kDataBytes = 2'000'000;

/// A safetensors file of one tensor, whose header is `padding` longer than it must be.
std::string weights(size_t padding = 0)
{
    std::string header = R"({"0.0.linear.weight":{"dtype":"F16","shape":[1000,1000],)"
                         R"("data_offsets":[0,2000000]}})";
    header += std::string(padding, ' ');
    std::string bytes;
    for (int i = 0; i < 8; ++i)
        bytes += char(uint64_t(header.size()) >> (8 * i) & 255);
    return bytes + header + std::string(kDataBytes, 'w');
}

HubFiles headFiles(size_t padding = 0)
{
    return {{"config.json", smallFile("{\"medusa_num_heads\": 2}")}, {"README.md", smallFile("#")},
        {"medusa_lm_head.safetensors", largeFile(heldBytes(weights(padding)))}};
}

uint64_t sentBytes(const FakeHub& hub)
{
    uint64_t sum = 0;
    for (const HubRequest& request : hub.requests())
        sum += request.bytes_sent;
    return sum;
}

} // namespace

TEST_CASE("facts are a few requests and no weights")
{
    HubBench bench;
    bench.hub.commit("org/heads", headFiles());
    HubClient client = bench.client();
    const ModelFacts facts = readFacts(client, bench.cache, "org/heads");
    CHECK(facts.repository == "org/heads");
    CHECK(facts.commit.size() == 40);
    CHECK(facts.has_heads);
    CHECK_FALSE(facts.has_weights);
    CHECK_FALSE(facts.has_pickle);
    CHECK(facts.unread.empty());
    CHECK(facts.texts.at("config.json") == "{\"medusa_num_heads\": 2}");
    CHECK(facts.headers.at("medusa_lm_head.safetensors").starts_with("{\"0.0.linear.weight\""));
    CHECK(facts.files.size() == 2);
    CHECK(facts.missingBytes() == facts.bytes());
    CHECK(sentBytes(bench.hub) < 200'000);
    CHECK(bench.hub.requests().size() < 12);
}

TEST_CASE("a header longer than the first piece is fetched whole, also without ranges")
{
    for (const bool has_ranges : {true, false}) {
        HubBench bench;
        bench.hub.commit("org/heads", headFiles(300'000));
        if (!has_ranges)
            bench.hub.script({.path = "Signature", .change = rangeIgnored(), .host = {}});
        HubClient client = bench.client();
        const ModelFacts facts = readFacts(client, bench.cache, "org/heads");
        CHECK(facts.headers.at("medusa_lm_head.safetensors").size() > 300'000);
        CHECK(facts.headers.at("medusa_lm_head.safetensors").starts_with("{\"0.0"));
    }
}

TEST_CASE("what the cache has is read from there and is not missing")
{
    HubBench bench;
    const std::string commit = bench.hub.commit("org/heads", headFiles());
    HubClient client = bench.client();
    for (const char* path : {"config.json", "medusa_lm_head.safetensors"})
        fetchFile(client, bench.cache, {"org/heads", "main", commit, path, {}, {}});
    bench.hub.forgetRequests();
    const ModelFacts facts = readFacts(client, bench.cache, "org/heads");
    CHECK(facts.missingBytes() == 0);
    CHECK(facts.headers.at("medusa_lm_head.safetensors").starts_with("{\"0.0"));
    CHECK(facts.texts.at("config.json") == "{\"medusa_num_heads\": 2}");
    for (const HubRequest& request : bench.hub.requests())
        CHECK(request.path().find("resolve") == std::string::npos);

    // A later commit with the same weights: they are here, the new configuration is not.
    HubFiles later = headFiles();
    later["config.json"] = smallFile("{\"medusa_num_heads\": 5}");
    bench.hub.commit("org/heads", later);
    CHECK(readFacts(client, bench.cache, "org/heads").missingBytes()
        == later.at("config.json").bytes.size);
}

TEST_CASE("a licence that keeps files back is a sentence, not an error")
{
    HubBench bench;
    bench.hub.commit("org/gated", headFiles());
    bench.hub.edit([](HubContent& content, HubRules&) {
        content.repositories["org/gated"].access = HubRepository::Access::gated;
    });
    HubClient client = bench.client();
    const ModelFacts facts = readFacts(client, bench.cache, "org/gated");
    CHECK(facts.is_gated);
    CHECK_FALSE(facts.unread.empty());
    CHECK(facts.texts.empty());
    CHECK_THROWS_AS(readFacts(client, bench.cache, "org/nobody"), HubError);
    CHECK_THROWS_AS(readFacts(client, bench.cache, "../nobody"), HubError);
}

TEST_CASE("a header that lies is left out, a connection that breaks is tried again")
{
    HubBench bench;
    HubFiles files = headFiles();
    files["medusa_lm_head.safetensors"] = largeFile(heldBytes(std::string(50'000, '\xff')));
    bench.hub.commit("org/bad", files);
    HubClient client = bench.client();
    CHECK(readFacts(client, bench.cache, "org/bad").headers.empty());
    bench.hub.commit("org/heads", headFiles());
    bench.hub.script({.path = "config.json", .change = resetAfter(3), .times = 1, .host = {}});
    CHECK(readFacts(client, bench.cache, "org/heads").texts.contains("config.json"));
}

TEST_CASE("a part that was not asked for is no part of a header")
{
    for (const bool is_total_wrong : {false, true}) {
        HubBench bench;
        bench.hub.commit("org/heads", headFiles());
        bench.hub.script({.path = "Signature",
            .change = headerSet("Content-Range",
                is_total_wrong ? "bytes 0-65543/70000" : "bytes 100-65643/2000200"),
            .host = {}});
        HubClient client = bench.client();
        HubErrorKind kind = HubErrorKind::cancelled;
        try {
            readFacts(client, bench.cache, "org/heads");
        } catch (const HubError& error) {
            kind = error.kind();
        }
        CHECK(kind == HubErrorKind::badReply);
    }
}

TEST_CASE("a small file whose bytes never end is refused at the first byte too many")
{
    HubBench bench;
    bench.hub.commit("org/heads", headFiles());
    bench.hub.script({.path = "config.json",
        .change =
            [](HubReply& reply, const HubRequest&) {
                reply.whole = countedBytes(uint64_t(1) << 40);
                reply.first = 0;
                reply.length = reply.whole.size;
                reply.framing = HubReply::Framing::chunked;
            },
        .host = {}});
    HubClient client = bench.client();
    CHECK_THROWS_WITH_AS(readFacts(client, bench.cache, "org/heads"),
        doctest::Contains("the server sends more"), HubError);
    CHECK(sentBytes(bench.hub) < 20'000'000);
}
