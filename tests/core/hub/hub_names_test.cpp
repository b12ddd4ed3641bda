// SPDX-License-Identifier: Apache-2.0
#include "core/hub/hub_names.h"

#include <doctest/doctest.h>

#include "core/hub/hub_error.h"

using namespace gorgon;
using namespace std::string_view_literals;

TEST_CASE("names of files that real repositories hold are safe")
{
    for (const std::string_view path :
        {"config.json"sv, "model-00001-of-00002.safetensors"sv, "onnx/model_q4.onnx"sv,
            ".gitattributes"sv, "a b/c d.txt"sv, "répertoire/日本語.json"sv, "medusa_lm_head.pt"sv,
            "console.txt"sv, "com10.txt"sv, "x/CONfig"sv, "🤗.json"sv})
        CHECK_MESSAGE(!pathProblem(path), path);
}

TEST_CASE("names that lead out, or that some system reads otherwise, are refused")
{
    const std::string long_part(256, 'a');
    const std::string long_path = [] {
        std::string path;
        for (int i = 0; i < 33; ++i)
            path += "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/";
        return path + "x";
    }();
    for (const std::string_view path :
        {""sv, "."sv, ".."sv, "../x"sv, "a/../../b"sv, "a/.."sv, "/etc/passwd"sv, "//host/share"sv,
            "a//b"sv, "a/"sv, "./a"sv, "a/./b"sv, "C:\\x"sv, "C:/x"sv, "c:x"sv, "\\\\host\\share"sv,
            "a\\b"sv, "..\\x"sv, "a\0b"sv, "\0"sv, "a\nb"sv, "a\rb"sv, "a\tb"sv, "a\x1b[2Jb"sv,
            "a\x7f"sv, "a\xc2\x85"sv, "a."sv, "a "sv, "a./b"sv, "a /b"sv, "..."sv, "CON"sv, "con"sv,
            "Con.txt"sv, "x/NUL"sv, "nul.tar.gz"sv, "PRN"sv, "AUX.h"sv, "COM1"sv, "com9.txt"sv,
            "LPT0"sv, "COM\xC2\xB9"sv, "CONIN$"sv, "CON .txt"sv, "a<b"sv, "a>b"sv, "a|b"sv, "a?b"sv,
            "a*b"sv, "a\"b"sv, "file.txt:stream"sv, "\xff\xfe"sv, "a\x80"sv, "\xc0\xaf"sv,
            "\xed\xa0\x80"sv, "\xf4\x90\x80\x80"sv, "a\xe2\x82"sv, std::string_view(long_part),
            std::string_view(long_path)})
        CHECK_MESSAGE(pathProblem(path), printable(path));
}

TEST_CASE("two names that one folder cannot hold on every system are refused")
{
    PathSet paths;
    CHECK(!paths.problem("README.md"));
    CHECK(paths.problem("readme.MD"));
    CHECK(paths.problem("README.md"));
    CHECK(paths.problem("readme.md/x"));
    CHECK(!paths.problem("a/b/c"));
    CHECK(paths.problem("A/B"));
    CHECK(!paths.problem("a/B2"));
    CHECK(!paths.problem("ÄÖ.txt"));
    CHECK(paths.problem("äö.txt"));
    CHECK(!paths.problem("a/b/d/e/f"));
    CHECK(paths.problem("a/b/D"));
    CHECK(paths.problem("a/b/c/x"));
    CHECK(paths.problem("A/B/C/x/y"));
    CHECK(!paths.problem("other/b/c"));
    const size_t n_names = paths.nNames();
    CHECK(paths.problem("new/../x"));
    CHECK(paths.problem("a/b/c/new/names"));
    CHECK(paths.nNames() == n_names);
    CHECK(!paths.problem("Дом"));
    CHECK(paths.problem("дом"));
}

TEST_CASE("repositories have the hub's names")
{
    for (const std::string id : {"gpt2", "lmsys/vicuna-7b-v1.3",
             "FasterDecoding/medusa-1.0-zephyr-7b-beta", "a/b_c.d", "TheBloke/x"})
        CHECK_MESSAGE(!repositoryProblem(id), id);
    for (const std::string_view id : {""sv, "/"sv, "a/"sv, "/b"sv, "a/b/c"sv, "../b"sv, "a/.."sv,
             "a--b/c"sv, "a/b..c"sv, ".a/b"sv, "-a/b"sv, "a/b."sv, "a/b-"sv, "a/b.git"sv, "a b/c"sv,
             "a/b%2f"sv, "a\\b"sv, "a/b\0c"sv, "a/é"sv, "a:b"sv})
        CHECK_MESSAGE(repositoryProblem(id), printable(id));
    CHECK(repositoryProblem(std::string(97, 'a')));
}

