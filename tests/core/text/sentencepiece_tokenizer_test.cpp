// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "core/text/sentencepiece_tokenizer.h"
#include "tests/core/text/support.h"
#include "tests/support/paths.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

using Ids = std::vector<int>;

std::string labels(const Tokenizer& tokenizer, const Ids& ids)
{
    std::string out;
    for (const int id : ids)
        out += "[" + tokenizer.label(id) + "]";
    return out;
}

std::string repeated(const std::string& text, std::size_t size)
{
    std::string out;
    while (out.size() < size)
        out += text;
    return out;
}

} // namespace

TEST_CASE("pieces have labels and bytes")
{
    const auto tokenizer = smallTokenizer();
    CHECK(tokenizer->bosToken() == 1);
    CHECK(tokenizer->eosToken() == 6);
    CHECK(tokenizer->addsBos());
    CHECK(labels(*tokenizer, tokenizer->encode("hello world")) == "[\u2423hello][\u2423world]");
    CHECK(labels(*tokenizer, tokenizer->encodeContinuation("hello world"))
        == "[he][ll][o][\u2423world]");
    CHECK(labels(*tokenizer, tokenizer->encode("\u4E2D")) == "[\u2423][<0xE4>][<0xB8>][<0xAD>]");
    CHECK(tokenizer->bytes(tokenizer->encode("hello")[0]) == " hello");
    CHECK(tokenizer->bytes(7 + 0xE4) == "\xE4");
    CHECK(tokenizer->label(6) == "<|end|>");
    CHECK(tokenizer->bytes(6).empty());
    CHECK(tokenizer->isControl(6));
    CHECK(tokenizer->isControl(0));
    CHECK_FALSE(tokenizer->isControl(7));
    for (const int id : {-1, tokenizer->vocabSize(), 1 << 30}) {
        CHECK_FALSE(tokenizer->isControl(id));
        CHECK(tokenizer->bytes(id).empty());
        CHECK(tokenizer->label(id).empty());
    }
    CHECK(tokenizer->controlId("<|user|>") == 4);
    CHECK_FALSE(tokenizer->controlId("hello").has_value());
}

TEST_CASE("control tokens come from text only where they are asked for")
{
    const auto tokenizer = smallTokenizer();
    CHECK(labels(*tokenizer, tokenizer->encodeWithControls("hello<|end|> world<s>"))
        == "[\u2423hello][<|end|>][\u2423][\u2423world][<s>]");
    for (const int id : tokenizer->encode("hello<|end|> world<s></s><unk>"))
        CHECK_FALSE(tokenizer->isControl(id));
    CHECK(tokenizer->encode("").empty());
    CHECK(tokenizer->encodeWithControls("").empty());
}

TEST_CASE("a control piece of one character is not typed by that character")
{
    SentencePieceFile file = smallModel();
    file.pieces.push_back({"\u00A7", 0, PieceType::Control});
    const SentencePieceTokenizer tokenizer(modelBytes(file), {}, "file");
    const int id = tokenizer.vocabSize() - 1;
    CHECK(labels(tokenizer, tokenizer.encode("\u00A7")) == "[\u2423][<0xC2>][<0xA7>]");
    CHECK(tokenizer.encodeWithControls("\u00A7") == Ids{id});
}

TEST_CASE("text that is not UTF-8, or holds NUL, is encoded all the same")
{
    const auto tokenizer = smallTokenizer();
    const auto back
        = [&](const std::string& text) { return tokenizer->decode(tokenizer->encode(text), true); };
    CHECK(back("a\xFF z") == "a\uFFFD z");
    CHECK(back("\xE4\xB8") == "\uFFFD\uFFFD");
    CHECK(back("\xED\xA0\x80") == "\uFFFD\uFFFD\uFFFD"); // a surrogate
    CHECK(back("\xC0\xAF") == "\uFFFD\uFFFD"); // overlong
    const std::string nul("a\0b", 3);
    CHECK(back(nul) == nul);
    CHECK(back("  two spaces  ") == "  two spaces  ");
}

TEST_CASE("long texts take a bounded time and give the ids of a short one repeated")
{
    const auto tokenizer = smallTokenizer();
    const Ids one = tokenizer->encode("hello world");
    const std::string text = repeated("hello world ", 600 << 10);
    Ids expected;
    for (std::size_t n = text.size() / 12; n > 0; --n)
        expected.insert(expected.end(), one.begin(), one.end());
    expected.push_back(tokenizer->encodeContinuation(" ")[0]);
    CHECK(tokenizer->encode(text) == expected);

    for (const std::string unit : {"a", "\n", " ", "\u4E2D", "\u0301", "\xFF", "a "}) {
        const std::string long_text = repeated(unit, std::size_t(1) << 20);
        const auto begin = std::chrono::steady_clock::now();
        const Ids ids = tokenizer->encode(long_text);
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
        CAPTURE(unit);
        CHECK(seconds.count()
            < 20); // 0.5 s on two cores of 2023; sanitizers and a busy machine take their share
        CHECK(ids.size() > 1000);
    }
    CHECK_THROWS_AS(tokenizer->encode(std::string(std::size_t(65) << 20, 'a')), std::runtime_error);
}

