// SPDX-License-Identifier: Apache-2.0
// Small SentencePiece models and model folders made by hand.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/text/sentencepiece_file.h"
#include "core/text/tokenizer.h"

namespace gorgon::tests {

/// unk, <s>, </s>, four chat marks, 256 bytes, a space, letters, some words; BPE, prefix space,
/// spaces kept.
SentencePieceFile smallModel();
/// The file as the format has it, control pieces under their own names.
std::string modelBytes(const SentencePieceFile& file);
/// smallModel() with "<|end|>" as the end of a text.
std::shared_ptr<const Tokenizer> smallTokenizer();

/// A folder that is removed with this.
class TemporaryFolder
{
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::filesystem::path& path() const { return m_path; }
    void write(const std::string& name, const std::string& bytes) const;

private:
    std::filesystem::path m_path;
};

std::string readAll(const std::filesystem::path& path);

} // namespace gorgon::tests
