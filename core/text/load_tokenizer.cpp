// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include "core/text/bpe_tokenizer.h"
#include "core/text/read_file.h"
#include "core/text/sentencepiece_tokenizer.h"

namespace gorgon {

namespace {

constexpr std::size_t kMaxModelBytes = std::size_t(64) << 20;

// What the classes of the reference add to a folder of vocab.json and merges.txt.
constexpr const char* kQwen2Parts = R"json({"normalizer": {"type": "NFC"},
    "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Split", "behavior": "Isolated",
        "pattern": {"Regex": "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}},
        {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]},
    "decoder": {"type": "ByteLevel"}})json";
constexpr const char* kGpt2Parts
    = R"json({"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
    "decoder": {"type": "ByteLevel"}})json";

bool isThere(const std::filesystem::path& path)
{
    std::error_code error;
    return std::filesystem::exists(path, error);
}

std::shared_ptr<const Tokenizer> loadVocabularyAndMerges(const std::filesystem::path& folder)
{
    const auto vocabulary = folder / "vocab.json", merges = folder / "merges.txt";
    const TokenizerConfig config = readTokenizerConfig(folder);
    const std::string& name = config.tokenizer_class;
    const bool is_qwen2 = name.starts_with("Qwen2Tokenizer");
    if (!is_qwen2 && !name.starts_with("GPT2Tokenizer"))
        throw std::runtime_error((folder / "tokenizer_config.json").string()
            + ": expected the tokenizer_class Qwen2Tokenizer or GPT2Tokenizer beside vocab.json, "
              "found \""
            + name.substr(0, 60) + "\"; take a model with tokenizer.json");
    TokenizerFile file = parseVocabularyAndMerges(readRegularFile(vocabulary, kMaxModelBytes),
        vocabulary.string(), readRegularFile(merges, kMaxModelBytes), merges.string());
    file.model["type"] = "BPE";
    file.parts = nlohmann::json::parse(is_qwen2 ? kQwen2Parts : kGpt2Parts);
    return std::make_shared<BpeTokenizer>(std::move(file), config, vocabulary.string());
}

} // namespace

std::shared_ptr<const Tokenizer> loadTokenizer(const std::filesystem::path& folder)
{
    if (const auto path = folder / "tokenizer.json"; isThere(path)) {
        const std::string bytes = readRegularFile(path, kMaxModelBytes);
        return std::make_shared<BpeTokenizer>(
            parseTokenizerJson(bytes, path.string()), readTokenizerConfig(folder), path.string());
    }
    if (const auto path = folder / "tokenizer.model"; isThere(path)) {
        const std::string bytes = readRegularFile(path, kMaxModelBytes);
        return std::make_shared<SentencePieceTokenizer>(
            bytes, readTokenizerConfig(folder), path.string());
    }
    if (isThere(folder / "vocab.json") && isThere(folder / "merges.txt"))
        return loadVocabularyAndMerges(folder);
    throw std::runtime_error(folder.string()
        + ": expected tokenizer.json or tokenizer.model, found no tokenizer; choose the folder of "
          "a model");
}

} // namespace gorgon
