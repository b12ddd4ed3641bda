// SPDX-License-Identifier: Apache-2.0
// A tokenizer.model file behind the Tokenizer interface.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "core/text/control_matcher.h"
#include "core/text/sentencepiece_file.h"
#include "core/text/tokenizer.h"
#include "core/text/tokenizer_config.h"

namespace sentencepiece {
class SentencePieceProcessor;
}

namespace gorgon {

class SentencePieceTokenizer final : public Tokenizer
{
public:
    /// Throws std::runtime_error naming `what` where the bytes or the configuration are unsound.
    SentencePieceTokenizer(
        std::string_view bytes, const TokenizerConfig& config, const std::string& what);
    ~SentencePieceTokenizer() override;

    int vocabSize() const override { return static_cast<int>(m_tokens.size()); }
    int bosToken() const override { return m_bos; }
    int eosToken() const override { return m_eos; }
    bool addsBos() const override { return m_adds_bos && m_bos >= 0; }
    std::vector<int> encode(std::string_view text) const override;
    std::vector<int> encodeContinuation(std::string_view text) const override;
    std::vector<int> encodeWithControls(std::string_view text) const override;
    bool isControl(int id) const override;
    std::optional<AddedToken> addedToken(int id) const override;
    std::optional<int> controlId(std::string_view text) const override;
    std::string bytes(int id) const override;
    bool addsPrefixSpace() const override { return m_file.add_dummy_prefix; }
    bool addsPrefixSpaceAfterControl() const override
    {
        return m_file.add_dummy_prefix && m_legacy;
    }
    bool dropsLeadingSpaces() const override { return m_file.remove_extra_whitespaces; }
    std::string label(int id) const override;
    std::string decode(std::span<const int> ids, bool skip_special) const override;

private:
    struct Token
    {
        std::string text; // as the file writes it, U+2581 for a space
        bool is_control = false;
        bool is_byte = false;
    };

    using Processor = sentencepiece::SentencePieceProcessor;
    std::unique_ptr<Processor> makeProcessor(bool add_dummy_prefix) const;
    const Processor& continuationProcessor() const;
    void addTokens(const TokenizerConfig& config);
    int namedControl(const std::string& text, int otherwise) const;
    std::vector<int> encodePlain(std::string_view text, bool prefix) const;
    bool isWordBoundary(std::string_view text, std::size_t at) const;
    std::size_t chunkEnd(std::string_view text, std::size_t begin) const;

    std::string m_what;
    SentencePieceFile m_file; // its texts are moved to m_tokens
    std::vector<Token> m_tokens; // by id
    ControlMatcher m_controls;
    int m_bos = -1, m_eos = -1;
    bool m_adds_bos = true;
    bool m_legacy = true;
    // No piece has a space behind something else, so text may be cut in front of a space.
    bool m_cuts_at_spaces = false;
    std::unique_ptr<Processor> m_processor;
    mutable std::once_flag m_continuation_made;
    mutable std::unique_ptr<Processor> m_continuation; // without the prefix space; seldom needed
};

} // namespace gorgon
