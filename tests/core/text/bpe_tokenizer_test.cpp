// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/text/stream_decoder.h"
#include "tests/core/text/small_tokenizer_json.h"
#include "tests/core/text/support.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

using Ids = std::vector<int>;
using Texts = std::vector<std::string>;

Texts labels(const Tokenizer& tokenizer, const Ids& ids)
{
    Texts out;
    for (const int id : ids)
        out.push_back(tokenizer.label(id));
    return out;
}

Texts pieces(const nlohmann::json& json, const std::string& text)
{
    const auto tokenizer = tokenizerOf(json);
    return labels(*tokenizer, tokenizer->encodeWithControls(text));
}

nlohmann::json metaspaceJson(const std::string& scheme)
{
    nlohmann::json json = markedJson();
    json["normalizer"] = nullptr;
    json["pre_tokenizer"] = {{"type", "Metaspace"}, {"replacement", "\u2581"},
        {"prepend_scheme", scheme}, {"split", false}};
    return json;
}

} // namespace

TEST_CASE("byte-level merges go by rank, inside words only")
{
    const auto tokenizer = tokenizerOf(byteLevelJson());
    CHECK(tokenizer->vocabSize() == 267);
    CHECK(labels(*tokenizer, tokenizer->encode("hello world"))
        == Texts{"hello", "\u2423wo", "rl", "d"});
    // "o w" is no word, whatever the merges.
    CHECK(labels(*tokenizer, tokenizer->encode("o w1 12"))
        == Texts{"o", "\u2423w", "1", "\u2423", "12"});
    CHECK(labels(*tokenizer, tokenizer->encode("\u00E9")) == Texts{"<0xC3>", "<0xA9>"});
    CHECK(tokenizer->encode("").empty());
    CHECK(tokenizer->decode(tokenizer->encode("h\u00E9 \U0001F642\n\x01"), false)
        == "h\u00E9 \U0001F642\n\x01");
}

TEST_CASE("long words merge as short ones do")
{
    const auto tokenizer = tokenizerOf(byteLevelJson());
    std::string text;
    Ids expected;
    for (int i = 0; i < 300; ++i) {
        text += "hellorl";
        expected.insert(expected.end(), {259, 262});
    }
    CHECK(tokenizer->encode(text) == expected);
    // Of equal pairs the leftmost goes first.
    CHECK(labels(*tokenizer, tokenizer->encode("lll")) == Texts{"ll", "l"});
    const Ids odd = tokenizer->encode(std::string(101, 'l'));
    CHECK(odd.size() == 51);
    CHECK(odd.back() == 'l');
}

TEST_CASE("a whole word of the vocabulary needs no merges where the file says so")
{
    nlohmann::json json = byteLevelJson();
    json["model"]["vocab"]["world"] = 267;
    CHECK(pieces(json, "world") == Texts{"w", "o", "rl", "d"});
    json["model"]["ignore_merges"] = true;
    CHECK(pieces(json, "world") == Texts{"world"});
}

TEST_CASE("control tokens are read only where they are asked for; plain added tokens always")
{
    const auto tokenizer = tokenizerOf(byteLevelJson());
    CHECK(tokenizer->encodeWithControls("he<|end|><tool>he") == Ids{256, 264, 265, 256});
    for (const int id : tokenizer->encode("he<|end|><tool>he"))
        CHECK(id < 264);
    CHECK(tokenizer->encode("1  2") == Ids{'1', 266, '2'});
    CHECK(tokenizer->isControl(264));
    CHECK_FALSE(tokenizer->isControl(265));
    CHECK(tokenizer->addedToken(265)->text == "<tool>");
    CHECK_FALSE(tokenizer->addedToken(256));
    CHECK(tokenizer->controlId("<|end|>") == 264);
    CHECK(tokenizer->decode(Ids{256, 264, 265}, true) == "he<tool>");
    CHECK(tokenizer->decode(Ids{256, 264, 265}, false) == "he<|end|><tool>");
    CHECK(tokenizer->decode(Ids{-1, 256, 99999}, false) == "he");
}

TEST_CASE("no merge and no whole word makes a control token of plain text")
{
    nlohmann::json json = byteLevelJson();
    json["model"]["ignore_merges"] = true;
    json["added_tokens"].push_back(
        {{"id", 263}, {"content", "12"}, {"special", true}, {"normalized", false}});
    const auto tokenizer = tokenizerOf(json);
    CHECK(labels(*tokenizer, tokenizer->encode("12")) == Texts{"1", "2"});
    CHECK(tokenizer->encodeWithControls("12") == Ids{263});
}

TEST_CASE("added tokens take whitespace with them and stay out of words as they say")
{
    nlohmann::json json = byteLevelJson();
    json["added_tokens"][0]["lstrip"] = true;
    CHECK(pieces(json, "he \n<|end|> he") == Texts{"he", "<|end|>", "\u2423", "he"});
    json["added_tokens"][0]["rstrip"] = true;
    CHECK(pieces(json, "he <|end|>\u00A0 he") == Texts{"he", "<|end|>", "he"});
    json = byteLevelJson();
    json["added_tokens"][1]["content"] = "rl";
    json["added_tokens"][1]["id"] = 262;
    json["added_tokens"][2]["id"] = 264;
    json["added_tokens"].erase(0);
    json["added_tokens"][0]["single_word"] = true;
    const auto tokenizer = tokenizerOf(json);
    CHECK(tokenizer->encodeWithControls("rl") == Ids{262});
    CHECK(tokenizer->encodeWithControls("orl").size() == 2);
}

