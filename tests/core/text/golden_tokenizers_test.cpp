// SPDX-License-Identifier: Apache-2.0
// Ids and texts of the reference implementations for published tokenizer.model and tokenizer.json
// files.
#include <doctest/doctest.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/text/sentencepiece_tokenizer.h"
#include "core/text/stream_decoder.h"
#include "tests/core/text/support.h"
#include "tests/support/paths.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

struct Golden
{
    std::shared_ptr<const Tokenizer> tokenizer, legacy, nonlegacy;
    nlohmann::json cases;
};

std::shared_ptr<const Tokenizer> withLegacy(const std::filesystem::path& folder, bool legacy)
{
    TokenizerConfig config = readTokenizerConfig(folder);
    config.legacy = legacy;
    return std::make_shared<SentencePieceTokenizer>(
        readAll(folder / "tokenizer.model"), config, "golden");
}

std::optional<Golden> golden(const std::string& name)
{
    const std::string folder = "fixtures/tokenizers/" + name;
    if (!sharedHas(folder + "/golden.json"))
        return std::nullopt;
    const auto path = sharedFolder() / folder;
    return Golden{withLegacy(path, true), withLegacy(path, true), withLegacy(path, false),
        nlohmann::json::parse(readAll(path / "golden.json"))};
}

// All of a folder's own choice: tokenizer.json.
struct GoldenJson
{
    std::shared_ptr<const Tokenizer> tokenizer;
    nlohmann::json cases;
};

std::optional<GoldenJson> goldenJson(const std::string& name)
{
    const std::string folder = "fixtures/tokenizers/" + name;
    if (!sharedHas(folder + "/golden.json"))
        return std::nullopt;
    const auto path = sharedFolder() / folder;
    return GoldenJson{loadTokenizer(path), nlohmann::json::parse(readAll(path / "golden.json"))};
}

constexpr const char* kAll[] = {"llama2", "mistral", "stories260K", "llama3", "qwen25"};

std::vector<int> withBos(const Tokenizer& tokenizer, std::vector<int> ids)
{
    ids.insert(ids.begin(), tokenizer.bosToken());
    return ids;
}

std::string streamed(const std::shared_ptr<const Tokenizer>& tokenizer, const std::vector<int>& ids)
{
    StreamDecoder decoder(tokenizer, true);
    std::string text;
    for (const int id : ids)
        text += decoder.push(id);
    return text + decoder.finish();
}

} // namespace

TEST_CASE("encoding text equals SentencePiece and the Hugging Face tokenizers")
{
    for (const std::string name : {"llama2", "mistral", "stories260K"}) {
        const auto data = golden(name);
        if (!data)
            continue;
        CAPTURE(name);
        for (const auto& c : data->cases["encode"]) {
            const auto text = c["text"].get<std::string>();
            CAPTURE(text);
            const Tokenizer& tokenizer = *data->tokenizer;
            CHECK(tokenizer.encode(text) == c["sp_ids"].get<std::vector<int>>());
            CHECK(withBos(tokenizer, data->legacy->encodeWithControls(text))
                == c["hf_slow_legacy_ids"].get<std::vector<int>>());
            // The tokenizer.json of this one keeps the repeated spaces that its tokenizer.model
            // drops, and the slow tokenizer without `legacy` keeps them at the front.
            if (name == "stories260K")
                continue;
            CHECK(withBos(tokenizer, data->nonlegacy->encodeWithControls(text))
                == c["hf_slow_nonlegacy_ids"].get<std::vector<int>>());
            CHECK(withBos(tokenizer, tokenizer.encodeWithControls(text))
                == c["ids"].get<std::vector<int>>());
        }
    }
}

TEST_CASE("decoding equals SentencePiece, whole and one token at a time")
{
    for (const std::string name : {"llama2", "mistral", "stories260K"}) {
        const auto data = golden(name);
        if (!data)
            continue;
        CAPTURE(name);
        for (const char* list : {"encode", "decode"})
            for (const auto& c : data->cases[list]) {
                const auto ids = c[c.contains("sp_ids") ? "sp_ids" : "ids"].get<std::vector<int>>();
                CAPTURE(c.dump());
                CHECK(data->tokenizer->decode(ids, true) == c["sp_decode"].get<std::string>());
                CHECK(streamed(data->tokenizer, ids) == c["sp_decode"].get<std::string>());
            }
        for (const auto& c : data->cases["encode"]) {
            const auto ids = c["ids_no_special"].get<std::vector<int>>();
            CAPTURE(c.dump());
            if (name == "stories260K")
                continue;
            CHECK(data->tokenizer->decode(ids, false) == c["decode"].get<std::string>());
            CHECK(
                data->tokenizer->decode(ids, true) == c["decode_skip_special"].get<std::string>());
        }
    }
}

