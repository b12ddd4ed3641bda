// SPDX-License-Identifier: Apache-2.0
// Ids and texts of the reference implementations for published tokenizer.model files.
#include <doctest/doctest.h>

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
    return Golden{loadTokenizer(path), withLegacy(path, true), withLegacy(path, false),
        nlohmann::json::parse(readAll(path / "golden.json"))};
}

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