TEST_CASE("the configuration names the tokens and may add some")
{
    const TemporaryFolder folder;
    folder.write("tokenizer.model", modelBytes(smallModel()));
    const int n_pieces = static_cast<int>(smallModel().pieces.size());
    CHECK(loadTokenizer(folder.path())->eosToken() == 2);

    folder.write("special_tokens_map.json", R"({"eos_token": {"content": "<|end|>"}})");
    CHECK(loadTokenizer(folder.path())->eosToken() == 6);

    nlohmann::json added;
    added[std::to_string(n_pieces)] = {{"content", "<|im_start|>"}, {"special", true}};
    added[std::to_string(n_pieces + 2)] = {{"content", "<think>"}, {"special", false}};
    added["263"] = {{"content", "he"}, {"special", true}};
    folder.write("tokenizer_config.json",
        nlohmann::json{{"add_bos_token", false}, {"eos_token", "</s>"},
            {"bos_token", "<|im_start|>"}, {"legacy", false}, {"added_tokens_decoder", added}}
            .dump());
    const auto tokenizer = loadTokenizer(folder.path());
    CHECK(tokenizer->eosToken() == 2);
    CHECK(tokenizer->bosToken() == n_pieces);
    CHECK_FALSE(tokenizer->addsBos());
    CHECK(tokenizer->vocabSize() == n_pieces + 3);
    CHECK(tokenizer->isControl(n_pieces));
    CHECK_FALSE(tokenizer->isControl(n_pieces + 2));
    CHECK(tokenizer->bytes(n_pieces + 2) == "<think>");
    CHECK(labels(*tokenizer, tokenizer->encodeWithControls("or<|im_start|>or<think>"))
        == "[\u2423][or][<|im_start|>][or][<think>]");
    // A piece that the configuration calls special is no longer found in text.
    CHECK(tokenizer->isControl(263));
    CHECK(labels(*tokenizer, tokenizer->encodeContinuation("he<|im_start|>"))
              .starts_with("[h][e][<]"));
    CHECK_FALSE(tokenizer->addsPrefixSpaceAfterControl());
}

TEST_CASE("an unsound configuration is refused by name")
{
    const TemporaryFolder folder;
    folder.write("tokenizer.model", modelBytes(smallModel()));
    for (const std::string text :
        {"", "[]", "{", "{\"added_tokens_decoder\": {\"-1\": {\"content\": \"x\"}}}",
            "{\"added_tokens_decoder\": {\"x\": {\"content\": \"x\"}}}",
            "{\"added_tokens_decoder\": {\"9999999\": {\"content\": \"x\"}}}",
            "{\"added_tokens_decoder\": {\"1000000\": {\"content\": \"x\"}}}",
            "{\"added_tokens_decoder\": {\"99999999999\": {\"content\": \"x\"}}}",
            "{\"added_tokens_decoder\": {\"400\": {\"content\": 5}}}", "{\"a\": \"\xFF\"}"})
    {
        CAPTURE(text);
        folder.write("tokenizer_config.json", text);
        CHECK_THROWS_WITH_AS(
            loadTokenizer(folder.path()), doctest::Contains("tokenizer"), std::runtime_error);
    }
    folder.write("tokenizer_config.json",
        "{\"a\": " + std::string(100000, '[') + std::string(100000, ']') + "}");
    CHECK_THROWS_WITH_AS(
        loadTokenizer(folder.path()), doctest::Contains("deep"), std::runtime_error);
    // Values of another type than expected say nothing.
    folder.write("tokenizer_config.json",
        R"({"bos_token": 5, "eos_token": null, "legacy": "x", "added_tokens_decoder": [], "chat_template": 3})");
    CHECK(loadTokenizer(folder.path())->bosToken() == 1);
    folder.write("added_tokens.json", R"({"<pad>": 1e99})");
    CHECK_THROWS_WITH_AS(
        loadTokenizer(folder.path()), doctest::Contains("added_tokens.json"), std::runtime_error);
}

TEST_CASE("a damaged tokenizer.json is refused in a sentence that names it")
{
    for (const char* name : {"tj_not_json", "tj_merge_of_unknown_token"})
        CHECK_THROWS_WITH_AS(loadTokenizer(dataFolder() / "malformed" / name),
            doctest::Contains("tokenizer.json"), std::runtime_error);
}