TEST_CASE("text becomes printable with the token that completes it")
{
    for (const std::string name : {"llama2", "mistral", "stories260K"}) {
        const auto data = golden(name);
        if (!data)
            continue;
        CAPTURE(name);
        for (const auto& c : data->cases["stream"]) {
            CAPTURE(c.dump());
            // Chunks come from its tokenizer.json; SentencePiece drops all spaces in front of this
            // text.
            if (name == "stories260K" && c["full"].get<std::string>().starts_with(' '))
                continue;
            StreamDecoder decoder(data->tokenizer, true, false);
            const auto ids = c["ids"].get<std::vector<int>>();
            for (std::size_t i = 0; i < ids.size(); ++i) {
                const auto& chunk = c["chunks"][i];
                CHECK(decoder.push(ids[i])
                    == (chunk.is_null() ? std::string() : chunk.get<std::string>()));
            }
            CHECK(decoder.finish().empty());
            CHECK(data->tokenizer->decode(ids, false) == c["full"].get<std::string>());
        }
    }
}

TEST_CASE("a tokenizer.json encodes text as the Hugging Face tokenizers do, begin token and all")
{
    for (const std::string name : kAll) {
        const auto data = goldenJson(name);
        if (!data)
            continue;
        CAPTURE(name);
        const Tokenizer& tokenizer = *data->tokenizer;
        CHECK(tokenizer.vocabSize() == data->cases["vocab_size_with_added"].get<int>());
        for (const auto& c : data->cases["encode"]) {
            const auto text = c["text"].get<std::string>();
            CAPTURE(text);
            const std::vector<int> ids = tokenizer.encodeWithControls(text);
            CHECK(ids == c["ids_no_special"].get<std::vector<int>>());
            CHECK((tokenizer.addsBos() ? withBos(tokenizer, ids) : ids)
                == c["ids"].get<std::vector<int>>());
        }
    }
}

TEST_CASE("text that is only text becomes the same ids whichever of a folder's files is read")
{
    for (const std::string name : {"llama2", "mistral"}) {
        const auto data = goldenJson(name);
        if (!data)
            continue;
        CAPTURE(name);
        for (const auto& c : data->cases["encode"]) {
            const auto text = c["text"].get<std::string>();
            CAPTURE(text);
            CHECK(data->tokenizer->encode(text) == c["sp_ids"].get<std::vector<int>>());
        }
    }
}

TEST_CASE("control tokens written in a text stay text, and decode to it")
{
    for (const std::string name : kAll) {
        const auto data = goldenJson(name);
        if (!data)
            continue;
        CAPTURE(name);
        const Tokenizer& tokenizer = *data->tokenizer;
        for (int id = 0; id < tokenizer.vocabSize(); ++id) {
            const auto added = tokenizer.addedToken(id);
            if (!added)
                continue;
            CAPTURE(added->text);
            for (const std::string& text :
                {added->text, "a" + added->text + " b", " " + added->text + added->text + "\n"})
            {
                const std::vector<int> ids = tokenizer.encode(text);
                for (const int each : ids)
                    CHECK_FALSE(tokenizer.addedToken(each));
                CHECK(tokenizer.decode(ids, true) == text);
                const std::vector<int> parsed = tokenizer.encodeWithControls(text);
                CHECK(std::count(parsed.begin(), parsed.end(), id) >= 1);
            }
        }
    }
}

TEST_CASE("a tokenizer.json decodes as the Hugging Face tokenizers do")
{
    for (const std::string name : kAll) {
        const auto data = goldenJson(name);
        if (!data)
            continue;
        CAPTURE(name);
        for (const auto& c : data->cases["encode"]) {
            const auto ids = c["ids_no_special"].get<std::vector<int>>();
            CAPTURE(c.dump());
            CHECK(data->tokenizer->decode(ids, false) == c["decode"].get<std::string>());
            CHECK(
                data->tokenizer->decode(ids, true) == c["decode_skip_special"].get<std::string>());
        }
        for (const auto& c : data->cases["decode"]) {
            const auto ids = c["ids"].get<std::vector<int>>();
            CAPTURE(c.dump());
            CHECK(data->tokenizer->decode(ids, false) == c["decode"].get<std::string>());
            CHECK(
                data->tokenizer->decode(ids, true) == c["decode_skip_special"].get<std::string>());
        }
    }
}

TEST_CASE("text of a tokenizer.json becomes printable with the token that completes it")
{
    for (const std::string name : kAll) {
        const auto data = goldenJson(name);
        if (!data)
            continue;
        CAPTURE(name);
        for (const auto& c : data->cases["stream"]) {
            CAPTURE(c.dump());
            StreamDecoder decoder(data->tokenizer, true, false);
            const auto ids = c["ids"].get<std::vector<int>>();
            for (std::size_t i = 0; i < ids.size(); ++i) {
                const auto& chunk = c["chunks"][i];
                CHECK(decoder.push(ids[i])
                    == (chunk.is_null() ? std::string() : chunk.get<std::string>()));
            }
            CHECK(decoder.finish().empty());
        }
    }
}
