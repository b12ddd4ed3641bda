// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include "core/text/read_file.h"
#include "core/text/sentencepiece_tokenizer.h"

namespace gorgon {

namespace {

constexpr std::size_t kMaxModelBytes = std::size_t(64) << 20;

} // namespace

std::shared_ptr<const Tokenizer> loadTokenizer(const std::filesystem::path& folder)
{
    std::error_code error;
    const std::filesystem::path path = folder / "tokenizer.model";
    const bool has_json = std::filesystem::exists(folder / "tokenizer.json", error);
    if (!std::filesystem::exists(path, error))
        throw std::runtime_error(folder.string() + ": expected tokenizer.model, found "
            + (has_json ? "only tokenizer.json, which is not read; take a model with a "
                          "SentencePiece tokenizer"
                        : "no tokenizer; choose the folder of a model"));
    const std::string bytes = readRegularFile(path, kMaxModelBytes);
    TokenizerConfig config = readTokenizerConfig(folder);
    // Where tokenizer.json lies beside it, the published ids are those of its conversion, which
    // always puts a space behind a control token.
    if (has_json)
        config.legacy = true;
    return std::make_shared<SentencePieceTokenizer>(bytes, config, path.string());
}

} // namespace gorgon
