// SPDX-License-Identifier: Apache-2.0
#include "core/hub/hub_settings.h"

#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <sys/stat.h>

#include "core/hub/hub_error.h"
#include "tests/support/scratch_folder.h"

using namespace gorgon;

namespace {

HubSettings settingsOf(std::map<std::string, std::string> variables)
{
    return readHubSettings([variables = std::move(variables)](const char* name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    });
}

} // namespace

TEST_CASE("the cache lies where the hub's own tools have it")
{
    CHECK(settingsOf({{"HOME", "/h"}}).cache == "/h/.cache/huggingface/hub");
    CHECK(settingsOf({{"HOME", "/h"}, {"XDG_CACHE_HOME", "/x"}}).cache == "/x/huggingface/hub");
    CHECK(settingsOf({{"HOME", "/h"}, {"HF_HOME", "/y"}, {"XDG_CACHE_HOME", "/x"}}).cache
        == "/y/hub");
    CHECK(settingsOf({{"HF_HOME", "/y"}, {"HUGGINGFACE_HUB_CACHE", "/z"}}).cache == "/z");
    CHECK(settingsOf({{"HF_HUB_CACHE", "/w"}, {"HUGGINGFACE_HUB_CACHE", "/z"}}).cache == "/w");
    CHECK(settingsOf({{"HOME", "/h"}, {"HF_HOME", "~/y"}}).cache == "/h/y/hub");
    CHECK(settingsOf({{"HOME", "/h"}}).token_file == "/h/.cache/huggingface/token");
    CHECK(settingsOf({{"HF_TOKEN_PATH", "/t/k"}}).token_file == "/t/k");
}

TEST_CASE("the endpoint, offline and the limits of time come from the environment")
{
    const HubSettings usual = settingsOf({});
    CHECK(usual.endpoint == "https://huggingface.co");
    CHECK(!usual.offline);
    CHECK(settingsOf({{"HF_ENDPOINT", "http://127.0.0.1:8000//"}}).endpoint
        == "http://127.0.0.1:8000");
    CHECK_THROWS_AS(settingsOf({{"HF_ENDPOINT", "file:///x"}}), HubError);
    CHECK_THROWS_AS(settingsOf({{"HF_ENDPOINT", "https://x/?a=b"}}), HubError);
    for (const char* yes : {"1", "ON", "yes", "True"})
        CHECK(settingsOf({{"HF_HUB_OFFLINE", yes}}).offline);
    CHECK(settingsOf({{"TRANSFORMERS_OFFLINE", "1"}}).offline);
    CHECK(!settingsOf({{"HF_HUB_OFFLINE", "0"}}).offline);
    CHECK(settingsOf({{"HF_HUB_ETAG_TIMEOUT", "3"}}).reply_ms == 3000);
    CHECK(settingsOf({{"HF_HUB_DOWNLOAD_TIMEOUT", "30"}}).stall_ms == 30'000);
    for (const char* odd : {"0", "-1", "x", "99999999999", "1e9"})
        CHECK(settingsOf({{"HF_HUB_DOWNLOAD_TIMEOUT", odd}}).stall_ms == usual.stall_ms);
}

TEST_CASE("the token comes from variables first, then from its file")
{
    const tests::ScratchFolder scratch;
    const std::string file = (scratch.path() / "token").string();
    std::ofstream(file) << "hf_file\n";
    CHECK(settingsOf({{"HF_TOKEN_PATH", file}}).token == "hf_file");
    CHECK(settingsOf({{"HF_TOKEN_PATH", file}, {"HF_TOKEN", " hf_variable\n"}}).token
        == "hf_variable");
    CHECK(settingsOf({{"HF_TOKEN_PATH", file}, {"HUGGING_FACE_HUB_TOKEN", "hf_old"}}).token
        == "hf_old");
    CHECK(settingsOf({{"HF_TOKEN_PATH", file}, {"HF_HUB_DISABLE_IMPLICIT_TOKEN", "1"}})
              .token.empty());
    CHECK(settingsOf({{"HF_TOKEN_PATH", file + "none"}}).token.empty());
    // What is no token is told, never sent, and keeps nobody from the cache.
    const HubSettings smuggled = settingsOf({{"HF_TOKEN", "hf_a\r\nX-Header: b"}});
    CHECK(smuggled.token.empty());
    CHECK(smuggled.token_problem.find("HF_TOKEN: a token was expected") != std::string::npos);
    CHECK(smuggled.token_problem.find("hf_a") == std::string::npos);
    std::ofstream(file) << "hf_one hf_two\n";
    CHECK(settingsOf({{"HF_TOKEN_PATH", file}}).token.empty());
    CHECK(settingsOf({{"HF_TOKEN_PATH", file}}).token_problem.find("token") != std::string::npos);
    CHECK_THROWS_AS(readToken(file), HubError);
}

TEST_CASE("a token is kept where no other user can read it")
{
    const tests::ScratchFolder scratch;
    const std::filesystem::path file = scratch.path() / "home" / "token";
    saveToken(file, "hf_first");
    saveToken(file, "hf_second\n");
    CHECK(readToken(file) == "hf_second");
    struct stat status = {};
    REQUIRE(stat(file.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    REQUIRE(stat(file.parent_path().c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0700);
    CHECK(std::distance(std::filesystem::directory_iterator(file.parent_path()), {}) == 1);
    CHECK_THROWS_AS(saveToken(file, "two words"), HubError);
    removeToken(file);
    CHECK(readToken(file).empty());
}

TEST_CASE("the token goes to the hub, and to a mirror only where that is allowed")
{
    HubSettings settings;
    CHECK(!mayUseToken(settings));
    settings.token = "hf_x";
    CHECK(mayUseToken(settings));
    for (const std::string mirror : {"https://hf-mirror.com", "https://huggingface.co.evil.example",
             "https://huggingface.co:444", "http://127.0.0.1:80"})
    {
        settings.endpoint = mirror;
        settings.token_to_mirror = false;
        CHECK_MESSAGE(!mayUseToken(settings), mirror);
        settings.token_to_mirror = true;
        CHECK_MESSAGE(mayUseToken(settings), mirror);
    }
    settings.endpoint = "http://hub.example"; // anybody on the way could read it
    CHECK(!mayUseToken(settings));
}