TEST_CASE("a normalised added token is looked for in normalised text")
{
    nlohmann::json json = byteLevelJson();
    json["normalizer"] = {{"type", "Lowercase"}};
    CHECK(pieces(json, "HE<|END|>") == Texts{"he", "<", "|", "e", "n", "d", "|", ">"});
    json["added_tokens"][0]["normalized"] = true;
    CHECK(pieces(json, "HE<|END|>") == Texts{"he", "<|end|>"});
}

TEST_CASE("spaces become marks, one more in front, and one is dropped again")
{
    const auto tokenizer = tokenizerOf(markedJson());
    CHECK(tokenizer->addsBos());
    CHECK(tokenizer->bosToken() == 1);
    CHECK(
        labels(*tokenizer, tokenizer->encode("hello hell")) == Texts{"\u2423hello", "\u2423hell"});
    CHECK(labels(*tokenizer, tokenizer->encodeContinuation("hello")) == Texts{"he", "ll", "o"});
    CHECK(labels(*tokenizer, tokenizer->encodeWithControls("he</s>he"))
        == Texts{"\u2423he", "</s>", "\u2423he"});
    CHECK(labels(*tokenizer, tokenizer->encode("h\u00E9"))
        == Texts{"\u2423", "h", "<0xC3>", "<0xA9>"});
    CHECK(tokenizer->decode(tokenizer->encode("  hello h\u00E9"), true) == "  hello h\u00E9");
    CHECK(tokenizer->addsPrefixSpace());
    CHECK(tokenizer->addsPrefixSpaceAfterControl());
    CHECK(tokenizer->encode("").empty());
}

TEST_CASE("bytes in a row that are no text become U+FFFD each")
{
    const auto tokenizer = tokenizerOf(markedJson());
    const auto byte = [](int value) { return 3 + value; };
    CHECK(tokenizer->decode(Ids{byte('R'), byte(0xE2), 260}, false) == "\uFFFD\uFFFDh");
    CHECK(tokenizer->decode(Ids{byte(0xC3), byte(0xA9), 260}, false) == "\u00E9h");
    const auto letters = tokenizerOf(byteLevelJson());
    Ids ids;
    for (const char* letter : {"\u00E2", "\u0122", "A"}) // E2 80, then A
        for (int id = 0; id < 256; ++id)
            if (letters->bytes(id)
                == std::string(letter == std::string("A") ? "A"
                        : letter == std::string("\u00E2") ? "\xE2"
                                                          : "\x80"))
                ids.push_back(id);
    REQUIRE(ids.size() == 3);
    CHECK(letters->decode(ids, false) == "\uFFFDA");
}

TEST_CASE("a metaspace goes in front of the first text, of every text, or of none")
{
    CHECK(pieces(metaspaceJson("first"), "he</s>he") == Texts{"\u2423he", "</s>", "he"});
    CHECK(pieces(metaspaceJson("always"), "he</s>he") == Texts{"\u2423he", "</s>", "\u2423he"});
    CHECK(pieces(metaspaceJson("never"), "he</s>he") == Texts{"he", "</s>", "he"});
    CHECK(pieces(metaspaceJson("always"), " he") == Texts{"\u2423he"});
    nlohmann::json split = metaspaceJson("never");
    split["pre_tokenizer"]["split"] = true;
    CHECK(pieces(split, "he hello") == Texts{"he", "\u2423hello"});
    CHECK_FALSE(tokenizerOf(metaspaceJson("first"))->addsPrefixSpaceAfterControl());
}

TEST_CASE("unknown characters become the unknown token, one for a row where the file says so")
{
    nlohmann::json json = markedJson();
    json["model"]["byte_fallback"] = false;
    CHECK(pieces(json, "h\u4E2D\u6587h") == Texts{"\u2423", "h", "<unk>", "h"});
    json["model"]["fuse_unk"] = false;
    CHECK(pieces(json, "h\u4E2D\u6587") == Texts{"\u2423", "h", "<unk>", "<unk>"});
    json["model"]["unk_token"] = nullptr;
    CHECK(pieces(json, "h\u4E2Dh") == Texts{"\u2423", "h", "h"});
}

TEST_CASE("the folder's configuration names begin and end, and adds tokens of its own")
{
    TokenizerConfig config;
    config.eos_token = "<|im_end|>";
    config.bos_token = "<s>";
    config.add_bos_token = false;
    config.added_tokens[270] = {"<|im_end|>", true};
    config.added_tokens[2] = {"<other>", true}; // the file's own name stays
    const auto tokenizer = tokenizerOf(markedJson(), config);
    CHECK(tokenizer->eosToken() == 270);
    CHECK(tokenizer->bosToken() == 1);
    CHECK_FALSE(tokenizer->addsBos());
    CHECK(tokenizer->vocabSize() == 271);
    CHECK(tokenizer->label(2) == "</s>");
    CHECK(tokenizer->encodeWithControls("he<|im_end|>").back() == 270);
}

TEST_CASE("a token that ends inside a character waits for the rest of it")
{
    const auto tokenizer = tokenizerOf(byteLevelJson());
    StreamDecoder decoder(tokenizer, true);
    Texts chunks;
    for (const int id : tokenizer->encode("a\u00E9b"))
        chunks.push_back(decoder.push(id));
    CHECK(chunks == Texts{"a", "", "\u00E9", "b"});
}
