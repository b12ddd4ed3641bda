// SPDX-License-Identifier: Apache-2.0
#include "core/hub/hub_json.h"

#include <doctest/doctest.h>

#include "core/hub/content_range.h"
#include "core/hub/hub_client.h"
#include "core/hub/hub_error.h"
#include "core/hub/hub_records.h"

using namespace gorgon;

namespace {

HubErrorKind kindOf(const std::function<void()>& call)
{
    try {
        call();
    } catch (const HubError& error) {
        return error.kind();
    }
    return HubErrorKind::cancelled;
}

HubErrorInfo replied(int status, std::initializer_list<std::pair<const char*, const char*>> headers,
    bool had_token = false, const char* url = "https://hub.example/api/models/a/b")
{
    HttpReply reply;
    reply.status = status;
    for (const auto& [name, value] : headers)
        reply.headers.add(name, value);
    return errorOfReply(reply, "a/b", url, "https://hub.example", had_token);
}

} // namespace

TEST_CASE("JSON from a hub is bounded in depth and number of values")
{
    CHECK(parseHubJson(" {\"a\": [1, 2]}\n", "x")["a"][1] == 2);
    const auto refused
        = [](const std::string& text) { return kindOf([&] { parseHubJson(text, "x"); }); };
    CHECK(refused("") == HubErrorKind::badReply);
    CHECK(refused("{\"a\":") == HubErrorKind::badReply);
    CHECK(refused("{} x") == HubErrorKind::badReply);
    CHECK(refused("\"\xff\"") == HubErrorKind::badReply);
    CHECK(refused("<!doctype html><html>Log in</html>") == HubErrorKind::notAHub);
    CHECK(refused(std::string(100'000, '[')) == HubErrorKind::badReply);
    CHECK(refused(std::string(40, '[') + std::string(40, ']')) == HubErrorKind::badReply);
    std::string many = "[0";
    for (int i = 0; i < 300'000; ++i)
        many += ",0";
    CHECK(refused(many + "]") == HubErrorKind::badReply);
}

TEST_CASE("fields are checked as they are read")
{
    const auto json = parseHubJson(R"({"s": 5, "n": -1, "f": 1.5, "t": "x", "big": 10995116277760,
        "list": ["a", 1, "b"], "null": null})",
        "x");
    CHECK(textField(json, "t", "x") == "x");
    CHECK(textField(json, "absent", "x").empty());
    CHECK(sizeField(json, "s", "x") == 5);
    CHECK(sizeField(json, "null", "x") == 0);
    for (const char* name : {"n", "f", "t", "big"})
        CHECK(kindOf([&] { sizeField(json, name, "x"); }) == HubErrorKind::badReply);
    CHECK(kindOf([&] { textField(json, "s", "x"); }) == HubErrorKind::badReply);
    CHECK(textsField(json, "list", "x") == std::vector<std::string>{"a", "b"});
    CHECK(textsField(json, "t", "x") == std::vector<std::string>{"x"});
}

TEST_CASE("a listing ends where it has more entries, names or bytes than any repository")
{
    const auto refused = [](const std::function<nlohmann::json(int page)>& pageOf, int n_pages) {
        PathSet paths;
        FileListing listing;
        for (int page = 0; page < n_pages; ++page)
            try {
                readListing(pageOf(page), "org/name", paths, listing);
            } catch (const HubError& error) {
                CHECK(error.kind() == HubErrorKind::badReply);
                CHECK(listing.n_entries <= kMaxListed + 1);
                CHECK(listing.path_bytes <= kMaxListedBytes + 1024);
                CHECK(paths.nNames() <= kMaxListedNames + 32);
                return std::string(error.what());
            }
        return std::string();
    };
    const auto pageOf = [](int n, const std::function<std::string(int)>& name, const char* type) {
        nlohmann::json page = nlohmann::json::array();
        for (int i = 0; i < n; ++i)
            page.push_back({{"type", type}, {"path", name(i)}, {"size", 1U}});
        return page;
    };
    const std::string many = refused(
        [&](int page) {
            return pageOf(
                10'000, [&](int i) { return std::to_string(page) + "-" + std::to_string(i); },
                "file");
        },
        20);
    CHECK(many
        == "org/name: a listing of at most 100000 entries was expected, it holds more; choose "
           "another model");
    CHECK(refused(
              [&](int) {
                  return pageOf(
                      10'000, [](int) { return "x"; }, "directory");
              },
              20)
        == many);
    const std::string deep = refused(
        [&](int page) {
            return pageOf(
                1000,
                [&](int i) {
                    const std::string own = std::to_string(page) + "-" + std::to_string(i);
                    std::string path = own;
                    for (int k = 0; k < 30; ++k)
                        path += "/" + std::to_string(k);
                    return path;
                },
                "file");
        },
        20);
    CHECK(deep.find("200000 names") != std::string::npos);
    const std::string wide = refused(
        [&](int page) {
            return pageOf(
                1000,
                [&](int i) {
                    std::string path = std::to_string(page) + "-" + std::to_string(i);
                    for (int k = 0; k < 3; ++k)
                        path += "/" + std::string(250, 'x');
                    return path;
                },
                "file");
        },
        50);
    CHECK(wide.find("bytes of names") != std::string::npos);
}

TEST_CASE("what a hub says about a model becomes values")
{
    const auto json
        = parseHubJson(R"({"id": "a/b", "sha": "0123456789abcdef0123456789abcdef01234567",
        "gated": "manual", "private": true, "tags": ["license:mit", "medusa"], "downloads": 7,
        "siblings": [{"rfilename": "config.json"}, {"rfilename": "../x"}],
        "cardData": {"base_model": "c/d"}})",
            "x");
    const ModelInformation information = readModelInformation(json, "a/b");
    CHECK(information.commit.size() == 40);
    CHECK(information.model.gate == Gate::manual);
    CHECK(information.model.is_private);
    CHECK(information.licence == "mit");
    CHECK(information.base_models == std::vector<std::string>{"c/d"});
    CHECK(information.files == std::vector<std::string>{"config.json"});
    for (const char* odd : {"[]", "{}", "5", R"({"sha": "main"})", R"({"sha": 5})"})
        CHECK(kindOf([&] { readModelInformation(parseHubJson(odd, "x"), "a/b"); })
            == HubErrorKind::badReply);
}

TEST_CASE("a search is asked for in the hub's words")
{
    SearchQuery query;
    query.words = "medusa vicuna";
    query.filters = {"license:apache-2.0"};
    query.limit = 1000;
    const std::string text = searchParameters(query);
    CHECK(text.starts_with("search=medusa%20vicuna&filter=license%3Aapache-2.0&sort=downloads&"
                           "direction=-1&limit=100&"));
    CHECK(text.find("expand=gated") != std::string::npos);
}

TEST_CASE("each refusal of the hub has a kind and an action of its own")
{
    CHECK(replied(401, {{"X-Error-Code", "GatedRepo"}}).kind == HubErrorKind::gated);
    CHECK(replied(403, {{"X-Error-Code", "GatedRepo"}}, true).page == "https://hub.example/a/b");
    CHECK(
        replied(404, {{"X-Error-Code", "RepoNotFound"}}).kind == HubErrorKind::repositoryNotFound);
    CHECK(
        replied(401, {{"X-Error-Message", "Repository not found"}}).action == HubAction::addToken);
    CHECK(replied(401, {{"X-Error-Message", "Invalid credentials in Authorization header"}}, true)
              .kind
        == HubErrorKind::badToken);
    CHECK(replied(404, {{"X-Error-Code", "RevisionNotFound"}}).kind
        == HubErrorKind::revisionNotFound);
    CHECK(replied(404, {{"X-Error-Code", "EntryNotFound"}}).kind == HubErrorKind::entryNotFound);
    CHECK(replied(403, {{"X-Error-Message", "Access to this resource is disabled."}}).kind
        == HubErrorKind::disabled);
    CHECK(replied(403, {}, true).kind == HubErrorKind::forbidden);
    const HubErrorInfo limited = replied(429, {{"Retry-After", "7"}, {"X-Request-Id", "r1"}});
    CHECK(limited.kind == HubErrorKind::rateLimited);
    CHECK(limited.wait_s == 7);
    CHECK(limited.details().find("r1") != std::string::npos);
    CHECK(replied(429, {{"ratelimit", "\"api\";r=0;t=55"}}).wait_s == 55);
    CHECK(isTransient(replied(503, {})));
    CHECK(isTransient(replied(403, {}, false, "https://cdn.example/x?Signature=s")));
    CHECK(!isTransient(replied(418, {})));
    CHECK(replied(404, {}, false, "https://hub.example/a/b/resolve/main/x?secret=1").url
        == "https://hub.example/a/b/resolve/main/x");
}

TEST_CASE("ranges of replies are read to the letter")
{
    const auto range = parseContentRange("bytes 100-199/200");
    REQUIRE(range);
    CHECK((range->first == 100 && range->last == 199 && range->total == 200U));
    CHECK(parseContentRange("bytes 0-0/*"));
    for (const char* odd :
        {"", "bytes", "bytes 5-4/10", "bytes 0-10/10", "bytes -5/10", "items 0-1/2", "bytes 0-1/2x",
            "bytes 0-1", "bytes 99999999999999999999-1/2", "bytes 0 - 1/2"})
        CHECK(!parseContentRange(odd));
}