TEST_CASE("revisions are names of branches, tags and commits")
{
    for (const std::string revision :
        {"main", "refs/pr/1", "v1.0", "feature/x", "0123456789abcdef0123456789abcdef01234567"})
        CHECK_MESSAGE(!revisionProblem(revision), revision);
    for (const std::string_view revision :
        {""sv, ".."sv, "a..b"sv, "/main"sv, "main/"sv, "a b"sv, "a~1"sv, "a^"sv, "x:y"sv,
            "HEAD@{1}"sv, "-x"sv, "x.lock"sv, "a\nb"sv, "refs/../../x"sv})
        CHECK_MESSAGE(revisionProblem(revision), printable(revision));
}

TEST_CASE("every address that people paste is understood")
{
    const auto is = [](std::string_view text, const HubAddress& expected) {
        const auto found = parseHubAddress(text, "https://mirror.example/hf");
        REQUIRE_MESSAGE(found, text);
        CHECK_MESSAGE(*found == expected, text);
    };
    is("org/name", {"org/name", "", "", ""});
    is("  org/name\n", {"org/name", "", "", ""});
    is("gpt2", {"gpt2", "", "", ""});
    is("https://huggingface.co/org/name", {"org/name", "", "", "huggingface.co"});
    is("http://huggingface.co/org/name/", {"org/name", "", "", "huggingface.co"});
    is("huggingface.co/org/name?library=transformers", {"org/name", "", "", "huggingface.co"});
    is("https://hf.co/gpt2", {"gpt2", "", "", "hf.co"});
    is("https://huggingface.co/gpt2/tree/main", {"gpt2", "main", "", "huggingface.co"});
    is("https://huggingface.co/org/name/tree/dev", {"org/name", "dev", "", "huggingface.co"});
    is("https://huggingface.co/org/name/tree/refs%2Fpr%2F1",
        {"org/name", "refs/pr/1", "", "huggingface.co"});
    is("https://huggingface.co/org/name/tree/refs/pr/1/sub",
        {"org/name", "refs/pr/1", "sub", "huggingface.co"});
    is("https://huggingface.co/org/name/resolve/main/a/b.json?download=true",
        {"org/name", "main", "a/b.json", "huggingface.co"});
    is("https://HuggingFace.co/org/name/blob/main/a%20b.json#L3",
        {"org/name", "main", "a b.json", "huggingface.co"});
    is("https://huggingface.co/org/name/discussions/4", {"org/name", "", "", "huggingface.co"});
    is("https://huggingface.co/api/models/org/name", {"org/name", "", "", "huggingface.co"});
    is("https://mirror.example/org/name/tree/main", {"org/name", "main", "", "mirror.example"});
    is("hf://org/name", {"org/name", "", "", ""});
    is("hf://org/name@v2/sub/x.bin", {"org/name", "v2", "sub/x.bin", ""});
}

TEST_CASE("what is no address of a model is not taken for one")
{
    for (const std::string text : {"", "   ", "./folder", "../org/name", "/abs/path", "~/model",
             "C:\\m", "a/b/c", "https://example.com/org/name", "https://huggingface.co/", "hf://x",
             "https://huggingface.co/models?search=x", "ftp://huggingface.co/a/b"})
        CHECK_MESSAGE(!parseHubAddress(text), text);
    for (const std::string text : {"https://huggingface.co/datasets/a/b", "hf://a/b/../../c",
             "https://huggingface.co/a/b/resolve/main/..%2F..%2Fx",
             "https://huggingface.co/a/b/resolve/main/%00", "https://huggingface.co/a/b%2Fc",
             "hf://a/b@"})
        CHECK_THROWS_AS_MESSAGE(parseHubAddress(text), HubError, text);
}

TEST_CASE("names become segments of addresses")
{
    CHECK(urlSegment("refs/pr/1") == "refs%2Fpr%2F1");
    CHECK(urlPath("a b/ü#?.json") == "a%20b/%C3%BC%23%3F.json");
}
