// SPDX-License-Identifier: Apache-2.0
#include "tests/core/text/support.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "core/text/protobuf_wire.h"
#include "core/text/sentencepiece_tokenizer.h"

namespace gorgon::tests {

SentencePieceFile smallModel()
{
    SentencePieceFile file;
    file.model_type = 2;
    file.byte_fallback = true;
    file.remove_extra_whitespaces = false;
    file.pieces.push_back({"<unk>", 0, PieceType::Unknown});
    for (const char* text : {"<s>", "</s>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"})
        file.pieces.push_back({text, 0, PieceType::Control});
    for (int value = 0; value < 256; ++value) {
        char text[8];
        std::snprintf(text, sizeof text, "<0x%02X>", value);
        file.pieces.push_back({text, 0, PieceType::Byte});
    }
    const std::string space = "\u2581";
    float score = 0;
    for (const std::string& text :
        {std::string("he"), std::string("ll"), space + "he", space + "hell", space + "hello",
            std::string("or"), space + "w", space + "wor", space + "world", space})
        file.pieces.push_back({text, score -= 1, PieceType::Normal});
    file.pieces.push_back({space + "worl", -8.5F, PieceType::Normal});
    for (char c = '!'; c <= '~'; ++c)
        file.pieces.push_back({std::string(1, c), score -= 1, PieceType::Normal});
    return file;
}

std::string modelBytes(const SentencePieceFile& file)
{
    std::string out, message;
    for (const Piece& piece : file.pieces) {
        message.clear();
        putBytesField(message, 1, piece.text);
        putFloatField(message, 2, piece.score);
        putVarintField(message, 3, static_cast<std::uint64_t>(piece.type));
        putBytesField(out, 1, message);
    }
    message.clear();
    putVarintField(message, 3, static_cast<std::uint64_t>(file.model_type));
    putVarintField(message, 35, file.byte_fallback ? 1 : 0);
    putBytesField(out, 2, message);
    message.clear();
    putBytesField(message, 2, file.charsmap);
    putVarintField(message, 3, file.add_dummy_prefix ? 1 : 0);
    putVarintField(message, 4, file.remove_extra_whitespaces ? 1 : 0);
    putBytesField(out, 3, message);
    return out;
}

std::shared_ptr<const Tokenizer> smallTokenizer()
{
    TokenizerConfig config;
    config.eos_token = "<|end|>";
    return std::make_shared<SentencePieceTokenizer>(modelBytes(smallModel()), config, "small");
}

TemporaryFolder::TemporaryFolder()
{
    std::string name = (std::filesystem::temp_directory_path() / "gorgon-text-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
        throw std::runtime_error(name + ": could not be made");
    m_path = name;
}

TemporaryFolder::~TemporaryFolder()
{
    std::error_code error;
    std::filesystem::remove_all(m_path, error);
}

void TemporaryFolder::write(const std::string& name, const std::string& bytes) const
{
    std::ofstream(m_path / name, std::ios::binary) << bytes;
}

std::string readAll(const std::filesystem::path& path)
{
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

} // namespace gorgon::tests
